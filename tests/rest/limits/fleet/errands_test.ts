import assert from "node:assert/strict";
import type { Authority } from "../../../../rest/limits/fleet/authority.ts";
import { Errands } from "../../../../rest/limits/fleet/errands.ts";
import { createVirtualClock } from "../../../../sim/wire/virtual_clock.ts";
import { permitWant, placeWant, says, scriptedAuthority } from "./wants.ts";

function setUp() {
  const clock = createVirtualClock();
  const log: string[] = [];
  const [one, other] = [scriptedAuthority("one", log), scriptedAuthority("other", log)];
  let owner: Authority = one.authority;
  const errands = new Errands(clock, () => owner);
  const hears = (name: string) => ({
    given: () => void log.push(`${name} given`),
    refused: (why: string) => void log.push(`${name} refused: ${why}`),
  });
  const read = () => log.splice(0);
  return { clock, errands, one, other, hears, read, move: (to: Authority) => void (owner = to) };
}

Deno.test("an errand goes to whoever has the say, and its end with it", () => {
  const { errands, one, hears, read } = setUp();
  const errand = errands.begin(permitWant({ arrival: 1 }), hears("a"));
  one.asked[0]!.answer.given();
  errand.over(says("h", 1, 500));
  const left = errands.begin(permitWant({ arrival: 2 }), hears("b"));
  left.leave();
  one.asked[1]!.answer.refused("late", 5);
  errands.begin(permitWant({ arrival: 3 }), hears("c"));
  one.asked[2]!.answer.refused("too long", 5);
  assert.deepEqual(read(), [
    "one: asked for permit 1",
    "a given",
    "one: permit 1 answered",
    "one: asked for permit 2",
    "one: permit 2 left",
    "one: asked for permit 3",
    "c refused: too long",
  ]);
});

Deno.test("when somebody else has the say it is told what was seen and what is out, and asked in the old order", () => {
  const { clock: _, errands, one, other, hears, read, move } = setUp();
  const seen = errands.begin(permitWant({ arrival: 1 }), hears("seen"));
  one.asked[0]!.answer.given();
  seen.over(says("h", 0, 5_000));
  const out = errands.begin(permitWant({ arrival: 2 }), hears("out"));
  one.asked[1]!.answer.given();
  errands.begin(permitWant({ arrival: 4 }), hears("later"));
  errands.begin(permitWant({ arrival: 3 }), hears("sooner"));
  read();
  move(other.authority);
  errands.moved();
  assert.deepEqual(read(), [
    "other: told of channels/1, spent for 5000",
    "other: told of permit 2",
    "one: permit 2 unused",
    "other: asked for permit 3",
    "one: permit 3 left",
    "other: asked for permit 4",
    "one: permit 4 left",
  ]);
  errands.moved();
  assert.deepEqual(read(), [], "nothing is another");
  out.over("lost");
  one.asked[2]!.answer.given();
  assert.deepEqual(read(), ["other: permit 2 lost", "one: permit 4 left"], "it comes too late");
});

Deno.test("who has forgotten what it was asked is asked anew", () => {
  const { errands, one, hears, read } = setUp();
  errands.begin(placeWant({ arrival: 1 }), hears("a"));
  one.authority.epoch++;
  errands.moved();
  assert.deepEqual(read().slice(0, 2), ["one: asked for place 1", "one: asked for place 1"]);
});

Deno.test("where the two do not agree on who has the say it is asked again soon", async () => {
  const { clock, errands, one, other, hears, read, move } = setUp();
  errands.begin(placeWant({ arrival: 1 }), hears("a"));
  one.asked[0]!.answer.moved();
  await clock.advance(200);
  assert.deepEqual(read(), ["one: asked for place 1", "one: asked for place 1"]);
  one.asked[1]!.answer.moved();
  move(other.authority);
  errands.moved();
  await clock.advance(200);
  assert.deepEqual(read(), ["other: asked for place 1"]);
});

Deno.test("a pause is known here, and to whoever gets the say", async () => {
  const { clock, errands, other, read, move } = setUp();
  errands.pause("c", 5_000);
  await clock.advance(1_000);
  assert.equal(errands.pausedMs("c"), 4_000);
  assert.equal(errands.pausedMs("d"), 0);
  move(other.authority);
  errands.moved();
  assert.deepEqual(read(), ["one: c pauses for 5000", "other: c pauses for 4000"]);
  errands.hearPause("c", 0);
  assert.equal(errands.pausedMs("c"), 0);
});

Deno.test("what is taken waits for nothing", () => {
  const { errands, read } = setUp();
  errands.take(placeWant({ arrival: 1 })).over("passed");
  assert.deepEqual(read(), ["one: told of place 1", "one: place 1 passed"]);
});
