/**
 * The life of a built-in cluster as a pure step: what it is now, what happens to it, what to do.
 *
 * @module
 */

import type { ClusterSnapshot } from "../protocol/status.ts";

/** A life so far. */
export interface Life {
  readonly state: ClusterSnapshot["state"];
  readonly reason: string;
  /** How often it was started again. */
  readonly restarts: number;
  /** Ends in a row, each soon after a start. */
  readonly crashes: number;
  readonly startedMs: number;
}

/** What happens to a cluster. */
export type LifeInput =
  /** The first start, or the back-off is over. */
  | { readonly type: "start"; readonly nowMs: number }
  | { readonly type: "link up" }
  | { readonly type: "link down"; readonly reason: string }
  | { readonly type: "exited"; readonly nowMs: number; readonly reason: string }
  | { readonly type: "stop" };

/** What to do about it: start a process or thread, or send the input `start` after a while. */
export type LifeEffect = { readonly type: "start" } | {
  readonly type: "wait";
  readonly delayMs: number;
};

/** Delay before the 1st, 2nd, … restart in a row; the last one is for all that follow. */
const RESTART_DELAYS_MS = [0, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000] as const;
/** A cluster that ran this long was not in a crash loop. */
const STABLE_MS = 60_000;

/** Before the first start. */
export const UNBORN: Life = {
  state: "starting",
  reason: "not started yet",
  restarts: -1,
  crashes: 0,
  startedMs: 0,
};

/** The delay before the next start, after `crashes` ends in a row (at least 1). */
export function restartDelayMs(crashes: number): number {
  return RESTART_DELAYS_MS[Math.min(crashes, RESTART_DELAYS_MS.length) - 1]!;
}

/** The next moment of a life. `stopped` is final. */
export function stepLife(life: Life, input: LifeInput): [Life, LifeEffect?] {
  if (life.state === "stopped") return [life];
  switch (input.type) {
    case "start":
      return [{
        ...life,
        state: "starting",
        reason: life.restarts < 0 ? "started" : `restarted: ${life.reason}`,
        restarts: life.restarts + 1,
        startedMs: input.nowMs,
      }, { type: "start" }];
    case "link up":
      return [{ ...life, state: "connected", reason: "the event link is up" }];
    case "link down":
      // A link of a process that has ended: the back-off is the news.
      if (life.state !== "connected") return [life];
      return [{ ...life, state: "away", reason: input.reason }];
    case "exited": {
      const crashes = input.nowMs - life.startedMs < STABLE_MS ? life.crashes + 1 : 1;
      const wait = { type: "wait", delayMs: restartDelayMs(crashes) } as const;
      return [{ ...life, state: "backing off", reason: input.reason, crashes }, wait];
    }
    case "stop":
      return [{ ...life, state: "stopped", reason: "asked to" }];
  }
}
