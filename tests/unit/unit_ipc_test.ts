import assert from "node:assert/strict";
import type { Unit } from "../../unit/unit.ts";
import { unitIpc } from "../../unit/unit_ipc.ts";
import type { Stats } from "../../protocol/status.ts";
import type { ClusterControl } from "../../clusters/place.ts";

function setUp() {
  const called: unknown[] = [];
  const note = async (...call: unknown[]) => void await called.push(call);
  const place = (whose: string | number): ClusterControl => {
    if (whose === "none") throw new RangeError("there is none");
    return {
      spawn: () => void called.push(["spawn", whose]),
      kill: (timeoutMs) => note("kill", whose, timeoutMs),
      respawn: (timeoutMs) => note("respawn", whose, timeoutMs),
    };
  };
  const unit = {
    peers: { find: (...asked: unknown[]) => (called.push(asked), Promise.resolve("found")) },
    clusters: { get: place, restartAll: () => note("restartAll") },
    services: { get: place },
    stats: { atMs: 1 } as Stats,
  };
  return { called, ipc: unitIpc(() => unit as unknown as Unit) };
}

Deno.test("the unit has the same verbs for clusters and services as they have", async () => {
  const { called, ipc } = setUp();
  await ipc.restart(2);
  await ipc.restartAll();
  await ipc.clusters.get(1).spawn();
  await ipc.clusters.get(1).kill(0);
  await ipc.services.get("api").respawn();
  assert.deepEqual(called, [
    ["respawn", 2, undefined],
    ["restartAll"],
    ["spawn", 1],
    ["kill", 1, 0],
    ["respawn", "api", undefined],
  ]);
  assert.deepEqual(await ipc.stats(), { atMs: 1 });
});

Deno.test("the unit says for how long clusters are asked", async () => {
  const { called, ipc } = setUp();
  assert.equal(await ipc.fetchUser(7n, { timeout: 50 }), "found");
  await ipc.fetchMember("1", "7", { rest: true });
  assert.deepEqual(called, [
    [{ kind: "user", userId: "7" }, false, 50],
    [{ kind: "member", guildId: "1", userId: "7" }, true, undefined],
  ]);
});

Deno.test("what is wrong rejects: a time, a place, a unit that is not started", async () => {
  const { called, ipc } = setUp();
  const wrong = { code: "bad_message", message: /timeout is NaN, expected milliseconds/ };
  await assert.rejects(ipc.clusters.get(0).kill(NaN), wrong);
  await assert.rejects(ipc.clusters.get(0).respawn(NaN), wrong);
  await assert.rejects(ipc.fetchGuild(1n, { timeout: NaN }), wrong);
  await assert.rejects(ipc.services.get("none").spawn(), /there is none/);
  assert.deepEqual(called, []);
  const early = unitIpc(() => {
    throw new RangeError("not started");
  });
  const asked = [early.restart(0), early.restartAll(), early.stats(), early.fetchUser(1n)];
  for (const each of asked) await assert.rejects(each, /not started/);
  await assert.rejects(early.clusters.get(0).spawn(), /not started/);
});
