import assert from "node:assert/strict";
import { logTo } from "../../ports/log.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import type { ClusterExit } from "../../clusters/place.ts";
import { CLUSTER_STOP_DEADLINE_MS, ClusterPlace } from "../../clusters/place.ts";

function setUp({ stopsByItself = true, failures = [] as number[], loads = true } = {}) {
  const clock = createVirtualClock();
  const states: string[] = [];
  const lines: string[] = [];
  const starts: {
    atMs: number;
    load: () => void;
    exit: (reason: string, more?: Partial<ClusterExit>) => void;
  }[] = [];
  let attempts = 0;
  const stops: number[] = [];
  const refusals: string[] = [];
  const place = new ClusterPlace({
    peer: { kind: "cluster", id: 4 },
    setting: "BOT_MODULE",
    refused: ({ code, message, data }) => refusals.push(`${code} of ${data.setting}: ${message}`),
    clock,
    log: logTo((level, event, fields) => lines.push(`${level} ${event} ${JSON.stringify(fields)}`)),
    onChange: ({ state }) => states.push(state),
    start() {
      if (failures.includes(++attempts)) throw new Error("cannot spawn");
      const { promise: exited, resolve } = Promise.withResolvers<ClusterExit>();
      const loaded = Promise.withResolvers<void>();
      const exit = (reason: string, more: Partial<ClusterExit> = {}) =>
        resolve({ code: 0, reason, ...more });
      starts.push({ atMs: clock.now(), load: loaded.resolve, exit });
      if (loads) loaded.resolve();
      return {
        exited,
        loaded: loaded.promise,
        async stop(deadlineMs) {
          stops.push(deadlineMs);
          if (stopsByItself) exit("asked to");
          await exited;
        },
      };
    },
  });
  return { clock, place, starts, states, stops, lines, refusals };
}

Deno.test("nothing runs in a place before it is spawned, and killing nothing is done at once", async () => {
  const { place, starts, states } = setUp();
  assert.deepEqual(place.snapshot, {
    state: "stopped",
    reason: "not started",
    restarts: 0,
  });
  await place.kill();
  assert.deepEqual([starts.length, states], [0, []]);
});

Deno.test("spawning starts a cluster, unless it runs", () => {
  const { place, starts } = setUp();
  place.spawn();
  place.spawn();
  place.link(true);
  place.spawn();
  assert.equal(starts.length, 1);
  assert.equal(place.snapshot.state, "connected");
});

Deno.test("a cluster that ends by itself is started again, later each time, and each change is told", async () => {
  const { clock, place, starts, states, lines } = setUp();
  place.spawn();
  place.link(true);
  let atMs = 0;
  for (const delayMs of [0, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 60_000, 60_000]) {
    starts.at(-1)!.exit("ended with code 1");
    await clock.advance(delayMs);
    atMs += delayMs;
    assert.equal(starts.at(-1)!.atMs, atMs);
  }
  assert.equal(starts.length, 10);
  assert.deepEqual(states.slice(0, 5), [
    "starting",
    "connected",
    "backing off",
    "starting",
    "backing off",
  ]);
  assert.deepEqual(place.snapshot, {
    state: "starting",
    reason: "restarted: ended with code 1",
    restarts: 9,
  });
  assert.equal(
    lines[1],
    'error cluster has ended {"clusterId":4,"reason":"ended with code 1","restartInMs":1000}',
  );
});

Deno.test("a cluster that ran for a minute is started again at once", async () => {
  const { clock, place, starts } = setUp();
  place.spawn();
  for (let i = 0; i < 3; i++) {
    starts.at(-1)!.exit("ended with code 1");
    await clock.advance(2_000);
  }
  await clock.advance(60_000);
  const before = starts.length;
  starts.at(-1)!.exit("ended with code 1");
  await clock.advance(0);
  assert.equal(starts.length, before + 1);
});

Deno.test("starts in a crash loop are a minute apart however long it lasts", async () => {
  const { clock, place, starts } = setUp();
  place.spawn();
  let waitedMs = 0;
  for (let i = 1; i <= 100; i++) {
    await clock.advance(59_999);
    starts.at(-1)!.exit("ended with code 1");
    const endedMs = clock.now();
    await clock.runUntil(() => starts.length > i, 61_000);
    waitedMs = clock.now() - endedMs;
  }
  assert.equal(waitedMs, 60_000);
});

Deno.test("what cannot be started any more is tried again", async () => {
  const { clock, place, starts } = setUp({ failures: [2, 3] });
  place.spawn();
  await place.loaded;
  starts[0]!.exit("ended with code 1");
  await clock.advance(0);
  assert.equal(place.snapshot.reason, "cannot spawn");
  await clock.advance(1_000);
  assert.equal(starts.length, 1);
  await clock.advance(2_000);
  assert.equal(starts.length, 2);
});

Deno.test("a cluster that is killed while it backs off is started no more", async () => {
  const { clock, place, starts } = setUp({ failures: [2] });
  place.spawn();
  await place.loaded;
  starts[0]!.exit("ended with code 1");
  await clock.advance(0);
  assert.equal(place.snapshot.state, "backing off");
  await place.kill();
  await clock.advance(600_000);
  assert.deepEqual([place.snapshot.state, starts.length], ["stopped", 1]);
});

Deno.test("a cluster that was killed stays away until it is spawned, with the same number", async () => {
  const { clock, place, starts, states, stops } = setUp();
  place.spawn();
  place.link(true);
  await place.kill(500);
  place.link(false);
  await clock.advance(600_000);
  assert.deepEqual([starts.length, stops], [1, [500]]);
  const { state, reason } = place.snapshot;
  assert.deepEqual([state, reason], ["stopped", "asked to"]);
  place.spawn();
  assert.equal(starts.length, 2);
  assert.equal(place.snapshot.state, "starting");
  place.link(true);
  assert.deepEqual(states, ["starting", "connected", "stopped", "starting", "connected"]);
});

