import assert from "node:assert/strict";
import { SLICE_MS, Slices, wait, type Work } from "../../guilds/slices.ts";
import { SteppedClock } from "./stage.ts";

function* steps(name: string, count: number, done: string[]): Work<string> {
  for (let i = 0; i < count; i++) {
    done.push(`${name}${i}`);
    yield;
  }
  return name;
}

Deno.test("work is done in slices, one piece after the other", async () => {
  const clock = new SteppedClock();
  const slices = new Slices(clock);
  const done: string[] = [];
  const asked = [slices.do(() => steps("a", 3, done)), slices.do(() => steps("b", 2, done))];
  assert.ok(!slices.isIdle);
  await clock.slices(1);
  // A step takes a millisecond here.
  assert.ok(done.length <= SLICE_MS && done.length > 0);
  await clock.slices();
  assert.deepEqual(await Promise.all(asked), ["a", "b"]);
  assert.deepEqual(done, ["a0", "a1", "a2", "b0", "b1"]);
  assert.ok(slices.isIdle);
});

Deno.test("who waits for something is waited for, and hears what comes of it", async () => {
  const clock = new SteppedClock();
  const slices = new Slices(clock);
  const { promise, resolve } = Promise.withResolvers<number>();
  const done: string[] = [];
  const first = slices.do(function* () {
    return yield* wait(promise);
  });
  const second = slices.do(() => steps("b", 1, done));
  await clock.slices();
  assert.deepEqual(done, []);
  resolve(7);
  await clock.slices();
  assert.deepEqual([await first, await second], [7, "b"]);
  const refused = slices.do(function* () {
    return yield* wait(Promise.reject(new Error("no")));
  });
  await Promise.all([assert.rejects(refused, /no/), clock.slices()]);
});

Deno.test("what goes wrong is for who asked, the next goes on", async () => {
  const clock = new SteppedClock();
  const slices = new Slices(clock);
  const bad = slices.do(function* (): Work<void> {
    yield;
    throw new Error("broken");
  });
  const good = slices.do(() => steps("a", 1, []));
  await Promise.all([assert.rejects(bad, /broken/), clock.slices()]);
  assert.equal(await good, "a");
});
