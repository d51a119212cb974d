import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../config/config.ts";
import { silentLog } from "../../ports/log.ts";
import { memoryStore } from "../../ports/store.ts";
import { type ShardKey, shardKeyText } from "../../protocol/ids.ts";
import type { PeerKey } from "../../protocol/peer.ts";
import type { ShardRole } from "../../protocol/reshard.ts";
import type { FromWorker } from "../../protocol/worker_message.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { Estates } from "../../store/estates.ts";
import { createControllers } from "../../unit/controllers.ts";
import {
  Generation,
  type GenerationOptions,
  RENEW_FOR_GUILDS_EVERY_MS,
} from "../../unit/generation.ts";
import { NO_IDENTIFIES } from "../../unit/blank.ts";
import { fakeThreads } from "../support/fake_threads.ts";
import { cluster, consumer } from "../support/peers.ts";
import { counters } from "../support/snapshots.ts";

const TOTAL = 4;
const key = (id: number): ShardKey => ({ total: TOTAL, id });

/** A session of shard 0, from its READY. */
const SESSION = {
  shardId: 0,
  totalShards: TOTAL,
  intents: CONFIG_DEFAULTS.intents,
  sessionId: "s",
  resumeUrl: "wss://resume.test",
  seq: 0,
  base: 0,
};

/** Identifies for everything. */
const PLENTY = { ...NO_IDENTIFIES, remaining: 1000, total: 1000 };

/** Shards 0 and 1 of four in one worker; what it says, and what comes of it. */
async function setUp() {
  const clock = createVirtualClock();
  const { spawn, threads } = fakeThreads();
  const told: unknown[] = [];
  const roles = new Map<number, ShardRole | null>(
    [0, 1].map((id) => [id, { kind: "serves", cuts: null }]),
  );
  const note = (name: string) => (...what: unknown[]) => void told.push([name, ...what]);
  const estates = await Estates.open({
    store: memoryStore(),
    clock,
    log: silentLog,
    newStream: "a",
  });
  await estates.begin(TOTAL, [0, 1], CONFIG_DEFAULTS.intents);
  const controllers = createControllers(() => ({
    totalShards: TOTAL,
    shardIds: [0, 1],
    rest: { handle: () => assert.fail("there is no REST") },
    gateway: {
      acknowledge: note("acknowledge"),
      commands: { send: () => assert.fail(), requestMembers: () => assert.fail() },
      links: { deliver: (...what) => (note("deliver")(...what), true) },
      pool,
    },
  }));
  const generation: Generation = new Generation({
    config: { ...CONFIG_DEFAULTS, totalWorkers: 1 },
    info: {
      url: "wss://gateway.test",
      shards: TOTAL,
      sessionStartLimit: { total: 1000, remaining: 1000, resetAfterMs: 1, maxConcurrency: 1 },
    },
    totalShards: TOTAL,
    shardIds: [0, 1],
    clusterOfShard: { 0: 0, 1: 0 },
    cores: 1,
    clock,
    log: silentLog,
    queueDir: null,
    spawn,
    controllers,
    estates,
    gate: new Proxy({ snapshot: PLENTY }, {
      get: (gate, name) => name === "snapshot" ? gate.snapshot : note(String(name)),
    }) as unknown as GenerationOptions["gate"],
    away: {
      answer: ({ cursor }: { cursor: number }) => Promise.resolve(cursor === 7 ? "deferred" : null),
    } as unknown as GenerationOptions["away"],
    links: () => [],
    habits: { saved: undefined, save: note("save habits") },
    ask: () => assert.fail("there is no REST"),
    linked: note("linked"),
    firstWorkerId: 0,
    parentsOf: () => [],
    deleteQueue: () => Promise.resolve(),
    refusedBefore: 0,
    roleOf: ({ id }) => roles.get(id) ?? null,
    shardChanged: note("shardChanged"),
    membersCached: note("membersCached"),
    shardingRequired: note("shardingRequired"),
    exhausted: note("exhausted"),
    refused: note("refused"),
  });
  const { pool } = generation;
  pool.spawnShards();
  const [thread] = threads;
  const say = async (words: FromWorker) => {
    told.length = 0;
    thread!.say(words);
    await clock.advance(0);
    return told;
  };
  return { clock, estates, generation, pool, roles, thread: thread!, threads, told, say };
}

