/**
 * A whole unit in virtual time that may reshard, its bot and its Discord: the bot writes down what it gets, and
 * each of the three may be killed at any moment.
 *
 * @module
 */

import type { Dispatch } from "../../../bot/link/dispatch.ts";
import { EventConsumer } from "../../../bot/link/consumer.ts";
import { type Config, CONFIG_DEFAULTS } from "../../../config/config.ts";
import { type Clock, every, sleep } from "../../../ports/clock.ts";
import { logTo } from "../../../ports/log.ts";
import type { OpenSpool } from "../../../ports/spool.ts";
import { seededRandom } from "../../../ports/random.ts";
import type { Socket } from "../../../ports/socket.ts";
import { memoryStore, type Store } from "../../../ports/store.ts";
import { GUILD_MOVED_EVENT, type Moved } from "../../../protocol/event_frame.ts";
import { ALL_INTENTS } from "../../../protocol/discord/intents.ts";
import {
  createSimulator,
  createVirtualClock,
  simConnect,
  type SimulatorOptions,
} from "../../../sim/mod.ts";
import { Unit } from "../../../unit/unit.ts";
import { inProcessThreads, mortalClock, mortalConnect } from "../in_process_thread.ts";
import { connect, type Library } from "../library.ts";
import { type ListeningCluster, listeningCluster } from "../listening_cluster.ts";
import { memorySpool } from "../memory_spool.ts";
import { simProxy } from "../sim_proxy.ts";
import { type Allowances, judge, type Numbered, numberOf, numbersIn } from "./judge.ts";

/** What a stage is made with. */
export interface StageOptions {
  /** Number of shards at the beginning. */
  readonly shards: number;
  readonly sim?: SimulatorOptions;
  readonly config?: Partial<Config>;
  readonly workers?: number;
  /** Clusters of the bot, each of which listens. Default 1. */
  readonly clusters?: number;
  /** Bytes that the bot lets the unit have under way. */
  readonly windowBytes?: number;
  /** How long the bot takes for an event. Default 0. */
  readonly handlerMs?: number;
  readonly seed?: number;
  /** The state folder; what is written to it takes {@linkcode DISK_MS}. */
  readonly store?: Store;
}

/** How long a save takes until it is on disk, and then until that is known. */
export const DISK_MS = 5;

/** What the bot got. */
export interface Came extends Numbered {
  readonly t: string;
  readonly shardId: number;
  // deno-lint-ignore no-explicit-any -- what a gateway says
  readonly d: any;
  readonly atMs: number;
}

/** A unit, its bot and its Discord. */
export type Stage = ReturnType<typeof createStage>;

