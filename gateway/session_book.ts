/**
 * Where every shard could be picked up again, kept by the main thread: a worker that dies takes
 * nothing with it that is not here. What the bot acknowledged moves the point forward.
 *
 * @module
 */

import { parseSessionPoint, type SessionPoint } from "../protocol/session_point.ts";

/** Cursors that a shard may have given out since it was last heard of: far more than in a second. */
const UNHEARD_CURSORS = 2 ** 20;

/** What a shard is started with. */
export interface ResumePoint {
  readonly session: SessionPoint | null;
  /** Cursors of a new session start above it; 0 for a shard that never lived. */
  readonly cursorFloor: number;
  /** The bot is done with everything up to this cursor. */
  readonly acknowledged: number;
}

/** What is written down. */
export interface SavedSessions {
  /** Name of the numbering that the cursors belong to; a book that is lost begins another. */
  readonly stream: string;
  /** By shard id. */
  readonly shards: Readonly<
    Record<
      string,
      {
        readonly session: SessionPoint | null;
        readonly acknowledged: number;
        readonly highest: number;
      }
    >
  >;
}

interface Entry {
  session: SessionPoint | null;
  /** The bot is done with everything up to this cursor. */
  acknowledged: number;
  /** No cursor above it was given out, as far as we have heard. */
  highest: number;
  /** Whether it ever had a session: only then can a cursor have been given out. */
  lived: boolean;
}

/** The points of all shards of a unit. */
export class SessionBook {
  readonly #entries = new Map<number, Entry>();
  readonly #changed: () => void;
  #stream: string;

  /**
   * @param stream Name of the numbering, unless an earlier one is loaded.
   * @param changed Called after each change that is worth writing down.
   */
  constructor(stream: string, changed: () => void) {
    this.#stream = stream;
    this.#changed = changed;
  }

  /** Name of the numbering that the cursors belong to. */
  get stream(): string {
    return this.#stream;
  }

  /** A session began on a shard, or is gone. */
  session(shardId: number, session: SessionPoint | null): void {
    const entry = this.#entry(shardId);
    entry.session = session;
    entry.lived = true;
    if (session) entry.highest = Math.max(entry.highest, session.base);
    this.#changed();
  }

  /** The bot is done with everything up to `cursor`. */
  acknowledged(shardId: number, cursor: number): void {
    const entry = this.#entry(shardId);
    if (cursor <= entry.acknowledged) return;
    entry.acknowledged = cursor;
    this.#noteSafe(entry, cursor);
  }

  /** The newest cursor that a shard has given out. */
  newest(shardId: number, cursor: number): void {
    const entry = this.#entry(shardId);
    entry.highest = Math.max(entry.highest, cursor);
  }

  /** Everything up to `cursor` is on disk: the session need not replay it. */
  stored(shardId: number, cursor: number): void {
    this.#noteSafe(this.#entry(shardId), cursor);
  }

  #noteSafe(entry: Entry, cursor: number): void {
    entry.lived = true;
    entry.highest = Math.max(entry.highest, cursor);
    const { session } = entry;
    const seq = session ? cursor - session.base : 0;
    if (session && seq > session.seq) entry.session = { ...session, seq };
    this.#changed();
  }

  /** What to start a shard with. */
  resumePoint(shardId: number): ResumePoint {
    const entry = this.#entries.get(shardId);
    if (!entry?.lived) return { session: null, cursorFloor: 0, acknowledged: 0 };
    const cursorFloor = entry.highest + UNHEARD_CURSORS;
    return { session: entry.session, cursorFloor, acknowledged: entry.acknowledged };
  }

  /** Everything, to be written down. */
  save(): SavedSessions {
    const shards = Object.fromEntries(
      [...this.#entries].map(([shardId, { session, acknowledged, highest }]) => [
        shardId,
        { session, acknowledged, highest },
      ]),
    );
    return { stream: this.#stream, shards };
  }

  /**
   * Takes over what an earlier life of the unit wrote down, where it fits `fits`.
   *
   * @returns How many sessions can be resumed, and how many could not be used.
   */
  load(saved: unknown, fits: (point: SessionPoint) => boolean): { usable: number; other: number } {
    const found = { usable: 0, other: 0 };
    const { stream, shards } = (saved ?? {}) as Record<string, unknown>;
    if (typeof stream !== "string" || typeof shards !== "object" || shards === null) return found;
    this.#stream = stream;
    for (const [shardId, value] of Object.entries(shards)) {
      const { session, acknowledged, highest } = (value ?? {}) as Record<string, unknown>;
      const point = parseSessionPoint(session);
      const usable = point !== undefined && fits(point);
      found[usable ? "usable" : "other"]++;
      this.#entries.set(Number(shardId), {
        session: usable ? point : null,
        acknowledged: cursorOf(acknowledged),
        highest: cursorOf(highest),
        lived: true,
      });
    }
    return found;
  }

  #entry(shardId: number): Entry {
    const known = this.#entries.get(shardId);
    if (known) return known;
    const entry = { session: null, acknowledged: 0, highest: 0, lived: false };
    this.#entries.set(shardId, entry);
    return entry;
  }
}

function cursorOf(value: unknown): number {
  return Number.isSafeInteger(value) ? value as number : 0;
}
