import assert from "node:assert/strict";
import { unitCall, type UnitMethods } from "../../unit/unit_calls.ts";
import type { ClusterControl } from "../../clusters/place.ts";

function setUp() {
  const called: unknown[] = [];
  const note = <Result>(result: Result, ...call: unknown[]) => (called.push(call), result);
  const control = (whose: string | number): ClusterControl => ({
    spawn: () => note(undefined, "spawn", whose),
    kill: (timeoutMs) => note(Promise.resolve(), "kill", whose, timeoutMs),
    respawn: (timeoutMs) => note(Promise.resolve(), "respawn", whose, timeoutMs),
  });
  const unit: UnitMethods = {
    shardIds: () => [0, 1],
    sendPayload: (shardId, payload) => note(Promise.resolve(), "send", shardId, payload),
    requestMembers: (shardId, request) => note(Promise.resolve("members"), shardId, request),
    find: (...asked) => note(Promise.resolve("found"), "find", ...asked),
    stats: () => null,
    restartAll: () => note(Promise.resolve(), "restartAll"),
    cluster: control,
    service: control,
  };
  return { called, call: (request: unknown) => unitCall(unit, request) };
}

Deno.test("a peer asks which shards there are, and for the figures", () => {
  const { call } = setUp();
  assert.deepEqual(call({ method: "shardIds" }), [0, 1]);
  assert.equal(call({ method: "stats" }), null);
});

Deno.test("a peer sends a payload and asks for members, on the shard that it names", async () => {
  const { call, called } = setUp();
  await call({ method: "sendPayload", shardId: 3, payload: { op: 3, d: null, secret: 1 } });
  const request = { guildId: "1" };
  assert.equal(await call({ method: "requestMembers", shardId: 0, request }), "members");
  assert.deepEqual(called, [["send", 3, { op: 3, d: null }], [0, request]]);
});

Deno.test("a peer has something found, at Discord's only where it says so", async () => {
  const { call, called } = setUp();
  const wanted = { kind: "user", userId: "7" };
  assert.equal(await call({ method: "fetch", wanted, rest: true }), "found");
  await call({ method: "fetch", wanted });
  await call({ method: "fetch", wanted, rest: "yes" });
  await call({ method: "fetch", wanted, timeoutMs: 100 });
  assert.deepEqual(called, [
    ["find", wanted, true, undefined],
    ["find", wanted, false, undefined],
    ["find", wanted, false, undefined],
    ["find", wanted, false, 100],
  ]);
});

Deno.test("a peer spawns, kills and respawns a cluster by number and a service by name", async () => {
  const { call, called } = setUp();
  await call({ method: "spawn", clusterId: 0 });
  await call({ method: "kill", service: "api", timeoutMs: 0 });
  await call({ method: "respawn", clusterId: 1, timeoutMs: 500 });
  await call({ method: "respawn", clusterId: 1 });
  await call({ method: "restartAll" });
  assert.deepEqual(called, [
    ["spawn", 0],
    ["kill", "api", 0],
    ["respawn", 1, 500],
    ["respawn", 1, undefined],
    ["restartAll"],
  ]);
});

const wrong: [request: unknown, says: RegExp][] = [
  [undefined, /method is undefined/],
  [null, /method is undefined/],
  ["stats", /method is undefined/],
  [{ method: "token" }, /method is "token", which the unit does not have/],
  [{ method: "toString" }, /which the unit does not have/],
  [{ method: "sendPayload", payload: { op: 3 } }, /shardId is undefined, expected a whole number/],
  [{ method: "sendPayload", shardId: "0", payload: { op: 3 } }, /shardId is "0"/],
  [{ method: "sendPayload", shardId: 0.5, payload: { op: 3 } }, /shardId is 0.5/],
  [{ method: "sendPayload", shardId: 0 }, /payload.op is undefined, expected a number/],
  [{ method: "sendPayload", shardId: 0, payload: { op: "3" } }, /payload.op is "3"/],
  [{ method: "requestMembers", request: {} }, /shardId is undefined/],
  [{ method: "kill" }, /clusterId is undefined/],
  [{ method: "kill", clusterId: 0, timeoutMs: -1 }, /timeoutMs is -1, expected milliseconds/],
  [{ method: "respawn", service: "api", timeoutMs: "5" }, /timeoutMs is "5"/],
  [{ method: "fetch", wanted: {}, timeoutMs: "5" }, /timeoutMs is "5"/],
];

for (const [request, says] of wrong) {
  Deno.test(`unitCall() refuses ${JSON.stringify(request)} and does nothing`, () => {
    const { call, called } = setUp();
    assert.throws(() => call(request), { code: "bad_message", blame: "caller", message: says });
    assert.deepEqual(called, []);
  });
}
