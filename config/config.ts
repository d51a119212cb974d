/**
 * The settings of a unit, each written down once: what it means in {@linkcode Settings} or
 * {@linkcode Config}; its variable, its default and how its text is read in {@linkcode SETTINGS}. All
 * else follows from these two. Rules between settings are in `rules.ts`.
 *
 * @module
 */

import type { LogLevel } from "../ports/log.ts";
import type { Compression } from "../protocol/worker_message.ts";
import { MOST_SHARDS, MOST_WORKERS } from "../protocol/ids.ts";
import { INTENTS } from "../protocol/discord/intents.ts";
import { CACHED, type Cached } from "../protocol/guild_pieces.ts";
import {
  apiUrl,
  flag,
  handlerUrls,
  host,
  hostNames,
  integer,
  intents,
  inviteCode,
  name,
  natsUrls,
  networks,
  oneOf,
  path,
  percent,
  permissionFlags,
  publicKey,
  publicUrl,
  type Reader,
  secret,
  services,
  someOf,
  userName,
} from "./readers.ts";

/**
 * What can be set, in the environment and in your own program. The environment's name is the same in
 * capitals, as `TOTAL_SHARDS`; docs/operations.md tells more of each, and its default.
 */
export interface Settings {
  /** REST base without version and without a slash at the end. */
  readonly discordApiUrl: string;
  /** The application's public key, by which what Discord POSTs is verified; `null`: nothing is taken. */
  readonly discordPublicKey: string | null;
  /** Hosts that get the token beside Discord's own and the API's, each with those below it. */
  readonly gatewayHosts: readonly string[];
  /** How what Discord sends is compressed. */
  readonly gatewayCompression: Compression;
  /** `IDENTIFY_RESERVE`: percent of the day's identifies that are not touched without `--force`. */
  readonly identifyReservePercent: number;
  /** Time between two identifies of one key. */
  readonly spawnShardDelayMs: number;
  /** Whether shards whose intents Discord refuses go on without those, or stop for good. */
  readonly refusedIntents: "narrow" | "stop";

  /** Shards of the whole bot; `null`: what Discord recommends. */
  readonly totalShards: number | null;
  /** How often Discord is asked whether there are to be more shards; 0: never, and never by itself. */
  readonly reshardCheckMs: number;
  /** `RESHARD_AT`: percent of the guilds that a shard may have, from which on there are to be more. */
  readonly reshardAtPercent: number;
  /** The first shard that this unit runs. */
  readonly firstShardId: number;
  /** The last shard that this unit runs; `null`: the last of all. */
  readonly lastShardId: number | null;
  /** Shard workers; `null`: one per 256 shards, one per CPU core at most. */
  readonly totalWorkers: number | null;
  /** Shards in one worker; `null`: they spread evenly over the workers. */
  readonly shardsPerWorker: number | null;
  /** How long an event may be held so that several share one wake-up of a thread; 0: none. */
  readonly eventDelayMs: number;
  /** Bytes that the outboxes of one worker may hold together. */
  readonly queueMemoryBytes: number;
  /** Bytes that all shards may keep in `stateDir` together; 0: none. */
  readonly queueDiskBytes: number;
  /** What goes first when both are full. */
  readonly queueOverflow: "drop-cheap" | "drop-oldest";
  /** A silence of a ready shard that is looked at, against the others. */
  readonly quietAfterMs: number;
  /** A silence after which it is resumed. */
  readonly quietResumeAfterMs: number;
  /** A silence of one type of events that is looked at, while others flow. */
  readonly deafAfterMs: number;
  /** Whether shards get new sessions when a type has stopped. */
  readonly deafIdentify: boolean;

  /** Shown to who uses an interaction while the bot is away: an invite's code. */
  readonly botServerInviteCode: string | null;
  /** A guild that loads arrives as `GUILD_LOADED_DD`, Discordeno's name, instead of with a note. */
  readonly guildLoadedDd: boolean;
  /** What shard workers remember of what they passed on, for `fetchGuild` and the like. */
  readonly cache: readonly Cached[];
  /** All members of all guilds are asked for once the shards are ready. */
  readonly cacheAllMembers: boolean;
  /** `all`; `filter` withholds MESSAGE_UPDATEs that are no edit; or a module that decides. */
  readonly editedMessages: string;
  /** Functions of yours that run in the shard workers: path or URL of a module. */
  readonly workerModule: string | null;
  /** How many built-in clusters run the bot. */
  readonly totalClusters: number;
  /** Code without shards, by name. */
  readonly services: readonly ServiceModule[];
  /** What a unit that is cut off from its fleet does with its services after a lease: another may run them by then. */
  readonly servicesCutOff: "keep" | "end";
  /** How often figures are collected; 0: never. */
  readonly statsIntervalMs: number;
  /** How long a session on `/gateway` waits for its client. */
  readonly consumerSessionTtlMs: number;
  /** Whether clients on `/gateway` may go by totals that divide ours, or by our own only. */
  readonly consumerTotals: "any" | "own";
  /** How many may consume a shard on `/gateway`: its bot, and those who read beside it by name. */
  readonly consumersPerShard: number;
  /** A child process per cluster, or a thread of ours. */
  readonly clusterIsolation: "process" | "worker";
  /** Deno flags that built-in clusters run with beside the unit's address. */
  readonly clusterPermissions: readonly string[];
  /** `EVENT_HANDLER_URL`: one URL per remote cluster; shard → `shardId % count`. What begins with `http` is POSTed to. */
  readonly eventHandlerUrls: readonly string[];
  /** Sent and checked on event links; what POSTs of events are signed with. */
  readonly eventHandlerSecretKey: string | null;
  /** How long an event may wait for others to share its POST; 0: not at all. */
  readonly eventHandlerWaitMs: number;
  /** Time for the answer to a POST of events. */
  readonly eventHandlerAnswerMs: number;

