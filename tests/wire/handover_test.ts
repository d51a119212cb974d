/** Guilds that go from one total to another, between real shard workers with real disks. */

import assert from "node:assert/strict";
import { sleep, systemClock } from "../../ports/clock.ts";
import { logTo } from "../../ports/log.ts";
import { ALL_INTENTS } from "../../protocol/discord/intents.ts";
import { tokenHosts } from "../../protocol/discord/token_hosts.ts";
import { type EventRecord, readBatch, RECORD } from "../../protocol/event_frame.ts";
import {
  type Estate,
  NO_ESTATE,
  withCursor,
  withSafe,
  withSession,
} from "../../protocol/estate.ts";
import type { Cuts, Seen, ShardRole } from "../../protocol/reshard.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { type PoolEvents, WorkerPool } from "../../workers/pool.ts";
import { spawnWorker } from "../../workers/thread.ts";
import { WORKER } from "../support/fake_threads.ts";
import { cluster } from "../support/peers.ts";
import { until } from "../support/unit_process.ts";

const BOT = cluster(0);
const SERVES: ShardRole = { kind: "serves", cuts: null };

/** The shards of one total in one worker, for one bot that acknowledges what it gets. */
function poolOf(gatewayUrl: string, total: number, queueDir: string, role: ShardRole | null) {
  const estates = new Map<number, Estate>();
  const change = (id: number, to: (estate: Estate) => Estate) =>
    estates.set(id, to(estates.get(id) ?? NO_ESTATE));
  const roles = new Map<number, ShardRole | null>();
  const got: EventRecord[] = [];
  const seen: (Seen & { shardId: number })[] = [];
  const logged: string[] = [];
  let permits = 0;
  const words: Partial<PoolEvents> = {
    REQUEST_IDENTIFY: ({ shardId }) => pool.allowIdentify(shardId, ++permits, ALL_INTENTS),
    SESSION: ({ shardId, began }) => change(shardId, (estate) => withSession(estate, began)),
    SAFE: ({ shards }) => {
      for (const [id, safe] of Object.entries(shards)) {
        change(Number(id), (estate) => withSafe(estate, safe));
      }
    },
    REPORT: ({ shards }) => {
      for (const { shardId, newestCursor } of shards) {
        change(shardId, (estate) => withCursor(estate, newestCursor));
      }
    },
    SEEN: ({ shardId, seen: some }) => some.forEach((each) => seen.push({ ...each, shardId })),
    EVENTS: ({ peer, link, batch }) => {
      for (const record of readBatch(batch).records) {
        got.push({ ...record, body: record.body.slice() });
        pool.acknowledge(peer, link, { [record.shardId]: record.cursor });
      }
    },
  };
  const events = new Proxy(words, { get: (its, name) => Reflect.get(its, name) ?? (() => {}) });
  const ids = Array.from({ length: total }, (_, id) => id);
  const pool: WorkerPool = new WorkerPool({
    clock: systemClock,
    log: logTo((level, event, fields) =>
      logged.push(`${level} ${event} ${JSON.stringify(fields)}`)
    ),
    spawn: spawnWorker("least", queueDir),
    buckets: [ids],
    firstWorkerId: total,
    worker: {
      ...WORKER,
      token: "sim-token",
      gatewayUrl,
      tokenHosts: tokenHosts("http://127.0.0.1", ["127.0.0.1"]),
      intents: ALL_INTENTS,
      totalShards: total,
      clusterOfShard: Object.fromEntries(ids.map((id) => [id, 0])),
      queueDir,
    },
    estateOf: (id) => estates.get(id) ?? NO_ESTATE,
    roleOf: (id) => roles.has(id) ? roles.get(id)! : role,
    links: () => [{ peer: BOT, link: 1, windowBytes: 1 << 24 }],
    bringUp: (workerId, shardId) => pool.tellWorkerToIdentify(workerId, shardId),
    events: events as PoolEvents,
  });
  const isReady = (id: number) => pool.shards[id]!.status.state === "ready";
  return { pool, roles, got, seen, logged, isReady };
}

async function filesIn(dir: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const inside = isDirectory ? await filesIn(`${dir}/${name}`) : [name];
    files.push(...inside.map((file) => isDirectory ? `${name}/${file}` : file));
  }
  return files;
}

