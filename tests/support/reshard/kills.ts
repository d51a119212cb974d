/**
 * Whoever is killed in whichever phase of a reshard: nothing is lost, nothing comes twice, no identify is spent.
 *
 * @module
 */

import type { LotPhase } from "../../../protocol/reshard.ts";
import { lateByChance } from "./late.ts";
import { assertWhole, startWireStage, type WireStage } from "./wire_stage.ts";

/** `waiting` is before the reshard, `writing` takes a millisecond, `moved` is after it. */
const PHASES: readonly LotPhase[] = ["rising", "comparing", "holding", "ending"];

/**
 * A test for each phase.
 *
 * @param breaks Whether whoever is killed has connections to Discord.
 */
export function testKills(
  who: string,
  kill: (stage: WireStage) => Promise<unknown>,
  { breaks }: { readonly breaks: boolean },
): void {
  for (const phase of PHASES) {
    Deno.test(`${who} is killed when a lot is ${phase}: 2 shards become 4, nothing lost, nothing twice`, async () => {
      await using stage = await startWireStage({
        shards: 2,
        sim: { lateMs: lateByChance(500, 2) },
      });
      await (await stage.reshard(4)).body?.cancel();
      await stage.until(phase);
      const broken = breaks ? stage.open() : new Set<number>();
      await kill(stage);
      await stage.serves(4);
      await assertWhole(stage, 4, { 2: 2, 4: 4 }, { broken });
    });
  }
}