  /** What callers of the HTTP port must show; `null` only on loopback. */
  readonly restAuthorization: string | null;
  /** REST requests per second; `null`: what Discord allows everybody, more for a large bot. */
  readonly restGlobalPerSecond: number | null;
  /** How long a REST request waits for its rate limits at most. */
  readonly restWaitMs: number;
  /** Time for the head of Discord's answer. */
  readonly restAnswerMs: number;

  /** `NATS_URL`: servers of NATS, which join this unit to others; none: it is by itself. */
  readonly natsUrls: readonly string[];
  /** What all subjects and buckets begin with that the fleet uses there. */
  readonly natsPrefix: string;
  /** File of a JWT and its seed, as `nsc` writes it. */
  readonly natsCredentials: string | null;
  readonly natsUser: string | null;
  readonly natsPassword: string | null;
  readonly natsToken: string | null;
  /** File of the authorities (PEM) that are believed instead of the system's. */
  readonly natsTlsCa: string | null;
  /** File of the certificate (PEM) that the unit shows. */
  readonly natsTlsCert: string | null;
  /** File of its key (PEM). */
  readonly natsTlsKey: string | null;
  /** `stream`: events go into a stream of NATS, too, for whoever reads them there. */
  readonly natsEvents: "off" | "stream";
  /** How the others call this unit; `null`: as `stateDir` says, which makes a name once. */
  readonly unitName: string | null;

  /** Host of the one HTTP port. */
  readonly listenHost: string;
  /** The one HTTP port; 0: any free one. */
  readonly listenPort: number;
  /** Descriptor of a socket that listens there already, held open by who starts us; `null`: none. */
  readonly listenFd: number | null;
  /** Connections that it holds at most; half of the descriptors that are left are a bound, too. */
  readonly listenConnections: number;
  /** How clients reach the port, where a server stands in front of it; `null`: as their requests say. */
  readonly publicUrl: string | null;
  /** Servers in front of it that are believed how they were reached: IP addresses and networks. */
  readonly trustedProxies: readonly string[];
  /** Whether `/metrics` has series of each shard, or sums and the worst of all. */
  readonly metricsPerShard: boolean;
  /** Events that each shard worker follows for OpenTelemetry per second, at most; 0: none. */
  readonly traceEventsPerSecond: number;
  /** Folder of sessions, identify budget and events that wait on disk. */
  readonly stateDir: string;
  /** Lines below it are not written. */
  readonly logLevel: LogLevel;
  /** `null`: pretty on a terminal, else JSON. */
  readonly logFormat: "json" | "pretty" | null;
  /** Whether the control API may crash workers. For tests. */
  readonly allowFaults: boolean;
}

/** A service and the module that it runs. */
export interface ServiceModule {
  /** Letters, digits, `-` and `_`. */
  readonly name: string;
  /** A path or URL. */
  readonly module: string;
}

/** All that a unit goes by: the settings, parsed, and what your own program gives in another form. */
export interface Config extends Settings {
  /** `simulator` is the first-run mode: nothing was set, so nothing real is talked to. */
  readonly mode: "discord" | "simulator";
  /** Without `Bot `; empty in simulator mode. Never log it. */
  readonly discordToken: string;
  /** A bit mask. */
  readonly intents: number;
  /** Path or URL of what the built-in clusters run. */
  readonly botModule: string | null;
}

/** A property of {@linkcode Config} that a variable fills. */
export type Field = Exclude<keyof Config, "mode">;

/** One setting. */
export interface Setting<Value> {
  /** The variable. */
  readonly name: string;
  /** What holds where nothing is set. */
  readonly default: Value;
  /** What its text must look like, and how it becomes a value. */
  readonly read: Reader<Value>;
}

