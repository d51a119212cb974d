import assert from "node:assert/strict";
import { RANK, type Seat, Seats } from "../../../ports/http_server/seats.ts";

/** Takes a seat and writes down by name who is ended. */
function crowd(most: number, mostOfOne = most) {
  const seats = new Seats({ most, mostOfOne });
  const ended: string[] = [];
  const take = (name: string, address = "127.0.0.1"): Seat | null =>
    seats.take(address, () => ended.push(name));
  return { seats, ended, take };
}

Deno.test("Seats gives the place of the oldest that has sent nothing to who comes", () => {
  const { seats, ended, take } = crowd(2);
  take("first");
  take("second");
  assert.ok(take("third"));
  assert.deepEqual([ended, seats.size, seats.cut], [["first"], 2, 1]);
});

Deno.test("Seats ends who waits before a WebSocket of a stranger, and nobody who is busy or known", () => {
  const { ended, take } = crowd(4);
  take("busy")!.move(RANK.BUSY);
  take("known")!.move(RANK.KNOWN);
  take("stranger")!.move(RANK.STRANGER);
  take("idle")!.move(RANK.IDLE);
  take("one")!.move(RANK.BUSY);
  assert.deepEqual(ended, ["idle"]);
  take("two")!.move(RANK.BUSY);
  assert.deepEqual(ended, ["idle", "stranger"]);
  assert.equal(take("three"), null);
  assert.deepEqual(ended, ["idle", "stranger"]);
});

Deno.test("Seats ends the one that has waited longest, not the one that came first", () => {
  const { ended, take } = crowd(2);
  const used = take("used")!;
  used.move(RANK.IDLE);
  take("unused")!.move(RANK.IDLE);
  used.move(RANK.BUSY);
  used.move(RANK.IDLE);
  take("new");
  assert.deepEqual(ended, ["unused"]);
});

Deno.test("Seats leaves one address its share, and those of this machine all of it", () => {
  const { seats, ended, take } = crowd(10, 2);
  for (const name of ["a", "b", "c"]) take(name, "203.0.113.7");
  assert.deepEqual([ended, seats.size], [["a"], 2]);
  for (const name of ["d", "e", "f"]) take(name, "::1");
  assert.deepEqual([ended, seats.size], [["a"], 5]);
});

for (
  const [one, other, isSame] of [
    ["2001:db8:1:2:3::1", "2001:db8:1:2:ffff::9", true],
    ["2001:db8::1", "2001:db8:0:0:5::1", true],
    ["2001:db8:1:2::1", "2001:db8:1:3::1", false],
    ["::ffff:203.0.113.7", "203.0.113.7", true],
    ["203.0.113.7", "203.0.113.8", false],
    ["::ffff:127.0.0.1", "127.0.0.1", false],
  ] as const
) {
  Deno.test(`Seats counts ${one} and ${other} ${isSame ? "as one" : "apart"}`, () => {
    const { ended, take } = crowd(10, 1);
    take("one", one);
    take("other", other);
    assert.deepEqual(ended, isSame ? ["one"] : []);
  });
}

Deno.test("Seats forgets who has left, once", () => {
  const { seats, ended, take } = crowd(10, 1);
  const seat = take("gone", "203.0.113.7")!;
  seat.leave();
  seat.leave();
  seat.move(RANK.BUSY);
  take("here", "203.0.113.7");
  assert.deepEqual([ended, seats.size], [[], 1]);
  take("busy")!.move(RANK.BUSY);
  seats.clear(RANK.BUSY);
  assert.deepEqual([ended, seats.size], [["here"], 1]);
  seats.clear();
  assert.deepEqual([ended, seats.size], [["here", "busy"], 0]);
});
