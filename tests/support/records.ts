/** Records of who serves what, for tests. */

import type { Cuts } from "../../protocol/reshard.ts";
import { begun, handedOver, type ReshardRecord, settledRecord } from "../../unit/reshard/record.ts";

/** Somewhere to begin to serve. */
export const cutsTo = (through: number): Cuts => ({
  from: [{ id: 0, total: 2 }],
  through,
  guilds: { "1": through - 1, "": 3 },
  others: 2,
  loads: ["7"],
  mayRepeat: [],
});

/** Guilds are about to go from two shards to four. */
export const MOVING: ReshardRecord = begun(settledRecord(2, null), {
  to: 4,
  by: "operator",
  startedAtMs: 1000,
});

/** Half of them are there. */
export const HALF: ReshardRecord = handedOver(
  MOVING,
  1,
  4,
  new Map([[1, cutsTo(10)], [3, cutsTo(20)]]),
);
