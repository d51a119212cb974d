/**
 * A whole gateway side in virtual time, against the simulator: shards in in-process workers, the
 * identify queue, event links, and a bot that keeps what it got.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Config, CONFIG_DEFAULTS } from "../../config/config.ts";
import type { Share } from "../../unit/shares/share.ts";
import { createControllers } from "../../unit/controllers.ts";
import type { createIdentifyQueue } from "../../unit/identify.ts";
import { openGateway } from "../../unit/open_gateway.ts";
import type { UnitGateway } from "../../unit/gateway.ts";
import { Owners } from "../../unit/reshard/owners.ts";
import { type ReshardRecord, roleOf, settledRecord } from "../../unit/reshard/record.ts";
import { callOut } from "../../link/call_out.ts";
import { EventConsumer } from "../../bot/link/consumer.ts";
import { parseGatewayInfo } from "../../gateway/gateway_info.ts";
import { sleep } from "../../ports/clock.ts";
import { logTo } from "../../ports/log.ts";
import { randomHex, seededRandom } from "../../ports/random.ts";
import type { OpenGuildDisk } from "../../ports/guild_files.ts";
import type { OpenSpool } from "../../ports/spool.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import { type ShardKey, type ShardKeyText, shardRange } from "../../protocol/ids.ts";
import type { Compression } from "../../protocol/worker_message.ts";
import { Estates } from "../../store/estates.ts";
import { createSimulator, createVirtualClock, simConnect } from "../../sim/mod.ts";
import type { Simulator, SimulatorOptions, VirtualClock } from "../../sim/mod.ts";
import type { BucketWorld } from "../../workers/bucket_world.ts";
import { inProcessThreads } from "./in_process_thread.ts";
import { listeningCluster } from "./listening_cluster.ts";
import { type PostReceiver, postReceiver } from "./post_receiver.ts";
import { simProxy } from "./sim_proxy.ts";

/** What a rig is made with. */
export interface RigOptions {
  readonly sim?: SimulatorOptions;
  /** Settings that are not as they are by themselves. */
  readonly config?: Partial<Config>;
  readonly shards?: number;
  readonly workers?: number;
  readonly compression?: Compression;
  /** One-way time of a message. Default 5. */
  readonly latencyMs?: number;
  readonly store?: Store;
  /** The disk; without it events are kept in memory only. */
  readonly openSpool?: OpenSpool;
  /** The disk for guilds; without it they are kept in memory only. */
  readonly openGuilds?: OpenGuildDisk;
  readonly queueMemoryBytes?: number;
  /** All members are asked for. Default false. */
  readonly cacheAllMembers?: boolean;
  /** What a module of the user's does in the workers. */
  readonly hooks?: Pick<BucketWorld, "keep" | "presence" | "heartbeat" | "heartbeatAck">;
  /** Credit that the bot gives. Default 4 MiB. */
  readonly windowBytes?: number;
  /** How long the bot's handlers take: events are unacknowledged for as long. Default 0. */
  readonly handlerMs?: number;
  /** The workers bring the bot its events themselves; else they come through the main thread. */
  readonly direct?: boolean;
  /** The bot is one that gets its events by POST, from the workers; by the receiver of an earlier life, perhaps. */
  readonly receiver?: "new" | PostReceiver;
  /** A rig of a later life of the same unit meets the same Discord. */
  readonly earlier?: { readonly clock: VirtualClock; readonly sim: Simulator };
  /** Which total serves what. Default: `shards` serve everything. */
  readonly record?: ReshardRecord;
  /** Makes the gate that all shards identify through. Default: the unit's own queue. */
  readonly openGate?: typeof createIdentifyQueue;
  /** Which of the shards this unit has. Default: all. */
  readonly share?: Share;
}

const CLUSTER = { kind: "cluster", id: 0 } as const;
/** Where the receiver is. */
const RECEIVER = { url: "https://bot.test/events", secretKey: "a secret" };

/** What the bot got, in the order it came. */
export interface Got {
  readonly shardId: number;
  readonly t: string;
  readonly s: number | null;
  readonly d: unknown;
}

