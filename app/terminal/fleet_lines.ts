/**
 * What a person is told of a fleet: how the shards are dealt. Who comes and goes says the fleet itself (`fleet/`).
 *
 * @module
 */

import type { FleetSnapshot } from "../../protocol/fleet_status.ts";
import type { Line } from "./reshard_lines.ts";

/** The lines that each change of a fleet is worth. */
export class FleetLines {
  #told: FleetSnapshot | null = null;

  /** To be called with each change. */
  of(fleet: FleetSnapshot): Line[] {
    const before = this.#told;
    this.#told = fleet;
    return shares(fleet, before);
  }
}

/** Once it is settled: what comes between is of no use to anybody. */
function shares(fleet: FleetSnapshot, before: FleetSnapshot | null): Line[] {
  if (!isSettled(fleet) || (before && isSettled(before) && before.epoch === fleet.epoch)) return [];
  const own = Object.fromEntries(fleet.units.map(({ unit, shards }) => [unit, shards]));
  const { epoch } = fleet;
  return [{ level: "info", event: "the shards are dealt", fields: { epoch, ...own } }];
}

function isSettled({ epoch, moves, unowned, units }: FleetSnapshot): boolean {
  return epoch > 0 && moves === 0 && unowned === 0 &&
    units.every(({ isAlive, shards }) => isAlive || shards === 0);
}