Deno.test("a generation names its shards by their total to the gate", async () => {
  const { clock, say, told, thread } = await setUp();
  assert.deepEqual(told, [["expect", [key(0)]], ["expect", [key(1)]]]);
  assert.deepEqual(await say({ type: "REQUEST_IDENTIFY", shardId: 1 }), [["request", key(1)]]);
  const sent = await say({ type: "IDENTIFY_SENT", shardId: 1, permit: 5 });
  assert.deepEqual(sent, [["sent", key(1), 5]]);
  assert.deepEqual(await say({ type: "RELEASE_IDENTIFY", shardId: 0 }), [["release", key(0)]]);
  told.length = 0;
  thread.fail("crashed");
  await clock.advance(0);
  assert.deepEqual(told[0], ["lost", [key(0), key(1)]]);
});

Deno.test("a generation tells by its total which shard Discord has closed for its guilds, and no other", async () => {
  const { say } = await setUp();
  const why = (code: number) => ({ code, reason: `closed ${code}`, intents: 0 });
  assert.deepEqual(await say({ type: "GAVE_UP", shardId: 1, why: why(4010) }), []);
  assert.deepEqual(await say({ type: "GAVE_UP", shardId: 1, why: why(4011) }), [
    ["shardingRequired", key(1)],
  ]);
});

Deno.test("a shard whose guilds are asked for and not known gets a new session, once for all askers", async () => {
  const { clock, say, generation, thread } = await setUp();
  const facts = { user: null, application: null, guildIds: ["1"] };
  const begins = (base: number) =>
    say({
      type: "SESSION",
      shardId: 0,
      began: { session: { ...SESSION, base, sessionId: `from ${base}` }, facts },
    });
  const status = { state: "ready", reason: "", sinceMs: 0, connection: 1 } as const;
  const reconnects = async () => {
    await clock.advance(10_000);
    await say({ type: "SHARD_STATUS", status: { ...status, shardId: 0 } });
    await say({ type: "REPORT", eventsByType: {}, shards: [counters(0)] });
    return thread.told.filter(({ type }) => type === "RECONNECT_SHARD").length;
  };
  generation.guildsMissing(0, 5);
  assert.equal(await reconnects(), 0, "it has no session, and gets one anyway");
  await begins(0);
  generation.guildsMissing(0, 5);
  generation.guildsMissing(0, 5);
  assert.equal(await reconnects(), 1);
  await begins(8);
  generation.guildsMissing(0, 8);
  assert.equal(await reconnects(), 1, "the guilds of that session are still to come to the asker");
  generation.guildsMissing(0, 9);
  assert.equal(await reconnects(), 1, "they are lost as soon as they come, it seems");
  const from = clock.now();
  // The worker reports all the while.
  while (clock.now() - from < RENEW_FOR_GUILDS_EVERY_MS) assert.equal(await reconnects(), 1);
  generation.guildsMissing(0, 9);
  assert.equal(await reconnects(), 2);
});

Deno.test("a generation writes what its workers say into the estates", async () => {
  const { clock, estates, generation, say } = await setUp();
  const session = SESSION;
  const facts = { user: null, application: null, guildIds: ["1"] };
  await say({ type: "SESSION", shardId: 0, began: { session, facts } });
  const guilds = { guildIds: ["1", "2"], loadingGuildIds: [] };
  await say({ type: "SAFE", shards: { 0: { acknowledged: 3, safe: 5, guilds } } });
  const report = { type: "REPORT", eventsByType: {} } as const;
  await say({ ...report, shards: [counters(0, { newestCursor: 9 })] });
  assert.deepEqual(estates.of(key(0)), {
    session: { ...session, seq: 5, beganAtMs: clock.epochMs() },
    highest: 9,
    acknowledged: 3,
    readers: {},
    guilds,
    marks: [],
    facts,
    presence: null,
  });
  assert.equal(generation.shards[0]!.sessionSinceMs, clock.epochMs());
  await say({ type: "PRESENCE", shardId: 0, presence: { status: "idle" } });
  await say({ type: "SESSION", shardId: 0, began: null });
  assert.equal(generation.shards[0]!.sessionSinceMs, null);
  assert.deepEqual(estates.of(key(0)).presence, { status: "idle" });
  assert.equal(estates.of(key(0)).session, null);
  assert.equal(estates.of(key(1)).highest, null, `${shardKeyText(key(1))} has nothing of it`);
});

