/**
 * Gatehouse inside your own program: the same unit, its settings as an object.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import { intentBits, type IntentName, isIntentName } from "../protocol/discord/intents.ts";
import { isRecord, shown } from "../protocol/record.ts";
import type { ReshardSnapshot } from "../protocol/reshard.ts";
import type { Snapshot, Stats, Status } from "../protocol/status.ts";
import { systemClock } from "../ports/clock.ts";
import type { Ipc } from "../bot/ipc.ts";
import type { ClusterControl } from "../clusters/place.ts";
import type { ShardPayload } from "../protocol/worker_message.ts";
import {
  type Config,
  CONFIG_DEFAULTS,
  describeProblem,
  FIELDS,
  type Problem,
  SETTINGS,
  type Settings,
} from "../config/config.ts";
import { readOptions } from "../config/options.ts";
import { nearest } from "../config/readers.ts";
import { brokenRules } from "../config/rules.ts";
import {
  createControllers,
  type EventsController,
  type GatewayController,
  type RestController,
} from "../unit/controllers.ts";
import { unitLog } from "./terminal/log.ts";
import { requirePermissions } from "./lacking.ts";
import { type OpenUnit, openUnit } from "./open_unit.ts";
import {
  botLogInOptionNames,
  inOptionNames,
  inOwnNames,
  logInOptionNames,
  OPTION_WORDS,
  optionOf,
  statusesInOptionNames,
  toldInOptionNames,
} from "./option_names.ts";
import { callUnit, unitIpc } from "../unit/methods.ts";
import type { Unit } from "../unit/unit.ts";
import { beginReshard, steerReshard } from "../unit/reshard/resharding.ts";

/** Settings of a unit in your own program: those of the environment, under the same names. */
export interface GatehouseOptions extends Partial<Settings> {
  /** Bot token, with or without `Bot `. */
  readonly token: string;
  /** Names or a bit mask. Default: `GUILDS`. */
  readonly intents?: number | readonly IntentName[];
  /** The module that the built-in clusters run. */
  readonly bot?: URL | string;
  /**
   * `least` takes files, programs and the environment away from the shard workers; it needs
   * `"unstable": ["worker-options"]` in your `deno.json`, without which Deno ends the process.
   * Default: `inherit`.
   */
  readonly workerPermissions?: "least" | "inherit";
}

/** A unit in your own program. */
export interface Gatehouse {
  /**
   * Opens the port, asks Discord where to connect, brings every shard up. Resolves when all are on
   * their way; `status()` tells when they are ready.
   *
   * @throws {GatehouseError} `bad_config`, `unauthorized`.
   */
  start(): Promise<void>;
  /** Stops cleanly, also what is starting. Sessions are kept: the next start spends no identify. */
  stop(): Promise<void>;
  /** What happens from now on; asked before `start()` or as soon as that resolves, from its beginning. */
  status(): AsyncIterable<Status>;
  /** Everything at this moment. */
  readonly snapshot: Snapshot;
  /** `http://host:port` of the open port; `null` before `start()`. */
  readonly url: string | null;
  /** Resolves with a reason when the unit cannot go on: restart the process. */
  readonly failed: Promise<string>;
  /** Sends a gateway command of a shard; resolves when it was handed to the socket. */
  sendPayload(shardId: number, payload: ShardPayload): Promise<void>;
  /** Presence, voice, members, on whichever shard; and how shards come up. All can be replaced. */
  readonly gateway: GatewayController;
  /** The REST proxy; can be replaced. */
  readonly rest: RestController;
  /** The way of events to clusters; can be replaced. */
  readonly events: EventsController;
  /** Commands from your program to clusters and services, and what they know. */
  readonly ipc: Ipc;
  /**
   * The built-in clusters, each to be spawned, killed and respawned. Those of this unit: `ipc.clusters` has those of
   * its whole fleet.
   */
  readonly clusters: { get(clusterId: number): ClusterControl };
  /** The services; in a fleet those that run here. */
  readonly services: { get(name: string): ClusterControl };
  /** Restarts a built-in cluster; its events wait. Resolves when the new one has been started. */
  restart(clusterId: number): Promise<void>;
  /** Restarts the built-in clusters one after another: shards stay connected, no identify is spent. */
  restartAll(): Promise<void>;
  /**
   * Begins to move the guilds to another number of shards, without a gap or a repeat, and gives what begins.
   * `status()` and `snapshot.reshard` tell how it goes on.
   *
   * @throws {GatehouseError} `bad_message` where no unit may have so many, `not_ready` before a shard has started;
   * `refused` where there are so many already, another is under way, or the unit runs a part of the shards only.
   */
  reshard(
    options: { readonly totalShards: number },
  ): ReshardSnapshot | Promise<ReshardSnapshot>;
  /**
   * No further lot of guilds begins to move; those that have begun go on to their end.
   *
   * @throws {GatehouseError} `refused` where no reshard is under way, or it is being cancelled.
   */
  pauseReshard(): ReshardSnapshot;
  /** A reshard that was paused goes on. Throws what `pauseReshard()` throws. */
  resumeReshard(): ReshardSnapshot;
  /**
   * The guilds go back to the shards that they had.
   *
   * @throws {GatehouseError} `refused` where no reshard is under way.
   */
  cancelReshard(): ReshardSnapshot;
  /** The figures that were collected last; `null` before the first time. */
  readonly stats: Stats | null;
  /** Which shard receives the events of a guild. */
  calculateShardId(guildId: string | bigint): number;
}

