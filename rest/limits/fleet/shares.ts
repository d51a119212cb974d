/**
 * How much of a credential's requests per second a unit may give. It only computes; time comes in with each call.
 *
 * Who is cut off from the others cannot ask, and goes on with an even share. So whoever has the say leaves their
 * shares to those that it does not hear: they are dead, or they are using them. Who says goodbye leaves nothing.
 *
 * @module
 */

import { LAG_MS, WINDOW_MS } from "../global_pace.ts";
import type { Report } from "../rate_report.ts";

/** One that is gone without a goodbye is dead after so long, and its share is everybody's. */
export const RESERVE_MS = 600_000;

/** Who has said goodbye is gone by then, or is back. */
export const LEAVING_MS = 60_000;
/** What one has used by itself counts for so long after it is there again. */
const SETTLE_MS = LAG_MS + WINDOW_MS;

/** The shares of the members of a fleet. */
export class Shares {
  readonly #self: string;
  #members: ReadonlySet<string>;
  /** Those that are not heard, or are members no more: until when their share is theirs. */
  readonly #away = new Map<string, number>();
  /** Those that have said goodbye, in which of their lives. They may be members for a while yet. */
  readonly #leaving = new Map<string, { readonly life: string; readonly untilMs: number }>();

  constructor(self: string, members: Iterable<string>) {
    this.#self = self;
    this.#members = new Set(members);
  }

  /** Others are members now. */
  change(members: Iterable<string>, nowMs: number): void {
    const after = new Set(members);
    for (const name of this.#members) {
      if (name !== this.#self && !after.has(name)) this.silent(name, nowMs);
    }
    for (const name of after) {
      if (this.#members.has(name)) continue;
      this.back(name, nowMs);
    }
    this.#members = after;
  }

  /** One does not answer; whether it did until now, and has not said goodbye. */
  silent(name: string, nowMs: number): boolean {
    if (this.isLeaving(name, nowMs)) return false;
    const isNews = (this.#away.get(name) ?? -Infinity) <= nowMs + SETTLE_MS;
    this.#away.set(name, nowMs + RESERVE_MS);
    return isNews;
  }

  /** One is there again: what it used by itself counts for a moment more. Whether it was away until now. */
  back(name: string, nowMs: number): boolean {
    const untilMs = this.#away.get(name);
    if (untilMs === undefined || untilMs <= nowMs + SETTLE_MS) return false;
    this.#away.set(name, nowMs + SETTLE_MS);
    return true;
  }

  /** This life of one was heard; whether it had said goodbye in another, which is forgotten. */
  heard(name: string, life: string): boolean {
    return this.#leaving.has(name) && this.#leaving.get(name)!.life !== life &&
      this.#leaving.delete(name);
  }

  /** One has said goodbye in this life of it. It may go on for a while, and leaves nothing. */
  goodbye(name: string, life: string, nowMs: number): void {
    this.#away.delete(name);
    this.#leaving.set(name, { life, untilMs: nowMs + LEAVING_MS });
  }

  /** Whether one has said goodbye, and not come back. */
  isLeaving(name: string, nowMs: number): boolean {
    return nowMs < (this.#leaving.get(name)?.untilMs ?? -Infinity);
  }

  /** Of so many requests per second, those that who has the say may give. */
  given(perSecond: number, nowMs: number): number {
    const away = this.#awayNow(nowMs);
    return away === 0 ? perSecond : share(perSecond, this.count(nowMs) - away, this.count(nowMs));
  }

  /** Those that each may give by itself while it does not hear who has the say. */
  even(perSecond: number, nowMs: number): number {
    return share(perSecond, 1, this.count(nowMs));
  }

  /** How many there are, those that are away among them. */
  count(nowMs: number): number {
    this.#awayNow(nowMs);
    return new Set([...this.#members, ...this.#away.keys(), this.#self]).size;
  }

  #awayNow(nowMs: number): number {
    for (const [name, untilMs] of this.#away) if (untilMs <= nowMs) this.#away.delete(name);
    return this.#away.size;
  }
}

function share(perSecond: number, parts: number, all: number): number {
  return Math.max(1, Math.floor(perSecond * parts / all));
}

/** Of what an answer says is left, the part of each of so many. */
export function evenly(report: Report, parts: number): Report {
  const { bucket } = report;
  if (bucket === null) return report;
  const { limit, remaining } = bucket.count;
  const count = {
    limit: Math.max(1, Math.floor(limit / parts)),
    remaining: Math.floor(remaining / parts),
    // Where there is not one for each they take turns.
    resetAfterMs: bucket.count.resetAfterMs * Math.max(1, parts / limit),
  };
  return { ...report, bucket: { ...bucket, count } };
}
