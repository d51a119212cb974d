/**
 * The fields of what Discord says, each checked once, where it is taken in. One that cannot be used is
 * told, and what works without it takes its place: nothing unusable gets any further.
 *
 * @module
 */

import { isCount, isRecord, shown } from "../record.ts";

/** Is told what is wrong with a field and what takes its place, in a person's words. */
export type Note = (problem: string, instead: string) => void;

/** What a field has to be. */
export interface FieldKind<T> {
  /** In a person's words: `expected …`. */
  readonly wanted: string;
  readonly isOne: (value: unknown) => value is T;
}

/**
 * A field where it is of its kind, else what works without it, which is told.
 *
 * @param without `null`: it can be done without.
 *
 * @example
 * ```ts
 * import { usable, wholeNumber } from "./field.ts";
 * const problems: string[] = [];
 * const shards = usable({ shards: "4" }, "shards", wholeNumber(1, 100), 1, (it) => problems.push(it));
 * console.assert(shards === 1 && problems[0] === 'shards is "4", expected a whole number from 1 to 100');
 * ```
 */
export function usable<T, Without>(
  fields: Readonly<Record<string, unknown>>,
  name: string,
  kind: FieldKind<T>,
  without: Without,
  note: Note,
): T | Without {
  const value = fields[name];
  if (kind.isOne(value)) return value;
  note(`${name} is ${excerpt(value)}, expected ${kind.wanted}`, `${without ?? "nothing"}`);
  return without;
}

/** A whole number within a range. */
export function wholeNumber(least: number, most: number): FieldKind<number> {
  const isOne = (value: unknown): value is number =>
    isCount(value) && value >= least && value <= most;
  return { wanted: `a whole number from ${least} to ${most}`, isOne };
}

/** An object of Discord's. */
export const OBJECT: FieldKind<Record<string, unknown>> = { wanted: "an object", isOne: isRecord };

/** A list, of whatever. */
export const LIST: FieldKind<unknown[]> = { wanted: "a list", isOne: Array.isArray };

/** Longer is no address and no name of Discord's, which have less than a tenth of it. */
const LONGEST_TEXT = 2_000;

/** The name of a session. */
export const SESSION_ID: FieldKind<string> = {
  wanted: `a text of 1 to ${LONGEST_TEXT} characters`,
  isOne: (value): value is string =>
    typeof value === "string" && value.length > 0 && value.length <= LONGEST_TEXT,
};

/** Where a gateway is: what a connection can be opened to. */
export const GATEWAY_URL: FieldKind<string> = {
  wanted: "a ws:// or wss:// address",
  isOne: (value): value is string => {
    if (typeof value !== "string" || value.length > LONGEST_TEXT) return false;
    const url = URL.parse(value);
    return url !== null && (url.protocol === "ws:" || url.protocol === "wss:") &&
      url.hostname !== "" && url.username + url.password === "";
  },
};

/** The most that a sequence number can be, far above what any session comes to. */
const MOST_SEQ = 2 ** 40;

/** A dispatch's number as it is; `null` where it is none that an event can have. Some servers send 0. */
export function sequenceOf(value: unknown): number | null {
  return isCount(value) && value <= MOST_SEQ ? value : null;
}

/**
 * The number of a READY, which is the first of its session: Discord's is 1, others count from 0 or have
 * counted before. One that is far from it is none, because all that comes after it would seem old.
 */
export function firstOf(value: unknown): number {
  return isCount(value) && value <= MOST_FIRST ? value : 1;
}

const MOST_FIRST = 1_000;

/** The ids that stand in the objects of a list; what has none is left out. */
export function idsOf(list: readonly unknown[]): string[] {
  return list.flatMap((each) => isRecord(each) && typeof each.id === "string" ? [each.id] : []);
}

function excerpt(value: unknown): string {
  const text = shown(typeof value === "string" ? value.slice(0, LONGEST_SHOWN) : value);
  return typeof value === "string" && value.length > LONGEST_SHOWN ? `${text} and more` : text;
}

const LONGEST_SHOWN = 80;
