/**
 * The assignment as it is written down: a few KB for 10,000 shards, because each unit's are ranges.
 *
 * @module
 */

import type { Json } from "../ports/fleet/bus.ts";
import {
  type Assignment,
  type ClusterIds,
  type TotalShares,
  UNIT_NAME,
} from "../protocol/fleet.ts";
import { MOST_SHARDS, rangesText } from "../protocol/ids.ts";
import { define } from "../protocol/record.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import { parseRanges } from "./ranges.ts";

/** The key of the assignment. */
export const ASSIGNMENT_KEY = "assignment";

/** The assignment of a fleet that has none: nobody has any shard. */
export function firstAssignment(total: number, stream: string): Assignment {
  return { epoch: 0, stream, totals: [unowned(total)], services: {}, clusters: {} };
}

/** A total whose shards nobody has. */
export function unowned(total: number): TotalShares {
  return { total, owners: Array<null>(total).fill(null), moves: new Map() };
}

/** Whether a unit is in it, with as many clusters of its own as it has. */
export function knows({ clusters }: Assignment, unit: string, count: number): boolean {
  return Object.hasOwn(clusters, unit) && clusters[unit]!.count === count;
}

/** How many shards a unit has. */
export function countOf({ totals }: Assignment, unit: string): number {
  const own = (owners: readonly (string | null)[]) => owners.filter((each) => each === unit).length;
  return totals.reduce((count, { owners }) => count + own(owners), 0);
}

/** The assignment as it is written. */
export function encodeAssignment(assignment: Assignment): Json {
  const { epoch, stream, totals, lots, services, clusters } = assignment;
  return {
    epoch,
    stream,
    ...lots !== undefined && { lots },
    totals: totals.map((shares) => encodeShares(shares, lots)),
    services: { ...services },
    clusters: recordOf(Object.entries(clusters).map(([unit, ids]) => [unit, { ...ids }])),
  };
}

/**
 * The assignment again.
 *
 * @throws {GatehouseError} `bad_message` where it is none: two units have one shard, or names and numbers are none.
 */
export function parseAssignment(key: string, value: Json): Assignment {
  const fields = fieldsOf(key, value);
  const lots = fields.has("lots") ? fields.count("lots", 1) : undefined;
  const totals = fields.list("totals").map((each) => parseShares(each, lots));
  if (totals.length === 0) throw fields.wrong("totals", "at least one total");
  if (new Set(totals.map(({ total }) => total)).size < totals.length) {
    throw fields.wrong("totals", "each total once");
  }
  const services = fields.object("services");
  return {
    epoch: fields.count("epoch"),
    stream: fields.text("stream"),
    totals,
    ...lots !== undefined && { lots },
    services: recordOf(services.names.map((name) => [name, services.unit(name)])),
    clusters: parseClusters(fields.object("clusters")),
  };
}

function encodeShares({ total, owners, moves }: TotalShares, lots: number | undefined): Json {
  const owned = owners.flatMap((unit, id): [string, number][] => unit === null ? [] : [[unit, id]]);
  const moving = [...moves].map(([id, unit]): [string, number] => [unit, id]);
  const places = (pairs: readonly [string, number][]) => encodePlaces(pairs, total, lots);
  return { total, owners: places(owned), moves: places(moving) };
}

function parseShares(fields: Fields, lots: number | undefined): TotalShares {
  const total = fields.count("total", 1);
  if (total > MOST_SHARDS) throw fields.wrong("total", `at most ${MOST_SHARDS}`);
  if (lots !== undefined && total % lots !== 0) {
    throw fields.wrong("total", `a multiple of ${lots} lots`);
  }
  const owners: (string | null)[] = Array<null>(total).fill(null);
  for (const [unit, id, wrong] of parsePlaces(fields.object("owners"), total, lots)) {
    if (owners[id] !== null) throw wrong("shards that no other has");
    owners[id] = unit;
  }
  const moves = new Map<number, string>();
  for (const [unit, id, wrong] of parsePlaces(fields.object("moves"), total, lots)) {
    if (moves.has(id)) throw wrong("shards that no other is to have");
    moves.set(id, unit);
  }
  return { total, owners, moves };
}

/** Unit → the places of its shards; those of one lot stand together. */
function encodePlaces(
  pairs: readonly [string, number][],
  total: number,
  lots: number | undefined,
): Json {
  const places = new Map<string, number[]>();
  for (const [unit, id] of pairs) {
    const own = places.get(unit) ?? [];
    places.set(unit, own);
    own.push(placeOf(id, total, lots));
  }
  const units = [...places].toSorted(([a], [b]) => a < b ? -1 : 1);
  return recordOf(units.map(([unit, own]) => [unit, rangesText(own, ",")]));
}

type Wrong = (wanted: string) => Error;

function parsePlaces(
  fields: Fields,
  total: number,
  lots: number | undefined,
): [string, number, Wrong][] {
  return fields.names.flatMap((unit) => {
    const wrong = (wanted: string) => fields.wrong(unit, wanted);
    if (!UNIT_NAME.test(unit)) throw wrong("under a unit's name");
    const places = parseRanges(fields.text(unit), total);
    if (places === null) throw wrong(`ascending ranges of shards below ${total}`);
    return places.map((place): [string, number, Wrong] => [unit, idOf(place, total, lots), wrong]);
  });
}

function placeOf(id: number, total: number, lots = total): number {
  return id % lots * (total / lots) + Math.floor(id / lots);
}

function idOf(place: number, total: number, lots = total): number {
  const perLot = total / lots;
  return Math.floor(place / perLot) + place % perLot * lots;
}

function parseClusters(fields: Fields): Record<string, ClusterIds> {
  return recordOf(fields.names.map((unit) => {
    if (!UNIT_NAME.test(unit)) throw fields.wrong(unit, "under a unit's name");
    const ids = fields.object(unit);
    return [unit, { first: ids.count("first"), count: ids.count("count") }];
  }));
}

/** An object with these fields, be one of them `__proto__`. */
function recordOf<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  const record: Record<string, Value> = {};
  for (const [name, value] of entries) define(record, name, value, true);
  return record;
}
