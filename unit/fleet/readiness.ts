/**
 * What of a fleet keeps one of its units from being ready, and what a person should know all the same.
 *
 * @module
 */

import type { FleetSnapshot } from "../../protocol/fleet_status.ts";
import { counted } from "../../protocol/rounded.ts";

/**
 * Why a unit does not do its part: it has not been told what that is, or has shards that are not here yet. One that
 * has none is ready: it waits for its share, or for another unit to fail.
 *
 * @param running How many shards that serve are here.
 */
export function fleetReasons(fleet: FleetSnapshot | null, running: number): string[] {
  if (fleet === null) return [];
  const { self, isJoined, epoch, units, cutOffSinceMs } = fleet;
  const missing = (units.find(({ unit }) => unit === self)?.shards ?? 0) - running;
  if (epoch > 0 && missing > 0) {
    return [`${counted(missing, "shard")} of this unit yet to be taken up`];
  }
  if (isJoined) return [];
  if (epoch > 0) return ["the fleet is being joined"];
  const why = cutOffSinceMs === null
    ? "nobody has said yet who has which shards"
    : "the other units cannot be reached";
  return [`the fleet is not joined: ${why}`];
}

/** What does not go as it should though this unit does its part. */
export function fleetWarnings(fleet: FleetSnapshot | null): string[] {
  if (fleet === null) return [];
  const { epoch, leader, units, unowned, cutOffSinceMs, warnings } = fleet;
  if (cutOffSinceMs !== null) {
    const since = new Date(cutOffSinceMs).toISOString().replace(/\.\d+Z$/, "Z");
    // What it knew last of the others is no news.
    return [`cut off from the other units since ${since}, what runs here goes on`, ...warnings];
  }
  const away = units.filter(({ isAlive, shards }) => !isAlive && shards > 0);
  return [
    ...(leader === null ? ["no unit leads the fleet"] : []),
    ...away.map(({ unit, shards }) => `unit ${unit} is away, and has ${counted(shards, "shard")}`),
    ...(epoch > 0 && unowned > 0 ? [`no unit has ${counted(unowned, "shard")} of the bot`] : []),
    ...warnings,
  ];
}
