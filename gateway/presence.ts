/**
 * The presence of one shard. It is a state and not a command: what the bot asked for last is what each
 * session is told, also one that Discord began behind the bot's back.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import { writeExact } from "../protocol/json.ts";
import { isPresence, type Presence } from "../protocol/discord/presence.ts";

/** An IDENTIFY has room for so much beside the rest: all of it is 4096 bytes at most. */
export const MOST_IDENTIFY_PRESENCE_BYTES = 3072;

/** What a shard's sessions are told of its presence. */
export class ShardPresence {
  #wanted: Presence | null;
  /** Whether the session knows it: one that is resumed was told in an earlier life. */
  #isTold = true;
  readonly #changed: (wanted: Presence | null) => void;

  /**
   * @param wanted What an earlier life has left.
   * @param changed Told what to leave to the next one.
   */
  constructor(wanted: Presence | null, changed: (wanted: Presence | null) => void) {
    this.#wanted = wanted;
    this.#changed = changed;
  }

  /**
   * Follows a presence that the bot asks for. It counts once it was sent, and also where it came too late
   * for who asked: the next session that is ready is told. What Discord could not read counts never.
   */
  async follow(d: unknown, sent: Promise<void>): Promise<void> {
    if (!isPresence(d)) return;
    let isTold = true;
    try {
      await sent;
    } catch (error) {
      // The one who asked is told of every error.
      if (!(error instanceof GatehouseError) || error.code !== "deadline") return;
      isTold = false;
    }
    this.#isTold = isTold;
    this.#want(d);
  }

  /**
   * What the IDENTIFY that is about to be sent is to carry. `undefined` where nothing was asked for, or
   * where it is too long for an IDENTIFY: then it is due when the session is ready.
   */
  identify(): Presence | undefined {
    const wanted = this.#wanted ?? undefined;
    const carried = wanted && isShort(wanted) ? wanted : undefined;
    this.#isTold = carried === wanted;
    return carried;
  }

  /** What the session that is ready has to be told; `null`: nothing. Asking counts as telling. */
  takeDue(): Presence | null {
    const due = this.#isTold ? null : this.#wanted;
    this.#isTold = true;
    return due;
  }

  /** Discord could not read an IDENTIFY: what that carried is forgotten. Whether there was anything. */
  refused(): boolean {
    if (!this.#wanted || !this.#isTold) return false;
    this.#want(null);
    return true;
  }

  #want(wanted: Presence | null): void {
    this.#wanted = wanted;
    this.#changed(wanted);
  }
}

function isShort(presence: Presence): boolean {
  const { length } = new TextEncoder().encode(writeExact(presence));
  return length <= MOST_IDENTIFY_PRESENCE_BYTES;
}
