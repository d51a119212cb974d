/**
 * What a person is told of a fleet: who comes and goes, who leads, and how the shards are dealt.
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
    return [
      ...comings(fleet, before),
      ...(fleet.leader === null || fleet.leader === before?.leader
        ? []
        : [line("info", "unit leads the fleet", { unit: fleet.leader })]),
      ...shares(fleet, before),
    ];
  }
}

function comings(fleet: FleetSnapshot, before: FleetSnapshot | null): Line[] {
  const [were, are] = [alive(before), alive(fleet)];
  const others = (units: ReadonlySet<string>) => [...units].filter((unit) => unit !== fleet.self);
  return [
    ...others(are.difference(were)).map((unit) => line("info", "unit is in the fleet", { unit })),
    ...others(were.difference(are)).map((unit) => {
      const { shards = 0 } = fleet.units.find((each) => each.unit === unit) ?? {};
      return shards > 0
        ? line("warn", "unit is not heard of any more, others take its shards", { unit, shards })
        : line("info", "unit has left the fleet", { unit });
    }),
  ];
}

/** Once it is settled: what comes between is of no use to anybody. */
function shares(fleet: FleetSnapshot, before: FleetSnapshot | null): Line[] {
  if (!isSettled(fleet) || (before && isSettled(before) && before.epoch === fleet.epoch)) return [];
  const own = Object.fromEntries(fleet.units.map(({ unit, shards }) => [unit, shards]));
  const { epoch } = fleet;
  return [line("info", "the shards are dealt", { epoch, ...own })];
}

function isSettled({ epoch, moves, unowned, units }: FleetSnapshot): boolean {
  return epoch > 0 && moves === 0 && unowned === 0 &&
    units.every(({ isAlive, shards }) => isAlive || shards === 0);
}

function alive(fleet: FleetSnapshot | null): Set<string> {
  return new Set(fleet?.units.filter(({ isAlive }) => isAlive).map(({ unit }) => unit));
}

function line(level: Line["level"], event: string, fields: Line["fields"]): Line {
  return { level, event, fields };
}
