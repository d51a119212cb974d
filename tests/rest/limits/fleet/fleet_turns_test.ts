import assert from "node:assert/strict";
import { Errands } from "../../../../rest/limits/fleet/errands.ts";
import { FleetTurns } from "../../../../rest/limits/fleet/fleet_turns.ts";
import type { Taken } from "../../../../rest/limits/turns.ts";
import { createVirtualClock } from "../../../../sim/wire/virtual_clock.ts";
import { scriptedAuthority } from "./wants.ts";

function setUp() {
  const log: string[] = [];
  const clock = createVirtualClock();
  const { authority, asked } = scriptedAuthority("pace", log);
  const errands = new Errands(clock, () => authority);
  const turns = new FleetTurns("c", errands);
  const taken = new Map<string, Taken>();
  const enter = (name: string, lane: number, arrival: number, isCurrent = () => true) => {
    const turn = {
      lane,
      arrival,
      brake: { waitMs: () => 0, take() {} },
      isCurrent,
      stale: () => void log.push(`${name} is stale`),
      go(place: Taken) {
        log.push(`${name} goes`);
        taken.set(name, place);
      },
    };
    turns.enter(turn);
    return turn;
  };
  return { clock, turns, taken, asked, enter, read: () => log.splice(0) };
}

Deno.test("a place that comes is for the first that can go, whoever it was asked for", () => {
  const { asked, taken, enter, read } = setUp();
  enter("b", 3, 2);
  let isCurrent = true;
  enter("a", 3, 1, () => isCurrent);
  enter("high", 2, 3);
  read();
  asked[0]!.answer.given();
  assert.deepEqual(read(), ["high goes", "pace: place 3 left", "pace: asked for place 2"]);
  isCurrent = false;
  asked[1]!.answer.given();
  assert.deepEqual(read(), ["a is stale", "b goes", "pace: place 2 left"]);
  taken.get("high")!.pass();
  taken.get("high")!.end();
  taken.get("b")!.end();
  assert.deepEqual(read(), ["pace: place 2 passed", "pace: place 2 lost"]);
});

Deno.test("a place that nobody needs goes back, and nobody asks for more than wait", () => {
  const { turns, asked, enter, read } = setUp();
  const turn = enter("a", 3, 1, () => false);
  asked[0]!.answer.given();
  assert.deepEqual(read(), ["pace: asked for place 1", "a is stale", "pace: place 1 unused"]);
  assert.equal(turns.leave(turn), false);
  assert.equal(turns.leave(enter("b", 3, 2)), true);
  assert.deepEqual(read(), ["pace: asked for place 2", "pace: place 2 left"]);
  for (let i = 0; i < 500; i++) enter(`${i}`, 3, 10 + i);
  assert.equal(asked.length, 2 + 64);
  asked.at(-1)!.answer.given();
  assert.equal(asked.length, 2 + 65, "one more for the one that went");
});

Deno.test("a place beside is taken without waiting, and what waits foresees a pause", () => {
  const { turns, read } = setUp();
  assert.equal(turns.isIdle(), true);
  assert.deepEqual(turns.foresee(), { waitMs: 0, why: "the global limit is used up" });
  const place = turns.beside();
  assert.equal(turns.isIdle(), false);
  place.end();
  assert.equal(turns.isIdle(), true);
  turns.pause(7_000);
  assert.equal(turns.foresee().waitMs, 7_000);
  assert.deepEqual(read(), [
    "pace: told of place 0",
    "pace: place 0 lost",
    "pace: c pauses for 7000",
  ]);
});
