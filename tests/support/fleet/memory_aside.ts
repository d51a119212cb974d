/**
 * What is put aside of spools in memory.
 *
 * @module
 */

import type { OpenSpool } from "../../../ports/spool.ts";
import { type ShardKey, shardRange } from "../../../protocol/ids.ts";
import type { Aside } from "../../../store/late_folders.ts";
import { memorySpool } from "../memory_spool.ts";

/** Puts aside what is in spools of a total's shards. */
export function memoryAside(openSpool: OpenSpool, total: number): Aside {
  const late = memorySpool();
  const all = shardRange(0, total - 1).map((id): ShardKey => ({ total, id }));
  const thoseIn = async (spools: OpenSpool) => {
    const lasts = await Promise.all(all.map(async ({ id }) => (await spools(id)).last));
    return all.filter((_, i) => lasts[i] !== null);
  };
  return {
    async put({ id }) {
      const [from, to] = [await openSpool(id), await late(id)];
      if (from.last === null) return;
      const records = await from.read(-1, Infinity);
      await to.append(records.filter(({ cursor }) => cursor > (to.last ?? -1)));
      await from.trim(from.last);
    },
    list: () => thoseIn(late),
    queued: () => thoseIn(openSpool),
    open: ({ id }) => late(id),
    async remove({ id }) {
      const spool = await late(id);
      await spool.trim(spool.last ?? 0);
    },
  };
}
