/**
 * A fleet in virtual time: several whole units on one simulated line, one Discord, one bot that listens for all of
 * them, and whatever befalls each.
 *
 * @module
 */

import type { Dispatch } from "../../../bot/link/dispatch.ts";
import type { EventStream } from "../../../ports/fleet/event_stream.ts";
import { EventConsumer } from "../../../bot/link/consumer.ts";
import { type Config, CONFIG_DEFAULTS } from "../../../config/config.ts";
import { sleep } from "../../../ports/clock.ts";
import { logTo } from "../../../ports/log.ts";
import { seededRandom } from "../../../ports/random.ts";
import type { Connect, Socket } from "../../../ports/socket.ts";
import type { OpenSpool } from "../../../ports/spool.ts";
import { memoryStore, type Store } from "../../../ports/store.ts";
import { ALL_INTENTS } from "../../../protocol/discord/intents.ts";
import { GUILD_MOVED_EVENT, type Moved } from "../../../protocol/event_frame.ts";
import {
  createSimulator,
  createVirtualClock,
  simConnect,
  type SimulatorOptions,
} from "../../../sim/mod.ts";
import { Unit } from "../../../unit/unit.ts";
import { inProcessThreads, mortalConnect } from "../in_process_thread.ts";
import { type ListeningCluster, listeningCluster } from "../listening_cluster.ts";
import { memorySpool } from "../memory_spool.ts";
import { type Allowances, judge, numbersIn } from "../reshard/judge.ts";
import { type Came, diskOf } from "../reshard/stage.ts";
import { simProxy } from "../sim_proxy.ts";
import { createSimBus, type SimHost, type SimLine } from "./sim_line.ts";
import type { UnitClock } from "./unit_clock.ts";

/** What a fleet is made with. */
export interface FleetOptions {
  readonly shards: number;
  readonly sim?: SimulatorOptions;
  readonly config?: Partial<Config>;
  /** Where events are kept for whoever reads them. Default: nowhere. */
  readonly events?: EventStream;
  /** Workers of each unit. Default 2. */
  readonly workers?: number;
  /** Clusters of the bot, each of which listens. Default 1. */
  readonly clusters?: number;
  /** How long the bot takes for an event. Default 0. */
  readonly handlerMs?: number;
  readonly seed?: number;
  /** From a unit to the server, and from there to a unit. Default 1. */
  readonly latencyMs?: number;
}

/** A computer that a unit runs on: what outlives its processes. */
interface Host {
  readonly name: string;
  readonly host: SimHost;
  readonly store: Store;
  readonly spoolOf: (total: number) => OpenSpool;
  readonly config: Partial<Config>;
  life: Life | null;
}

/** One process of a unit. */
interface Life {
  readonly unit: Unit;
  readonly line: SimLine;
  readonly clock: UnitClock;
  kill(): void;
}

/** A fleet, its bot and its Discord. */
export type FleetStage = ReturnType<typeof createFleetStage>;

/** What a unit has logged. */
export interface FleetLine {
  readonly unit: string;
  readonly level: string;
  readonly event: string;
  readonly fields: Record<string, unknown>;
  readonly atMs: number;
}

