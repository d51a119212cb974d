/**
 * With which total a unit starts: the one that `TOTAL_SHARDS` says or Discord recommends, or, once it was
 * resharded, the one that its guilds went to, for as long as nobody has set another since.
 *
 * @module
 */

import type { Config } from "../../config/config.ts";
import type { World } from "../../ports/world.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import { parseShardKey, type ShardKeyText, shardKeyText, shardRange } from "../../protocol/ids.ts";
import type { Cuts } from "../../protocol/reshard.ts";
import type { Estates } from "../../store/estates.ts";
import { type ReshardRecord, settledRecord } from "./record.ts";
import { loadRecord } from "./written/records.ts";

/** How a unit starts. */
export interface Opening {
  readonly record: ReshardRecord;
  /** What an earlier life wrote down; `null`: nothing. */
  readonly saved: ReshardRecord | null;
  /** Whether an operator has set another total since: its shards come after those that served by `saved`. */
  readonly isAnew: boolean;
  /** What is to be told: the total is not the one that is set. */
  readonly isOtherThanSet: boolean;
}

/**
 * Decides. Pure. `TOTAL_SHARDS` counts where it is another than when the unit was resharded, and not the total
 * that it was resharded to either.
 *
 * @param asked `TOTAL_SHARDS`; `null`: it is not set.
 * @param recommended What Discord recommends.
 *
 * @example
 * ```ts
 * import { openingOf } from "./opening.ts";
 * import { settledRecord } from "./record.ts";
 * console.assert(openingOf(null, null, 2).record.total === 2);
 * console.assert(openingOf(settledRecord(4, 2), 2, 2).record.total === 4);
 * console.assert(openingOf(settledRecord(4, 2), 8, 2).record.total === 8);
 * ```
 */
export function openingOf(
  saved: ReshardRecord | null,
  asked: number | null,
  recommended: number,
): Opening {
  if (saved === null) {
    const record = settledRecord(asked ?? recommended, asked);
    return { record, saved, isAnew: false, isOtherThanSet: false };
  }
  const known = [null, saved.asked, saved.total, saved.move?.to];
  if (known.includes(asked)) {
    const record = saved.asked === asked ? saved : { ...saved, asked };
    const isOtherThanSet = asked !== null && asked !== (saved.move?.goal ?? saved.total);
    return { record, saved, isAnew: false, isOtherThanSet };
  }
  const record = { ...settledRecord(asked!, asked), cuts: inheritedCuts(saved.cuts, asked!) };
  return { record, saved, isAnew: true, isOtherThanSet: false };
}

/** What opening takes. */
export interface OpenTotalsOptions extends Pick<World, "store" | "log"> {
  readonly config: Pick<Config, "totalShards" | "firstShardId" | "lastShardId">;
  readonly estates: Pick<Estates, "sessions">;
}

/** With which shards a unit starts. */
export interface OpenedTotals extends Opening {
  /** Of the total that serves what has not moved. */
  readonly shardIds: readonly number[];
  /** Those of them of which what an earlier life has left is taken up. Default: all. */
  readonly keptIds?: readonly number[];
}

/**
 * Reads what was written down, decides, and says where it is not what is set.
 *
 * @param recommended What Discord recommends.
 * @throws {GatehouseError} `bad_config` where the range of shards does not fit their number.
 */
export async function openTotals(
  { config, estates, ...options }: OpenTotalsOptions,
  recommended: number,
): Promise<OpenedTotals> {
  const saved = await loadRecord({ ...options, sessions: () => estates.sessions });
  const opening = openingOf(saved, config.totalShards, recommended);
  const { total, move } = opening.record;
  const shardIds = rangeOf(config, total);
  if (move && shardIds.length !== total) {
    const text = `Cannot go on moving guilds from ${total} to ${move.to} shards: ` +
      `this unit is to run ${shardIds.length} of ${total} only; ` +
      "unset FIRST_SHARD_ID and LAST_SHARD_ID until they have moved, or set another TOTAL_SHARDS";
    throw new GatehouseError("bad_config", "caller", text);
  }
  if (opening.isOtherThanSet) {
    const goal = move?.goal ?? total;
    options.log.warn("the unit was resharded, another number of shards counts than is set", {
      totalShards: total,
      set: config.totalShards,
      advice: `set TOTAL_SHARDS=${goal}, or unset it`,
    });
  }
  return { ...opening, shardIds };
}

function rangeOf({ firstShardId, lastShardId }: OpenTotalsOptions["config"], total: number) {
  const last = lastShardId ?? total - 1;
  if (last < total && firstShardId <= last) return shardRange(firstShardId, last);
  throw new GatehouseError(
    "bad_config",
    "caller",
    `Cannot start shards ${firstShardId} to ${last}: there are ${total}, from 0; ` +
      "change FIRST_SHARD_ID and LAST_SHARD_ID, or set TOTAL_SHARDS",
  );
}

/** What waits for the bot is delivered by the shard of the same id: what others have served of it stays served. */
function inheritedCuts(cuts: ReshardRecord["cuts"], total: number): ReshardRecord["cuts"] {
  const heirs = Object.entries(cuts).map(([text, cut]): [ShardKeyText, Cuts] => {
    const { id } = parseShardKey(text)!;
    return [shardKeyText({ total, id }), cut!];
  });
  return Object.fromEntries(heirs);
}
