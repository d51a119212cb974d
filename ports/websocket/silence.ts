/**
 * Notices a peer that is gone without a word: its network went away, or it stands still.
 *
 * @module
 */

import { type Cancel, type Clock, every } from "../clock.ts";
import type { FramedSocket } from "./framed_socket.ts";

/** What is told when something came. */
export interface SilenceWatch {
  heard(): void;
  stop: Cancel;
}

/**
 * Asks a peer that is silent for `idleMs` for a sign of life, and ends the socket of one that gives none
 * for as long again.
 */
export function watchSilence(clock: Clock, socket: FramedSocket, idleMs: number): SilenceWatch {
  let heard = true;
  let asked = false;
  const stop = every(clock, idleMs, () => {
    if (asked && !heard) return socket.ended(`silent for ${2 * idleMs} ms`);
    asked = !heard;
    heard = false;
    if (asked) socket.ping();
  });
  return { heard: () => heard = true, stop };
}
