/**
 * What has become another between two views.
 *
 * @module
 */

import type { DashboardChange, DashboardShard, DashboardView, Moment } from "./words.ts";

/** Shards whose figures are told within one second: of more they are told in turns. */
const MOST_FIGURES = 250;

/** Parts that are told as a whole. */
const PARTS = [
  "unit",
  "workers",
  "clusters",
  "services",
  "identify",
  "rest",
  "reshard",
  "fleet",
] as const;

/** What of a shard is told at once; the rest are figures. */
const TELLING = [
  "role",
  "state",
  "reason",
  "sinceMs",
  "sessionSinceMs",
  "workerId",
  "clusterId",
  "guilds",
  "reconnects",
  "lastError",
] as const satisfies readonly (keyof DashboardShard)[];

const FIGURES = [
  "latencyMs",
  "eventsPerSecond",
  "queued",
  "queueAgeMs",
  "ackLagMs",
] as const satisfies readonly (keyof DashboardShard)[];

/**
 * What has become another, and the view as who has been told of it has it.
 *
 * Of many shards the figures are told in turns, a few hundred each second; whatever else changes is told at once.
 *
 * @param before As it was told.
 * @param now As it is.
 * @param turn Grows by one with each call.
 */
export function changeBetween(
  before: DashboardView,
  now: DashboardView,
  moment: Moment,
  turn: number,
): { readonly change: DashboardChange; readonly told: DashboardView } {
  const { shards, changed, gone } = shardsBetween(before.shards, now.shards, turn);
  const parts = PARTS.filter((part) => !isSame(before[part], now[part]));
  const change: DashboardChange = {
    atMs: now.atMs,
    ...Object.fromEntries(parts.map((part) => [part, now[part]])),
    ...changed.length > 0 && { shards: changed },
    ...gone.length > 0 && { goneShards: gone },
    ...newIncidents(before, now),
    moment,
  };
  return { change, told: { ...now, shards } };
}

function newIncidents(
  before: DashboardView,
  now: DashboardView,
): Pick<DashboardChange, "incidents"> {
  const last = before.incidents[0]?.id ?? 0;
  const fresh = now.incidents.filter(({ id }) => id > last);
  return fresh.length > 0 ? { incidents: fresh } : {};
}

function shardsBetween(
  before: readonly DashboardShard[],
  now: readonly DashboardShard[],
  turn: number,
): { shards: DashboardShard[]; changed: DashboardShard[]; gone: string[] } {
  const told = new Map(before.map((shard) => [shard.key, shard]));
  const turns = Math.max(1, Math.ceil(now.length / MOST_FIGURES));
  const changed: DashboardShard[] = [];
  const shards = now.map((shard, index) => {
    const last = told.get(shard.key);
    told.delete(shard.key);
    const isOther = !last || !areSame(last, shard, TELLING) ||
      (index % turns === turn % turns && !areSame(last, shard, FIGURES));
    if (!isOther) return last;
    changed.push(shard);
    return shard;
  });
  return { shards, changed, gone: [...told.keys()] };
}

function areSame(
  one: DashboardShard,
  other: DashboardShard,
  fields: readonly (keyof DashboardShard)[],
): boolean {
  return fields.every((field) => one[field] === other[field]);
}

/** Of small things: as JSON they are what the page gets. */
function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
