/**
 * What went wrong, was mended or was done by a person, in sentences: what the log tells, for who opens a page and
 * reads no log.
 *
 * @module
 */

import type { Clock } from "../ports/clock.ts";
import type { Incident } from "./words.ts";

/** So many are kept. */
export const MOST_INCIDENTS = 200;
/** The same trouble again within this time is counted, and told with the next. */
const SAME_WITHIN_MS = 60_000;
/** However long somebody's error is. */
const LONGEST_TEXT = 500;

/** What is told; `shards` are the keys of those that it is about where they are several. */
export interface Told extends Omit<Incident, "id" | "atMs"> {
  readonly shards?: readonly string[];
}

interface Kept {
  readonly incident: Incident;
  readonly shards: ReadonlySet<string>;
}

/** The last incidents. */
export class Incidents {
  readonly #clock: Pick<Clock, "now" | "epochMs">;
  /** The oldest first. */
  readonly #kept: Kept[] = [];
  /** What was told of late, when, and how often it came since. */
  readonly #late = new Map<string, { readonly atMs: number; more: number }>();
  #lastId = 0;

  constructor(clock: Pick<Clock, "now" | "epochMs">) {
    this.#clock = clock;
  }

  /** Something has happened. */
  tell({ shards = [], ...told }: Told): void {
    const { level, about, of } = told;
    const text = sentence(told.text);
    const subject = `${about} ${of} `;
    const more = level === "info" ? 0 : this.#moreSince(subject + text);
    if (more === null) return;
    // What comes after it was well again is news.
    if (level === "info") this.#forget(subject);
    const incident: Incident = {
      id: ++this.#lastId,
      atMs: this.#clock.epochMs(),
      level,
      text: more === 0 ? text : `${text} (and ${more} more like it)`,
      about,
      ...(of !== undefined && { of }),
    };
    this.#kept.push({ incident, shards: new Set(shards) });
    if (this.#kept.length > MOST_INCIDENTS) this.#kept.shift();
  }

  /** Those that are kept, the newest first. */
  get all(): Incident[] {
    return this.#kept.map(({ incident }) => incident).reverse();
  }

  /** Those of a shard, by its key, the newest first. */
  ofShard(key: string): Incident[] {
    return this.#kept
      .filter(({ incident, shards }) =>
        shards.has(key) || (incident.about === "shard" && incident.of === key)
      )
      .map(({ incident }) => incident)
      .reverse();
  }

  #forget(subject: string): void {
    for (const kind of this.#late.keys()) if (kind.startsWith(subject)) this.#late.delete(kind);
  }

  /** How many of the kind were left out since the last that was told; `null`: this one is left out, too. */
  #moreSince(kind: string): number | null {
    const nowMs = this.#clock.now();
    const last = this.#late.get(kind);
    if (last && nowMs - last.atMs < SAME_WITHIN_MS) {
      last.more++;
      return null;
    }
    this.#late.delete(kind);
    this.#late.set(kind, { atMs: nowMs, more: 0 });
    // In the order of their times: whatever is old, or too much, is at the front.
    for (const [old, { atMs }] of this.#late) {
      if (nowMs - atMs < SAME_WITHIN_MS && this.#late.size <= MOST_INCIDENTS) break;
      this.#late.delete(old);
    }
    return last?.more ?? 0;
  }
}

/** As a sentence begins, and not longer than a person reads. */
function sentence(text: string): string {
  const short = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT - 1)}…` : text;
  return short.charAt(0).toUpperCase() + short.slice(1);
}
