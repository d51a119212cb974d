/**
 * What is asked of whoever leads: what a unit has given away, what an operator or a part of a unit wants.
 *
 * @module
 */

import type { Json } from "../../ports/fleet/bus.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import type { Assignment } from "../../protocol/fleet.ts";
import { MOST_SHARDS, type ShardKey } from "../../protocol/ids.ts";
import { withGiven, withTotals } from "../changes.ts";
import { type Fields, fieldsOf } from "../fields.ts";

/**
 * What whoever leads is told: `given`, a unit has given a shard to another one; `wanted`, something is. Asked on
 * `unit.<leader>.<word>`.
 */
export const WORDS = ["given", "wanted"] as const;
/** One of {@linkcode WORDS}. */
export type Word = typeof WORDS[number];

/** A shard that was given away. */
export interface Given {
  /** Who had it. */
  readonly unit: string;
  readonly shard: ShardKey;
  /** Who has all that is needed to go on with it. */
  readonly to: string;
}

/** One wish. */
export type Wanted = ServeTotals;

/** These totals are to be there, the first of which serves what has not moved. */
export interface ServeTotals {
  readonly kind: "serve";
  /** One or two. */
  readonly totals: readonly number[];
  /** Shards that leave one rest by this number are to be on one unit; it divides each total. `null`: no matter. */
  readonly lots: number | null;
}

/** What it does to the assignment. */
export type Change = (now: Assignment) => Assignment;

/** What was given as it is told. */
export function encodeGiven({ unit, shard: { total, id }, to }: Given): Json {
  return { unit, total, id, to };
}

/** A wish as it is asked. */
export function encodeWanted(wanted: Wanted): Json {
  return { ...wanted, totals: [...wanted.totals] };
}

/**
 * What is asked comes to.
 *
 * @throws {GatehouseError} `bad_message` where it is nothing of the kind; `refused` where it cannot be done.
 */
export function changeOf(word: Word, value: Json): Change {
  const fields = fieldsOf(word, value);
  if (word === "given") return givenChange(fields);
  if (fields.text("kind") !== "serve") throw fields.wrong("kind", "a wish that this version knows");
  return serveChange(fields, value);
}

function givenChange(fields: Fields): Change {
  const [from, to] = [fields.unit("unit"), fields.unit("to")];
  const shard = { total: fields.count("total", 1), id: fields.count("id") };
  // Who has it no more has said so before; who is to keep it runs it again.
  return (now) => withGiven(now, shard, from, to) ?? now;
}

function serveChange(fields: Fields, value: Json): Change {
  const found = (value as { readonly totals?: Json }).totals;
  const totals = Array.isArray(found) ? found as readonly Json[] : [];
  const isTotal = (total: Json): total is number =>
    Number.isSafeInteger(total) && total as number >= 1 && total as number <= MOST_SHARDS;
  if (!totals.every(isTotal) || totals.length < 1 || totals.length > 2) {
    throw fields.wrong("totals", "one or two totals");
  }
  if (new Set(totals).size < totals.length) throw refused("a total was named twice");
  const lots = (value as { readonly lots?: Json }).lots ?? null;
  if (lots === null) return (now) => withTotals(now, totals, null);
  if (!isTotal(lots)) throw fields.wrong("lots", "a number of lots");
  const odd = totals.find((total) => total % lots !== 0);
  if (odd !== undefined) throw refused(`${odd} shards cannot be parted into ${lots} lots`);
  return (now) => withTotals(now, totals, lots);
}

function refused(why: string): GatehouseError {
  return new GatehouseError("refused", "caller", `Cannot change the totals of the fleet: ${why}`);
}
