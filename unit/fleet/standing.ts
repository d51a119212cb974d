/**
 * How a fleet stands, as one of its units sees it. Pure.
 *
 * @module
 */

import type { Assignment } from "../../protocol/fleet.ts";
import type { FleetSnapshot, FleetUnit } from "../../protocol/fleet_status.ts";
import type { ReshardingFleet } from "../reshard/resharding.ts";

/** What is known. */
export interface FleetFacts
  extends
    Pick<FleetSnapshot, "self" | "isJoined" | "leader" | "taking" | "giving" | "cutOffSinceMs"> {
  readonly members: readonly string[];
  readonly assignment: Assignment | null;
  /** What is wrong with what joins the units, though it works. */
  readonly lineWarnings: readonly string[];
  /** `TOTAL_SHARDS` of this unit; `null`: it is not set. */
  readonly totalSet: number | null;
}

/**
 * The fleet at this moment.
 *
 * @example
 * ```ts
 * import { fleetSnapshot } from "./standing.ts";
 * const totals = [{ total: 2, owners: ["a", "b"], moves: new Map() }];
 * const fleet = fleetSnapshot({
 *   self: "a",
 *   isJoined: true,
 *   leader: "a",
 *   members: ["a"],
 *   assignment: { epoch: 3, stream: "s", totals, services: {}, clusters: {} },
 *   taking: 0,
 *   giving: 0,
 *   cutOffSinceMs: null,
 *   lineWarnings: [],
 *   totalSet: null,
 * });
 * console.assert(fleet.units.map(({ isAlive }) => isAlive).join() === "true,false");
 * ```
 */
export function fleetSnapshot(facts: FleetFacts): FleetSnapshot {
  const { self, isJoined, leader, assignment, taking, giving, cutOffSinceMs } = facts;
  const owners = (assignment?.totals ?? []).flatMap(({ owners }) => owners);
  const shards = new Map<string, number>();
  for (const owner of owners) if (owner !== null) shards.set(owner, (shards.get(owner) ?? 0) + 1);
  const members = new Set(facts.members);
  const units = [...members.union(new Set(shards.keys()))].sort().map((unit): FleetUnit => ({
    unit,
    isAlive: members.has(unit),
    shards: shards.get(unit) ?? 0,
  }));
  return {
    self,
    isJoined,
    leader,
    epoch: assignment?.epoch ?? 0,
    units,
    moves: (assignment?.totals ?? []).reduce((sum, { moves }) => sum + moves.size, 0),
    unowned: owners.filter((owner) => owner === null).length,
    taking,
    giving,
    cutOffSinceMs,
    warnings: [...facts.lineWarnings, ...totalWarning(facts)],
  };
}

/** What a reshard asks of the whole fleet; `null`: there is none. */
export function reshardingFleetOf(fleet: FleetSnapshot | null): ReshardingFleet | null {
  if (fleet === null) return null;
  return { units: fleet.units.filter(({ isAlive }) => isAlive).length, missing: fleet.unowned };
}

function totalWarning({ totalSet, assignment }: FleetFacts): string[] {
  const totals = assignment?.totals.map(({ total }) => total) ?? [];
  if (totalSet === null || totals.length === 0 || totals.includes(totalSet)) return [];
  return [`the fleet has ${totals[0]} shards, TOTAL_SHARDS=${totalSet} of this unit is not used`];
}
