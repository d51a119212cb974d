/**
 * Makes the unit's identify queue from what Discord says and what an earlier life wrote down.
 *
 * @module
 */

import type { Allow, IdentifyGate } from "../ports/identify_gate.ts";
import type { World } from "../ports/world.ts";
import type { GatewayInfo } from "../gateway/gateway_info.ts";
import { budgetFrom, parseBudget } from "../gateway/identify/budget.ts";
import { IdentifyQueue, type SavedIdentifies } from "../gateway/identify/queue.ts";
import type { Config } from "../config/config.ts";

/** Name of the file in the state folder. */
const SAVED_AS = "identifies";

/** What the queue is made with. */
export interface IdentifyOptions extends Pick<World, "store" | "clock"> {
  readonly config: Config;
  readonly info: GatewayInfo;
  readonly allow: Allow;
  /** Writing down failed; the budget in memory still holds. */
  readonly notSaved: (error: unknown) => void;
}

/** The identify queue of a unit, with its budget as it was left. */
export async function createIdentifyQueue(options: IdentifyOptions): Promise<IdentifyGate> {
  const { config, info, store, clock, allow, notSaved } = options;
  const saved = (await store.load(SAVED_AS) ?? {}) as Partial<SavedIdentifies>;
  const limit = info.sessionStartLimit;
  return new IdentifyQueue({
    clock,
    maxConcurrency: limit.maxConcurrency,
    spacingMs: config.spawnShardDelayMs,
    budget: budgetFrom(limit, parseBudget(saved.budget), clock.wallMs()),
    reserve: Math.floor(limit.total * config.identifyReservePercent / 100),
    lastSentAtMs: numbers(saved.lastSentAtMs),
    allow,
    spent: (spent) => void store.save(SAVED_AS, spent).catch(notSaved),
  });
}

function numbers(value: unknown): Record<string, number> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter(([, number]) => Number.isFinite(number)),
  );
}
