import assert from "node:assert/strict";
import fc from "fast-check";
import { control } from "../../../app/http/control.ts";
import { STATUS } from "../../../app/http/status.ts";
import { loadHono } from "../../../deps.ts";
import { GatehouseError } from "../../../protocol/errors.ts";
import { createNotedUnit } from "../../support/noted_unit.ts";
import { reshard } from "../../support/reshards.ts";
import { counters, shard, snapshot } from "../../support/snapshots.ts";

const { Hono } = await loadHono();

function setUp(changed: Parameters<typeof createNotedUnit>[0] = {}) {
  const { unit, called } = createNotedUnit(changed);
  const world = { isBot: false };
  const app = control(new Hono(), unit, () => world.isBot);
  app.onError((error, c) =>
    error instanceof GatehouseError
      ? c.json({ error: error.message }, STATUS[error.code] ?? 500)
      : c.json({ error: `thrown: ${error.stack}` }, 500)
  );
  return {
    unit,
    called,
    world,
    async get(path: string) {
      return await (await app.request(path)).json();
    },
    async post(path: string, body?: unknown) {
      const text = body instanceof ReadableStream ? body : JSON.stringify(body);
      const init = { method: "POST", ...(body !== undefined && { body: text }) };
      const response = await app.request(path, init);
      return [response.status, await response.json()] as const;
    },
  };
}

Deno.test("GET /state tells everything, with numbers that a person can read", async () => {
  const latencyMs = 0.6820889999980864;
  const shards = [shard(0, { counters: counters(0, { latencyMs }) })];
  const identify = { ...snapshot().identify, nextSlotMs: 5199.123456789, held: { untilMs: null } };
  const { unit, get } = setUp();
  unit.snapshot = snapshot({ shards, identify });
  const state = await get("/state");
  assert.equal(state.shards[0].counters.latencyMs, 0.682);
  assert.deepEqual(state.identify, { ...identify, nextSlotMs: 5199.123 });
});

const payload = { op: 3, d: {} };

const POSTS: readonly (readonly [path: string, does: unknown[], body?: unknown])[] = [
  ["/shards/1/resume", ["reconnect", 1, "keep"]],
  ["/shards/1/reconnect?session=keep", ["reconnect", 1, "end"]],
  ["/shards/1/send", ["sendPayload", 1, payload], { ...payload, shardId: 2, method: "stats" }],
  ["/workers/2/restart", ["restart", 2]],
  ["/workers/2/crash", ["crash", 2, "throw"]],
  ["/workers/2/crash?how=exit&workerId=3", ["crash", 2, "exit"]],
  ["/clusters/0/restart", ["respawn", 0, undefined]],
  ["/clusters/restart-all", ["restartAll"]],
  ["/clusters/0/kill?timeout=50", ["kill", 0, 50]],
  ["/clusters/0/respawn?service=api", ["respawn", 0, undefined]],
  ["/clusters/0/spawn", ["spawn", 0]],
  ["/services/7/kill", ["kill", "7", undefined]],
  ["/services/api/respawn?timeout=0", ["respawn", "api", 0]],
  ["/services/api/spawn", ["spawn", "api"]],
];

for (const [path, does, body] of POSTS) {
  Deno.test(`POST ${path} does what it says`, async () => {
    const { post, called } = setUp();
    assert.deepEqual(await post(path, body), [200, { ok: true }]);
    assert.deepEqual(called, [does]);
  });
}

Deno.test("POST /drain answers at once that the unit will stop", async () => {
  const { post, called, world } = setUp();
  world.isBot = true;
  assert.equal((await post("/drain"))[0], 403, "not for the bot");
  world.isBot = false;
  assert.deepEqual(await post("/drain"), [202, { ok: true }]);
  assert.deepEqual(called, [["drain"]]);
});

Deno.test("POST /shards/1/send passes ids on that are numbers, digit for digit", async () => {
  const { post, called } = setUp();
  const body = new Response('{"op":8,"d":{"guild_id":1575987154213928974}}').body!;
  assert.deepEqual(await post("/shards/1/send", body), [200, { ok: true }]);
  const d = { guild_id: 1575987154213928974n };
  assert.deepEqual(called, [["sendPayload", 1, { op: 8, d }]]);
});

Deno.test("POST /reshard answers at once with what begins; pause, resume and cancel with how it stands", async () => {
  const { post, called } = setUp();
  const [status, begun] = await post("/reshard", { totalShards: 4, by: "automatic" });
  assert.deepEqual([status, begun], [202, JSON.parse(JSON.stringify(reshard()))]);
  const states = [];
  for (const how of ["pause", "resume", "cancel"]) {
    const [status, { state, lots }] = await post(`/reshard/${how}`);
    states.push([status, state, lots.length]);
  }
  assert.deepEqual(states, [[200, "paused", 2], [200, "running", 2], [200, "cancelling", 2]]);
  assert.deepEqual(called, [["begin", 4, "operator"], ["pause"], ["resume"], ["cancel"]]);
});

