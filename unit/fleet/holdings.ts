/**
 * What a unit of a fleet does with a shard that comes to it, goes from it, or is lost to another. Whoever follows
 * the assignment calls it; one thing at a time for each shard.
 *
 * | the assignment says                                | call                        |
 * | -------------------------------------------------- | --------------------------- |
 * | a shard of ours is to go to another unit           | `give`, then tell the leader |
 * | ours is what another one gave, or nobody had       | `take(shard, "given", by)`  |
 * | ours is what one has that is dead                  | `take(shard, "dead", by)`   |
 * | ours is what we gave away: it is not to go any more | `take(shard, "given", self)` |
 * | another's is what we have, or have given away      | `lose`                      |
 *
 * @module
 */

import type { ShardKey } from "../../protocol/ids.ts";

/** The shards of one unit of a fleet. */
export interface Holdings {
  /**
   * A shard is ours: it goes on from where it stopped, and comes up here once this resolves. One that is here
   * already goes on as it does.
   *
   * @param from `given`: who had it has closed it, and what waits of it is here. `dead`: who had it is away, and
   * what waits of it with it.
   * @param by The unit that had it last; `null`: none did, as far as is known.
   * @throws {GatehouseError} `away` where the keys cannot be asked, or `worker_lost`: try again. The shard is not
   * up then.
   */
  take(shard: ShardKey, from: "given" | "dead", by: string | null): Promise<void>;
  /**
   * Closes a shard, keeping its session, and hands all of it to another unit. Resolves once the estate is in the keys
   * and whatever waits is with the other; from then on the shard rests here as well, until `lose` (the assignment
   * names the other) or `take` (it is to stay).
   *
   * @throws {GatehouseError} Why it is not there. Then the shard runs here again, with nothing lost: try again.
   */
  give(shard: ShardKey, to: string): Promise<void>;
  /**
   * A shard is another's: it is closed at once, keeping its session, and nothing is left of it here but what the
   * other has said it misses. Writes nothing to the keys. One that is not here is none of our business.
   */
  lose(shard: ShardKey): Promise<void>;
}
