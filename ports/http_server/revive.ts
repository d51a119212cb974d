/**
 * Notices that a port takes no connections any more, and opens it anew. `node:net` stops accepting without
 * a word when the process has been out of descriptors once, and would never begin again.
 *
 * @module
 */

import { type Cancel, type Clock, every } from "../clock.ts";
import { messageOf } from "../../protocol/errors.ts";
import type { Log } from "../log.ts";

/** A port that nobody has come to for so long is tried. */
export const TRY_EVERY_MS = 5_000;

/** What is watched, and how. */
export interface ReviveOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Connections that were taken so far. */
  readonly taken: () => number;
  /** Comes to the port as a client; `null`: that cannot be tried now. */
  readonly visit: () => Promise<"taken" | "not taken" | null>;
  /** Opens it anew. */
  readonly reopen: () => Promise<void>;
}

/** Watches until it is cancelled. What cannot be opened anew is tried again the next time. */
export function revive({ clock, log, taken, visit, reopen }: ReviveOptions): Cancel {
  let before = taken();
  let isAtWork = false;
  let isOver = false;
  const look = async () => {
    if (await visit() !== "not taken" || isOver) return;
    log.error("the port takes no connections, it is opened anew");
    await reopen();
  };
  const cancel = every(clock, TRY_EVERY_MS, async () => {
    const isBusy = taken() !== before;
    before = taken();
    if (isBusy || isAtWork) return;
    isAtWork = true;
    try {
      await look();
    } catch (error) {
      log.error("the port cannot be opened anew", { error: messageOf(error) });
    } finally {
      isAtWork = false;
    }
  });
  return () => {
    isOver = true;
    cancel();
  };
}