Deno.test("POST /reshard says with its status why not", async () => {
  const { post, called } = setUp();
  assert.deepEqual(await post("/reshard", { totalShards: 2 }), [409, {
    error: "Cannot reshard to 2 shards: there are 2 already",
  }]);
  assert.deepEqual(await post("/reshard/pause"), [409, {
    error: "Cannot pause: no reshard is under way",
  }]);
  const early = setUp({ resharding: null });
  assert.equal((await early.post("/reshard", { totalShards: 4 }))[0], 503);
  assert.deepEqual([called, early.called], [[], []]);
});

const WRONG: readonly (readonly [path: string, says: RegExp, body?: unknown])[] = [
  ["/shards/x/resume", /shardId is "x", expected a whole number/],
  ["/shards/1e3/send", /shardId is "1e3"/, payload],
  ["/shards/1/send", /op is undefined, expected a number/],
  ["/shards/1/send", /op is "3", expected a number/, { op: "3", d: {} }],
  ["/shards/1/send", /d is undefined, expected the data of op 3/, { op: 3 }],
  ["/workers/-1/restart", /workerId is "-1"/],
  ["/workers/1/crash?how=x", /how is "x", expected throw, exit, hang/],
  ["/reshard", /totalShards is undefined, expected a whole number from 1 to 100000/],
  ["/reshard", /totalShards is "4", expected/, { totalShards: "4" }],
  ["/clusters/a/kill", /clusterId is "a"/],
  ["/clusters/0/kill?timeout=-5", /timeoutMs is "-5", expected milliseconds/],
  ["/command", /expected {all: true}, {clusterId}, {guildId} or {service}, received undefined/],
  ["/command", /received undefined/, null],
  ["/command", /received "all"/, { to: "all", method: "stats" }],
  ["/command", /timeout is x, expected milliseconds/, { to: { all: true }, timeout: "x" }],
];

for (const [path, says, body] of WRONG) {
  Deno.test(`POST ${path} is refused: ${says}`, async () => {
    const { post, called } = setUp();
    const [status, { error }] = await post(path, body);
    assert.equal(status, 400);
    assert.match(error, says);
    assert.deepEqual(called, []);
  });
}

Deno.test("what there is, is told; of a session neither its id nor its host", async () => {
  const { get, unit } = setUp();
  assert.deepEqual(await get("/state"), JSON.parse(JSON.stringify(unit.snapshot)));
  assert.deepEqual(await get("/shards/1"), { session: { seq: 9, base: 100 } });
  assert.equal(await get("/stats"), null);
});

Deno.test("a command is answered with what its target gave, or with 502 and what it threw", async () => {
  const answers: unknown[] = [{ found: 1 }, undefined, new Map()];
  const command = () => {
    if (answers.length > 0) return Promise.resolve(answers.shift());
    return Promise.reject(new RangeError("too far"));
  };
  const { post } = setUp({ peers: { command, find: command } });
  const ask = () => post("/command", { to: { clusterId: 0 }, data: 1, receptive: true });
  assert.deepEqual(await ask(), [200, { answer: { found: 1 } }]);
  assert.deepEqual(await ask(), [200, { answer: null }]);
  const [status, { error }] = await ask();
  assert.equal(status, 502);
  assert.match(error, /^Cannot write the answer as JSON: /);
  assert.deepEqual(await ask(), [502, { error: "too far", name: "RangeError" }]);
});

Deno.test("a command to all is answered with results and with errors as texts", async () => {
  const error = Object.assign(new GatehouseError("away", "peer", "it is away"), { clusterId: 1 });
  const command = () => Promise.resolve({ results: [1], errors: [error] });
  const { post } = setUp({ peers: { command, find: command } });
  const [, { answer }] = await post("/command", { to: { all: true }, receptive: true });
  assert.deepEqual(answer.results, [1]);
  assert.equal(answer.errors[0].message, "it is away");
  assert.equal(answer.errors[0].clusterId, 1);
});

/** A body without end; gives how much of it was taken. */
function endless(piece: string) {
  const bytes = new TextEncoder().encode(piece.repeat(100_000));
  const fate = { sent: 0 };
  const body = new ReadableStream({
    pull(controller) {
      if ((fate.sent += bytes.length) > 100_000_000) return controller.close();
      controller.enqueue(bytes);
    },
  });
  return { body, fate };
}

