/**
 * The numbers of a fleet, as one of its units knows it. A unit by itself has no samples of them.
 *
 * @module
 */

import type { FleetSnapshot } from "../../../protocol/fleet_status.ts";
import type { Snapshot } from "../../../protocol/status.ts";
import { type Metric, metric, type Sample } from "./metric.ts";

/** Every metric of a fleet. */
export const FLEET_METRICS: readonly Metric<Snapshot>[] = [
  of(
    "gatehouse_fleet_units",
    "Units that live, as far as this one knows.",
    ({ units }) => units.filter(({ isAlive }) => isAlive).length,
  ),
  metric(
    "gatehouse_fleet_shards",
    "Shards of each unit by the assignment.",
    ({ fleet }) => ofUnits(fleet?.units ?? []),
  ),
  of(
    "gatehouse_fleet_leads",
    "1 while this unit leads.",
    ({ self, leader }) => Number(self === leader),
  ),
  of(
    "gatehouse_fleet_epoch",
    "Number of the newest assignment that is known.",
    ({ epoch }) => epoch,
  ),
  of("gatehouse_fleet_moves", "Shards that are to go to another unit.", ({ moves }) => moves),
  of("gatehouse_fleet_unowned_shards", "Shards that no unit has.", ({ unowned }) => unowned),
  of("gatehouse_fleet_taking", "Shards that this unit takes up just now.", ({ taking }) => taking),
  of(
    "gatehouse_fleet_giving",
    "Shards that this unit gives away just now.",
    ({ giving }) => giving,
  ),
  of(
    "gatehouse_fleet_cut_off",
    "1 while this unit is cut off from the others.",
    ({ cutOffSinceMs }) => Number(cutOffSinceMs !== null),
  ),
];

/** Units that have a series of their own; where names are made anew with each start they would never end. */
const MOST_UNITS = 200;
/** The unit that stands for the rest: no unit is called so, because a name has no space. */
const REST_OF_UNITS = "all others";

/** Shards of each unit, those with the most first where they are too many. */
function ofUnits(units: FleetSnapshot["units"]): Sample[] {
  const isTooMany = units.length > MOST_UNITS;
  const all = isTooMany ? units.toSorted((a, b) => b.shards - a.shards) : units;
  const samples = all.slice(0, MOST_UNITS)
    .map(({ unit, shards }) => ({ labels: { unit }, value: shards }));
  const rest = all.slice(MOST_UNITS).reduce((sum, { shards }) => sum + shards, 0);
  return isTooMany ? [...samples, { labels: { unit: REST_OF_UNITS }, value: rest }] : samples;
}

/** One number of a fleet, where there is one. */
function of(name: string, help: string, value: (fleet: FleetSnapshot) => number): Metric<Snapshot> {
  return metric(
    name,
    help,
    ({ fleet }) => fleet === null ? [] : [{ labels: {}, value: value(fleet) }],
  );
}
