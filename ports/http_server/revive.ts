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
/** One that could not be opened is tried again after that time, then after twice as long, up to so many times. */
const MOST_TURNS = 6;

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

/** Watches until it is cancelled. What cannot be opened anew is tried again with growing pauses. */
export function revive({ clock, log, taken, visit, reopen }: ReviveOptions): Cancel {
  let before = taken();
  let isAtWork = false;
  /** Turns that go by before the next try, and those after the next failure. */
  let [left, pause] = [0, 1];
  let isOver = false;
  const look = async () => {
    if (await visit() === "not taken") {
      if (isOver) return;
      log.error("the port takes no connections, it is opened anew");
      await reopen();
    }
    pause = 1;
  };
  const cancel = every(clock, TRY_EVERY_MS, async () => {
    const isBusy = taken() !== before;
    before = taken();
    if (isBusy || isAtWork || left-- > 0) return;
    left = 0;
    isAtWork = true;
    try {
      await look();
    } catch (error) {
      log.error("the port cannot be opened anew", { error: messageOf(error) });
      left = pause - 1;
      pause = Math.min(2 * pause, MOST_TURNS);
    } finally {
      isAtWork = false;
    }
  });
  return () => {
    isOver = true;
    cancel();
  };
}
