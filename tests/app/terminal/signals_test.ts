import assert from "node:assert/strict";
import { ONE_SIGNAL_MS, Signals } from "../../../app/terminal/signals.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

function setUp() {
  const clock = createVirtualClock();
  const signals = new Signals(clock);
  const got: string[] = [];
  const wait = () => void signals.next().then((name) => got.push(name));
  return { clock, signals, got, wait };
}

Deno.test("Signals take what comes within half a second for one: Ctrl-C under a task runner comes twice", async () => {
  const { clock, signals, got, wait } = setUp();
  wait();
  signals.take("SIGINT");
  await clock.advance(1);
  wait();
  signals.take("SIGINT");
  await clock.advance(ONE_SIGNAL_MS - 2);
  signals.take("SIGTERM");
  await clock.advance(0);
  assert.deepEqual(got, ["SIGINT"]);
});

Deno.test("Signals tell a second one, also where somebody has not let go of Ctrl-C", async () => {
  const { clock, signals, got, wait } = setUp();
  wait();
  signals.take("SIGTERM");
  await clock.advance(0);
  wait();
  for (let atMs = 0; atMs < ONE_SIGNAL_MS; atMs += 50) {
    signals.take("SIGINT");
    await clock.advance(50);
  }
  assert.deepEqual(got, ["SIGTERM"]);
  signals.take("SIGINT");
  await clock.advance(0);
  assert.deepEqual(got, ["SIGTERM", "SIGINT"]);
});
