/**
 * Whose turn it is: lots begin in the order of their rests, as the identify gate serves their shards.
 *
 * @module
 */

import type { IdentifySnapshot } from "../../../protocol/status.ts";
import type { LotPhase } from "../../../protocol/reshard.ts";
import type { Handover } from "./handover.ts";
import type { LotShard } from "./lot_shard.ts";
import { identifiesLeft, type LotNeed, mayBegin, needOf } from "./pace.ts";

/** What the turns are given by. */
type LotAsSeen = Pick<Handover, "phase" | "newShards" | "begin">;

/**
 * Begins the lots that may; gives what the others wait for, in a person's words, where that is not those before them.
 *
 * @param elsewhere What lots take that are under way on other units.
 */
export function beginLots(
  lots: readonly LotAsSeen[],
  gate: IdentifySnapshot,
  elsewhere: readonly LotNeed[] = [],
): string | null {
  let underWay = needOf([...lots.filter(isRisen).map(lotNeed), ...elsewhere]);
  const waiting = lots.filter(({ phase }) => phase === "waiting")
    .map((lot) => ({ lot, need: lotNeed(lot) }))
    // What an earlier life has left goes on without an identify.
    .sort((a, b) => Number(a.need.identifies > 0) - Number(b.need.identifies > 0));
  for (const { lot, need } of waiting) {
    const when = mayBegin(need, underWay, gate);
    if (when === "identifies") return heldText(need, gate);
    if (when === "later") return null;
    underWay = needOf([underWay, need]);
    lot.begin();
  }
  return null;
}

/** What the shards that a lot goes to will take yet. */
export function lotNeed({ newShards }: Pick<LotAsSeen, "newShards">): LotNeed {
  return { shards: newShards.length, identifies: newShards.filter(hasToIdentify).length };
}

/** Whether the new shards of a lot are there, and nobody gets anything of them. */
export function isRisen({ phase }: Pick<LotAsSeen, "phase">): boolean {
  return phase === "rising" || phase === "comparing" || isUndecided(phase);
}

/** Whether who serves is about to change. */
export function isUndecided(phase: LotPhase): boolean {
  return phase === "holding" || phase === "writing";
}

/** Whether a shard will take one of the day's identifies, and has not yet. */
function hasToIdentify({ estate, status }: LotShard): boolean {
  return estate.session === null && status.state !== "identifying" && status.state !== "ready";
}

function heldText({ identifies }: LotNeed, gate: IdentifySnapshot): string {
  const minutes = Math.ceil(gate.resetAfterMs / 60_000);
  return `the next guilds take ${identifies} identifies, ${identifiesLeft(gate)} are left today ` +
    `beside the reserve: it goes on in ${minutes} minutes`;
}