/** Builds a stage; nothing runs before `start()`. */
export function createStage(options: StageOptions) {
  const { shards, seed = 1, store = memoryStore() } = options;
  const clock = createVirtualClock();
  const sim = createSimulator({
    clock,
    seed,
    shards,
    maxConcurrency: 16,
    guilds: 24,
    guildsOutside: 8,
    ringEvents: 100_000,
    recordEvents: true,
    ...options.sim,
  });
  const logged: { level: string; event: string; fields: Record<string, unknown> }[] = [];
  const log = logTo((level, event, fields) => logged.push({ level, event, fields }));
  const places = Array.from(
    { length: options.clusters ?? 1 },
    (_, id) => listeningCluster(clock, `cluster-${id}.test`),
  );
  const [place] = places as [ListeningCluster, ...ListeningCluster[]];
  const spools = new Map<number, OpenSpool>();
  const spoolOf = (total: number) => spools.getOrInsertComputed(total, memorySpool);
  const lives: Came[][] = [];
  /** Shard → the session whose READY the bot got last. Of one id never two serve. */
  const sessions = new Map<number, string>();
  const libraries: Library[] = [];
  /** Guilds of which the bot was told that their events may come twice. */
  const mayRepeat = new Set<string>();
  let life = createLife();

  /** The unit of one process: when that is killed, none of it says or does anything any more. */
  function createLife() {
    let isDead = false;
    const own = mortalClock(clock, () => isDead);
    const sockets = new Set<Socket>();
    const random = seededRandom(seed + 7);
    const discord = simConnect(sim, { latencyMs: 5, jitterMs: 5 });
    const outside = places.reduce((connect, each) => each.connect(connect), discord);
    const { spawn, alive } = inProcessThreads(
      { clock: own, random, connect: outside },
      ({ totalShards }) => ({ openSpool: spoolOf(totalShards) }),
    );
    const proxy = simProxy(sim.rest, own, sim.settings.token);
    const unit: Unit = new Unit({
      config: {
        ...CONFIG_DEFAULTS,
        discordToken: sim.settings.token,
        gatewayHosts: ["gateway.sim"],
        intents: ALL_INTENTS,
        gatewayCompression: "none",
        totalWorkers: options.workers ?? 2,
        statsIntervalMs: 0,
        eventHandlerUrls: places.map(({ address }) => address.url),
        eventHandlerSecretKey: place.address.secretKey,
        ...options.config,
      },
      cores: options.workers ?? 2,
      clock: own,
      random,
      log,
      store: diskOf(store, own, () => isDead),
      rest: proxy,
      queueDir: null,
      drain: () => void unit.stop("an operator drains it"),
      consumerDoor: { url: () => "ws://gatehouse.test/", isSecret: () => true, leave() {} },
      connect: mortalConnect(outside, sockets, () => isDead),
      spawn,
      startCluster: () => {
        throw new Error("there are no built-in clusters here");
      },
    });
    return {
      unit,
      /** The threads of its workers. */
      alive,
      kill() {
        for (const thread of [...alive]) thread.die();
        for (const socket of sockets) socket.destroy();
        isDead = true;
      },
    };
  }

  /** Other processes of the bot: they know nothing of what those before have seen. */
  function startBot(): void {
    for (const id of places.keys()) startCluster(id);
  }

  function startCluster(id: number): void {
    const came: Came[] = [];
    lives.push(came);
    const receiver = {
      wants: () => true,
      receive: ({ t, s, d }: Dispatch, shardId: number) => {
        if (t === "READY") sessions.set(shardId, (d as { session_id: string }).session_id);
        const sessionId = sessions.get(shardId)!;
        if (t === GUILD_MOVED_EVENT && (d as Moved).mayRepeat) mayRepeat.add((d as Moved).guildId);
        // What is ours has no number.
        if (s !== null) came.push({ t, shardId, sessionId, s, d, atMs: clock.now() });
        return options.handlerMs ? sleep(clock, options.handlerMs) : undefined;
      },
    };
    const { windowBytes = 4 * 1024 * 1024 } = options;
    const peer = { kind: "cluster", id } as const;
    places[id]!.bot = new EventConsumer({ peer, receiver, clock, log, windowBytes });
  }

  /** What `promise` gives; time passes meanwhile. */
  async function run<Result>(promise: Promise<Result>, limitMs = 120_000): Promise<Result> {
    let isSettled = false;
    const settled = () => void (isSettled = true);
    promise.then(settled, settled);
    await clock.runUntil(() => isSettled, limitMs);
    return await promise;
  }

  const isReady = () => {
    const { shards } = life.unit.snapshot;
    return shards.length > 0 && shards.every(({ state }) => state === "ready");
  };
  return {
    clock,
    sim,
    store,
    logged,
    place,
    lives,
    libraries,
    mayRepeat,
    run,
    isReady,
    get unit() {
      return life.unit;
    },
    get alive() {
      return life.alive;
    },
    /** Starts bot and unit, and waits until every shard is ready and has its guilds. */
    async start(): Promise<void> {
      startBot();
      await run(life.unit.start());
      await clock.runUntil(isReady, 120_000);
      await clock.advance(2_000);
    },
    /** SIGKILL for the unit; `startUnit` starts the next. */
    killUnit: () => life.kill(),
    /** The next process of the unit, on the same state. */
    async startUnit(): Promise<void> {
      life = createLife();
      await run(life.unit.start());
    },
    /** SIGTERM for the unit. */
    stopUnit: () => run(life.unit.stop("SIGTERM")).then(() => life.kill()),
    /** The bot's process ends without a word, and another one takes its place. */
    async killBot(awayMs = 0): Promise<void> {
      for (const each of places) {
        each.bot = null;
        each.close();
      }
      await clock.advance(awayMs);
      startBot();
    },
    /** A library on `/gateway`, which beats as it should: from then on it is the bot. Wants `numberEvents`. */
    async identify(shard: [number, number]): Promise<Library> {
      const library = connect({ gateway: life.unit.gateway!, clock });
      libraries.push(library);
      library.identify(undefined, shard);
      every(clock, 5_000, () => library.acknowledge());
      await clock.advance(100);
      return library;
    },
    /** What all processes of the bot got, as the judge sees it. */
    verdict(allowances: Allowances = {}) {
      const numbers = [
        ...lives.map((came) => numbersIn(sim.ledger, came)),
        ...libraries.map(({ got }) => got.flatMap(({ d }) => numberOf(d) ?? [])),
      ];
      return judge(sim.ledger, numbers, { mayRepeat, ...allowances });
    },
  };
}

/** A store that takes its time, and to which nothing gets once its owner is dead. */
export function diskOf(store: Store, clock: Clock, isDead: () => boolean): Store {
  const alive = <Result>(act: () => Promise<Result>) =>
    isDead() ? new Promise<Result>(() => {}) : act();
  /** One after another, as they were asked for. */
  let turn: Promise<void> = Promise.resolve();
  const save = async (name: string, value: unknown): Promise<void> => {
    await sleep(clock, DISK_MS);
    await alive(() => store.save(name, value));
    await sleep(clock, DISK_MS);
  };
  return {
    get damaged() {
      return store.damaged;
    },
    load: (name) => alive(() => store.load(name)),
    save(name, value) {
      const kept = structuredClone(value);
      const saved = turn.then(() => save(name, kept));
      turn = saved.catch(() => {});
      return saved;
    },
    remove: (name) => alive(() => store.remove(name)),
    settled: () => turn,
  };
}
