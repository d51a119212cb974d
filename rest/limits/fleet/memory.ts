/**
 * What a unit has seen of Discord's limits: the last answer to each kind of request, for as long as it says that
 * something is spent. Whoever gets the say over a key is told it. Time comes in with each call.
 *
 * @module
 */

import type { Report } from "../rate_report.ts";
import type { PermitWant } from "./authority.ts";

/** Kinds of requests that are remembered. */
const MOST = 10_000;

/** One answer, and who knows it. */
export interface Seen<Knower> {
  readonly want: PermitWant;
  readonly report: Report;
  readonly atMs: number;
  /** Whoever has been told last. */
  knower: Knower;
}

/** The last answers. */
export class Memory<Knower> {
  readonly #seen = new Map<string, Seen<Knower>>();

  /** Discord has answered a request that `knower` gave leave to. */
  note(want: PermitWant, report: Report, knower: Knower, nowMs: number): void {
    if (endMs(report) === 0) return;
    const { route: { method, template }, key } = want;
    // A refusal for the sake of what is in the body stands beside the bucket.
    const name = `${report.refusal ? "no" : "yes"} ${method} ${template} ${key}`;
    this.#seen.delete(name);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size >= MOST) this.#seen.delete(oldest!);
    this.#seen.set(name, { want, report, atMs: nowMs, knower });
  }

  /** What still holds, as it is now. */
  *alive(nowMs: number): Generator<{ readonly seen: Seen<Knower>; readonly report: Report }> {
    for (const [name, seen] of this.#seen) {
      const report = aged(seen.report, nowMs - seen.atMs);
      if (endMs(report) > 0) yield { seen, report };
      else this.#seen.delete(name);
    }
  }
}

/** How long a report says something. */
function endMs({ bucket, refusal }: Report): number {
  return Math.max(bucket?.count.resetAfterMs ?? 0, refusal?.retryAfterMs ?? 0);
}

/** A report as it is so much later. */
function aged({ bucket, refusal, isLimitless }: Report, ageMs: number): Report {
  const left = (ms: number) => Math.max(0, ms - ageMs);
  return {
    isLimitless,
    bucket: bucket && {
      ...bucket,
      count: { ...bucket.count, resetAfterMs: left(bucket.count.resetAfterMs) },
    },
    refusal: refusal && left(refusal.retryAfterMs) > 0
      ? { ...refusal, retryAfterMs: left(refusal.retryAfterMs) }
      : null,
  };
}
