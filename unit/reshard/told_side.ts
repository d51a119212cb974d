/**
 * The shards of one total in a handover, who pass on what they were told: the bot's presence, where it is in
 * voice, what it has asked just now.
 *
 * @module
 */

import type { ShardKey } from "../../protocol/ids.ts";
import type { UnitCommands } from "./commands.ts";
import type { Side } from "./lots/sides.ts";

/** A side, of whose shards it is known to the commands when one is held back, goes on, or is about to end. */
export function toldSide(
  total: number,
  side: Side,
  commands: Pick<UnitCommands, "held" | "lifted" | "leave">,
): Side {
  const key = (id: number): ShardKey => ({ total, id });
  return {
    bringUp: (...what) => side.bringUp(...what),
    watch: (...what) => side.watch(...what),
    serve: (...what) => side.serve(...what),
    hear: (...what) => side.hear(...what),
    hold(id) {
      commands.held(key(id));
      return side.hold(id);
    },
    lift(id) {
      commands.lifted(key(id));
      side.lift(id);
    },
    async endShard(id) {
      await commands.leave(key(id));
      await side.endShard(id);
    },
  };
}
