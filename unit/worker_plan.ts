/**
 * The shard workers of a generation, as the settings and the program have it: which has which shard, and
 * what each is started with.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import { tokenHosts } from "../protocol/discord/token_hosts.ts";
import type { WorkerOptions } from "../protocol/worker_message.ts";
import type { GatewayInfo } from "../gateway/gateway_info.ts";
import { workerCount } from "../gateway/shard_plan.ts";
import { queueFolder } from "../store/queue_folders.ts";
import type { Config } from "../config/config.ts";
import { isModule, moduleUrl } from "../config/module_url.ts";
import type { Controllers } from "./controllers.ts";
import { ALONE, type Share } from "./shares/share.ts";

/** How often a worker reports. */
const REPORT_INTERVAL_MS = 1_000;

/** What the workers follow from. */
export interface PlanOptions {
  readonly config: Config;
  readonly info: GatewayInfo;
  readonly totalShards: number;
  readonly shardIds: readonly number[];
  /** Shard id → the cluster that gets its events. */
  readonly clusterOfShard: Readonly<Record<number, number>>;
  readonly cores: number;
  /** Name of the unit in its fleet; without it there is none. */
  readonly unitName?: string;
  /** Folder for events that do not fit into memory; `null`: memory only. */
  readonly queueDir: string | null;
  /** What is called for each step that the program may replace. */
  readonly controllers: Controllers;
  /** Which of the shards this unit has. Default: all. */
  readonly share?: Share;
}

/**
 * Shards of each worker; the index is the worker's id.
 *
 * @throws {GatehouseError} `bad_config` when `calculateWorkerId` gives something else than ids from 0
 * without a gap.
 */
export function planWorkers(
  { config, shardIds, cores, controllers, share = ALONE }: Pick<
    PlanOptions,
    "config" | "shardIds" | "cores" | "controllers" | "share"
  >,
): number[][] {
  const { totalWorkers, shardsPerWorker } = config;
  const count = workerCount(shardIds.length, {
    totalWorkers: totalWorkers ?? undefined,
    shardsPerWorker: shardsPerWorker ?? undefined,
    cores,
  });
  const proposed = share.deal(shardIds, count);
  const shardsOf = Map.groupBy(
    shardIds,
    (shardId) => controllers.gateway.calculateWorkerId(shardId, proposed),
  );
  const ids = [...shardsOf.keys()].sort((a, b) => a - b);
  if (ids.every((id, index) => id === index)) return ids.map((id) => shardsOf.get(id)!);
  const text = `gateway.calculateWorkerId: expected worker ids from 0 without a gap, received ${
    ids.join(", ")
  }`;
  throw new GatehouseError("bad_config", "caller", `Cannot plan workers: ${text}`);
}

/**
 * The options of each worker, all but its number. They hold the token: never log them.
 *
 * @param workers Workers of the unit, among whom the disk is divided.
 * @param stream Name of the numbering that cursors belong to.
 */
export function workerOptions(
  { config, info, totalShards, clusterOfShard, queueDir, unitName }: Omit<
    PlanOptions,
    "shardIds" | "cores" | "controllers"
  >,
  workers: number,
  stream: string,
): Omit<WorkerOptions, "workerId"> {
  return {
    ...(unitName !== undefined && { unit: unitName }),
    token: config.discordToken,
    gatewayUrl: info.url,
    tokenHosts: tokenHosts(config.discordApiUrl, config.gatewayHosts),
    intents: config.intents,
    totalShards,
    compression: config.gatewayCompression,
    eventDelayMs: config.eventDelayMs,
    posts: { waitMs: config.eventHandlerWaitMs, answerMs: config.eventHandlerAnswerMs },
    queueMemoryBytes: config.queueMemoryBytes,
    queueOverflow: config.queueOverflow,
    guildLoadedDd: config.guildLoadedDd,
    cache: config.cache,
    cacheAllMembers: config.cacheAllMembers,
    editedMessages: isModule(config.editedMessages)
      ? moduleUrl(config.editedMessages)
      : config.editedMessages,
    workerModule: config.workerModule === null ? null : moduleUrl(config.workerModule),
    traceEventsPerSecond: config.traceEventsPerSecond,
    queueDir: config.queueDiskBytes > 0 && queueDir ? queueFolder(queueDir, totalShards) : null,
    queueDiskBytes: Math.floor(config.queueDiskBytes / workers),
    clusterOfShard,
    stream,
    reportIntervalMs: REPORT_INTERVAL_MS,
  };
}
