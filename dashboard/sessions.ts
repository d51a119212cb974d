/**
 * Who has logged in: a cookie for each browser, good for this process and no other.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import { randomHex } from "../ports/random.ts";

/** A session that nobody uses for so long is over. */
export const IDLE_MS = 12 * 3_600_000;
/** However much it is used. */
export const LONGEST_MS = 7 * 24 * 3_600_000;
/** The one that was not used for the longest time goes first. */
const MOST_SESSIONS = 100;
const SECRET_BYTES = 32;

/** One browser's. */
export interface Session {
  /** What its cookie holds. Secret. */
  readonly id: string;
  /** What its pages show with each request that changes something. */
  readonly csrf: string;
  /** What it is called in the log: tells nobody its id. */
  readonly name: string;
  readonly beganMs: number;
  usedMs: number;
}

/** The sessions. */
export class Sessions {
  readonly #clock: Pick<Clock, "now">;
  /** By the digest of their ids: how long a look takes says nothing about an id. In the order of their last use. */
  readonly #sessions = new Map<string, Session>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Begins one. */
  open(): Session {
    const nowMs = this.#clock.now();
    const id = randomHex(SECRET_BYTES);
    const key = digestOf(id);
    const csrf = randomHex(SECRET_BYTES);
    const session = { id, csrf, name: key.slice(0, 8), beganMs: nowMs, usedMs: nowMs };
    this.#sessions.set(key, session);
    if (this.#sessions.size > MOST_SESSIONS) {
      this.#sessions.delete(this.#sessions.keys().next().value!);
    }
    return session;
  }

  /** The one of this id; `null`: there is none, or none any more. It counts as used. */
  find(id: string): Session | null {
    const nowMs = this.#clock.now();
    const key = digestOf(id);
    const session = this.#sessions.get(key);
    if (!session) return null;
    this.#sessions.delete(key);
    if (nowMs - session.usedMs >= IDLE_MS || nowMs - session.beganMs >= LONGEST_MS) return null;
    session.usedMs = nowMs;
    this.#sessions.set(key, session);
    return session;
  }

  /** Ends one. */
  close({ id }: Pick<Session, "id">): void {
    this.#sessions.delete(digestOf(id));
  }
}

/** Whether two texts are the same, in a time that does not say how much of them is. */
export function isSameText(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(digestOf(one)), Buffer.from(digestOf(other)));
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
