/**
 * Takes up what an earlier life has left of a unit's shards, their estates and what waits on disk, before any
 * worker starts.
 *
 * @module
 */

import type { Config } from "../../config/config.ts";
import type { World } from "../../ports/world.ts";
import { messageOf } from "../../protocol/errors.ts";
import { type ShardKey, shardRange } from "../../protocol/ids.ts";
import type { Estates } from "../../store/estates.ts";
import { dropGuilds, dropQueues, inheritQueues } from "../../store/queue_folders.ts";
import type { Opening } from "./opening.ts";
import { ownerOfShard, type ReshardRecord } from "./record.ts";
import { saveRecord } from "./written/records.ts";

/** What taking up needs. */
export interface TakeUpOptions extends Pick<World, "log" | "store"> {
  readonly config: Pick<
    Config,
    "intents" | "refusedIntents" | "cache" | "queueDiskBytes"
  >;
  readonly opening: Opening;
  readonly estates: Estates;
  readonly shardIds: readonly number[];
  /** `null`: memory only. */
  readonly queueDir: string | null;
}

/** Does it. What could not be used of what is on disk is told in the log. */
export async function takeUp(options: TakeUpOptions): Promise<void> {
  const { config, opening, estates, shardIds, store } = options;
  const { record, saved, isAnew } = opening;
  if (isAnew) { for (const key of idleShards(saved!)) estates.forget(key); }
  const isWhole = config.refusedIntents === "stop";
  if (record.move) {
    await estates.goOn([record.total, record.move.to], config.intents, isWhole);
  } else {
    // Who was resharded, and went on with that, has left nothing to inherit, but perhaps what had risen in vain.
    const mayInherit = saved === null || isAnew;
    await estates.begin(record.total, shardIds, config.intents, isWhole, mayInherit);
  }
  await takeUpQueues(options);
  if (saved === null || record === saved) return;
  // Who served is forgotten nowhere before it is written down who serves now.
  await estates.saved();
  await saveRecord(store, record);
}

async function takeUpQueues({ config, opening, ...options }: TakeUpOptions): Promise<void> {
  const { estates, shardIds, queueDir, log } = options;
  if (queueDir === null) return;
  const { record: { total, move }, saved, isAnew } = opening;
  await dropQueues(queueDir, (key) => estates.isOver(key)).catch((error) =>
    log.warn("events of shards that are over were not deleted", { error: messageOf(error) })
  );
  // What stays where it was, Discord replays as far as it can.
  if (saved === null || isAnew) {
    await inheritQueues(queueDir, total, shardIds).catch((error) =>
      log.error("events of an earlier run cannot be used", { error: messageOf(error) })
    );
  }
  const keeps = config.cache.length > 0 && config.queueDiskBytes > 0;
  await dropGuilds(queueDir, keeps ? [total, ...(move ? [move.to] : [])] : [], shardIds).catch(
    (error) => log.warn("guilds of an earlier run were not deleted", { error: messageOf(error) }),
  );
}

/** Shards that did not serve. */
function idleShards(record: ReshardRecord): ShardKey[] {
  const totals = [record.total, ...(record.move ? [record.move.to] : [])];
  const shards = totals.flatMap((total) =>
    shardRange(0, total - 1).map((id): ShardKey => ({ total, id }))
  );
  return shards.filter((key) => ownerOfShard(record, key) !== key.total);
}
