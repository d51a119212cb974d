import assert from "node:assert/strict";
import { control } from "../../../app/http/control.ts";
import { loadHono } from "../../../deps.ts";
import { GatehouseError } from "../../../protocol/errors.ts";
import type { Unit } from "../../../unit/unit.ts";
import { snapshot } from "../../support/snapshots.ts";

/** `/control` of a unit that writes down what is done to it. */
async function setUp({ allowFaults = false, isRunning = true } = {}) {
  const done: unknown[][] = [];
  const world = { answer: (): unknown => ({ did: "it" }) };
  const note = (...what: unknown[]) => (done.push(what), Promise.resolve());
  const verbs = (name: unknown) => ({
    spawn: () => void done.push(["spawn", name]),
    kill: (timeoutMs?: number) => note("kill", name, timeoutMs),
    respawn: (timeoutMs?: number) => note("respawn", name, timeoutMs),
  });
  const pool = {
    shardInfo: (shardId: number) => {
      if (shardId > 1) throw new GatehouseError("no_shard", "caller", `no shard ${shardId}`);
      const session = { sessionId: "secret", resumeUrl: "wss://secret", seq: 5, base: 100 };
      return Promise.resolve({ shardId, state: "ready", session });
    },
    reconnect: (shardId: number, session: string) => note("reconnect", shardId, session),
    sendPayload: (shardId: number, payload: unknown) => note("send", shardId, payload),
    restart: (workerId: number) => note("restart", workerId),
    crash: (workerId: number, how: string) => note("crash", workerId, how),
  };
  const unit = {
    snapshot: snapshot(),
    stats: { clusters: [] },
    gateway: isRunning ? { pool } : null,
    clusters: { get: verbs, restartAll: () => note("restart all") },
    services: { get: verbs },
    peers: {
      command: (...given: unknown[]) => {
        done.push(["command", ...given]);
        return new Promise((resolve) => resolve(world.answer()));
      },
    },
  } as unknown as Unit;
  const { Hono } = await loadHono();
  const app = control(new Hono(), { unit, allowFaults });
  app.onError((error, c) =>
    error instanceof GatehouseError
      ? c.json({ code: error.code, error: error.message }, 400)
      : c.json({ error: String(error) }, 500)
  );
  const ask = async (method: string, path: string, body?: unknown) => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const answer = await app.request(path, init);
    return { status: answer.status, body: await answer.json() };
  };
  return { ask, done, world };
}

Deno.test("/control shows the unit, and of a session nothing that could be resumed elsewhere", async () => {
  const { ask } = await setUp();
  assert.equal((await ask("GET", "/state")).body.totalShards, 2);
  assert.deepEqual((await ask("GET", "/stats")).body, { clusters: [] });
  const shard = await ask("GET", "/shards/1");
  assert.deepEqual(shard.body, { shardId: 1, state: "ready", session: { seq: 5, base: 100 } });
  assert.equal((await ask("GET", "/shards/9")).body.code, "no_shard");
});

Deno.test("/control moves shards, workers, clusters and services", async () => {
  const { ask, done } = await setUp({ allowFaults: true });
  const paths = [
    "/shards/0/reconnect",
    "/shards/1/resume",
    "/workers/0/restart",
    "/workers/0/crash",
    "/workers/0/crash?how=hang",
    "/clusters/2/restart",
    "/clusters/2/kill?timeout=50",
    "/clusters/2/spawn",
    "/clusters/restart-all",
    "/services/counter/respawn",
  ];
  for (const path of paths) assert.deepEqual((await ask("POST", path)).body, { ok: true }, path);
  await ask("POST", "/shards/1/send", { op: 3, d: null });
  assert.deepEqual(done, [
    ["reconnect", 0, "end"],
    ["reconnect", 1, "keep"],
    ["restart", 0],
    ["crash", 0, "throw"],
    ["crash", 0, "hang"],
    ["respawn", 2, undefined],
    ["kill", 2, 50],
    ["spawn", 2],
    ["restart all"],
    ["respawn", "counter", undefined],
    ["send", 1, { op: 3, d: null }],
  ]);
});