/**
 * Makes a unit. Nothing happens before `start()`.
 *
 * @throws {GatehouseError} `bad_config` that names every setting that is wrong.
 *
 * @example
 * ```ts ignore
 * import { createGatehouse } from "gatehouse";
 * const unit = createGatehouse({
 *   token: Deno.env.get("DISCORD_TOKEN")!,
 *   intents: ["GUILDS"],
 *   bot: new URL("./bot.ts", import.meta.url),
 * });
 * await unit.start();
 * ```
 */
export function createGatehouse(options: GatehouseOptions): Gatehouse {
  const config = configOf(options);
  let opening: Promise<OpenUnit> | null = null;
  let open: OpenUnit | null = null;
  let isStarted = false;
  /** What has happened since the start, for who asks as soon as that is done. */
  let sinceStart: AsyncGenerator<Status> | null = null;
  const opened = Promise.withResolvers<OpenUnit>();
  const failed = Promise.withResolvers<string>();
  const running = () => {
    if (open) return open.unit;
    throw new GatehouseError("not_ready", "caller", "Cannot do that: the unit is not started");
  };
  const takeSinceStart = () => {
    const taken = sinceStart;
    sinceStart = null;
    return taken;
  };
  /** One that runs, for a call: what it throws is in the words of options. */
  const call = <Given extends unknown[], Result>(
    what: (unit: Unit, ...given: Given) => Result,
  ) => inOwnNames((...given: Given) => what(running(), ...given));
  const controllers = createControllers(running);
  const openIt = async () => {
    const written = await unitLog(config, false, (line) => console.log(line.trimEnd()));
    const { workerPermissions = "inherit" } = options;
    return await openUnit({
      config,
      log: logInOptionNames(written),
      botLog: botLogInOptionNames(written),
      workerPermissions,
      controllers,
      words: OPTION_WORDS,
    });
  };
  const ipc = unitIpc(running);
  return {
    start: inOwnNames(async () => {
      if (isStarted) {
        throw new GatehouseError("refused", "caller", "Cannot start: it is started already");
      }
      isStarted = true;
      requirePermissions(config);
      open = await (opening = openIt());
      opened.resolve(open);
      // Who has asked for statuses before listens from here on.
      await opened.promise;
      open.unit.failed.then((reason) => failed.resolve(inOptionNames(reason)));
      sinceStart = open.unit.status();
      try {
        await open.unit.start();
      } finally {
        systemClock.soon(() => void takeSinceStart()?.return(undefined));
      }
    }),
    // Why it cannot be opened, the start tells.
    stop: async () => await opening?.then(({ stop }) => stop("asked to"), () => {}),
    status() {
      const statuses = takeSinceStart() ?? open?.unit.status();
      return statusesInOptionNames(statuses ?? opened.promise.then(({ unit }) => unit.status()));
    },
    get snapshot() {
      return toldInOptionNames(running().snapshot);
    },
    get url() {
      return open?.url ?? null;
    },
    failed: failed.promise,
    sendPayload: call(async (unit, shardId, payload) => {
      await callUnit(unit, "operator", { method: "sendPayload", shardId, payload });
    }),
    ...controllers,
    ipc,
    clusters: { get: (clusterId) => running().clusters.get(clusterId) },
    services: { get: (name) => running().services.get(name) },
    reshard: call((unit, { totalShards }) => beginReshard(unit, totalShards, "operator")),
    pauseReshard: call((unit) => steerReshard(unit, "pause")),
    resumeReshard: call((unit) => steerReshard(unit, "resume")),
    cancelReshard: call((unit) => steerReshard(unit, "cancel")),
    restart: inOwnNames(ipc.restart),
    restartAll: inOwnNames(ipc.restartAll),
    get stats() {
      return running().stats;
    },
    calculateShardId: (guildId) => controllers.gateway.calculateShardId(guildId),
  };
}