Deno.test("a generation passes on what others act on", async () => {
  const { say, thread } = await setUp();
  const status = {
    shardId: 1,
    state: "ready",
    reason: "resumed",
    sinceMs: 5,
    connection: 2,
  } as const;
  assert.deepEqual(await say({ type: "SHARD_STATUS", status }), [[
    "shardChanged",
    key(status.shardId),
    status,
  ]]);
  assert.deepEqual(await say({ type: "MEMBERS_CACHED", shardId: 1 }), [["membersCached", key(1)]]);
  const peer: PeerKey = cluster(0);
  const batch = Uint8Array.of(1);
  const events = await say({ type: "EVENTS", peer, link: 3, batch });
  assert.deepEqual(events, [["deliver", peer, 3, batch]]);
  const mark = async (cursor: number) => {
    await say({ type: "AWAY", shardId: 1, cursor, payload: batch });
    return thread.told.at(-1);
  };
  assert.deepEqual(await mark(7), { type: "MARK", shardId: 1, cursor: 7, mark: "deferred" });
  assert.deepEqual(await mark(8), { type: "MARK", shardId: 1, cursor: 8, mark: null });
});

Deno.test("a generation tells of a worker's link to a cluster that it was introduced to", async () => {
  const { pool, say } = await setUp();
  pool.introduce(cluster(0), { url: "ws://127.0.0.1:9/", secretKey: null });
  const linked = await say({ type: "LINKED", peer: cluster(0), isUp: true });
  assert.deepEqual(linked, [["linked", cluster(0)]]);
});

Deno.test("a generation shows its shards with the cluster that has each, and none where a library has it", async () => {
  const { generation, pool, say } = await setUp();
  await say({ type: "REPORT", shards: [counters(1, { received: 4 })], eventsByType: {} });
  pool.assign(0, consumer(0));
  const seen = generation.shards.map((
    { shardId, workerId, clusterId, counters },
  ) => [shardId, workerId, clusterId, counters?.received]);
  assert.deepEqual(seen, [[0, 0, null, undefined], [1, 0, 0, 4]]);
});

Deno.test("a generation counts the guilds of a shard as far as they are known", async () => {
  const { generation, say } = await setUp();
  const guildsOf = () => generation.shards.map(({ guilds }) => guilds);
  assert.deepEqual(guildsOf(), [null, null]);
  const guilds = { guildIds: ["1", "2"], loadingGuildIds: [] };
  await say({ type: "SAFE", shards: { 0: { acknowledged: 3, guilds } } });
  assert.deepEqual(guildsOf(), [2, null]);
});

Deno.test("a generation shows the shards that live, and for what: one that has no role any more ends", async () => {
  const { generation, say, roles } = await setUp();
  const seen = () =>
    generation.shards.map(({ shardId, totalShards, role }) => [shardId, totalShards, role]);
  assert.deepEqual(seen(), [[0, TOTAL, "serves"], [1, TOTAL, "serves"]]);
  roles.set(0, null);
  roles.set(1, { kind: "rises" });
  assert.deepEqual(seen(), [[1, TOTAL, "rises"]], "the other was never brought up");
  const status = { state: "ready", reason: "", sinceMs: 0, connection: 1 } as const;
  await say({ type: "SHARD_STATUS", status: { ...status, shardId: 0 } });
  assert.deepEqual(seen(), [[0, TOTAL, "ends"], [1, TOTAL, "rises"]]);
  await say({ type: "SHARD_STATUS", status: { ...status, shardId: 0, state: "stopped" } });
  assert.deepEqual(seen(), [[1, TOTAL, "rises"]]);
});
