/** Comparisons of totals whose cursors are the same events: a lot is cut where its old shards were held. */

import type { Clock } from "../../../ports/clock.ts";
import type { Cuts } from "../../../protocol/reshard.ts";
import type { Compares } from "../../../unit/reshard/lots/sides.ts";

const ARMED_MS = 5_000;
const CUT_MS = 300;

/** Makes them. */
export function compares(clock: Clock): Compares {
  return ({ lot, fromTotal }) => {
    let wholeMs = Infinity;
    let held: { readonly through: number; readonly atMs: number } | null = null;
    return {
      whole: (atMs) => void (wholeMs = atMs),
      see() {},
      isArmed: (nowMs) => nowMs - wholeMs >= ARMED_MS,
      waitsFor: () => "the comparison",
      held(helds) {
        const through = Math.min(...[...helds.values()].map((each) => each.through));
        held = { through, atMs: clock.epochMs() };
      },
      lifted: () => void (held = null),
      cuts(nowMs) {
        if (held === null || nowMs - held.atMs < CUT_MS) return null;
        const { through } = held;
        const from = lot.from.map((id) => ({ id, total: fromTotal }));
        const cut = { from, through, guilds: {}, others: through, loads: [], mayRepeat: [] };
        const cuts = lot.to.map((id): [number, Cuts] => [id, cut]);
        return { cuts: new Map(cuts), anchors: 1, quiet: 0, forced: 0 };
      },
    };
  };
}