function setting<Value>(name: string, byDefault: Value, read: Reader<Value>): Setting<Value> {
  return { name, default: byDefault, read };
}

const HOUR_MS = 3_600_000;
/** Of most durations more is a mistake. */
export const DAY_MS: number = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
const MONTH_MS = 30 * DAY_MS;
/** Each is a process, here or elsewhere. */
export const MOST_CLUSTERS = 10_000;
const MOST_PER_SECOND = 100_000;
const MOST_TRACES = 1_000;
/** 1 PiB. */
const MOST_BYTES = 2 ** 50;

const shardId = integer("a whole number", 0, MOST_SHARDS - 1);

/** Every setting, in the order of the documentation: variable, default, how its text is read. */
export const SETTINGS: { readonly [Key in Field]: Setting<Config[Key]> } = {
  discordToken: setting("DISCORD_TOKEN", "", secret("the bot's token")),
  discordApiUrl: setting("DISCORD_API_URL", "https://discord.com/api", apiUrl),
  discordPublicKey: setting("DISCORD_PUBLIC_KEY", null, publicKey),
  gatewayHosts: setting("GATEWAY_HOSTS", [], hostNames),
  intents: setting("INTENTS", INTENTS.GUILDS, intents),
  gatewayCompression: setting(
    "GATEWAY_COMPRESSION",
    "zlib-stream",
    oneOf("zlib-stream", "zstd-stream", "none"),
  ),
  identifyReservePercent: setting("IDENTIFY_RESERVE", 10, percent(0)),
  spawnShardDelayMs: setting("SPAWN_SHARD_DELAY_MS", 5_000, integer("milliseconds", 0, HOUR_MS)),
  refusedIntents: setting("REFUSED_INTENTS", "narrow", oneOf("narrow", "stop")),

  totalShards: setting("TOTAL_SHARDS", null, integer("a whole number", 1, MOST_SHARDS)),
  reshardCheckMs: setting(
    "RESHARD_CHECK_MS",
    8 * HOUR_MS,
    integer("milliseconds (0: never)", 0, WEEK_MS),
  ),
  reshardAtPercent: setting("RESHARD_AT", 80, percent(1)),
  firstShardId: setting("FIRST_SHARD_ID", 0, shardId),
  lastShardId: setting("LAST_SHARD_ID", null, shardId),
  totalWorkers: setting("TOTAL_WORKERS", null, integer("a whole number", 1, MOST_WORKERS)),
  shardsPerWorker: setting("SHARDS_PER_WORKER", null, integer("a whole number", 1, MOST_SHARDS)),
  eventDelayMs: setting("EVENT_DELAY_MS", 4, integer("milliseconds", 0, 50)),
  queueMemoryBytes: setting(
    "QUEUE_MEMORY_BYTES",
    64 * 1024 ** 2,
    integer("a number of bytes", 1, MOST_BYTES),
  ),
  queueDiskBytes: setting(
    "QUEUE_DISK_BYTES",
    4 * 1024 ** 3,
    integer("a number of bytes (0: none)", 0, MOST_BYTES),
  ),
  queueOverflow: setting("QUEUE_OVERFLOW", "drop-cheap", oneOf("drop-cheap", "drop-oldest")),
  quietAfterMs: setting("QUIET_AFTER_MS", 300_000, integer("milliseconds", 1, WEEK_MS)),
  quietResumeAfterMs: setting(
    "QUIET_RESUME_AFTER_MS",
    900_000,
    integer("milliseconds", 1, WEEK_MS),
  ),
  deafAfterMs: setting("DEAF_AFTER_MS", 600_000, integer("milliseconds", 1, WEEK_MS)),
  deafIdentify: setting("DEAF_IDENTIFY", false, flag),

  botModule: setting("BOT_MODULE", null, path("a path or URL")),
  botServerInviteCode: setting("BOT_SERVER_INVITE_CODE", null, inviteCode),
  guildLoadedDd: setting("GUILD_LOADED_DD", false, flag),
  cache: setting("CACHE", [], someOf(...Object.keys(CACHED) as Cached[])),
  cacheAllMembers: setting("CACHE_ALL_MEMBERS", false, flag),
  editedMessages: setting(
    "EDITED_MESSAGES",
    "all",
    path("all, filter, or the path or URL of a module"),
  ),
  workerModule: setting("WORKER_MODULE", null, path("a path or URL")),
  totalClusters: setting("TOTAL_CLUSTERS", 1, integer("a whole number", 1, MOST_CLUSTERS)),
  services: setting("SERVICES", [], services),
  servicesCutOff: setting("SERVICES_CUT_OFF", "keep", oneOf("keep", "end")),
  statsIntervalMs: setting(
    "STATS_INTERVAL_MS",
    60_000,
    integer("milliseconds (0: never)", 0, DAY_MS),
  ),
  consumerSessionTtlMs: setting(
    "CONSUMER_SESSION_TTL_MS",
    600_000,
    integer("milliseconds", 0, MONTH_MS),
  ),
  consumersPerShard: setting("CONSUMERS_PER_SHARD", 1, integer("a whole number", 1, 16)),
  consumerTotals: setting("CONSUMER_TOTALS", "any", oneOf("any", "own")),
  clusterIsolation: setting("CLUSTER_ISOLATION", "process", oneOf("process", "worker")),
  clusterPermissions: setting("CLUSTER_PERMISSIONS", [], permissionFlags),
  eventHandlerUrls: setting("EVENT_HANDLER_URL", [], handlerUrls),
  eventHandlerSecretKey: setting("EVENT_HANDLER_SECRET_KEY", null, secret("a secret")),
  eventHandlerWaitMs: setting("EVENT_HANDLER_WAIT_MS", 0, integer("milliseconds", 0, 1_000)),
  eventHandlerAnswerMs: setting(
    "EVENT_HANDLER_ANSWER_MS",
    10_000,
    integer("milliseconds", 1, HOUR_MS),
  ),

  restAuthorization: setting("REST_AUTHORIZATION", null, secret("a secret")),
  restGlobalPerSecond: setting(
    "REST_GLOBAL_PER_SECOND",
    null,
    integer("a whole number", 1, MOST_PER_SECOND),
  ),
  restWaitMs: setting("REST_WAIT_MS", 60_000, integer("milliseconds", 0, HOUR_MS)),
  restAnswerMs: setting("REST_ANSWER_MS", 30_000, integer("milliseconds", 1, HOUR_MS)),

  natsUrls: setting("NATS_URL", [], natsUrls),
  natsPrefix: setting("NATS_PREFIX", "gatehouse", name),
  natsCredentials: setting("NATS_CREDENTIALS", null, path("a path")),
  natsUser: setting("NATS_USER", null, userName),
  natsPassword: setting("NATS_PASSWORD", null, secret("a password")),
  natsToken: setting("NATS_TOKEN", null, secret("a token")),
  natsTlsCa: setting("NATS_TLS_CA", null, path("a path")),
  natsTlsCert: setting("NATS_TLS_CERT", null, path("a path")),
  natsTlsKey: setting("NATS_TLS_KEY", null, path("a path")),
  natsEvents: setting("NATS_EVENTS", "off", oneOf("off", "stream")),
  unitName: setting("UNIT_NAME", null, name),

  listenHost: setting("LISTEN_HOST", "127.0.0.1", host),
  listenPort: setting("LISTEN_PORT", 8787, integer("a port", 0, 65_535)),
  listenFd: setting("LISTEN_FD", null, integer("a number", 3, 1_000)),
  listenConnections: setting("LISTEN_CONNECTIONS", 2_000, integer("a whole number", 1, 100_000)),
  publicUrl: setting("PUBLIC_URL", null, publicUrl),
  trustedProxies: setting("TRUSTED_PROXIES", [], networks),
  metricsPerShard: setting("METRICS_PER_SHARD", true, flag),
  traceEventsPerSecond: setting(
    "TRACE_EVENTS_PER_SECOND",
    1,
    integer("a whole number", 0, MOST_TRACES),
  ),
  stateDir: setting("STATE_DIR", "./.gatehouse", path("a path")),
  logLevel: setting("LOG_LEVEL", "info", oneOf("debug", "info", "warn", "error")),
  logFormat: setting("LOG_FORMAT", null, oneOf("json", "pretty")),
  allowFaults: setting("ALLOW_FAULTS", false, flag),
};

