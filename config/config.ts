/**
 * The settings of a unit, parsed: what the rest of the program may rely on. Reading them from the
 * environment is `config_parse.ts`; what each variable must look like is `settings.ts`.
 *
 * @module
 */

import type { LogLevel } from "../ports/log.ts";
import type { Compression } from "../protocol/worker_message.ts";

/** Every setting of a unit, each named after its environment variable. */
export interface Config {
  /** `simulator` is the first-run mode: nothing was set, so nothing real is talked to. */
  readonly mode: "discord" | "simulator";
  /** `DISCORD_TOKEN` without `Bot `; empty in simulator mode. Never log it. */
  readonly discordToken: string;
  /** `DISCORD_API_URL`: REST base without version and without a slash at the end. */
  readonly discordApiUrl: string;
  /** `INTENTS` as a bit mask. */
  readonly intents: number;
  /** `TOTAL_SHARDS`; `null`: what Discord recommends. */
  readonly totalShards: number | null;
  /** `FIRST_SHARD_ID`: the first shard that this unit runs. */
  readonly firstShardId: number;
  /** `LAST_SHARD_ID`: the last shard that this unit runs; `null`: the last of all. */
  readonly lastShardId: number | null;
  /** `TOTAL_WORKERS`; `null`: one per CPU core. */
  readonly totalWorkers: number | null;
  /** `SHARDS_PER_WORKER`; `null`: the shards spread evenly over the workers. */
  readonly shardsPerWorker: number | null;
  /** `SPAWN_SHARD_DELAY_MS`: time between two identifies of one key. */
  readonly spawnShardDelayMs: number;
  /** `GATEWAY_COMPRESSION` of what Discord sends. */
  readonly gatewayCompression: Compression;
  /** `IDENTIFY_RESERVE` in percent of the day's identifies: not touched without `--force`. */
  readonly identifyReservePercent: number;
  /** `CONSUMER_SESSION_TTL_MS`: how long a session on `/gateway` waits for its client. */
  readonly consumerSessionTtlMs: number;
  /** `LISTEN_HOST` of the one HTTP port. */
  readonly listenHost: string;
  /** `LISTEN_PORT`; 0: any free one. */
  readonly listenPort: number;
  /** `REST_AUTHORIZATION`: what callers of the HTTP port must show; `null` only on loopback. */
  readonly restAuthorization: string | null;
  /** `REST_GLOBAL_PER_SECOND`; `null`: what Discord allows everybody, more for a large bot. */
  readonly restGlobalPerSecond: number | null;
  /** `REST_WAIT_MS`: how long a REST request waits for its rate limits at most. */
  readonly restWaitMs: number;
  /** `REST_ANSWER_MS`: time for the head of Discord's answer. */
  readonly restAnswerMs: number;
  /** `EVENT_HANDLER_URL`: one URL per remote cluster; shard → `shardId % count`. */
  readonly eventHandlerUrls: readonly string[];
  /** `EVENT_HANDLER_SECRET_KEY`: sent and checked on event links. */
  readonly eventHandlerSecretKey: string | null;
  /** `BOT_MODULE`: path or URL of what the built-in clusters run. */
  readonly botModule: string | null;
  /** `TOTAL_CLUSTERS`: how many built-in clusters run `BOT_MODULE`. */
  readonly totalClusters: number;
  /** `SERVICES`: code without shards, by name. */
  readonly services: readonly ServiceModule[];
  /** `STATS_INTERVAL_MS`: how often figures are collected; 0: never. */
  readonly statsIntervalMs: number;
  /** `CLUSTER_ISOLATION`: a child process per cluster, or a thread of ours. */
  readonly clusterIsolation: "process" | "worker";
  /** `CLUSTER_PERMISSIONS`: Deno flags that built-in clusters run with beside the unit's address. */
  readonly clusterPermissions: readonly string[];
  /** `STATE_DIR`: sessions, identify budget. */
  readonly stateDir: string;
  /** `QUEUE_MEMORY_BYTES`: what the outboxes of one worker may hold together. */
  readonly queueMemoryBytes: number;
  /** `QUEUE_DISK_BYTES`: what all shards may keep in `STATE_DIR` together. */
  readonly queueDiskBytes: number;
  /** `QUEUE_OVERFLOW`: what goes first when both are full. */
  readonly queueOverflow: "drop-cheap" | "drop-oldest";
  /** `QUIET_AFTER_MS`: a silence of a ready shard that is looked at, against the others. */
  readonly quietAfterMs: number;
  /** `QUIET_RESUME_AFTER_MS`: a silence after which it is resumed. */
  readonly quietResumeAfterMs: number;
  /** `BOT_SERVER_INVITE_CODE`: shown to who uses an interaction while the bot is away. */
  readonly botServerInviteCode: string | null;
  /** `GUILD_LOADED_DD`: a guild that loads arrives under this name, Discordeno's. */
  readonly guildLoadedDd: boolean;
  /** `CACHE`: what shard workers remember of what they passed on, for `fetchGuild` and the like. */
  readonly cache: "none" | "guilds" | "members";
  /** `CACHE_ALL_MEMBERS`: all members of all guilds are asked for once the shards are ready. */
  readonly cacheAllMembers: boolean;
  /** `EDITED_MESSAGES`: `all`; `filter` withholds MESSAGE_UPDATEs that are no edit; or a module. */
  readonly editedMessages: string;
  /** `WORKER_MODULE`: functions of yours that run in the shard workers: a path or URL. */
  readonly workerModule: string | null;
  /** `LOG_LEVEL`: lines below it are not written. */
  readonly logLevel: LogLevel;
  /** `LOG_FORMAT`; `null`: pretty on a terminal, else JSON. */
  readonly logFormat: "json" | "pretty" | null;
  /** `ALLOW_FAULTS`: whether the control API may crash workers. For tests. */
  readonly allowFaults: boolean;
}

/** A service and the module that it runs: a path or URL. */
export interface ServiceModule {
  readonly name: string;
  readonly module: string;
}

/** What holds where nothing was set. */
export const CONFIG_DEFAULTS: Config = {
  mode: "discord",
  discordToken: "",
  discordApiUrl: "https://discord.com/api",
  intents: 1,
  totalShards: null,
  firstShardId: 0,
  lastShardId: null,
  totalWorkers: null,
  shardsPerWorker: null,
  spawnShardDelayMs: 5_000,
  gatewayCompression: "zlib-stream",
  identifyReservePercent: 10,
  consumerSessionTtlMs: 600_000,
  listenHost: "127.0.0.1",
  listenPort: 8787,
  restAuthorization: null,
  restGlobalPerSecond: null,
  restWaitMs: 60_000,
  restAnswerMs: 30_000,
  eventHandlerUrls: [],
  eventHandlerSecretKey: null,
  botModule: null,
  totalClusters: 1,
  services: [],
  statsIntervalMs: 60_000,
  clusterIsolation: "process",
  clusterPermissions: [],
  stateDir: "./.gatehouse",
  queueMemoryBytes: 64 * 1024 * 1024,
  queueDiskBytes: 4 * 1024 * 1024 * 1024,
  queueOverflow: "drop-cheap",
  guildLoadedDd: false,
  cache: "none",
  cacheAllMembers: false,
  editedMessages: "all",
  workerModule: null,
  botServerInviteCode: null,
  quietAfterMs: 300_000,
  quietResumeAfterMs: 900_000,
  logLevel: "info",
  logFormat: null,
  allowFaults: false,
};

/** Something wrong with one setting, in words for the person who set it. Never holds a secret. */
export interface Problem {
  /** Name of the variable. */
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
