/**
 * Hosts of a fleet in virtual time, as far as shards move between them: each has workers, estates and holdings, and
 * all have one Discord and one bot. Who has which shard says the test.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Dispatch } from "../../../bot/link/dispatch.ts";
import { EventConsumer } from "../../../bot/link/consumer.ts";
import { sleep } from "../../../ports/clock.ts";
import { logTo } from "../../../ports/log.ts";
import { seededRandom } from "../../../ports/random.ts";
import { memoryStore } from "../../../ports/store.ts";
import { ALL_INTENTS } from "../../../protocol/discord/intents.ts";
import { tokenHosts } from "../../../protocol/discord/token_hosts.ts";
import { withCursor, withPresence, withSafe, withSession } from "../../../protocol/estate.ts";
import {
  encodeLinkMessage,
  EVENT_LINK_VERSION,
  GAP_EVENT,
  parseLinkMessage,
  readBatch,
} from "../../../protocol/event_frame.ts";
import { type ShardKey, shardRange } from "../../../protocol/ids.ts";
import { type PeerKey, peerText, readerKey } from "../../../protocol/peer.ts";
import {
  createSimulator,
  createVirtualClock,
  simConnect,
  type SimulatorOptions,
} from "../../../sim/mod.ts";
import { Estates } from "../../../store/estates.ts";
import { ShardHoldings } from "../../../unit/fleet/estates/shard_holdings.ts";
import { type PoolEvents, WorkerPool } from "../../../workers/pool.ts";
import { WORKER } from "../fake_threads.ts";
import { inProcessThreads } from "../in_process_thread.ts";
import { listeningCluster } from "../listening_cluster.ts";
import { memorySpool } from "../memory_spool.ts";
import { memoryAside } from "./memory_aside.ts";
import { createSimBus } from "./sim_line.ts";

/** What a stage is made with. */
export interface MovingOptions {
  /** Default 4. */
  readonly shards?: number;
  readonly sim?: SimulatorOptions;
  /** How long the bot takes for an event. Default 0. */
  readonly handlerMs?: number;
  /** Bytes that the bot lets a unit have under way. */
  readonly windowBytes?: number;
  /** Whether hosts have disks. Default true. */
  readonly hasDisk?: boolean;
  readonly seed?: number;
}

/** Something that the bot, or a reader beside it, got. */
export interface Came {
  readonly shardId: number;
  readonly t: string;
  readonly s: number | null;
  // deno-lint-ignore no-explicit-any -- what a gateway says
  readonly d: any;
  readonly atMs: number;
}

/** A stage. */
export type MovingStage = ReturnType<typeof createMovingStage>;

/** A host. */
export type Host = Awaited<ReturnType<MovingStage["host"]>>;

