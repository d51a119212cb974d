/** What a unit tells, for tests of who reads it. */

import type { Told } from "../../../../gateway/identify/fleet/words.ts";

/** A unit with a shard of each kind. */
export const TOLD: Told = {
  unit: "a",
  life: "1",
  version: 3,
  nowMs: 12.5,
  turn: 7,
  expects: [[4, 0]],
  wants: [[4, 1, 7]],
  holds: [[4, 2, 5]],
  used: [[4, 3, 2]],
  usedBefore: 1,
  budget: { total: 1000, remaining: 990, resetAfterMs: 3_600_000 },
};
