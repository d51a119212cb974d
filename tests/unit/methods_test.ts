import assert from "node:assert/strict";
import type { ReshardSnapshot } from "../../protocol/reshard.ts";
import type { Stats } from "../../protocol/status.ts";
import { callUnit, unitIpc } from "../../unit/methods.ts";
import { createNotedUnit } from "../support/noted_unit.ts";

function setUp(changed: Parameters<typeof createNotedUnit>[0] = {}) {
  const { unit, called } = createNotedUnit(changed);
  return {
    unit,
    called,
    peer: (request: unknown) => callUnit(unit, "peer", request),
    operator: (request: unknown) => callUnit(unit, "operator", request),
    ipc: unitIpc(() => unit),
  };
}

const payload = { op: 3, d: null };

/** What a request does, and what it gives. */
const FOR_ALL: readonly (readonly [request: object, does: unknown[] | null, gives: unknown])[] = [
  [{ method: "shardIds" }, null, [0, 1]],
  [{ method: "stats" }, null, null],
  [{ method: "shardInfo", shardId: 1 }, ["shardInfo", 1], { session: { seq: 9, base: 100 } }],
  [
    { method: "sendPayload", shardId: 3, payload: { ...payload, secret: 1 } },
    ["sendPayload", 3, payload],
    undefined,
  ],
  [
    { method: "requestMembers", shardId: 0, request: { guildId: "1", limit: 5, secret: 1 } },
    ["requestMembers", "1", { guildId: "1", limit: 5 }],
    { members: [], notFound: [] },
  ],
  [{ method: "fetch", wanted: 1, rest: true }, ["find", 1, true, undefined], "found"],
  [{ method: "fetch", wanted: 1 }, ["find", 1, false, undefined], "found"],
  [{ method: "fetch", wanted: 1, rest: "yes" }, ["find", 1, false, undefined], "found"],
  [{ method: "fetch", wanted: 1, timeoutMs: 100 }, ["find", 1, false, 100], "found"],
  [{ method: "spawn", clusterId: 0 }, ["spawn", 0], undefined],
  [{ method: "kill", service: "api", timeoutMs: 0 }, ["kill", "api", 0], undefined],
  [{ method: "respawn", clusterId: 1, timeoutMs: 500 }, ["respawn", 1, 500], undefined],
  [{ method: "respawn", clusterId: 1 }, ["respawn", 1, undefined], undefined],
  [{ method: "restartAll" }, ["restartAll"], undefined],
];

const FOR_OPERATORS: typeof FOR_ALL = [
  [{ method: "reconnect", shardId: 1, session: "end" }, ["reconnect", 1, "end"], undefined],
  [{ method: "reconnect", shardId: 1, session: "keep" }, ["reconnect", 1, "keep"], undefined],
  [{ method: "restartWorker", workerId: 2 }, ["restart", 2], undefined],
  [{ method: "crashWorker", workerId: 2, how: "hang" }, ["crash", 2, "hang"], undefined],
  [{ method: "drain" }, ["drain"], undefined],
];

Deno.test("a peer, an operator and the program call the same methods", async () => {
  for (const [request, does, gives] of FOR_ALL) {
    for (const who of ["peer", "operator"] as const) {
      const rig = setUp();
      assert.deepEqual(await rig[who](request), gives);
      assert.deepEqual(rig.called, does ? [does] : []);
    }
  }
});

Deno.test("what moves the unit itself an operator may call, and no peer", async () => {
  for (const [request, does, gives] of FOR_OPERATORS) {
    const { peer, operator, called } = setUp();
    const { method } = request as { method: string };
    const message = `Cannot call the unit: method is "${method}", which the unit does not have`;
    assert.throws(() => peer(request), { code: "bad_message", message });
    assert.deepEqual(called, []);
    assert.deepEqual(await operator(request), gives);
    assert.deepEqual(called, [does]);
  }
});