/** Every property that a variable fills, in the order of the documentation. */
export const FIELDS = Object.keys(SETTINGS) as readonly Field[];

/** Name of every variable. */
export const SETTING_NAMES: readonly string[] = FIELDS.map((field) => SETTINGS[field].name);

/** What holds where nothing was set. */
export const CONFIG_DEFAULTS: Config = {
  mode: "discord",
  ...Object.fromEntries(
    FIELDS.map((field) => [field, SETTINGS[field].default]),
  ) as Pick<Config, Field>,
};

/** Every text of the settings that no log may hold. */
export function secretsOf(config: Config): string[] {
  return FIELDS.filter((field) => SETTINGS[field].read.secret).map((field) => config[field])
    .filter((value) => typeof value === "string").filter((text) => text !== "");
}

/** Something wrong with one setting, in words for the person who set it. Never holds a secret. */
export interface Problem {
  /** Name of the variable, or of the option. */
  readonly setting: string;
  /** What it has to be. */
  readonly expected: string;
  /** What came; of a secret only its shape. */
  readonly received: string;
}

/** A problem as one line. */
export function describeProblem({ setting, expected, received }: Problem): string {
  return `${setting}: expected ${expected}, received ${received}`;
}

/** Whether only programs on this machine can reach `host`. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}