const WORKER_PERMISSIONS = ["least", "inherit"];

/** Every name that an option may have. */
const NAMES: readonly string[] = [
  ...FIELDS.map(optionOf),
  "workerPermissions" satisfies keyof GatehouseOptions,
];

function configOf(options: GatehouseOptions): Config {
  if (!isRecord(options)) {
    const problems = [{ setting: "options", expected: "an object", received: shown(options) }];
    throw badOptions(problems);
  }
  const { intents, bot, workerPermissions = "inherit" } = options;
  const given = Object.fromEntries(
    FIELDS.map((field) => [field, options[optionOf(field) as keyof GatehouseOptions]]),
  );
  const { values, wrong } = readOptions({
    ...given,
    intents: areNames(intents) ? intentBits(intents) : intents,
    botModule: bot instanceof URL ? bot.href : bot,
  }, optionOf);
  const config: Config = { ...CONFIG_DEFAULTS, ...values };
  const problems = [...wrong.values(), ...brokenRules(config, { nameOf: optionOf, except: wrong })];
  if (config.discordToken === "" && !wrong.has("discordToken")) {
    problems.unshift({ setting: "token", expected: "a bot token", received: "nothing" });
  }
  if (!WORKER_PERMISSIONS.includes(workerPermissions)) {
    const received = shown(workerPermissions);
    problems.push({ setting: "workerPermissions", expected: "least or inherit", received });
  }
  problems.push(...misspelt(options));
  if (problems.length === 0) return config;
  throw badOptions(problems);
}

function badOptions(problems: readonly Problem[]): GatehouseError {
  const text = problems.map(describeProblem).join("; ");
  return new GatehouseError("bad_config", "caller", `Cannot create unit: ${text}`, { problems });
}

function areNames(intents: unknown): intents is readonly IntentName[] {
  return Array.isArray(intents) && intents.every(isIntentName);
}

/** Whether two names are one but for capitals. */
function isAlike(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Options of a name that is none: most often it was meant to be another. */
function misspelt(options: GatehouseOptions): Problem[] {
  return Object.keys(options).filter((name) => !NAMES.includes(name)).map((name) => {
    const meant = FIELDS.find((field) =>
      [field, SETTINGS[field].name, optionOf(field)].some((known) => isAlike(known, name))
    );
    const expected = meant ? optionOf(meant) : nearest(name, NAMES)[0] ?? "the name of an option";
    return { setting: name, expected, received: "a name that is no option" };
  });
}
