/**
 * Which worker has which shard, as the settings and the program have it.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import { partition, workerCount } from "../gateway/shard_plan.ts";
import type { Config } from "../config/config.ts";
import type { GatewayController } from "./controllers.ts";

/** What the plan follows from. */
export interface PlanOptions {
  readonly config: Pick<Config, "totalWorkers" | "shardsPerWorker">;
  readonly shardIds: readonly number[];
  readonly cores: number;
  readonly controllers: { readonly gateway: Pick<GatewayController, "calculateWorkerId"> };
}

/**
 * Shards of each worker; the index is the worker's id.
 *
 * @throws {GatehouseError} `bad_config` when `calculateWorkerId` gives something else than ids from 0
 * without a gap.
 */
export function planWorkers({ config, shardIds, cores, controllers }: PlanOptions): number[][] {
  const { totalWorkers, shardsPerWorker } = config;
  const count = workerCount(shardIds.length, {
    totalWorkers: totalWorkers ?? undefined,
    shardsPerWorker: shardsPerWorker ?? undefined,
    cores,
  });
  const proposed = partition(shardIds, count);
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
