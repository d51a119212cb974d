import assert from "node:assert/strict";
import { Backpressure, DISK_PATIENCE_MS } from "../../queue/backpressure.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

function setUp() {
  const clock = createVirtualClock();
  const told: boolean[] = [];
  const backpressure = new Backpressure({ clock, pause: (isPaused) => told.push(isPaused) });
  return { clock, told, backpressure };
}

Deno.test("Backpressure pauses and reads on, and tells each once", () => {
  const { told, backpressure } = setUp();
  backpressure.end();
  for (let i = 0; i < 2; i++) backpressure.begin();
  assert.deepEqual([told, backpressure.isOn], [[true], true]);
  for (let i = 0; i < 2; i++) backpressure.end();
  assert.deepEqual([told, backpressure.isOn], [[true, false], false]);
});

Deno.test("Backpressure waits for a slow disk as long as it takes something", async () => {
  const { clock, told, backpressure } = setUp();
  backpressure.begin();
  for (let i = 0; i < 5; i++) {
    await clock.advance(DISK_PATIENCE_MS - 1);
    backpressure.stored();
  }
  assert.deepEqual(told, [true]);
});

Deno.test("Backpressure gives a disk up that takes nothing, until it takes something again", async () => {
  const { clock, told, backpressure } = setUp();
  backpressure.begin();
  backpressure.failed(false);
  await clock.advance(DISK_PATIENCE_MS - 1);
  assert.deepEqual(told, [true], "a write that failed may succeed the next time");
  await clock.advance(1);
  assert.deepEqual([told, backpressure.isOfUse], [[true, false], false]);
  backpressure.begin();
  assert.equal(backpressure.isOn, false);
  backpressure.stored();
  backpressure.begin();
  assert.equal(backpressure.isOn, true);
});

Deno.test("Backpressure does not wait for a disk that is full", () => {
  const { told, backpressure } = setUp();
  backpressure.begin();
  backpressure.failed(true);
  backpressure.begin();
  assert.deepEqual([told, backpressure.isOn], [[true, false], false]);
});

Deno.test("Backpressure that has ended gives nothing up", async () => {
  const { clock, backpressure } = setUp();
  backpressure.begin();
  backpressure.end();
  await clock.advance(2 * DISK_PATIENCE_MS);
  assert.equal(backpressure.isOfUse, true);
});