for (const path of ["/command", "/shards/1/send"]) {
  Deno.test(`POST ${path} takes no body without end, none that is too deep, none that is not JSON`, async () => {
    const { post, called } = setUp();
    for (const piece of ["[", " ", "1"]) {
      const { body, fate } = endless(piece);
      const [status, { error }] = await post(path, body);
      assert.deepEqual([status, error], [
        413,
        "Cannot read the body: it has more than 1048576 bytes",
      ]);
      assert.ok(fate.sent < 2_000_000, `${fate.sent} bytes were taken`);
    }
    const bodyOf = (text: string) => new Response(text).body;
    const deep = await post(path, bodyOf("[".repeat(500_000) + "]".repeat(500_000)));
    assert.deepEqual(deep, [400, {
      error: "Cannot read the body: it is not JSON: more than 1024 levels of objects and lists",
    }]);
    assert.equal((await post(path, bodyOf("{op:3}")))[0], 400);
    assert.deepEqual(called, []);
  });
}

Deno.test("POST answers an odd body with what is wrong with it, and never fails over it", async () => {
  const { post } = setUp();
  const word = fc.constantFrom("to", "data", "op", "d", "all", "timeout", "receptive", "clusterId");
  const odd = fc.dictionary(word, fc.jsonValue({ maxDepth: 3 }), { noNullPrototype: true });
  await fc.assert(
    fc.asyncProperty(fc.oneof(odd, fc.jsonValue()), async (body) => {
      for (const path of ["/command", "/shards/1/send", "/shards/1/resume", "/reshard"]) {
        const [status, answer] = await post(path, body);
        assert.ok([200, 400].includes(status), `${path} ${JSON.stringify(body)}: ${answer.error}`);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("a bot's credential has the verbs of its link, and no others", async () => {
  const { get, post, called, world } = setUp();
  world.isBot = true;
  for (const path of ["/shards/1/resume", "/shards/1/reconnect", "/workers/2/restart"]) {
    const [status, { error }] = await post(path);
    assert.deepEqual([status, error], [
      403,
      `${path} is for operators: a bot's credential does not do`,
    ]);
  }
  assert.equal((await post("/workers/2/crash"))[0], 403);
  for (const path of ["", "/pause", "/resume", "/cancel"]) {
    assert.equal((await post(`/reshard${path}`, { totalShards: 4 }))[0], 403);
  }
  assert.match((await get("/state")).error, /for operators/);
  assert.deepEqual(called, []);
  assert.deepEqual(await get("/shards/1"), { session: { seq: 9, base: 100 } });
  assert.deepEqual(called.splice(0), [["shardInfo", 1]]);
  assert.equal(await get("/stats"), null);
  assert.deepEqual(await post("/shards/1/send", payload), [200, { ok: true }]);
  assert.deepEqual(await post("/clusters/0/restart"), [200, { ok: true }]);
  assert.deepEqual(await post("/services/api/kill"), [200, { ok: true }]);
});

Deno.test("what another unit of the fleet has is asked of it, by its name or by what it is", async () => {
  const asked: unknown[] = [];
  const { get, post, called } = setUp({
    fleet: {
      shardIds: [0, 1, 2],
      unitFor: ({ unit, shardId }) => unit === "b" || shardId === 2 ? "b" : null,
      call(...call) {
        asked.push(call);
        return Promise.resolve({ of: "b" });
      },
      restartAll: () => Promise.resolve(),
    },
  });
  assert.deepEqual(await get("/state?unit=b"), { of: "b" });
  assert.deepEqual(await get("/shards/2"), { of: "b" });
  assert.deepEqual(await post("/workers/3/restart?unit=b"), [200, { ok: true }]);
  assert.deepEqual(await post("/shards/2/resume"), [200, { ok: true }]);
  assert.deepEqual(called, []);
  assert.deepEqual(
    asked.map((call) => (call as unknown[]).slice(0, 2)),
    Array(4).fill(["b", "operator"]),
  );
  assert.deepEqual(
    asked.map((call) => (call as [unknown, unknown, { method: string }])[2].method),
    [
      "state",
      "shardInfo",
      "restartWorker",
      "reconnect",
    ],
  );
});

Deno.test("a unit that is named where there is no fleet is refused, and nothing is done in its place", async () => {
  const { get, post, called } = setUp();
  const { error } = await get("/state?unit=b");
  assert.match(error, /^Cannot reach unit "b": this unit is in no fleet$/);
  assert.match((await get("/shards/1?unit=b")).error, /unit "b"/);
  for (const [path, , body] of POSTS) {
    const asked = `${path}${path.includes("?") ? "&" : "?"}unit=b`;
    const [status, { error }] = await post(asked, body);
    assert.deepEqual([status, /unit "b"/.test(error)], [400, true], path);
  }
  assert.deepEqual(called, []);
});