Deno.test("a shard hands its guilds to its children while its worker and theirs are killed, and each event comes once", async () => {
  const sim = createSimulator({
    maxConcurrency: 16,
    identifyWindowMs: 50,
    numberEvents: true,
    recordEvents: true,
    ringEvents: 100_000,
  });
  const server = serveSimulator(sim);
  const url = server.gatewayUrl;
  const dirs = [await Deno.makeTempDir(), await Deno.makeTempDir()] as const;
  const a = poolOf(url, 2, dirs[0], SERVES);
  const b = poolOf(url, 4, dirs[1], null);
  try {
    a.pool.spawnShards();
    const said = () => JSON.stringify([a.logged, b.logged, a.pool.shards, b.pool.shards]);
    await until(() => [0, 1].every(a.isReady), 20_000, said);
    const fromMs = systemClock.now();
    sim.traffic.setRate(200);
    for (const id of [0, 2]) b.pool.bringUp(id, { kind: "rises" });
    await until(() => [0, 2].every(b.isReady), 20_000, said);
    await sleep(systemClock, 1_500);
    // What rises goes on rising, and has lost nothing.
    b.pool.crash(4, "throw");
    await until(() => ![0, 2].every(b.isReady), 20_000, said);
    await until(() => [0, 2].every(b.isReady), 20_000, said);
    assert.deepEqual(b.got, [], "nobody gets what rises");
    a.pool.watch(0, true);
    // Each guild has something to compare.
    await sleep(systemClock, 3_000);
    const held = await a.pool.hold(0);
    await sleep(systemClock, 500);
    const cutsOf = (shardId: number): Cuts => {
      const its = new Map(
        b.seen.filter((each) => each.shardId === shardId && each.key !== null)
          .map((each) => [each.key, each]),
      );
      const guilds: Record<string, number> = {};
      for (const { key, cursor, guildId } of a.seen) {
        const same = cursor <= held.through && key !== null ? its.get(key) : undefined;
        if (same) guilds[guildId] = Math.max(guilds[guildId] ?? 0, same.cursor);
      }
      const through = Math.max(...its.values().map(({ cursor }) => cursor));
      const from = [{ total: 2, id: 0 }];
      return { from, through, guilds, others: 0, loads: [], mayRepeat: [] };
    };
    assert.ok(Object.keys(cutsOf(0).guilds).length > 2, JSON.stringify(cutsOf(0)));
    for (const id of [0, 2]) {
      const cuts = cutsOf(id);
      b.roles.set(id, { kind: "serves", cuts });
      b.pool.serve(id, cuts);
    }
    // It is told again what others have served.
    b.pool.restart(4);
    a.roles.set(0, null);
    await a.pool.endShard(0);
    await until(() => [0, 2].every(b.isReady), 20_000, said);
    sim.traffic.setRate(0);
    await sleep(systemClock, 1_500);

    const once = new Map<string, number>();
    const numbers = new Map<string, number>();
    let [moved, served] = [0, 0];
    for (const { pool, got } of [a, b]) {
      const newest = new Map<number, number>();
      for (const { shardId, cursor, kind, body } of got) {
        if (cursor <= (newest.get(shardId) ?? -1)) continue;
        newest.set(shardId, cursor);
        if (kind === RECORD.MOVED) moved++;
        if (kind === RECORD.SERVED) served++;
        if (kind !== RECORD.DISPATCH) continue;
        const { d } = JSON.parse(new TextDecoder().decode(body));
        if (!d.guild_id) continue;
        const key = String(d._event);
        once.set(key, (once.get(key) ?? 0) + 1);
        const last = numbers.get(d.guild_id) ?? 0;
        assert.ok(d._event > last, `guild ${d.guild_id} out of order, of ${pool.shards.length}`);
        numbers.set(d.guild_id, d._event);
      }
    }
    assert.deepEqual([...once].filter(([, times]) => times > 1), [], "twice");
    const sent = sim.ledger.world.filter(({ guildId, atMs }) => guildId && atMs > fromMs);
    assert.ok(sent.length > 500, `${sent.length} events`);
    assert.deepEqual(sent.filter(({ event }) => !once.has(String(event))), [], "lost");
    assert.ok(moved > 2 && served > 10, `${moved} moved, ${served} served`);
    assert.deepEqual(await filesIn(dirs[0]).then((all) => all.filter((it) => /^0/.test(it))), []);
    assert.deepEqual(a.pool.shards[0]!.status.state, "idle");
    assert.deepEqual(sim.ledger.violations, []);
  } finally {
    await Promise.all([a.pool.stop("end"), b.pool.stop("end")]);
    sim.traffic.setRate(0);
    await server.close();
    for (const dir of dirs) await Deno.remove(dir, { recursive: true });
  }
});
