import assert from "node:assert/strict";
import { localBus } from "../../../ports/fleet/bus.ts";
import { logTo } from "../../../ports/log.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { testBus } from "./bus_conformance.ts";

const SILENT = logTo(() => {});

testBus("localBus()", () => {
  const clock = createVirtualClock();
  const bus = localBus({ clock, log: SILENT });
  return { here: bus, there: bus, settle: () => clock.advance(1), pass: (ms) => clock.advance(ms) };
});

Deno.test("localBus() says in the log which subscriber failed", async () => {
  const clock = createVirtualClock();
  const logged: unknown[] = [];
  const bus = localBus({ clock, log: logTo((...entry) => void logged.push(entry)) });
  bus.subscribe("a", () => {
    throw new Error("no");
  });
  bus.publish("a", 1);
  await clock.advance(1);
  assert.deepEqual(logged, [[
    "error",
    "subscriber of the bus failed",
    { subject: "a", error: "no" },
  ]]);
});

Deno.test("localBus() leaves no timer behind once a question is answered", async () => {
  const clock = createVirtualClock();
  const after = clock.after.bind(clock);
  let timers = 0;
  clock.after = (delayMs, task) => {
    const cancel = after(delayMs, task);
    timers++;
    return () => {
      timers--;
      cancel();
    };
  };
  const bus = localBus({ clock, log: SILENT });
  bus.answer("q", () => 1);
  assert.equal(await bus.ask("q", null, 60_000), 1);
  await clock.advance(0);
  assert.equal(timers, 0);
});
