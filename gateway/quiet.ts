/**
 * Notices sessions that are open, beat their heart, and get no events any more though the others do.
 * Pure: told what every shard has received, it says which are quiet and what to do about it.
 *
 * A shard is quiet when it has received nothing for `quietAfterMs` and that is improbable:
 *
 * - With three shards or more: the median shard got at least {@linkcode EXPECTED_EVENTS} events in the
 *   same time. Guilds are spread over shards by their ids, so that shards are alike, and a fleet that
 *   is quiet as a whole (an idle bot, Discord down) raises no alarm.
 * - With fewer: {@linkcode EXPECTED_BY_ITSELF} were to be expected by the shard's own rate in the hour
 *   before. People sleep and come in crowds, so that this takes more to be improbable.
 *
 * Only time in which a shard is ready counts, from {@linkcode SETTLE_MS} after it became so: the
 * guilds that load in the beginning say nothing about its traffic.
 *
 * @module
 */

import type { ShardState } from "../protocol/status.ts";

/** Fewer events than this in the time of the silence are no reason for suspicion. */
export const EXPECTED_EVENTS = 30;
/** The same where there is nothing to compare with but the shard's own past. */
export const EXPECTED_BY_ITSELF = 300;
/** How long a shard is left alone after it became ready. */
export const SETTLE_MS = 2 * 60_000;

/** How far back a shard's own rate looks. */
const RATE_MS = 60 * 60_000;
/** Looks back at the fleet are this part of `quietAfterMs` apart. */
const LOOKS = 10;
/** Shards of which the median means something. */
const LEAST_SHARDS = 3;

/** When to act. */
export interface QuietSettings {
  /** `QUIET_AFTER_MS`. */
  readonly quietAfterMs: number;
  /** `QUIET_RESUME_AFTER_MS`. */
  readonly resumeAfterMs: number;
}

/** A shard at one moment, as its worker reports it. */
export interface ShardSample {
  readonly shardId: number;
  readonly state: ShardState;
  /** When it entered the state, by the clock of `nowMs`. */
  readonly sinceMs: number;
  /** Dispatches since its worker began. */
  readonly received: number;
}

/** Something to do about a quiet shard: tell people, or let its session be resumed. */
export interface QuietFinding {
  readonly shardId: number;
  readonly act: "report" | "resume";
  readonly quietMs: number;
  /** How many events it was expected to have got. */
  readonly expected: number;
}

/** What is known of a shard. */
interface Track {
  readonly sample: ShardSample;
  /** When it last got something, or became ready. */
  readonly quietSinceMs: number;
  /** Events per ms in the hour or so before that. */
  readonly rate: number;
  /** What has been done in this silence; it ends with an event, not with a reconnect. */
  done: "nothing" | "report" | "resume";
}

/** Counts of all shards at an earlier moment. */
interface Look {
  readonly atMs: number;
  readonly received: ReadonlyMap<number, number>;
}

/** Watches the shards of a unit. */
export class QuietWatch {
  readonly #settings: QuietSettings;
  #tracks = new Map<number, Track>();
  readonly #looks: Look[] = [];

  constructor(settings: QuietSettings) {
    this.#settings = settings;
  }

  /** Shards that were reported and have still got nothing. */
  get quiet(): number[] {
    return [...this.#tracks].filter(([, track]) => track.done !== "nothing").map(([id]) => id);
  }

  /**
   * To be told about every shard of the unit, about once a second.
   *
   * @param nowMs Wall clock, by which `sinceMs` is told too.
   * @returns What to do now: each silence is reported once, and asks for one resume.
   */
  observe(nowMs: number, samples: readonly ShardSample[]): QuietFinding[] {
    this.#tracks = new Map(
      samples.map((each) => [each.shardId, follow(this.#tracks.get(each.shardId), each, nowMs)]),
    );
    this.#look(nowMs, samples);
    const medians = new Map<Look, number>();
    return [...this.#tracks.values()].flatMap((track) => {
      const isQuiet = track.sample.state === "ready" &&
        nowMs - track.quietSinceMs >= this.#settings.quietAfterMs;
      return isQuiet ? this.#judge(track, nowMs, medians) : [];
    });
  }

  #judge(track: Track, nowMs: number, medians: Map<Look, number>): QuietFinding[] {
    const expected = this.#expected(track, medians);
    if (expected === null) return [];
    const { shardId } = track.sample;
    const quietMs = nowMs - track.quietSinceMs;
    const act = track.done === "nothing" ? "report" : "resume";
    const isTooEarly = act === "resume" && quietMs < this.#settings.resumeAfterMs;
    if (track.done === "resume" || isTooEarly) return [];
    track.done = act;
    return [{ shardId, act, quietMs, expected: Math.round(expected) }];
  }

  /** Events that a quiet shard should have got; `null` where too few to be sure. */
  #expected({ quietSinceMs, rate }: Track, medians: Map<Look, number>): number | null {
    if (this.#tracks.size < LEAST_SHARDS) {
      const expected = rate * this.#settings.quietAfterMs;
      return expected < EXPECTED_BY_ITSELF ? null : expected;
    }
    const look = this.#looks.find(({ atMs }) => atMs >= quietSinceMs);
    if (!look) return null;
    const expected = medians.get(look) ?? this.#medianSince(look);
    medians.set(look, expected);
    return expected < EXPECTED_EVENTS ? null : expected;
  }

  /** Remembers the counts now and then, for as long as a silence is watched. */
  #look(nowMs: number, samples: readonly ShardSample[]): void {
    const { quietAfterMs } = this.#settings;
    const last = this.#looks.at(-1);
    if (last && nowMs - last.atMs < quietAfterMs / LOOKS) return;
    const received = new Map(samples.map((each) => [each.shardId, each.received]));
    this.#looks.push({ atMs: nowMs, received });
    while (nowMs - this.#looks[0]!.atMs > quietAfterMs) this.#looks.shift();
  }

  /** Events that the median shard got since then, of those that had settled; 0 where these are few. */
  #medianSince({ atMs, received }: Look): number {
    const counts = [...this.#tracks.values()]
      .filter(({ sample }) => settled(sample, atMs) && received.has(sample.shardId))
      .map(({ sample }) => sample.received - received.get(sample.shardId)!)
      .sort((a, b) => a - b);
    return counts.length < LEAST_SHARDS ? 0 : counts[Math.floor((counts.length - 1) / 2)]!;
  }
}

/** Takes a new sample into account. */
function follow(before: Track | undefined, sample: ShardSample, nowMs: number): Track {
  const { state, sinceMs, received } = sample;
  if (!before) return { sample, quietSinceMs: sinceMs, rate: 0, done: "nothing" };
  const { sample: last, quietSinceMs, rate } = before;
  const stayed = last.state === "ready" && state === "ready" && last.sinceMs === sinceMs;
  if (!stayed) return { ...before, sample, quietSinceMs: sinceMs };
  const got = received - last.received;
  if (got === 0) return { ...before, sample };
  const newRate = settled(sample, quietSinceMs) ? rateAfter(rate, got, nowMs - quietSinceMs) : rate;
  return { sample, quietSinceMs: nowMs, rate: newRate, done: "nothing" };
}

function settled({ state, sinceMs }: ShardSample, atMs: number): boolean {
  return state === "ready" && sinceMs <= atMs - SETTLE_MS;
}

/** The rate after `got` events in `tookMs`: what is longer ago counts for less. */
function rateAfter(rate: number, got: number, tookMs: number): number {
  if (tookMs <= 0) return rate;
  const kept = Math.exp(-tookMs / RATE_MS);
  return rate * kept + (got / tookMs) * (1 - kept);
}
