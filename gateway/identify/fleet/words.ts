/**
 * What a unit and whoever leads the fleet say to each other about identifies.
 *
 * | subject                  | who      | what                                                            |
 * | ------------------------ | -------- | --------------------------------------------------------------- |
 * | `unit.<leader>.identify` | asked    | {@linkcode Told}, all of it each time; answered: {@linkcode Answer} |
 * | `unit.<name>.allow`      | asked    | {@linkcode Allowed}, as soon as it may                          |
 * | `all.identify`           | told     | {@linkcode Standing}, once a second at most                     |
 *
 * A unit tells all that it wants and has, not what has changed: what was lost on the way, came twice, or was
 * told to a leader that is gone does no harm.
 *
 * @module
 */

import { GatehouseError } from "../../../protocol/errors.ts";
import { isCount, isRecord, shown } from "../../../protocol/record.ts";
import type { IdentifySnapshot } from "../../../protocol/status.ts";

/** Asked of a unit by name, not of whoever answers: one that led and is stopped would take every second question. */
export const identifySubject = (unit: string): string => `unit.${unit}.identify`;
/** Where a unit is allowed to identify. */
export const allowSubject = (unit: string): string => `unit.${unit}.allow`;
/** Where all are told how things stand. */
export const STANDING_SUBJECT = "all.identify";

/** Total and id of a shard. */
export type Shard = readonly [total: number, id: number];
/** A shard's request, by its number: each request of a unit's life has its own, and they grow. */
export type Turn = readonly [total: number, id: number, turn: number];
/** A permit for a request, and until when it may be taken, by the monotonic clock of the unit that is to have it. */
export type Permitted = readonly [total: number, id: number, turn: number, untilMs: number];

/** What is left of the day's identifies, as units tell each other: by no clock of theirs. */
export type Budget = Pick<IdentifySnapshot, "total" | "remaining" | "resetAfterMs">;

/** All that a unit has to say. */
export interface Told {
  readonly unit: string;
  /** Another one for each process. */
  readonly life: string;
  /** Grows with each time that it tells. */
  readonly version: number;
  /** When it told this, by its monotonic clock. */
  readonly nowMs: number;
  /** The number of its newest request. */
  readonly turn: number;
  /** Shards that are about to ask. */
  readonly expects: readonly Shard[];
  /** Those that wait for a permit. */
  readonly wants: readonly Turn[];
  /** Those that have one, and have not used it. */
  readonly holds: readonly Turn[];
  /** Permits that were used, or may have been, the oldest first. */
  readonly used: readonly Turn[];
  /** How many were told before those, and heard. */
  readonly usedBefore: number;
  /** What it knows of the day's identifies. */
  readonly budget: Budget;
}

/** What it hears. */
export interface Answer {
  /** How many of the used permits have been heard of, in all. */
  readonly heard: number;
  /** Permits that it has, and may not have got. */
  readonly permits: readonly Permitted[];
  /** `null`: who leads allows nobody yet. */
  readonly snapshot: IdentifySnapshot | null;
  /** Why it does not; empty where it does. */
  readonly why: string;
}

/** Permits, for one life of a unit. */
export interface Allowed {
  readonly life: string;
  readonly permits: readonly Permitted[];
}

/** How things stand in the fleet. */
export interface Standing {
  /** The unit that leads. */
  readonly leader: string;
  /** `null`: it has just begun to, and asks all units to tell. */
  readonly snapshot: IdentifySnapshot | null;
}

/**
 * Reads what a unit told.
 *
 * @throws {GatehouseError} `bad_message` when it is something else.
 */
export function parseTold(value: unknown): Told {
  const { unit, life, version, nowMs, turn, usedBefore, budget, ...lists } = fields(value);
  const { expects, wants, holds, used } = lists;
  if (
    typeof unit !== "string" || typeof life !== "string" || !isCount(version) ||
    !Number.isFinite(nowMs) || !isCount(turn) || !isCount(usedBefore) || !isBudget(budget) ||
    !areTuples(expects, 2) || ![wants, holds, used].every((list) => areTuples(list, 3))
  ) throw bad(value);
  return value as Told;
}

/** Reads an answer; throws as {@linkcode parseTold}. */
export function parseAnswer(value: unknown): Answer {
  const { heard, permits, snapshot, why } = fields(value);
  const isAnswer = isCount(heard) && areTuples(permits, 4) && typeof why === "string";
  if (!isAnswer || !isStanding(snapshot)) throw bad(value);
  return value as Answer;
}

/** Reads permits; throws as {@linkcode parseTold}. */
export function parseAllowed(value: unknown): Allowed {
  const { life, permits } = fields(value);
  if (typeof life !== "string" || !areTuples(permits, 4)) throw bad(value);
  return value as Allowed;
}

/** Reads how things stand; throws as {@linkcode parseTold}. */
export function parseStanding(value: unknown): Standing {
  const { leader, snapshot } = fields(value);
  if (typeof leader !== "string" || !isStanding(snapshot)) throw bad(value);
  return value as Standing;
}

function fields(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw bad(value);
  return value;
}

function bad(value: unknown): GatehouseError {
  const text = `Cannot read what another unit said of identifies: it is ${shown(value)}`;
  return new GatehouseError("bad_message", "peer", text);
}

function areTuples(value: unknown, length: number): boolean {
  return Array.isArray(value) &&
    value.every((each) =>
      Array.isArray(each) && each.length === length && each.every(Number.isFinite)
    );
}

function isBudget(value: unknown): boolean {
  return isRecord(value) && isCount(value.total) && isCount(value.remaining) &&
    Number.isFinite(value.resetAfterMs);
}

function isStanding(value: unknown): boolean {
  if (value === null) return true;
  return isRecord(value) && isBudget(value) &&
    [value.maxConcurrency, value.waiting, value.reserve].every(isCount) &&
    Number.isFinite(value.nextSlotMs) && (value.held === null || isRecord(value.held));
}
