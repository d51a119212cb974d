/**
 * How many identifies the day still has. Discord resets the token of a bot that runs out, so a
 * reserve is never touched.
 * See [Discord Docs/Session Start Limit](https://discord.com/developers/docs/events/gateway#session-start-limit-object).
 *
 * Pure. Times are those of {@linkcode Clock.epochMs}, because the budget outlives the process and no
 * clock that is set ahead may refill it.
 *
 * @module
 */

import { isCount, isRecord } from "../../protocol/record.ts";
import type { GatewayInfo } from "../gateway_info.ts";

/** The budget at one moment. Replaced, never changed; this is also what is written down. */
export interface IdentifyBudget {
  readonly total: number;
  readonly remaining: number;
  /** When Discord fills it up again. */
  readonly resetAtMs: number;
}

/**
 * The budget that Discord tells, lowered to what we know ourselves: its answer may be older than the
 * identifies that we have sent in the same window.
 */
export function budgetFrom(
  limit: GatewayInfo["sessionStartLimit"],
  saved: IdentifyBudget | undefined,
  nowMs: number,
): IdentifyBudget {
  const { total, resetAfterMs } = limit;
  const sameWindow = saved !== undefined && saved.resetAtMs > nowMs &&
    Math.abs(saved.resetAtMs - (nowMs + resetAfterMs)) < SAME_WINDOW_MS;
  const remaining = sameWindow ? Math.min(limit.remaining, saved.remaining) : limit.remaining;
  return { total, remaining, resetAtMs: nowMs + resetAfterMs };
}

/** Of two that are known the one with fewer identifies left; of two alike the one that is filled up later. */
export function lower(a: IdentifyBudget, b: IdentifyBudget, nowMs: number): IdentifyBudget {
  const [left, other] = [refilled(a, nowMs).remaining, refilled(b, nowMs).remaining];
  if (left !== other) return left < other ? a : b;
  return a.resetAtMs >= b.resetAtMs ? a : b;
}

/** The budget after one identify. The first one after a window begins the next. */
export function spend(budget: IdentifyBudget, nowMs: number): IdentifyBudget {
  const { total, remaining, resetAtMs } = refilled(budget, nowMs);
  return {
    total,
    remaining: Math.max(0, remaining - 1),
    resetAtMs: resetAtMs > nowMs ? resetAtMs : nowMs + DAY_MS,
  };
}

/**
 * How long until the reserve allows another identify; 0 when it does now, infinite when even a full
 * budget is not above it.
 */
export function budgetWaitMs(budget: IdentifyBudget, reserve: number, nowMs: number): number {
  if (refilled(budget, nowMs).remaining > reserve) return 0;
  return budget.total > reserve ? budget.resetAtMs - nowMs : Infinity;
}

/** The budget as it is now: full once its window is over. */
export function refilled(budget: IdentifyBudget, nowMs: number): IdentifyBudget {
  return nowMs < budget.resetAtMs ? budget : { ...budget, remaining: budget.total };
}

/** A budget read back from a file; `undefined` where it is not one. */
export function parseBudget(value: unknown): IdentifyBudget | undefined {
  if (!isRecord(value)) return undefined;
  const { total, remaining, resetAtMs } = value;
  if (!isCount(total) || !isCount(remaining) || !Number.isFinite(resetAtMs)) return undefined;
  return { total, remaining, resetAtMs: resetAtMs as number };
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Two answers about one window differ by the time that they were under way. */
const SAME_WINDOW_MS = 10 * 60 * 1000;