/** Builds a stage without hosts. */
export function createMovingStage(options: MovingOptions = {}) {
  const { shards: total = 4, handlerMs = 0, seed = 1, hasDisk = true } = options;
  const clock = createVirtualClock();
  const sim = createSimulator({
    clock,
    seed,
    shards: total,
    maxConcurrency: 16,
    guilds: 24,
    ringEvents: 2_000,
    recordEvents: true,
    ...options.sim,
  });
  const bus = createSimBus({ clock, random: seededRandom(seed) });
  const place = listeningCluster(clock);
  const logged: { unit: string; level: string; event: string; fields: Record<string, unknown> }[] =
    [];
  const came: Came[] = [];
  /** What the reader got, by its queue's cursor: a reader has no bot that drops repeats. */
  const read = new Map<string, { atMs: number; t: string }>();
  let readAgain = 0;
  let epoch = 1;
  const owners = new Map<number, string>();

  function startBot(): void {
    const receiver = {
      wants: () => true,
      receive: ({ t, s, d }: Dispatch, shardId: number) => {
        came.push({ shardId, t, s, d, atMs: clock.now() });
        return handlerMs ? sleep(clock, handlerMs) : undefined;
      },
    };
    const { windowBytes = 4 * 1024 * 1024 } = options;
    const log = logTo(() => {});
    place.bot = new EventConsumer({ peer: CLUSTER, receiver, clock, log, windowBytes });
  }

  /** As the switchboard does it, over the link with the unit. */
  async function deliver(shard: ShardKey, records: Uint8Array): Promise<void> {
    if (!place.bot) throw new Error("the bot is away");
    const answer = Promise.withResolvers<void>();
    const dialler = { unit: `late ${shard.id}`, worker: null };
    const link = place.bot.attach({
      send(text) {
        const message = parseLinkMessage(text);
        if (message.op !== "reply") return;
        if ("error" in message) answer.reject(new Error(message.error.message));
        else answer.resolve();
      },
      close() {},
    }, dialler);
    const v = EVENT_LINK_VERSION;
    link.text(
      encodeLinkMessage({ op: "welcome", v, link: 1, totalShards: total, stream: "fleet" }),
    );
    const value = { json: { totalShards: total, shardId: shard.id, records: records.toBase64() } };
    link.text(encodeLinkMessage({ op: "call", id: 1, verb: "late", receptive: true, value }));
    await answer.promise.finally(() => link.closed());
  }

  /** What `promise` gives; time passes meanwhile. */
  async function run<Result>(promise: Promise<Result>, limitMs = 60_000): Promise<Result> {
    let isSettled = false;
    const settled = () => void (isSettled = true);
    promise.then(settled, settled);
    await clock.runUntil(() => isSettled, limitMs);
    return await promise;
  }

  /** A unit's process; its disk is another one's where that is given. */
  async function host(name: string, disk = diskOf(total)) {
    const line = bus.line(name);
    const own = line.clock;
    const log = logTo((level, event, fields) => logged.push({ unit: name, level, event, fields }));
    const serving = new Set<number>();
    const { spawn, alive } = inProcessThreads({
      clock: own,
      random: seededRandom(seed + 7),
      connect: place.connect(simConnect(sim, { latencyMs: 5, jitterMs: 5 })),
      ...(hasDisk ? { openSpool: disk.spool } : {}),
    });
    const estates = await Estates.open({ store: disk.store, clock: own, log, newStream: "fleet" });
    await estates.begin(total, shardRange(0, total - 1), ALL_INTENTS);
    const key = (id: number): ShardKey => ({ total, id });
    const pool: WorkerPool = new WorkerPool({
      clock: own,
      log,
      spawn,
      buckets: [0, 1].map((rest) => shardRange(0, total - 1).filter((id) => id % 2 === rest)),
      worker: {
        ...WORKER,
        unit: name,
        token: sim.settings.token,
        gatewayUrl: sim.world.addresses.gatewayUrl,
        tokenHosts: tokenHosts("https://discord.com/api", ["gateway.sim"]),
        intents: ALL_INTENTS,
        totalShards: total,
        queueMemoryBytes: 64 << 20,
        clusterOfShard: Object.fromEntries(shardRange(0, total - 1).map((id) => [id, 0])),
        stream: "fleet",
      },
      estateOf: (id) => estates.of(key(id)),
      roleOf: (id) => serving.has(id) ? { kind: "serves", cuts: null } : null,
      links: () => [],
      bringUp: (workerId, id) => pool.tellWorkerToIdentify(workerId, id),
      events: events(),
    });
    /** As `unit/generation.ts` does it. */
    function events(): PoolEvents {
      const nothing = () => {};
      const change: typeof estates.change = (shard, step) => estates.change(shard, step);
      return {
        expectIdentify: nothing,
        lost: nothing,
        linked: nothing,
        exhausted: nothing,
        refused: nothing,
        REQUEST_IDENTIFY: ({ shardId }) => pool.allowIdentify(shardId, 1, ALL_INTENTS),
        IDENTIFY_SENT: nothing,
        RELEASE_IDENTIFY: nothing,
        GAVE_UP: nothing,
        SHARD_STATUS: nothing,
        AWAY: ({ shardId, cursor }) => void own.after(50, () => pool.mark(shardId, cursor, null)),
        SEEN: nothing,
        MEMBERS_CACHED: nothing,
        SESSION: ({ shardId, began }) => change(key(shardId), (it) => withSession(it, began)),
        PRESENCE: ({ shardId, presence }) =>
          change(key(shardId), (it) => withPresence(it, presence)),
        SAFE: ({ shards }) => {
          for (const [id, safe] of Object.entries(shards)) {
            change(key(Number(id)), (it) => withSafe(it, safe));
          }
        },
        REPORT: ({ shards }) => {
          for (const { shardId, newestCursor } of shards) {
            change(key(shardId), (it) => withCursor(it, newestCursor));
          }
        },
        EVENTS: ({ peer, link, batch }) => consume(peer, link, batch),
      };
    }
    function consume(peer: PeerKey, link: number, batch: Uint8Array): void {
      const cursors: Record<string, number> = {};
      for (const { shardId, cursor, body } of readBatch(batch).records) {
        const of = `${peerText(peer)} ${cursor}`;
        if (read.has(of)) readAgain++;
        else read.set(of, { atMs: clock.now(), t: new TextDecoder().decode(body.slice(0, 40)) });
        cursors[shardId] = cursor;
      }
      clock.after(2, () => pool.acknowledge(peer, link, cursors));
    }
    pool.introduce(CLUSTER, place.address);
    const holdings = new ShardHoldings({
      self: name,
      line,
      estates,
      clock: own,
      log,
      poolOf: (of) => of === total ? pool : undefined,
      epoch: () => epoch,
      ownerOf: ({ id }) => owners.get(id) ?? null,
      aside: disk.aside,
      deliver: (shard, records) => deliver(shard, records),
    });
    await holdings.start();
    return {
      name,
      line,
      disk,
      pool,
      estates,
      holdings,
      alive,
      /** The assignment says that shards are this host's: it takes them up. */
      async take(
        ids: readonly number[],
        from: "given" | "dead" = "given",
        by: string | null = null,
      ) {
        await Promise.all(ids.map(async (id) => {
          await holdings.take(key(id), from, by);
          owners.set(id, name);
          serving.add(id);
          pool.bringUp(id, { kind: "serves", cuts: null });
        }));
      },
      async give(id: number, to: string): Promise<void> {
        await holdings.give(key(id), to);
        serving.delete(id);
      },
      async lose(id: number): Promise<void> {
        serving.delete(id);
        await holdings.lose(key(id));
      },
      /** Somebody reads a shard beside its bot, here. */
      async reads(id: number): Promise<void> {
        const peer = readerKey(key(id), "logger");
        pool.link(peer, 1, 1 << 20);
        await pool.read(id, "logger");
      },
      /** The link of who reads a shard here comes up, or goes down. */
      link: (id: number, link: number | null) =>
        pool.link(readerKey(key(id), "logger"), link, 1 << 20),
      /** `kill -9`. */
      kill() {
        for (const thread of [...alive]) thread.die();
        line.kill();
      },
      killWorker(id: number): void {
        pool.restart(pool.calculateWorkerId(id));
      },
      stateOf: (id: number) => pool.statusOf(id)?.state,
      /** Events that wait, by what the workers have told last. */
      get queued() {
        return pool.shards.reduce((sum, { counters }) => sum + (counters?.queued ?? 0), 0);
      },
      get isReady() {
        return [...serving].every((id) => pool.statusOf(id)?.state === "ready");
      },
    };
  }

  /** Another unit has a shard from here on. */
  const assign = () => void epoch++;

  return {
    clock,
    sim,
    bus,
    place,
    logged,
    came,
    read,
    run,
    host,
    assign,
    startBot,
    /** The bot's process ends without a word. */
    endBot(): void {
      place.bot = null;
      place.close();
    },
    readyAt: async (...hosts: { readonly isReady: boolean }[]) => {
      await clock.runUntil(() => hosts.every(({ isReady }) => isReady), 60_000);
    },
    /** Times at which the bot got events of a shard. */
    timesOf: (id: number) => came.filter(({ shardId }) => shardId === id).map(({ atMs }) => atMs),
    /** What Discord has numbered came once, in order, per shard; but for what GAPs have told, where that is allowed. */
    assertAll({ gaps = 0, late = false } = {}): void {
      for (const id of shardRange(0, total - 1)) {
        const sent = sim.ledger.events.filter(({ shardId }) => shardId === id).map(({ s }) => s);
        const told = came.filter(({ shardId, t }) => shardId === id && t === GAP_EVENT);
        const got = came.flatMap(({ shardId, s }) => shardId === id && s !== null ? [s] : []);
        const isTold = (s: number) => told.some(({ d }) => d.from <= s && s <= d.to);
        const seen = new Set(got);
        const verdict = {
          lost: sent.filter((s) => !seen.has(s) && (late || !isTold(s))),
          twice: got.length - seen.size,
          late: !late && got.some((s, i) => i > 0 && s < got[i - 1]!),
          gaps: told.length,
        };
        assert.deepEqual(verdict, { lost: [], twice: 0, late: false, gaps }, `shard ${id}`);
      }
      assert.equal(sim.ledger.identifies.length, total, "identifies");
      // A computer that stands still sends no heartbeats.
      const broken = sim.ledger.violations.filter(({ rule }) =>
        !late || rule !== "heartbeat missing"
      );
      assert.deepEqual(broken, []);
    },
    /** Who reads a shard got all of it from a cursor on; gives how often something came again. */
    assertRead(id: number, from: number): number {
      const peer = peerText(readerKey({ total, id }, "logger"));
      const sent = sim.ledger.events.filter(({ shardId, s }) => shardId === id && s >= from);
      const lost = sent.filter(({ s }) => !read.has(`${peer} ${s}`));
      assert.deepEqual(lost.map(({ s }) => s), [], `the reader of shard ${id}`);
      return readAgain;
    },
  };
}

/** What of a host outlives its processes. */
function diskOf(total: number) {
  const spool = memorySpool();
  return { spool, store: memoryStore(), aside: memoryAside(spool, total) };
}

const CLUSTER = { kind: "cluster", id: 0 } as const;
