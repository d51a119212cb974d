/**
 * The budget of identifies. See
 * [Discord Docs/Session Start Limit](https://discord.com/developers/docs/events/gateway#session-start-limit-object).
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { StartLimit } from "../world/options.ts";

/** Identifies left, as they are spent. */
export interface SessionStarts {
  readonly total: number;
  /** Identifies left in this window. */
  remaining(): number;
  /** Until the window ends; 0 while nothing has been spent. */
  resetAfterMs(): number;
  /** Takes one; false where none is left. */
  spend(): boolean;
}

/** A budget whose window begins with the first identify and starts over when it has passed. */
export function createSessionStarts(clock: Clock, limit: StartLimit): SessionStarts {
  let remaining = limit.remaining;
  let endsMs: number | undefined;
  const refresh = () => {
    if (endsMs === undefined || clock.now() < endsMs) return;
    endsMs = undefined;
    remaining = limit.total;
  };
  return {
    total: limit.total,
    remaining() {
      refresh();
      return remaining;
    },
    resetAfterMs() {
      refresh();
      return endsMs === undefined ? 0 : Math.ceil(endsMs - clock.now());
    },
    spend() {
      refresh();
      endsMs ??= clock.now() + limit.windowMs;
      if (remaining <= 0) return false;
      remaining -= 1;
      return true;
    },
  };
}
