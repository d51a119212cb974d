/**
 * Watches the types that the shards of a unit get, minute by minute, and says which have stopped, which
 * have come again, and which will not come any more. When that is so is decided in `deaf.ts`.
 *
 * @module
 */

import { PRIVILEGED_EVENTS } from "../protocol/discord/intents.ts";
import type { DeafType, ShardState } from "../protocol/status.ts";
import {
  ended,
  follow,
  GONE_AFTER,
  isDeaf,
  newTrack,
  NO_SILENCE,
  parseSilence,
  parseTrack,
  type Silence,
  type TypeTrack,
} from "./deaf.ts";
import { SESSIONS_OWN } from "../protocol/discord/identity.ts";
import { isRecord } from "../protocol/record.ts";
import { SETTLE_MS } from "./quiet.ts";

const MINUTE_MS = 60_000;
/** Of the shards so many have to be there for a minute to count. */
const WHOLE = 0.95;

/** Types that come when the bot asks for something, and what is not one type: nobody misses them. */
const UNWATCHED: ReadonlySet<string> = new Set([...SESSIONS_OWN, "other"]);

/** Something to tell of a type: it has stopped, it came again, or it has been away for a day more. */
export interface DeafFinding extends DeafType {
  readonly act: "deaf" | "heard" | "gone";
}

/** A shard at one moment. */
export interface ShardMoment {
  readonly state: ShardState;
  /** When it entered the state, by the clock of `nowMs`. */
  readonly sinceMs: number;
}

/** Events of each type so far. */
type Counts = Readonly<Record<string, number>>;

/** What is written down. */
export interface SavedTypes {
  readonly known: Silence;
  /** By type. */
  readonly types: Readonly<Record<string, TypeTrack>>;
  readonly deaf: readonly DeafType[];
}

/** Watches the types of a unit. */
export class DeafWatch {
  readonly #leastMinutes: number;
  readonly #tracks = new Map<string, TypeTrack>();
  readonly #deaf = new Map<string, DeafType>();
  /** When the minute began, and what had come by then. */
  #from: { readonly atMs: number; readonly counts: Counts } | null = null;
  /** The minutes that have counted, and what came in them. */
  #known: Silence = NO_SILENCE;

  /**
   * @param afterMs `DEAF_AFTER_MS`: no shorter silence is told of.
   * @param saved What {@linkcode DeafWatch.save} gave in an earlier life; what is not that begins anew.
   */
  constructor(afterMs: number, saved?: unknown) {
    this.#leastMinutes = Math.ceil(afterMs / MINUTE_MS);
    if (isRecord(saved)) this.#load(saved);
  }

  /** What is known, to be written down. */
  save(): SavedTypes {
    return { known: this.#known, types: Object.fromEntries(this.#tracks), deaf: this.deaf };
  }

  /** Types that have stopped, and have not come since. */
  get deaf(): DeafType[] {
    return [...this.#deaf.values()];
  }

  /**
   * To be told once a minute or more often.
   *
   * @param nowMs Wall clock.
   * @param counts Events of each type, of all shards together; they only grow.
   * @param shards All shards: where some are not there, a silence means nothing.
   * @param lacking Intents that sessions lack: what comes by them is not missed.
   */
  observe(
    nowMs: number,
    counts: Counts,
    shards: readonly ShardMoment[],
    lacking: number = 0,
  ): DeafFinding[] {
    const from = this.#from ??= { atMs: nowMs, counts };
    if (nowMs - from.atMs < MINUTE_MS) return [];
    this.#from = { atMs: nowMs, counts };
    const came = Object.entries(counts).filter(([type]) => isWatched(type, lacking))
      .map(([type, count]) => [type, Math.max(0, count - (from.counts[type] ?? 0))] as const);
    const isFair = areThere(shards, from.atMs);
    if (isFair) this.#excuse(lacking);
    const all = came.reduce((sum, [, own]) => sum + own, 0);
    const findings = came.flatMap(([type, own]) =>
      isFair ? this.#minute(type, own, all - own, nowMs) : this.#unfair(type, own)
    );
    if (!isFair) return findings;
    this.#known = { minutes: this.#known.minutes + 1, others: this.#known.others + all };
    return findings;
  }

  #load({ known, types, deaf }: Record<string, unknown>): void {
    const minutes = parseSilence(known);
    if (!minutes || !isRecord(types)) return;
    this.#known = minutes;
    for (const [type, value] of Object.entries(types)) {
      const track = parseTrack(value);
      if (track) this.#tracks.set(type, track);
    }
    for (const each of Array.isArray(deaf) ? deaf.filter(isDeafType) : []) {
      const track = this.#tracks.get(each.type);
      if (track && track.deafFor !== null) this.#deaf.set(each.type, each);
    }
  }

  #minute(type: string, own: number, others: number, nowMs: number): DeafFinding[] {
    const known = this.#known.minutes;
    const before = this.#tracks.get(type) ?? newTrack(this.#known);
    const track = follow(before, { index: known, own, others });
    this.#tracks.set(type, track);
    if (own > 0) return this.#end(type, "heard");
    if ((track.deafFor ?? 0) >= GONE_AFTER) {
      this.#tracks.delete(type);
      return this.#end(type, "gone");
    }
    if (track.deafFor !== null || !isDeaf(track, known + 1, this.#leastMinutes)) return [];
    this.#tracks.set(type, { ...track, deafFor: 0 });
    const { silence: { minutes, others: heard }, own: rate } = track;
    const expected = Math.round(rate * minutes);
    const deaf = { type, sinceMs: nowMs - minutes * MINUTE_MS, expected, others: heard };
    this.#deaf.set(type, deaf);
    return [{ act: "deaf", ...deaf }];
  }

  /** What cannot come is not held against its habits. */
  #excuse(lacking: number): void {
    for (const [type, track] of this.#tracks) {
      if (isWatched(type, lacking)) continue;
      this.#tracks.set(type, { ...track, missed: track.missed + 1 });
    }
  }

  /** Some of the shards were away: only that the type came means something. */
  #unfair(type: string, own: number): DeafFinding[] {
    const track = this.#tracks.get(type);
    if (!track || own === 0) return [];
    this.#tracks.set(type, ended(track));
    return this.#end(type, "heard");
  }

  #end(type: string, act: "heard" | "gone"): DeafFinding[] {
    const deaf = this.#deaf.get(type);
    this.#deaf.delete(type);
    return deaf ? [{ act, ...deaf }] : [];
  }
}

function isWatched(type: string, lacking: number): boolean {
  return !UNWATCHED.has(type) && ((PRIVILEGED_EVENTS[type] ?? 0) & lacking) === 0;
}

function isDeafType(value: unknown): value is DeafType {
  if (!isRecord(value) || typeof value.type !== "string") return false;
  return [value.sinceMs, value.expected, value.others].every(Number.isFinite);
}

/** Whether nearly all shards have been ready, and their guilds loaded, since `atMs`. */
function areThere(shards: readonly ShardMoment[], atMs: number): boolean {
  const there = shards.filter(({ state, sinceMs }) =>
    state === "ready" && sinceMs <= atMs - SETTLE_MS
  );
  return shards.length > 0 && there.length >= WHOLE * shards.length;
}
