/**
 * The figures of all shards, moment by moment: what the charts are drawn from. Kept whether somebody looks or not, so
 * that who comes at 3 a.m. sees what came before.
 *
 * @module
 */

import { answersOf } from "../rest/answers.ts";
import { LateRates } from "./rates.ts";
import type { ShardCounts, UnitCounts } from "./watched.ts";
import type { DashboardHistory, Moment } from "./words.ts";

/** Time between two moments. */
export const STEP_MS = 1_000;
/** Ten minutes of them. */
const MOST_MOMENTS = 600;

/** The last ten minutes. */
export class History {
  readonly #moments: Moment[] = [];
  readonly #shards = new LateRates<string>();
  readonly #rest = new LateRates<"answers" | "limited">();

  /**
   * To be called once a {@linkcode STEP_MS}.
   *
   * @param nowMs By the monotonic clock.
   * @param memoryBytes Of the unit's process.
   */
  look(
    { nowMs, atMs, counts, memoryBytes }: {
      readonly nowMs: number;
      readonly atMs: number;
      readonly counts: UnitCounts;
      readonly memoryBytes: number;
    },
  ): Moment {
    const { shards, rest } = counts;
    this.#shards.look(nowMs, shards.map(({ key, received }) => [key, received] as const));
    const { answers, limited } = answersOf(rest.routes);
    this.#rest.look(nowMs, [["answers", answers], ["limited", limited]]);
    const serving = shards.filter(({ serves }) => serves);
    const moment: Moment = {
      atMs,
      eventsPerSecond: this.#shards.sum(serving.map(({ key }) => key)),
      queued: serving.reduce((sum, { queued }) => sum + queued, 0),
      latencyMs: latencyOf(serving),
      restPerSecond: this.#rest.of("answers"),
      restWaiting: rest.waiting,
      limitedPerSecond: this.#rest.of("limited"),
      memoryBytes,
    };
    this.#moments.push(moment);
    if (this.#moments.length > MOST_MOMENTS) this.#moments.shift();
    return moment;
  }

  /** Events per second of a shard, by its key, of late. */
  eventsPerSecond(key: string): number {
    return this.#shards.of(key);
  }

  /** All of it, the oldest first. */
  get all(): DashboardHistory {
    return { stepMs: STEP_MS, moments: [...this.#moments] };
  }
}

function latencyOf(shards: readonly ShardCounts[]): Moment["latencyMs"] {
  const known = new Float64Array(shards.length);
  let count = 0;
  for (const { latencyMs } of shards) if (latencyMs !== null) known[count++] = latencyMs;
  if (count === 0) return null;
  const sorted = known.subarray(0, count).sort();
  return { median: Math.round(sorted[count >> 1]!), most: Math.round(sorted[count - 1]!) };
}
