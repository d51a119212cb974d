/**
 * Where new shards go on when some of the old ones have stopped for good: of what those can have missed everything
 * is for the bot.
 *
 * @module
 */

import { calculateShardId } from "../../../protocol/ids.ts";
import type { Cuts } from "../../../protocol/reshard.ts";
import type { LotShard } from "./lot_shard.ts";

/** Everything of a new shard is for the bot. */
const ALL: Omit<Cuts, "from"> = { through: 0, guilds: {}, others: 0, loads: [], mayRepeat: [] };

/** The cuts with those of the dead, of whom nothing was compared. Pure. */
export function cutsWithDead(
  compared: ReadonlyMap<number, Cuts>,
  dead: readonly LotShard[],
  olds: readonly Pick<LotShard, "key">[],
  news: readonly Pick<LotShard, "key" | "guildIds">[],
): ReadonlyMap<number, Cuts> {
  const ids = new Set(dead.map(({ key: { id } }) => id));
  const { total } = olds[0]!.key;
  return new Map(news.map(({ key: { id }, guildIds }) => {
    const cuts = compared.get(id) ?? { ...ALL, from: olds.map(({ key }) => key) };
    const missed = [...guildIds].filter((guildId) => ids.has(calculateShardId(guildId, total)));
    const owned = ids.has(id % total) ? ["", ...missed] : missed;
    const guilds = { ...cuts.guilds, ...Object.fromEntries(owned.map((each) => [each, 0])) };
    return [id, { ...cuts, guilds, loads: [...new Set([...cuts.loads, ...missed])] }];
  }));
}
