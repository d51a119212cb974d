import assert from "node:assert/strict";
import { PaceTurns, type Taken, type Turn, Waiting } from "../../../rest/limits/turns.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

function setUp(perSecond: number) {
  const clock = createVirtualClock();
  const turns = new PaceTurns(clock, () => perSecond);
  const went: string[] = [];
  const taken = new Map<string, Taken>();
  const enter = (name: string, lane = 3, arrival = 0, isCurrent = () => true): Turn => {
    const turn: Turn = {
      lane,
      arrival,
      brake: { waitMs: () => 0, take() {} },
      isCurrent,
      stale: () => void went.push(`${name} is stale`),
      go(place) {
        went.push(name);
        taken.set(name, place);
      },
    };
    turns.enter(turn);
    return turn;
  };
  return { clock, turns, went, taken, enter };
}

Deno.test("turns go by lane, then by arrival, and who leaves has none", async () => {
  const { clock, turns, went, taken, enter } = setUp(1);
  enter("first");
  enter("low", 4);
  enter("later", 3, 2);
  enter("sooner", 3, 1);
  const left = enter("high", 2);
  assert.equal(turns.leave(left), true);
  assert.equal(turns.leave(left), false);
  for (const name of ["first", "sooner", "later"]) {
    taken.get(name)!.end();
    await clock.advance(1000);
  }
  assert.deepEqual(went, ["first", "sooner", "later", "low"]);
});

Deno.test("who could not go any more is told so, and takes no place", async () => {
  const { clock, went, taken, enter } = setUp(1);
  enter("first");
  let isCurrent = true;
  enter("second", 3, 0, () => isCurrent);
  enter("third");
  isCurrent = false;
  taken.get("first")!.end();
  await clock.advance(1000);
  assert.deepEqual(went, ["first", "second is stale", "third"]);
});

Deno.test("who does not wait is made room for, and a pause is foreseen", async () => {
  const { clock, turns, went, enter } = setUp(1);
  turns.beside();
  enter("a");
  assert.deepEqual(went, []);
  assert.equal(turns.isIdle(), false);
  await clock.advance(2000);
  assert.deepEqual(went, ["a"]);
  turns.pause(9000);
  assert.deepEqual(turns.foresee(), { waitMs: 9000, why: "the global limit is used up" });
  await clock.advance(9000);
  assert.equal(turns.isIdle(), true);
});

Deno.test("Waiting knows the first, those behind it, and how many there are", () => {
  const waiting = new Waiting<{ readonly lane: number; readonly arrival: number }>();
  const [b, a, c] = [{ lane: 3, arrival: 2 }, { lane: 3, arrival: 1 }, { lane: 4, arrival: 0 }];
  for (const one of [b, a, c]) waiting.add(one);
  assert.equal(waiting.first(), a);
  assert.equal(waiting.at(3, 1), b);
  assert.deepEqual([waiting.count(), waiting.count(3)], [3, 2]);
  assert.equal(waiting.remove(a), true);
  assert.equal(waiting.remove(a), false);
  assert.equal(waiting.first(), b);
});
