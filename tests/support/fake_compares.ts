/** Comparisons of two totals' shards that need nothing but time, for tests of what goes by them. */

import type { Clock } from "../../ports/clock.ts";
import type { ShardKey } from "../../protocol/ids.ts";
import type { Cuts } from "../../protocol/reshard.ts";
import type { Compares } from "../../unit/reshard/lots/sides.ts";

/** How long one takes to be armed, and to find the cuts. */
export const ARMED_MS = 5_000;
const CUT_MS = 300;

/** Makes them: each cuts at the newest that its new shards have. */
export function fakeCompares(clock: Clock, newestOf: (shard: ShardKey) => number): Compares {
  return ({ lot, fromTotal, toTotal }) => {
    let [wholeMs, heldMs] = [Infinity, Infinity];
    return {
      whole: (atMs) => void (wholeMs = atMs),
      see: () => {},
      isArmed: (nowMs) => nowMs - wholeMs >= ARMED_MS,
      waitsFor: () => "the comparison",
      held: () => void (heldMs = clock.epochMs()),
      lifted: () => void (heldMs = Infinity),
      cuts: (nowMs) => {
        if (nowMs - heldMs < CUT_MS) return null;
        const from = lot.from.map((id) => ({ id, total: fromTotal }));
        const cuts = lot.to.map((id): [number, Cuts] => {
          const through = newestOf({ id, total: toTotal });
          return [id, { from, through, guilds: {}, others: through, loads: [], mayRepeat: [] }];
        });
        return { cuts: new Map(cuts), anchors: 1, quiet: 1, forced: 0 };
      },
    };
  };
}
