import assert from "node:assert/strict";
import { Services } from "../../../unit/peers/services.ts";
import { silentLog } from "../../../ports/log.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import type { ClusterExit } from "../../../clusters/place.ts";

function setUp(
  names: readonly string[] = ["api", "counter"],
  stop: (name: string) => Promise<void> = () => Promise.resolve(),
) {
  const clock = createVirtualClock();
  const started: unknown[] = [];
  const changes: string[] = [];
  const exits = new Map<string, (exit: ClusterExit) => void>();
  const services = new Services({
    services: names.map((name) => ({ name, module: `./${name}.ts` })),
    clock,
    log: silentLog,
    start(...what) {
      started.push(what);
      const { promise: exited, resolve } = Promise.withResolvers<ClusterExit>();
      exits.set(what[0], resolve);
      return {
        exited,
        loaded: Promise.resolve(),
        stop: async (deadlineMs) => {
          await stop(what[0]);
          resolve({ code: 0, reason: `within ${deadlineMs}` });
        },
      };
    },
    changed: ({ name, state }) => changes.push(`${name} ${state}`),
    refused: () => assert.fail("each can be loaded"),
  });
  return { clock, services, started, changes, exits };
}

Deno.test("services have the names of the setting, in its order", () => {
  assert.deepEqual(setUp().services.names, ["api", "counter"]);
  assert.deepEqual(setUp([]).services.names, []);
});

Deno.test("start() starts each with its name and module, once", () => {
  const { services, started, changes } = setUp();
  assert.deepEqual(started, []);
  services.start();
  services.start();
  assert.deepEqual(started, [
    ["api", "./api.ts"],
    ["counter", "./counter.ts"],
  ]);
  assert.deepEqual(changes, ["api starting", "counter starting"]);
});

Deno.test("a link is that of the service with its name, and of no other", () => {
  const { services, changes } = setUp();
  services.start();
  services.link("counter", true);
  services.link("nobody", true);
  assert.deepEqual(services.snapshots, [
    { name: "api", state: "starting", reason: "started", restarts: 0 },
    { name: "counter", state: "connected", reason: "the event link is up", restarts: 0 },
  ]);
  services.link("counter", false);
  assert.deepEqual(changes.slice(2), ["counter connected", "counter away"]);
});

Deno.test("a service that ends is started again; the others notice nothing", async () => {
  const { services, started, exits, clock } = setUp();
  services.start();
  exits.get("api")!({ code: 1, reason: "ended with code 1" });
  await clock.advance(0);
  assert.equal(started.length, 3);
  assert.deepEqual(services.snapshots.map(({ restarts }) => restarts), [1, 0]);
});

Deno.test("get() is what kills, spawns and respawns a service by its name", async () => {
  const { services, started } = setUp();
  services.start();
  const counter = services.get("counter");
  await counter.kill(50);
  assert.deepEqual(services.snapshots.map(({ state }) => state), ["starting", "stopped"]);
  counter.spawn();
  await counter.respawn();
  assert.equal(started.length, 4);
});

Deno.test("get() refuses a name that there is not, and says which there are", () => {
  const refused = (message: RegExp) => ({ code: "refused", blame: "caller", message });
  assert.throws(() => setUp().services.get("coutner"), refused(/coutner: there are api, counter/));
  assert.throws(() => setUp([]).services.get("api"), refused(/there are none/));
});

Deno.test("stop() ends all for good", async () => {
  const { services, started, clock } = setUp();
  services.start();
  await services.stop();
  await clock.advance(600_000);
  assert.deepEqual(services.snapshots.map(({ state }) => state), ["stopped", "stopped"]);
  assert.throws(() => services.get("api").spawn(), { code: "refused" });
  assert.equal(started.length, 2);
});

Deno.test("stop() waits for all, also where one of them cannot be ended", async () => {
  const slow = Promise.withResolvers<void>();
  const failing = Promise.reject(new Error("api cannot be ended"));
  const { services, clock } = setUp(undefined, (name) => name === "api" ? failing : slow.promise);
  services.start();
  let isOver = false;
  const stopped = services.stop().finally(() => isOver = true);
  stopped.catch(() => {});
  await clock.advance(1_000);
  assert.equal(isOver, false);
  slow.resolve();
  await assert.rejects(stopped, /api cannot be ended/);
});
