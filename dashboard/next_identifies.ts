/**
 * Which shards identify next, and about when.
 *
 * @module
 */

import { servingOf, type Snapshot } from "../protocol/status.ts";
import type { DashboardIdentify } from "./words.ts";

/** What is looked at. */
type Waiting = Pick<Snapshot, "shards" | "identify">;

/**
 * The shards that come next, in their order: those of one group (`shard_id / max_concurrency`) together, the lowest
 * group first, each group a spacing after the one before. While the day's identifies are used up nobody comes. See
 * [Discord Docs/Sharding](https://discord.com/developers/docs/events/gateway#sharding-max-concurrency).
 *
 * @param spacingMs Between two identifies of one key.
 * @param most So many at most.
 */
export function nextIdentifies(
  { shards, identify }: Waiting,
  spacingMs: number,
  most: number,
): DashboardIdentify["next"] {
  const { maxConcurrency, nextSlotMs, held } = identify;
  if (held !== null && held.untilMs === null) return [];
  const waiting = servingOf(shards)
    .filter(({ state }) => state === "queued")
    .map(({ shardId }) => shardId)
    .sort((a, b) => a - b)
    .slice(0, most);
  const groups = [...new Set(waiting.map((id) => Math.floor(id / maxConcurrency)))];
  return waiting.map((shardId) => ({
    shardId,
    inMs: nextSlotMs + groups.indexOf(Math.floor(shardId / maxConcurrency)) * spacingMs,
  }));
}
