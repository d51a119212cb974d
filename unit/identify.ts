/**
 * The unit's identify queue, made from what Discord says and what an earlier life wrote down, and the
 * shards on their way to it: what the program does about them comes first.
 *
 * @module
 */

import type { Allow, IdentifyGate } from "../ports/identify_gate.ts";
import type { World } from "../ports/world.ts";
import { budgetFrom, type IdentifyBudget, parseBudget } from "../gateway/identify/budget.ts";
import { IdentifyQueue, type SavedIdentifies } from "../gateway/identify/queue.ts";
import { messageOf } from "../protocol/errors.ts";
import type { IdentifyHold, IdentifySnapshot } from "../protocol/status.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../protocol/ids.ts";
import type { GatewayController } from "./controllers.ts";
import type { PlanOptions } from "./worker_plan.ts";

/** Name of the file in the state folder. */
const SAVED_AS = "identifies";

/** What the queue is made with. */
export interface IdentifyOptions
  extends Pick<PlanOptions, "config" | "info">, Pick<World, "store" | "clock" | "log"> {
  readonly allow: Allow;
  /** Writing down failed; the budget in memory still holds. */
  readonly notSaved: (error: unknown) => void;
}

/** The identify queue of a unit, with its budget as it was left. */
export async function createIdentifyQueue(options: IdentifyOptions): Promise<IdentifyGate> {
  const { clock, allow } = options;
  const { limits, lastSentAtMs, save, tellHeld } = await identifyTerms(options);
  const queue: IdentifyQueue = new IdentifyQueue({
    clock,
    ...limits,
    lastSentAtMs,
    allow,
    spent: save,
    held: (hold) => tellHeld(queue.snapshot, hold),
  });
  return queue;
}

/** On what terms a unit identifies, whoever paces it. */
export interface IdentifyTerms {
  readonly limits: {
    readonly maxConcurrency: number;
    readonly spacingMs: number;
    /** What Discord says, lowered to what was written down. */
    readonly budget: IdentifyBudget;
    readonly reserve: number;
  };
  /** When each key was last used, as it was written down. */
  readonly lastSentAtMs: Readonly<Record<string, number>>;
  /** Writes down what has to survive a restart. */
  readonly save: (saved: SavedIdentifies) => void;
  /** Says in the log that shards are held back, or are so no more. */
  readonly tellHeld: (snapshot: IdentifySnapshot, hold: IdentifyHold | null) => void;
}

/** Reads what an earlier life has written down beside what Discord and the settings say. */
export async function identifyTerms(options: IdentifyOptions): Promise<IdentifyTerms> {
  const { config, info: { sessionStartLimit: limit }, store, clock, log, notSaved } = options;
  const saved = (await store.load(SAVED_AS) ?? {}) as Partial<SavedIdentifies>;
  return {
    limits: {
      maxConcurrency: limit.maxConcurrency,
      spacingMs: config.spawnShardDelayMs,
      budget: budgetFrom(limit, parseBudget(saved.budget), clock.epochMs()),
      reserve: Math.floor(limit.total * config.identifyReservePercent / 100),
    },
    lastSentAtMs: numbers(saved.lastSentAtMs),
    save: (spent) => void store.save(SAVED_AS, spent).catch(notSaved),
    tellHeld(snapshot, hold) {
      if (hold === null) return log.info("identifies go on");
      log.error("identifies are held back, shards wait", { reason: holdText(snapshot, hold) });
    },
  };
}

/** Until when identifies are held back, why, and what an operator can do. */
export function holdText(
  { remaining, total, reserve }: IdentifySnapshot,
  { untilMs, away }: IdentifyHold,
): string {
  if (away !== undefined) return `until the fleet can be asked: ${away}`;
  const until = untilMs === null ? "for ever" : `until ${instant(untilMs)}`;
  if (remaining === 0) return `${until}: none of ${total} is left today`;
  const why = `${remaining} of ${total} are left today, IDENTIFY_RESERVE keeps ${reserve}`;
  return `${until}, unless started with --force: ${why}`;
}

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString().replace(/\.\d+Z$/, "Z");
}

function numbers(value: unknown): Record<string, number> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter(([, number]) => Number.isFinite(number)),
  );
}

/** What requests on their way to the queue take. */
export interface IdentifyRequestOptions extends Pick<World, "log"> {
  readonly queue: Pick<IdentifyGate, "request" | "release" | "lost">;
  readonly gateway: Pick<GatewayController, "requestIdentify">;
}

/** Requests that the program may hold up; it cannot jump the queue. */
export class IdentifyRequests {
  readonly #options: IdentifyRequestOptions;
  /** Shard → its newest request: what became of an older one changes nothing. */
  readonly #held = new Map<ShardKeyText, symbol>();

  constructor(options: IdentifyRequestOptions) {
    this.#options = options;
  }

  /** A shard wants to identify; it joins at once where the program gives no promise. */
  async request(shard: ShardKey): Promise<void> {
    const { queue, log, gateway } = this.#options;
    const key = shardKeyText(shard);
    const turn = Symbol();
    this.#held.set(key, turn);
    try {
      const before = gateway.requestIdentify(shard.id);
      if (before) await before;
    } catch (error) {
      const about = { shardId: shard.id, error: messageOf(error) };
      log.error("gateway.requestIdentify failed, the shard joins the queue", about);
    }
    if (this.#held.get(key) !== turn) return;
    this.#held.delete(key);
    queue.request(shard);
  }

  /** A shard does not want to identify any more. */
  release(shard: ShardKey): void {
    this.#held.delete(shardKeyText(shard));
    this.#options.queue.release(shard);
  }

  /** The worker of these shards is lost. */
  lost(shards: readonly ShardKey[]): void {
    for (const shard of shards) this.#held.delete(shardKeyText(shard));
    this.#options.queue.lost(shards);
  }
}
