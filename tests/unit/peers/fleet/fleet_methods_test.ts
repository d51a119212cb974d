/** A unit's methods, asked of another. */

import assert from "node:assert/strict";
import { shardRange } from "../../../../protocol/ids.ts";
import { callHere, callUnit } from "../../../../unit/methods.ts";
import { FleetMethods } from "../../../../unit/peers/fleet/fleet_methods.ts";
import { createPeersFleet } from "../../../support/fleet/peers_fleet.ts";
import { createNotedUnit } from "../../../support/noted_unit.ts";

/** Three units, which write down what they are told to do. */
async function setUp() {
  const rig = createPeersFleet();
  const units = await rig.three();
  const noted = units.map(({ view, calls, peers, line, shardIds }) => {
    const { unit, called } = createNotedUnit({ shardIds });
    const fleet: FleetMethods = new FleetMethods({
      view,
      calls,
      log: { debug() {}, info() {}, warn() {}, error() {} },
      elsewhere: peers.elsewhere!,
      clusters: unit.clusters,
      serving: () => shardRange(0, 5).map((id) => ({ total: 6, id })),
      here: (who, asked) => callHere(unit, who, asked),
    });
    const whole = { ...unit, fleet };
    return {
      line,
      called,
      clusters: unit.clusters,
      peer: (request: unknown) => callUnit(whole, "peer", request) as Promise<unknown>,
      operator: (request: unknown) => callUnit(whole, "operator", request) as Promise<unknown>,
    };
  });
  const called = () => noted.map((unit) => unit.called);
  return { ...rig, noted, called };
}

Deno.test("what is of a shard, a cluster or a service is done by the unit that has it", async () => {
  for (
    const [request, does] of [
      [{ method: "shardInfo", shardId: 0 }, [[["shardInfo", 0]], [], []]],
      [{ method: "shardInfo", shardId: 4 }, [[], [["shardInfo", 4]], []]],
      [{ method: "respawn", clusterId: 1 }, [[["respawn", 1, undefined]], [], []]],
      [{ method: "kill", clusterId: 5, timeoutMs: 7 }, [[], [], [["kill", 5, 7]]]],
      [{ method: "spawn", service: "api" }, [[], [], [["spawn", "api"]]]],
      [{ method: "sendPayload", shardId: 4, payload: { op: 3, d: null } }, [
        [["sendPayload", 4, { op: 3, d: null }]],
        [],
        [],
      ]],
    ] as const
  ) {
    const { noted: [a], run, called } = await setUp();
    await run((async () => await a!.peer(request))());
    assert.deepEqual(called(), does, JSON.stringify(request));
  }
});

Deno.test("an answer of another unit is as its own, without what a peer must not know", async () => {
  const { noted: [a], run } = await setUp();
  assert.deepEqual(await run(a!.peer({ method: "shardInfo", shardId: 4 })), {
    session: { seq: 9, base: 100 },
  });
});

Deno.test("shardIds are those of the fleet", async () => {
  const { noted: [a] } = await setUp();
  assert.deepEqual(await a!.peer({ method: "shardIds" }), [0, 1, 2, 3, 4, 5]);
});

Deno.test("an operator names a unit for what each has, its workers and its state, and a peer may not do more", async () => {
  const { noted: [a], run, called } = await setUp();
  await run(a!.operator({ method: "restartWorker", workerId: 2, unit: "b" }));
  await a!.operator({ method: "restartWorker", workerId: 1, unit: "a" });
  await run(a!.operator({ method: "reconnect", shardId: 5, session: "keep" }));
  assert.deepEqual(called(), [[["restart", 1]], [["restart", 2]], [["reconnect", 5, "keep"]]]);
  const state = await run(a!.operator({ method: "state", unit: "c" })) as { mode: string };
  assert.equal(state.mode, "discord");
  assert.throws(() => a!.operator({ method: "state", unit: "z" }), {
    code: "bad_message",
    message: 'Cannot reach unit "z": its fleet has a, b, c',
  });
  for (const method of ["state", "restartWorker"]) {
    assert.throws(() => a!.peer({ method, unit: "b", workerId: 1 }), { code: "bad_message" });
  }
});

Deno.test("an operator has the unit drained that is asked, or another that is named; a peer has none", async () => {
  const { noted: [a], run, called } = await setUp();
  await a!.operator({ method: "drain" });
  await run(a!.operator({ method: "drain", unit: "c" }));
  assert.deepEqual(called(), [[["drain"]], [], [["drain"]]]);
  assert.throws(() => a!.peer({ method: "drain", unit: "b" }), { code: "bad_message" });
});

Deno.test("what is wrong with a request is said as at home, wherever it is noticed", async () => {
  const { noted: [a], run } = await setUp();
  const code = async (request: unknown) =>
    await run((async () => await a!.operator(request))().then(() => "none", (error) => error.code));
  assert.equal(await code({ method: "reconnect", shardId: 4, session: "perhaps" }), "bad_message");
  assert.equal(await code({ method: "kill", clusterId: 5, timeoutMs: -1 }), "bad_message");
  assert.equal(await code({ method: "none", unit: "b" }), "bad_message");
});

Deno.test("restartAll of a named unit is of its clusters only, as are its shardIds", async () => {
  const { noted: [a], run, called } = await setUp();
  await run(a!.peer({ method: "restartAll", unit: "b" }));
  await run(a!.peer({ method: "restartAll", unit: "a" }));
  assert.deepEqual(called(), [[["restartAll"]], [["restartAll"]], []]);
  assert.deepEqual(await run(a!.peer({ method: "shardIds", unit: "b" })), [1, 4]);
});

Deno.test("restartAll says that a unit which lives could not, once it has been to all", async () => {
  const { noted: [a, b, c], run, called } = await setUp();
  b!.clusters.restartAll = () => Promise.reject(new Error("no such module"));
  await assert.rejects(run(a!.peer({ method: "restartAll" })), /no such module/);
  assert.deepEqual([called()[0], c!.called], [[["restartAll"]], [["restartAll"]]]);
});

Deno.test("restartAll goes from unit to unit, and past one that has died", async () => {
  const { noted: [a, b], run, called, set } = await setUp();
  await run(a!.peer({ method: "restartAll" }));
  assert.deepEqual(called(), [[["restartAll"]], [["restartAll"]], [["restartAll"]]]);
  b!.line.freeze();
  const all = a!.peer({ method: "restartAll" });
  set({}, ["a", "c"]);
  await run(all);
  assert.deepEqual(called().map(({ length }) => length), [2, 1, 2]);
});