Deno.test("an operator begins a reshard, steers it, and gets how it stands; a peer may not", () => {
  const { peer, operator, called } = setUp();
  const stands = (method: string) => {
    const request = { method, totalShards: 4 };
    assert.throws(() => peer(request), { code: "bad_message", message: /does not have/ });
    const { to, state, by } = operator(request) as ReshardSnapshot;
    return [to, state, by];
  };
  assert.deepEqual(stands("reshard"), [4, "running", "operator"]);
  assert.deepEqual(stands("pauseReshard"), [4, "paused", "operator"]);
  assert.deepEqual(stands("resumeReshard"), [4, "running", "operator"]);
  assert.throws(() => operator({ method: "reshard", totalShards: 8 }), {
    code: "refused",
    message: /a reshard from 2 to 4 shards is running/,
  });
  assert.deepEqual(stands("cancelReshard"), [4, "cancelling", "operator"]);
  assert.deepEqual(called, [["begin", 4, "operator"], ["pause"], ["resume"], ["cancel"]]);
});

Deno.test("a worker is crashed only where that is allowed", () => {
  const { operator, called } = setUp({ allowFaults: false });
  const refused = { code: "refused", message: "Cannot crash: ALLOW_FAULTS is not set" };
  assert.throws(() => operator({ method: "crashWorker", workerId: 0, how: "hang" }), refused);
  assert.deepEqual(called, []);
});

Deno.test("what needs a shard says so before there is one", () => {
  const { operator } = setUp({ gateway: null });
  const early = { code: "not_ready", message: /no shard has started yet/ };
  assert.throws(() => operator({ method: "restartWorker", workerId: 0 }), early);
  const none = setUp({ resharding: null });
  assert.throws(() => none.operator({ method: "reshard", totalShards: 4 }), early);
});

const wrong: [request: unknown, says: RegExp][] = [
  [undefined, /method is undefined/],
  [null, /method is undefined/],
  ["stats", /method is undefined/],
  [{ method: "token" }, /method is "token", which the unit does not have/],
  [{ method: "toString" }, /which the unit does not have/],
  [{ method: ["stats"] }, /method is a list, which/],
  [
    { method: "sendPayload", payload },
    /^Cannot sendPayload: shardId is undefined, expected a whole/,
  ],
  [{ method: "sendPayload", shardId: "0", payload }, /shardId is "0"/],
  [{ method: "sendPayload", shardId: 0.5, payload }, /shardId is 0.5/],
  [{ method: "sendPayload", shardId: 1n, payload }, /shardId is 1n, expected a whole number/],
  [{ method: "sendPayload", shardId: 0 }, /op is undefined, expected a number/],
  [{ method: "sendPayload", shardId: 0, payload: { op: "3" } }, /op is "3"/],
  [{ method: "sendPayload", shardId: 0, payload: { op: 3 } }, /d is undefined, expected the data/],
  [{ method: "kill" }, /clusterId is undefined/],
  [{ method: "kill", clusterId: 0, timeoutMs: -1 }, /timeoutMs is -1, expected milliseconds/],
  [
    { method: "kill", clusterId: 0, timeoutMs: 2 ** 31 },
    /expected milliseconds from 0 to 86400000/,
  ],
  [{ method: "respawn", service: "api", timeoutMs: "5" }, /timeoutMs is "5"/],
  [{ method: "fetch", wanted: {}, timeoutMs: "5" }, /timeoutMs is "5"/],
  [{ method: "reconnect", shardId: 0 }, /session is undefined, expected keep, end/],
  [{ method: "shardInfo", shardId: {} }, /shardId is of type object, expected a whole number/],
  [
    { method: "reshard" },
    /^Cannot reshard: totalShards is undefined, expected a whole number from 1 to 100000$/,
  ],
  [{ method: "reshard", totalShards: "4" }, /totalShards is "4", expected a whole number/],
  [{ method: "reshard", totalShards: 0 }, /totalShards is 0, expected a whole number from 1/],
  [{ method: "crashWorker", workerId: 0, how: "x" }, /how is "x", expected throw, exit, hang/],
];