Deno.test("a kill has its default deadline, and a second one waits for the first", async () => {
  const { place, starts, stops } = setUp({ stopsByItself: false });
  place.spawn();
  const done: string[] = [];
  const kills = [
    place.kill().then(() => done.push("first")),
    place.kill(5).then(() => done.push("second")),
  ];
  await Promise.resolve();
  assert.deepEqual([stops, done], [[CLUSTER_STOP_DEADLINE_MS], []]);
  starts[0]!.exit("ended by SIGKILL");
  await Promise.all(kills);
  assert.deepEqual(done, ["first", "second"]);
});

Deno.test("a place that is stopping is not spawned, but respawned when it has stopped", async () => {
  const { place, starts } = setUp({ stopsByItself: false });
  place.spawn();
  const respawned = place.respawn(100);
  assert.throws(() => place.spawn(), { code: "refused", message: /it is stopping/ });
  assert.equal(starts.length, 1);
  starts[0]!.exit("asked to");
  await respawned;
  assert.equal(starts.length, 2);
  assert.equal(place.snapshot.state, "starting");
});

Deno.test("respawning what does not run starts it", async () => {
  const { place, starts } = setUp();
  await place.respawn();
  assert.equal(starts.length, 1);
});

Deno.test("two who respawn at the same time get one new cluster", async () => {
  const { place, starts } = setUp();
  place.spawn();
  await Promise.all([place.respawn(), place.respawn()]);
  assert.equal(starts.length, 2);
});

Deno.test("a place that has ended for good is spawned no more", async () => {
  const { place, starts, stops } = setUp();
  place.spawn();
  await place.end(50);
  assert.deepEqual(stops, [50]);
  assert.throws(() => place.spawn(), { code: "refused", message: /the unit stops/ });
  await assert.rejects(place.respawn(), { code: "refused" });
  assert.equal(starts.length, 1);
});

/** Whether a promise has resolved by now. */
async function isResolved(promise: Promise<void>): Promise<boolean> {
  let resolved = false;
  promise.then(() => resolved = true);
  await new Promise<void>((resolve) => queueMicrotask(() => queueMicrotask(resolve)));
  return resolved;
}

Deno.test("linked resolves with the link of this life, also for who asked before it was lost", async () => {
  const { place } = setUp();
  place.spawn();
  const first = place.linked;
  assert.equal(await isResolved(first), false);
  place.link(false);
  place.link(true);
  assert.equal(await isResolved(first), true);
  assert.equal(await isResolved(place.linked), true);
  place.link(false);
  assert.equal(await isResolved(place.linked), false);
});

Deno.test("linked does not resolve with the link of a life that was ended, however late its end is heard", async () => {
  const { place } = setUp();
  place.spawn();
  place.link(true);
  await place.respawn();
  const next = place.linked;
  assert.equal(await isResolved(next), false, "the old link counts");
  place.link(false);
  assert.equal(place.snapshot.state, "starting", "the old link's end is no news");
  place.link(true);
  assert.equal(await isResolved(next), true);
});

Deno.test("what cannot be ended counts as ended when stopping it is done; its end then is no news", async () => {
  const exits: ((exit: ClusterExit) => void)[] = [];
  const clock = createVirtualClock();
  const place = new ClusterPlace({
    peer: { kind: "service", name: "api" },
    setting: "SERVICES",
    refused: () => assert.fail("it was loaded"),
    clock,
    log: logTo(() => {}),
    onChange() {},
    start() {
      const { promise: exited, resolve } = Promise.withResolvers<ClusterExit>();
      exits.push(resolve);
      return { exited, loaded: Promise.resolve(), stop: () => Promise.resolve() };
    },
  });
  place.spawn();
  await place.respawn();
  exits[0]!({ code: null, reason: "at last" });
  await clock.advance(600_000);
  assert.deepEqual([exits.length, place.snapshot.state], [2, "starting"]);
});

Deno.test("a cluster that ends before its module was ever loaded is refused, told once, and not started again", async () => {
  const { clock, place, starts, lines, refusals } = setUp({ loads: false });
  place.spawn();
  starts[0]!.exit("ended with code 1: Module not found", { code: 1 });
  await clock.advance(600_000);
  assert.deepEqual(refusals, [
    "bad_config of BOT_MODULE: Cannot start cluster 4 (BOT_MODULE): ended with code 1: Module not found",
  ]);
  assert.deepEqual([starts.length, lines, place.snapshot.state], [1, [], "stopped"]);
  place.spawn();
  assert.equal(starts.length, 2, "whoever has mended it may try");
});

Deno.test("a cluster that cannot be loaded any more goes on being tried, told once per try with its stack", async () => {
  const { clock, place, starts, lines, refusals } = setUp({ loads: false });
  place.spawn();
  starts[0]!.load();
  await place.loaded;
  await place.respawn();
  starts[1]!.exit("Unexpected token", { code: 1, stack: "at bot.ts:3:1" });
  await clock.advance(0);
  assert.deepEqual([starts.length, refusals], [3, []]);
  const fields = {
    clusterId: 4,
    reason: "Unexpected token",
    restartInMs: 0,
    stack: "at bot.ts:3:1",
  };
  assert.deepEqual(lines, [`error cluster has ended ${JSON.stringify(fields)}`]);
});

Deno.test("a cluster that somebody kills while it loads is not refused", async () => {
  const { clock, place, starts, refusals } = setUp({ loads: false });
  place.spawn();
  starts[0]!.exit("ended by SIGINT", { code: null });
  await clock.advance(0);
  assert.deepEqual([starts.length, refusals], [2, []]);
});
