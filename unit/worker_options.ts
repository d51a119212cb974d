/**
 * What every shard worker of a unit is started with.
 *
 * @module
 */

import type { WorkerOptions } from "../protocol/worker_message.ts";
import { queueFolder } from "../store/queue_folders.ts";
import type { Config } from "../config/config.ts";
import { isModule, moduleUrl } from "../config/module_url.ts";

/** How often a worker reports. */
const REPORT_INTERVAL_MS = 1_000;

/** What a worker has to know beside the settings. */
export interface WorkerPlan {
  readonly config: Config;
  readonly info: { readonly url: string };
  readonly totalShards: number;
  readonly clusterOfShard: Readonly<Record<number, number>>;
  /** Folder for events that do not fit into memory; `null`: memory only. */
  readonly queueDir: string | null;
  /** Workers of the unit, among whom the disk is divided. */
  readonly workers: number;
  /** Name of the numbering that cursors belong to. */
  readonly stream: string;
}

/** The options of each worker, all but its number. They hold the token: never log them. */
export function workerOptions(plan: WorkerPlan): Omit<WorkerOptions, "workerId"> {
  const { config, info, totalShards, clusterOfShard, queueDir, workers, stream } = plan;
  return {
    token: config.discordToken,
    gatewayUrl: info.url,
    intents: config.intents,
    totalShards,
    compression: config.gatewayCompression,
    eventDelayMs: config.eventDelayMs,
    queueMemoryBytes: config.queueMemoryBytes,
    queueOverflow: config.queueOverflow,
    guildLoadedDd: config.guildLoadedDd,
    cache: config.cache,
    cacheAllMembers: config.cacheAllMembers,
    editedMessages: isModule(config.editedMessages)
      ? moduleUrl(config.editedMessages)
      : config.editedMessages,
    workerModule: config.workerModule === null ? null : moduleUrl(config.workerModule),
    queueDir: config.queueDiskBytes > 0 && queueDir ? queueFolder(queueDir, totalShards) : null,
    queueDiskBytes: Math.floor(config.queueDiskBytes / workers),
    clusterOfShard,
    stream,
    reportIntervalMs: REPORT_INTERVAL_MS,
  };
}