Deno.test("/control says what it cannot read, and does nothing", async () => {
  const { ask, done } = await setUp({ allowFaults: true });
  const requests: [path: string, body: unknown, says: RegExp][] = [
    ["/shards/x/reconnect", undefined, /shard is "x", expected a number/],
    ["/workers/-1/restart", undefined, /worker is "-1"/],
    ["/workers/0/crash?how=softly", undefined, /how is "softly", expected throw, exit, hang/],
    ["/clusters/1.5/kill", undefined, /cluster is "1.5"/],
    ["/clusters/1/kill?timeout=soon", undefined, /timeout is "soon", expected milliseconds/],
    ["/shards/0/send", { op: "3", d: 1 }, /op is "3", expected a number/],
    ["/shards/0/send", { op: 3 }, /d is missing/],
    ["/shards/0/send", undefined, /op is undefined/],
    ["/command", { data: 1 }, /to is none of/],
    ["/command", undefined, /to is none of/],
  ];
  for (const [path, body, says] of requests) {
    const answer = await ask("POST", path, body);
    assert.equal(answer.body.code, "bad_message", path);
    assert.match(answer.body.error, says);
  }
  assert.deepEqual(done, []);
});

Deno.test("/control crashes no worker where faults are not allowed", async () => {
  const { ask, done } = await setUp();
  assert.equal((await ask("POST", "/workers/0/crash")).body.code, "refused");
  assert.deepEqual(done, []);
});

Deno.test("/control has nothing to move before the first shard has started", async () => {
  const { ask } = await setUp({ isRunning: false });
  for (const path of ["/shards/0/resume", "/workers/0/restart"]) {
    assert.equal((await ask("POST", path)).body.code, "not_ready", path);
  }
  assert.equal((await ask("GET", "/state")).status, 200);
});

Deno.test("/control/command passes a command on and gives the answer, null where there is none", async () => {
  const { ask, done, world } = await setUp();
  const body = { to: { clusterId: 1 }, data: [1], receptive: true, timeout: 50 };
  assert.deepEqual(await ask("POST", "/command", body), {
    status: 200,
    body: { answer: { did: "it" } },
  });
  assert.deepEqual(done, [["command", { clusterId: 1 }, [1], { receptive: true, timeout: 50 }]]);
  world.answer = () => undefined;
  assert.deepEqual((await ask("POST", "/command", body)).body, { answer: null });
});

Deno.test("/control/command to all gives results, and errors in words", async () => {
  const { ask, world } = await setUp();
  const error = Object.assign(new RangeError("too far"), { clusterId: 1 });
  world.answer = () => ({ results: [1], errors: [error] });
  const { body } = await ask("POST", "/command", { to: { all: true }, receptive: true });
  assert.deepEqual(body.answer.results, [1]);
  assert.equal(body.answer.errors[0].message, "too far");
});

Deno.test("/control/command tells an error of the target, and an answer that JSON cannot carry, as 502", async () => {
  const { ask, world } = await setUp();
  const body = { to: { service: "counter" }, receptive: true };
  world.answer = () => {
    throw new RangeError("too far");
  };
  assert.deepEqual(await ask("POST", "/command", body), {
    status: 502,
    body: { error: "too far", name: "RangeError" },
  });
  world.answer = () => ({ at: [new Date(0)] });
  const { status, body: { error } } = await ask("POST", "/command", body);
  assert.deepEqual([status, error], [
    502,
    "Cannot write the answer as JSON: a Date at data.at[0]",
  ]);
  world.answer = () => {
    throw new GatehouseError("away", "peer", "it is away");
  };
  assert.equal((await ask("POST", "/command", body)).body.code, "away");
});
