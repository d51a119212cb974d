import assert from "node:assert/strict";
import { silentLog } from "../../ports/log.ts";
import { createVirtualClock, type VirtualClock } from "../../sim/wire/virtual_clock.ts";
import type { ClusterExit } from "../../clusters/handle.ts";
import { superviseCluster } from "../../clusters/supervision.ts";

function setUp(failures = 0) {
  const virtual = createVirtualClock();
  const timers = new Set<() => void>();
  const clock: VirtualClock = {
    ...virtual,
    after(delayMs, task) {
      const end = virtual.after(delayMs, () => {
        timers.delete(end);
        task();
      });
      timers.add(end);
      return () => {
        timers.delete(end);
        end();
      };
    },
  };
  const starts: { atMs: number; exit: (reason: string) => void }[] = [];
  const stops: number[] = [];
  const states: string[] = [];
  const supervision = superviseCluster({
    clusterId: 4,
    clock,
    log: silentLog,
    onChange: ({ state }) => states.push(state),
    start() {
      if (failures-- > 0) throw new Error("cannot spawn");
      const { promise: exited, resolve } = Promise.withResolvers<ClusterExit>();
      starts.push({ atMs: clock.now(), exit: (reason) => resolve({ code: 1, reason }) });
      return {
        exited,
        stop(deadlineMs) {
          stops.push(deadlineMs);
          resolve({ code: 0, reason: "asked to" });
          return Promise.resolve();
        },
      };
    },
  });
  return { clock, starts, states, stops, supervision, timers };
}

Deno.test("superviseCluster() restarts after the delay and tells each change", async () => {
  const { clock, starts, states, supervision } = setUp();
  supervision.linkUp();
  starts[0]!.exit("ended with code 1");
  await clock.advance(0);
  starts[1]!.exit("ended with code 1");
  await clock.advance(999);
  assert.equal(starts.length, 2);
  await clock.advance(1);
  assert.deepEqual(starts.map(({ atMs }) => atMs), [0, 0, 1000]);
  assert.deepEqual(
    states,
    ["starting", "connected", "backing off", "starting", "backing off", "starting"],
  );
  assert.deepEqual(supervision.snapshot(), {
    clusterId: 4,
    kind: "built in",
    state: "starting",
    reason: "restarted: ended with code 1",
    restarts: 2,
  });
});

Deno.test("superviseCluster() backs off from a process that cannot be started", async () => {
  const { clock, starts, supervision } = setUp(2);
  assert.equal(supervision.snapshot().reason, "cannot spawn");
  await clock.advance(0);
  assert.equal(starts.length, 0);
  await clock.advance(1000);
  assert.equal(starts.length, 1);
});

Deno.test("superviseCluster() stops with the deadline given and restarts no more", async () => {
  const { clock, starts, stops, supervision } = setUp();
  await supervision.stop(5000);
  await clock.advance(600_000);
  assert.deepEqual(stops, [5000]);
  assert.equal(starts.length, 1);
  assert.equal(supervision.snapshot().state, "stopped");
});

Deno.test("superviseCluster() stopped while backing off starts nothing and leaves no timer", async () => {
  const { clock, starts, supervision, timers } = setUp(2);
  await clock.advance(0);
  assert.equal(timers.size, 1);
  await supervision.stop(5000);
  assert.equal(timers.size, 0);
  await clock.advance(600_000);
  assert.equal(starts.length, 0);
});