for (const [request, says] of wrong) {
  Deno.test(`callUnit() refuses ${Deno.inspect(request)} and does nothing`, async () => {
    const { operator, called } = setUp();
    const refused = { code: "bad_message", blame: "caller", message: says };
    await assert.rejects(async () => await operator(request), refused);
    assert.deepEqual(called, []);
  });
}

Deno.test("a request for members that is wrong is refused", () => {
  const { peer, called } = setUp();
  const call = () => peer({ method: "requestMembers", shardId: 0, request: {} });
  assert.throws(call, { code: "refused", message: /expected guildId to be a guild's id/ });
  assert.deepEqual(called, []);
});

Deno.test("the unit has the same verbs for clusters and services as they have", async () => {
  const { called, ipc } = setUp({ stats: { atMs: 1 } as Stats });
  await ipc.restart(2);
  await ipc.restartAll();
  await ipc.clusters.get(1).spawn();
  await ipc.clusters.get(1).kill(0);
  await ipc.services.get("api").respawn();
  assert.equal(await ipc.sendServiceCommand("api", 1, { receptive: true }), "answer");
  await ipc.sendClusterCommand({ guildId: 7n }, 2);
  assert.deepEqual(called, [
    ["respawn", 2, undefined],
    ["restartAll"],
    ["spawn", 1],
    ["kill", 1, 0],
    ["respawn", "api", undefined],
    ["command", { service: "api" }, 1, { receptive: true, timeout: 30_000 }],
    ["command", { guildId: "7" }, 2, { receptive: false, timeout: 30_000 }],
  ]);
  assert.deepEqual(await ipc.stats(), { atMs: 1 });
});

Deno.test("the unit says for how long clusters are asked", async () => {
  const { called, ipc } = setUp();
  assert.equal(await ipc.fetchUser(7n, { timeout: 50 }), "found");
  await ipc.fetchMember("1", "7", { rest: true });
  assert.deepEqual(called, [
    ["find", { kind: "user", userId: "7" }, false, 50],
    ["find", { kind: "member", guildId: "1", userId: "7" }, true, undefined],
  ]);
});

Deno.test("what is wrong rejects: a time, a target, a place, a unit that is not started", async () => {
  const { called, ipc } = setUp();
  const wrong = { code: "bad_message", message: /timeout is NaN, expected milliseconds/ };
  await assert.rejects(ipc.clusters.get(0).kill(NaN), wrong);
  await assert.rejects(ipc.clusters.get(0).respawn(NaN), wrong);
  await assert.rejects(ipc.fetchGuild(1n, { timeout: NaN }), wrong);
  await assert.rejects(ipc.sendServiceCommand("api", 1, { timeout: NaN }), wrong);
  await assert.rejects(ipc.sendClusterCommand("all" as never, 1), { message: /received "all"/ });
  await assert.rejects(ipc.services.get("none").spawn(), /there is none/);
  assert.deepEqual(called, []);
  const early = unitIpc(() => {
    throw new RangeError("not started");
  });
  const asked = [
    early.restart(0),
    early.restartAll(),
    early.stats(),
    early.fetchUser(1n),
    early.clusters.get(0).spawn(),
    early.sendServiceCommand("api", 1),
  ];
  for (const each of asked) await assert.rejects(each, /not started/);
});

Deno.test("what names a unit is refused by one that is in no fleet, whoever asks", async () => {
  for (const [request] of FOR_ALL) {
    for (const who of ["peer", "operator"] as const) {
      const rig = setUp();
      const asked = async () => await rig[who]({ ...request, unit: "b" });
      await assert.rejects(asked, /Cannot reach unit "b": this unit is in no fleet/);
      assert.deepEqual(rig.called, []);
    }
  }
});