/** Builds a fleet in which no unit runs. */
export function createFleetStage(options: FleetOptions) {
  const { shards, seed = 1, workers = 2, latencyMs = 1 } = options;
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
  const bus = createSimBus({ clock, random: seededRandom(seed + 3), latencyMs });
  const logged: FleetLine[] = [];
  const hosts = new Map<string, Host>();
  const places = Array.from(
    { length: options.clusters ?? 1 },
    (_, id) => listeningCluster(clock, `cluster-${id}.test`),
  );
  const [place] = places as [ListeningCluster, ...ListeningCluster[]];
  const lives: Came[][] = [];
  /** Shard → the session whose READY the bot got last. */
  const sessions = new Map<number, string>();
  const mayRepeat = new Set<string>();

  function hostOf(name: string, host: SimHost, config: Partial<Config>): Host {
    const spools = new Map<number, OpenSpool>();
    return {
      name,
      host,
      config,
      store: memoryStore(),
      spoolOf: (total) => spools.getOrInsertComputed(total, memorySpool),
      life: null,
    };
  }

  /** A process of a unit: when that is killed, none of it says or does anything any more. */
  function createLife({ name, host, store, spoolOf, config }: Host): Life {
    const line = bus.line(name, host);
    const own = line.clock as UnitClock;
    const isDead = () => own.isStopped;
    const sockets = new Set<Socket>();
    const random = seededRandom(seed + hosts.size + 7);
    const discord = simConnect(sim, { latencyMs: 5, jitterMs: 5 });
    const reached = places.reduce((connect, each) => each.connect(connect), discord);
    const outside = patientConnect(reached, own);
    const { spawn, alive } = inProcessThreads(
      { clock: own, random, connect: outside },
      ({ totalShards }) => ({ openSpool: spoolOf(totalShards) }),
    );
    const log = logTo((level, event, fields) =>
      logged.push({ unit: name, level, event, fields, atMs: clock.now() })
    );
    const unit: Unit = new Unit({
      config: {
        ...CONFIG_DEFAULTS,
        discordToken: sim.settings.token,
        gatewayHosts: ["gateway.sim"],
        intents: ALL_INTENTS,
        gatewayCompression: "none",
        totalWorkers: workers,
        statsIntervalMs: 0,
        eventHandlerUrls: places.map(({ address }) => address.url),
        eventHandlerSecretKey: place.address.secretKey,
        natsEvents: options.events ? "stream" : "off",
        ...options.config,
        ...config,
      },
      cores: workers,
      clock: own,
      random,
      log,
      store: diskOf(store, own, isDead),
      rest: simProxy(sim.rest, own, sim.settings.token),
      queueDir: null,
      drain: () => void unit.stop("an operator drains it"),
      consumerDoor: { url: () => "ws://gatehouse.test/", isSecret: () => true, leave() {} },
      connect: mortalConnect(outside, sockets, isDead),
      spawn,
      startCluster: () => {
        throw new Error("there are no built-in clusters here");
      },
      line: options.events ? Object.assign(line, { events: options.events }) : line,
      unitName: name,
    });
    return {
      unit,
      line,
      clock: own,
      kill() {
        for (const thread of [...alive]) thread.die();
        for (const socket of sockets) socket.destroy();
        line.kill();
      },
    };
  }

  /** Other processes of the bot: they know nothing of what those before have seen. */
  function startBot(): void {
    for (const id of places.keys()) {
      const came: Came[] = [];
      lives.push(came);
      const receiver = {
        wants: () => true,
        receive: ({ t, s, d }: Dispatch, shardId: number) => {
          if (t === "READY") sessions.set(shardId, (d as { session_id: string }).session_id);
          const sessionId = sessions.get(shardId)!;
          if (t === GUILD_MOVED_EVENT && (d as Moved).mayRepeat) {
            mayRepeat.add((d as Moved).guildId);
          }
          // What is ours has no number.
          if (s !== null) came.push({ t, shardId, sessionId, s, d, atMs: clock.now() });
          return options.handlerMs ? sleep(clock, options.handlerMs) : undefined;
        },
      };
      const peer = { kind: "cluster", id } as const;
      const windowBytes = 4 * 1024 * 1024;
      const log = logTo(() => {});
      places[id]!.bot = new EventConsumer({ peer, receiver, clock, log, windowBytes });
    }
  }

  /** What `promise` gives; time passes meanwhile. */
  async function run<Result>(promise: Promise<Result>, limitMs = 120_000): Promise<Result> {
    let isSettled = false;
    const settled = () => void (isSettled = true);
    promise.then(settled, settled);
    await clock.runUntil(() => isSettled, limitMs);
    return await promise;
  }

  /** A life of a unit that nobody has ended meanwhile. */
  function end(name: string, life: Life): void {
    life.kill();
    const host = hosts.get(name)!;
    if (host.life === life) host.life = null;
  }

  function launch(name: string, host: SimHost = {}, config: Partial<Config> = {}): Promise<void> {
    const own = hosts.getOrInsertComputed(name, () => hostOf(name, host, config));
    own.life = createLife(own);
    return own.life.unit.start();
  }

  const lifeOf = (name: string): Life => {
    const life = hosts.get(name)?.life;
    if (life) return life;
    throw new Error(`Cannot reach unit ${name}: it does not run`);
  };
  /** Units that run. */
  const running = () => [...hosts.values()].flatMap(({ life, name }) => life ? [name] : []);
  /** Unit → ids of the shards that are ready there. */
  const ready = (): Record<string, number[]> =>
    Object.fromEntries(
      running().map((name) => [
        name,
        lifeOf(name).unit.snapshot.shards.flatMap(({ state, shardId }) =>
          state === "ready" ? shardId : []
        ),
      ]),
    );
  /** How many shards there are to be. */
  let total = shards;
  const isWhole = () => {
    const all = Object.values(ready()).flat();
    return all.length === total && new Set(all).size === total;
  };
  return {
    clock,
    sim,
    bus,
    logged,
    places,
    lives,
    run,
    running,
    ready,
    isWhole,
    startBot,
    /** The bot is resharded: so many shards there are to be in the end. */
    become: (shards: number) => void (total = shards),
    unit: (name: string) => lifeOf(name).unit,
    line: (name: string) => lifeOf(name).line,
    /** Starts a unit, on the computer that it ran on before, or on a new one. */
    async start(name: string, host: SimHost = {}, config: Partial<Config> = {}): Promise<void> {
      await run(launch(name, host, config));
    },
    /** The same, and waits for nothing. */
    launch: (name: string) => void launch(name).catch(() => {}),
    /** SIGSTOP, and SIGCONT. */
    freeze: (name: string) => lifeOf(name).line.freeze(),
    thaw: (name: string) => lifeOf(name).line.thaw(),
    /** The bot's processes end without a word; `startBot` starts others. */
    hangUp(): void {
      for (const each of places) {
        each.bot = null;
        each.close();
      }
    },
    /** SIGKILL. */
    kill: (name: string) => end(name, lifeOf(name)),
    /** SIGTERM; resolves when the process has ended. */
    async stop(name: string): Promise<void> {
      const life = lifeOf(name);
      await run(life.unit.stop("SIGTERM"));
      end(name, life);
    },
    /** The same, and waits for nothing. */
    terminate(name: string): void {
      const life = lifeOf(name);
      void life.unit.stop("SIGTERM").then(() => end(name, life));
    },
    /** Time passes until each shard is ready on exactly one unit. */
    whole: (limitMs = 120_000) =>
      clock.runUntil(isWhole, limitMs).catch((error) => {
        throw new Error(`${error.message}; ready: ${JSON.stringify(ready())}`);
      }),
    /** What all processes of the bot got, as the judge sees it. */
    verdict: (allowances: Allowances = {}) =>
      judge(sim.ledger, lives.map((came) => numbersIn(sim.ledger, came)), {
        mayRepeat,
        ...allowances,
      }),
  };
}

/** What comes while a process stands still is read when it goes on. */
function patientConnect(connect: Connect, clock: UnitClock): Connect {
  return (url, events, options) => {
    let isOn = true;
    const arrive = (task: () => void) => clock.arrive(() => isOn && task());
    const socket = connect(url, {
      open: () => arrive(() => events.open()),
      // The bytes are the socket's: they may be others by then.
      message: (data, isText) => {
        const kept = data.slice();
        arrive(() => events.message(kept, isText));
      },
      closed: (code, reason) => arrive(() => events.closed(code, reason)),
      failed: (reason) => arrive(() => events.failed(reason)),
    }, options);
    return {
      send: (text) => socket.send(text),
      sendBytes: (bytes) => socket.sendBytes(bytes),
      close: (code, reason) => socket.close(code, reason),
      destroy() {
        isOn = false;
        socket.destroy();
      },
      pause: (isPaused) => socket.pause(isPaused),
      get bufferedBytes() {
        return socket.bufferedBytes;
      },
    };
  };
}