/** A gateway side and its Discord. */
export type Rig = Awaited<ReturnType<typeof createRig>>;

/** Builds a rig; nothing connects before `start()`. */
export async function createRig(options: RigOptions = {}) {
  const { shards = 1, workers = 1, compression = "none", latencyMs = 5 } = options;
  const { windowBytes = 4 * 1024 * 1024 } = options;
  const clock = options.earlier?.clock ?? createVirtualClock();
  const sim = options.earlier?.sim ?? createSimulator({
    clock,
    shards,
    recordEvents: true,
    ...options.sim,
  });
  const random = seededRandom(7);
  const logged: { level: string; event: string; fields: Record<string, unknown> }[] = [];
  const log = logTo((level, event, fields) => logged.push({ level, event, fields }));
  const place = listeningCluster(clock);
  const receiver = options.receiver === "new" ? postReceiver(clock) : options.receiver;
  const { spawn, alive } = inProcessThreads({
    clock,
    random,
    ...(options.openSpool ? { openSpool: options.openSpool } : {}),
    ...(options.openGuilds ? { openGuilds: options.openGuilds } : {}),
    connect: place.connect(simConnect(sim, { latencyMs })),
    ...(receiver && { post: receiver.post }),
    ...options.hooks,
  });
  const store = options.store ?? memoryStore();
  const info = parseGatewayInfo({
    url: sim.world.addresses.gatewayUrl,
    shards,
    session_start_limit: {
      total: 1000,
      remaining: 1000,
      reset_after: 86_400_000,
      max_concurrency: sim.settings.maxConcurrency,
    },
  });
  const exhausted: string[] = [];
  const cached: number[] = [];
  const required: ShardKey[] = [];
  const linked: boolean[] = [];
  const owned: Owners[] = [];
  let relayed = 0;
  const rest = { handle: () => Promise.reject(new Error("there is no REST here")) };
  const shardIds = shardRange(0, shards - 1);
  const estates = await Estates.open({ store, clock, log, newStream: randomHex(8) });
  let record = options.record ?? settledRecord(shards, null);
  const risen = new Set<ShardKeyText>();
  const controllers = createControllers(() => ({ totalShards: shards, shardIds, rest, gateway }));
  const gateway: UnitGateway = await openGateway({
    controllers,
    config: {
      ...CONFIG_DEFAULTS,
      discordToken: sim.settings.token,
      gatewayHosts: ["gateway.sim"],
      intents: 0x331_ffff,
      gatewayCompression: compression,
      totalWorkers: workers,
      cacheAllMembers: options.cacheAllMembers ?? false,
      ...(options.queueMemoryBytes ? { queueMemoryBytes: options.queueMemoryBytes } : {}),
      ...options.config,
    },
    info,
    estates,
    opening: { record, saved: null, isAnew: false, isOtherThanSet: false },
    shardIds,
    ...(options.share && { share: options.share }),
    ...(options.openGate && { openGate: options.openGate }),
    peers: [CLUSTER],
    clusterOfShards: (ids) => Object.fromEntries(ids.map((id) => [id, 0])),
    planned() {},
    decided: () => Promise.resolve(),
    cores: workers,
    clock,
    log,
    store,
    queueDir: null,
    consumerDoor: { url: () => "ws://gatehouse.test/", isSecret: () => true, leave() {} },
    rest: simProxy(sim.rest, clock, sim.settings.token),
    spawn,
    calls: { up() {}, down() {}, receive() {} },
    ownersChanged: (owners) => owned.push(owners),
    linkChanged: (_, isUp) => linked.push(isUp),
    addressOf: () => receiver ? RECEIVER : options.direct ? place.address : null,
    roleOf: (shard) => options.share?.has(shard) === false ? null : roleOf(record, shard, risen),
    shardChanged() {},
    shardingRequired: (shard) => required.push(shard),
    membersCached: ({ id }) => cached.push(id),
    exhausted: (reason) => exhausted.push(reason),
    refused: (reason) => exhausted.push(reason),
  });

  const got: Got[] = [];
  const handlers = {
    wants: () => true,
    receive: ({ t, s, d }: { t: string; s: number | null; d: unknown }, shardId: number) => {
      got.push({ shardId, t, s, d });
      return options.handlerMs ? sleep(clock, options.handlerMs) : undefined;
    },
  };
  const createBot = () =>
    new EventConsumer({ peer: CLUSTER, receiver: handlers, clock, log, windowBytes });

  const states = () => gateway.serving.shards.map((shard) => shard.state);
  const isReady = () => states().every((state) => state === "ready");
  const bot = createBot();
  const postTo = ({ post }: PostReceiver) => {
    const world = { clock, random, log, post, connect: place.connect(simConnect(sim)) };
    const posts = { waitMs: 0, answerMs: 10_000 };
    const { links } = gateway;
    return callOut({ ...world, ...RECEIVER, peer: CLUSTER, links, posts }).hangUp;
  };
  const link = (consumer: EventConsumer) => {
    place.bot = consumer;
    return linkInProcess(gateway, clock, consumer, () => relayed++);
  };
  return {
    clock,
    sim,
    gateway,
    got,
    logged,
    alive,
    exhausted,
    /** Shards that Discord has closed for their guilds. */
    required,
    estates,
    /** Shards that rise, of those that do not serve. */
    risen,
    /** From now on this says which total serves what. */
    setRecord(changed: ReshardRecord): void {
      record = changed;
      gateway.own(new Owners(record));
    },
    /** Shards whose members are all cached, in the order in which that was told. */
    cached,
    store,
    bot,
    createBot,
    /** Batches that came through the main thread. */
    relayed: () => relayed,
    /** Where the workers find the bot, with `direct`. */
    place,
    /** Each time that the bot could be reached with everything, and not any more. */
    linked,
    /** Who has had which guilds, each time that it has changed. */
    owned,
    /** Connects a bot to the unit, as a new socket would. Gives the way to cut it. */
    link,
    start(): () => void {
      const cut = receiver ? postTo(receiver) : link(bot);
      gateway.pool.spawnShards();
      return cut;
    },
    /** Who gets the events by POST. */
    receiver: receiver!,
    /** Stops the gateway side, as SIGTERM does. */
    async stop(): Promise<void> {
      let stopped = false;
      const stopping = gateway.stop().then(() => stopped = true);
      await clock.runUntil(() => stopped, 15_000);
      await stopping;
    },
    states,
    isReady,
    /** Time until every shard is ready. */
    async ready(limitMs = 120_000): Promise<number> {
      const from = clock.now();
      await clock.runUntil(isReady, limitMs);
      return clock.now() - from;
    },
    /** No rule of Discord was broken. */
    assertNoViolations() {
      assert.deepEqual(sim.ledger.violations, []);
    },
    /** Every dispatch that Discord has numbered reached the bot once, in order, per shard. */
    assertNothingLost() {
      for (const shardId of shardRange(0, shards - 1)) {
        const sent = sim.ledger.events.filter((event) => event.shardId === shardId)
          .map((event) => event.t);
        const posted = receiver?.got.map(({ shardId, payload, gap }) => (
          { shardId, t: gap ? "GATEHOUSE_GAP" : payload!.t }
        ));
        const came = (posted ?? got).filter((event) =>
          event.shardId === shardId && event.t !== "GATEHOUSE_GAP"
        ).map(({ t }) => t);
        assert.deepEqual(came, sent, `shard ${shardId}: the bot got something else than was sent`);
      }
    },
    /** IDENTIFYs that Discord got, by key. */
    identifies: () => sim.ledger.identifies.length,
  };
}

function linkInProcess(
  gateway: UnitGateway,
  clock: VirtualClock,
  bot: EventConsumer,
  relayed: () => void,
): () => void {
  let open = true;
  const later = (task: () => void) => void clock.after(1, () => open && task());
  const events = gateway.links.accept({
    send: (text) => later(() => link.text(text)),
    sendBytes: (bytes) => {
      relayed();
      later(() => link.batch(bytes));
    },
    close: () => cut(),
  });
  const link = bot.attach({
    send: (text) => later(() => events.text(text)),
    close: () => cut(),
  });
  function cut() {
    if (!open) return;
    open = false;
    link.closed();
    events.closed();
  }
  return cut;
}
