/**
 * What is written under the key `identify`: what whoever leads next has to know of the permits that are out.
 *
 * @module
 */

import type { Json } from "../../../ports/fleet/bus.ts";
import { isCount, isRecord } from "../../../protocol/record.ts";
import { type IdentifyBudget, parseBudget } from "../budget.ts";
import type { Claim } from "./claims.ts";

/** The key. */
export const IDENTIFY_KEY = "identify";
/** Clocks of two computers may differ by so much, though each goes by Discord's. */
export const CLOCKS_APART_MS = 60_000;

/** The value of the key. */
export interface IdentifyRecord {
  /** Who wrote it, as what: for people. */
  readonly unit: string;
  readonly term: number;
  /** The process that wrote it. */
  readonly life: string;
  /** Permits that are out have not been taken off. `resetAtMs` is as the writer's clock has it. */
  readonly budget: IdentifyBudget;
  readonly permits: readonly Claim[];
}

/** The record as it is written. */
export function encodeRecord({ unit, term, life, budget, permits }: IdentifyRecord): Json {
  const out = permits.map((it) => [it.unit, it.life, it.total, it.id, it.turn]);
  return { unit, term, life, budget: { ...budget }, permits: out };
}

/** The record as it was written; `null` where it is none. */
export function parseRecord(value: unknown): IdentifyRecord | null {
  if (!isRecord(value)) return null;
  const { unit, term, life, permits } = value;
  const budget = parseBudget(value.budget);
  if (typeof unit !== "string" || !isCount(term) || typeof life !== "string" || !budget) {
    return null;
  }
  if (!Array.isArray(permits)) return null;
  return { unit, term, life, budget, permits: permits.flatMap(parseClaim) };
}

/** The budget for who reads the record: no clock that is ahead of the writer's has it filled up too early. */
export function budgetFor(life: string, { life: writer, budget }: IdentifyRecord): IdentifyBudget {
  return life === writer ? budget : { ...budget, resetAtMs: budget.resetAtMs + CLOCKS_APART_MS };
}

function parseClaim(value: unknown): Claim[] {
  if (!Array.isArray(value)) return [];
  const [unit, life, total, id, turn] = value;
  const isClaim = typeof unit === "string" && typeof life === "string" &&
    [total, id, turn].every(isCount);
  return isClaim ? [{ unit, life, total, id, turn }] : [];
}
