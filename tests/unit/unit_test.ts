import assert from "node:assert/strict";
import { control } from "../../app/http/control.ts";
import { loadHono } from "../../deps.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { EVENT_LINK_VERSION } from "../../protocol/event_frame.ts";
import type { ShardPayload } from "../../protocol/worker_message.ts";
import { createVirtualUnit } from "../support/virtual_unit.ts";
import { cluster, service } from "../support/peers.ts";

const PRESENCE: ShardPayload = {
  op: OP.PRESENCE_UPDATE,
  d: { since: null, afk: false, status: "idle", activities: [] },
};

/** A unit of one shard that is ready, and every way in which somebody sends something through it. */
async function setUp() {
  const rig = createVirtualUnit();
  const { unit, run } = rig;
  await rig.start();
  await rig.ready();
  const { cluster, service } = rig.link();
  const { Hono } = await loadHono();
  const app = control(new Hono(), unit);
  app.onError((error, c) => c.json({ error: error.message }, 400));
  const operator = async (payload: unknown) => {
    const response = await app.request("/shards/0/send", {
      method: "POST",
      body: JSON.stringify(payload),
    });
    if (!response.ok) throw new Error((await response.json()).error);
  };
  const library = unit.gateway!.consumers.accept(
    { send() {}, sendBytes() {}, close() {} },
    new URLSearchParams("v=10&encoding=json"),
    "ws://gatehouse.test/",
  );
  const identify = { token: "x", intents: 1, shard: [0, 1], properties: {} };
  library.text(JSON.stringify({ op: OP.IDENTIFY, d: identify }));
  await rig.clock.advance(100);
  const paths: Record<string, (payload: unknown) => Promise<unknown>> = {
    "the program": async (payload) =>
      await unit.controllers.gateway.sendPayload(0, payload as ShardPayload),
    "a cluster": (payload) => cluster({ method: "sendPayload", shardId: 0, payload }),
    "a service": (payload) => service({ method: "sendPayload", shardId: 0, payload }),
    "an operator": operator,
    "a library": async (payload) => {
      const before = rig.logged.length;
      library.text(JSON.stringify(payload));
      await rig.clock.advance(10);
      const refused = rig.logged.slice(before).find(({ level }) => level === "warn");
      if (refused) throw new Error(String(refused.fields.error ?? refused.fields.reason));
    },
  };
  const sent = () => rig.sim.ledger.sends.filter(({ op }) => op !== OP.HEARTBEAT);
  return { ...rig, paths, run, sent };
}

Deno.test("a unit that Discord tells to wait says so, asks when it may, and then starts", async () => {
  const rig = createVirtualUnit();
  const { unit, sim, clock } = rig;
  const reply = {
    status: 429,
    json: { message: "You are being rate limited.", retry_after: 82_721, global: false },
    headers: { "Retry-After": "82721", "X-RateLimit-Scope": "user" },
  };
  sim.rest.faults.add({ kind: "answer", route: "/gateway/bot", reply });
  const started = unit.start();
  await clock.advance(3_600_000);
  const asked = () => sim.ledger.rest.filter(({ route }) => route === "/gateway/bot").length;
  assert.equal(asked(), 1);
  const { discovery } = unit.snapshot;
  assert.match(discovery!.reason, /429: You are being rate limited/);
  assert.ok(Math.abs(discovery!.untilMs - clock.wallMs() - 79_121_000) < 1_000);
  await clock.advance(79_122_000);
  await started;
  await rig.ready();
  assert.deepEqual([asked(), unit.snapshot.discovery], [2, null]);
});

Deno.test("a payload goes through gateway.sendPayload, whoever sends it", async () => {
  const { unit, paths, run, sent } = await setUp();
  const { gateway } = unit.controllers;
  const before = sent().length;
  for (const [path, send] of Object.entries(paths)) {
    const seen: unknown[] = [];
    gateway.sendPayload = (...args) => (seen.push(args), Promise.resolve());
    await run(send(PRESENCE));
    assert.deepEqual(seen, [[0, PRESENCE]], path);
  }
  assert.equal(sent().length, before, "something went round it");
});

const HELPERS: Record<string, unknown[]> = {
  editBotStatus: [{ status: "idle", activities: [] }],
  editShardStatus: [0, { status: "idle", activities: [] }],
  joinVoiceChannel: ["1", "2"],
  leaveVoiceChannel: ["1"],
};

for (const [name, args] of Object.entries(HELPERS)) {
  Deno.test(`unit.gateway.${name}() sends through gateway.sendPayload`, async () => {
    const { unit, run, sent } = await setUp();
    const before = sent().length;
    const seen: number[] = [];
    const { gateway } = unit.controllers;
    gateway.sendPayload = (_, { op }) => (seen.push(op), Promise.resolve());
    const helper = gateway[name as "editBotStatus"] as (...args: unknown[]) => Promise<void>;
    await run(helper(...args));
    assert.deepEqual(seen, [name.startsWith("edit") ? OP.PRESENCE_UPDATE : OP.VOICE_STATE_UPDATE]);
    assert.equal(sent().length, before, "something went round it");
  });
}

Deno.test("helpers of a guild ask gateway.calculateShardId, and editBotStatus edits shard by shard", async () => {
  const { unit, run } = await setUp();
  const { gateway } = unit.controllers;
  const seen: unknown[] = [];
  gateway.sendPayload = (shardId) => (seen.push(shardId), Promise.resolve());
  gateway.calculateShardId = () => 7;
  gateway.editShardStatus = (shardId) => (seen.push(`status ${shardId}`), Promise.resolve());
  await run(gateway.joinVoiceChannel("1", "2"));
  await run(gateway.editBotStatus({ status: "idle", activities: [] }));
  assert.deepEqual(seen, [7, "status 0"]);
});

