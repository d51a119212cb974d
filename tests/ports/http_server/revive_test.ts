import assert from "node:assert/strict";
import { revive, TRY_EVERY_MS } from "../../../ports/http_server/revive.ts";
import { logTo } from "../../../ports/log.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

/** A watched port in virtual time. */
function watched() {
  const clock = createVirtualClock();
  const world = {
    taken: 0,
    verdict: "taken" as "taken" | "not taken" | null,
    visits: 0,
    reopened: 0,
    failure: null as Error | null,
    lines: [] as string[],
  };
  const cancel = revive({
    clock,
    log: logTo((_level, event) => world.lines.push(event)),
    taken: () => world.taken,
    visit: () => {
      world.visits++;
      return Promise.resolve(world.verdict);
    },
    reopen: () => {
      if (world.failure) return Promise.reject(world.failure);
      world.reopened++;
      return Promise.resolve();
    },
  });
  return { world, cancel, pass: () => clock.advance(TRY_EVERY_MS) };
}

Deno.test("revive() opens a port anew that takes nobody, until it does", async () => {
  const { world, pass } = watched();
  world.verdict = "not taken";
  world.failure = new Error("address in use");
  await pass();
  await pass();
  assert.deepEqual([world.reopened, world.visits], [0, 2]);
  assert.ok(world.lines.includes("the port cannot be opened anew"));
  world.failure = null;
  await pass();
  await pass();
  assert.equal(world.reopened, 1);
  world.verdict = "taken";
  await pass();
  assert.equal(world.reopened, 1);
});

Deno.test("revive() waits twice as long after each failure, half a minute at most, and begins anew once it is well", async () => {
  const { world, pass } = watched();
  world.verdict = "not taken";
  world.failure = new Error("out of descriptors");
  const triedAt: number[] = [];
  for (let tick = 1; tick <= 22; tick++) {
    const before = world.visits;
    await pass();
    if (world.visits > before) triedAt.push(tick);
  }
  assert.deepEqual(triedAt, [1, 2, 4, 8, 14, 20]);
  world.failure = null;
  for (let tick = 0; tick < 6; tick++) await pass();
  assert.equal(world.reopened, 3, "at 26, and each time from there on that it takes nobody");
});

Deno.test("revive() does not visit a port that people come to, and does nothing where it cannot tell", async () => {
  const { world, pass } = watched();
  world.verdict = null;
  world.taken++;
  await pass();
  assert.equal(world.visits, 0);
  await pass();
  assert.deepEqual([world.visits, world.reopened], [1, 0]);
});

Deno.test("revive() ends when it is cancelled", async () => {
  const { world, cancel, pass } = watched();
  cancel();
  await pass();
  assert.equal(world.visits, 0);
});