const BAD: readonly (readonly [payload: unknown, says: RegExp])[] = [
  [null, /op is undefined, expected a number|not an object/],
  ["text", /op is undefined, expected a number|not an object/],
  [{}, /op is undefined, expected a number|has no op/],
  [{ d: {} }, /op is undefined, expected a number|has no op/],
  [{ op: "3", d: {} }, /op is "3", expected a number|has no op/],
  [{ op: 3 }, /d is undefined, expected the data of op 3|data of op 3 is not what/],
];

for (const [payload, says] of BAD) {
  Deno.test(`${JSON.stringify(payload)} is refused, whoever sends it`, async () => {
    const { paths, run, sent } = await setUp();
    const before = sent().length;
    for (const [path, send] of Object.entries(paths)) {
      await assert.rejects(run(send(payload)), { message: says }, path);
    }
    assert.equal(sent().length, before);
  });
}

Deno.test("what replaces gateway.sendPayload gets no payload that is wrong, and no field beside", async () => {
  const { unit, paths, run } = await setUp();
  const { "the program": _, ...others } = paths;
  const seen: unknown[] = [];
  unit.controllers.gateway.sendPayload = (_, payload) => (seen.push(payload), Promise.resolve());
  for (const send of Object.values(others)) {
    await run(send({ ...PRESENCE, s: 1, t: "x" }));
    await assert.rejects(run(send({ op: 3 })));
  }
  assert.deepEqual(seen, Object.keys(others).map(() => PRESENCE));
});

Deno.test("members are asked for through gateway.requestMembers, and only with a request that is right", async () => {
  const { unit, link, run } = await setUp();
  const { cluster, service } = link();
  const seen: unknown[] = [];
  const answer = { members: [], notFound: ["7"] };
  unit.controllers.gateway.requestMembers = (...args) => (seen.push(args), Promise.resolve(answer));
  const request = { guildId: "1", limit: 5, secret: 1 };
  for (const call of [cluster, service]) {
    const wrong = { guildId: "1", limit: -1 };
    for (const request of [undefined, {}, { guildId: "x" }, wrong]) {
      const asked = run(call({ method: "requestMembers", shardId: 0, request }));
      await assert.rejects(asked, { code: "refused", message: /expected (guildId|limit) to be/ });
    }
    assert.deepEqual(await run(call({ method: "requestMembers", shardId: 0, request })), answer);
    assert.deepEqual(seen.splice(0), [["1", { guildId: "1", limit: 5 }]]);
  }
});

Deno.test("what a library is done with goes through events.acknowledged", async () => {
  const { unit, paths, run } = await setUp();
  const seen: unknown[] = [];
  unit.controllers.events.acknowledged = (_, __, { cursors }) => void seen.push(cursors);
  await run(paths["a library"]!({ op: OP.HEARTBEAT, d: 1 }));
  assert.equal(seen.length, 1);
});

Deno.test("a unit that starts does not look at everything with each word of a shard", async () => {
  const SHARDS = 50;
  const rig = createVirtualUnit({ shards: SHARDS });
  const told: string[] = [];
  const reading = (async () => {
    for await (const { kind } of rig.unit.status()) told.push(kind);
  })();
  await rig.start();
  await rig.clock.advance(60_000);
  assert.ok(told.filter((kind) => kind === "shard").length > 4 * SHARDS);
  rig.link();
  rig.unit.peers.link(service("api"), true);
  await rig.clock.advance(10);
  assert.ok(told.includes("ready"), told.slice(-5).join());
  assert.ok(rig.looks() < SHARDS, `it looked ${rig.looks()} times`);
  await rig.run(rig.unit.stop("done"));
  await reading;
});

Deno.test("a unit tells of each link in its log, by what its peer is, and of its end", async () => {
  const rig = createVirtualUnit();
  const { unit, logged } = rig;
  await rig.start();
  const told = () =>
    logged.filter(({ event }) => / is (linked|away)/.test(event))
      .map(({ level, event, fields }) => [level, event, fields]);
  rig.link();
  const linked = [
    ["info", "cluster is linked", { clusterId: 0 }],
    ["info", "service is linked", { service: "api" }],
  ];
  assert.deepEqual(told(), linked);
  unit.gateway!.links.close(cluster(0));
  unit.gateway!.links.close(service("api"));
  assert.deepEqual(told().slice(2), [
    ["warn", "cluster is away, its events wait", { clusterId: 0 }],
    ["warn", "service is away, commands to it fail", { service: "api" }],
  ]);
  rig.link();
  const stopped = unit.stop("done");
  unit.gateway!.links.close(cluster(0));
  await rig.run(stopped);
  assert.deepEqual(told().slice(4), linked, "a unit that stops warns of nobody who goes");
});

Deno.test("a cluster that dials in is relayed, also where it names a port that the unit does not know of", async () => {
  const rig = createVirtualUnit();
  const { unit } = rig;
  await rig.start();
  const hello = { op: "hello", v: EVENT_LINK_VERSION, clusterId: 0, windowBytes: 1000 };
  const link = unit.gateway!.links.accept({ send() {}, sendBytes() {}, close() {} });
  link.text(JSON.stringify({ ...hello, port: 9 }));
  assert.equal(unit.gateway!.pool.isIntroduced(cluster(0)), false);
  assert.equal(unit.gateway!.links.of(cluster(0)), 1);
});
