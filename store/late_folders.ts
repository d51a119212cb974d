/**
 * Events of shards that other units have now: they were on this disk while the unit was away, and wait in
 * `late/of-16/3` until it is known whether anybody misses them.
 *
 * @module
 */

import type { OpenSpool, Spool } from "../ports/spool.ts";
import { type ShardKey, shardKeyText } from "../protocol/ids.ts";
import { moveFiles, queuedShards, queuesIn, removeFolders } from "./queue_folders.ts";
import { openSpoolDir, type SpoolDirOptions } from "./spool_files.ts";

/** Name of the folder in that of the queues. */
const LATE = "late";

/** Where a unit puts events aside. */
export interface Aside {
  /** Puts away what waits on disk of a shard that no worker has; that there is nothing is no error. */
  put(shard: ShardKey): Promise<void>;
  /** Shards of which something was put away. */
  list(): Promise<ShardKey[]>;
  /** Shards of which something waits where workers have it. */
  queued(): Promise<ShardKey[]>;
  /** What was put away of a shard. Close it. */
  open(shard: ShardKey): Promise<Spool>;
  /** Deletes what was put away of a shard. */
  remove(shard: ShardKey): Promise<void>;
}

/** Puts nothing aside: there is no disk. */
export const NOTHING_ASIDE: Aside = {
  put: () => Promise.resolve(),
  list: () => Promise.resolve([]),
  queued: () => Promise.resolve([]),
  open: (shard) => Promise.reject(new Error(`there is no disk with ${shardKeyText(shard)}`)),
  remove: () => Promise.resolve(),
};

/** Puts events aside in the folder of a unit's queues. What readers beside the bot have not read is deleted. */
export function lateFolders(queueDir: string, options: SpoolDirOptions = {}): Aside {
  const late = `${queueDir}/${LATE}`;
  const folder = ({ total }: ShardKey, dir = late) => `${dir}/of-${total}`;
  const spoolOf = (shard: ShardKey): OpenSpool => openSpoolDir(folder(shard), options);
  const own = (left: { readonly path: string }) => !left.path.includes("@");
  return {
    async put(shard) {
      const left = await queuesIn(queueDir, shard.total);
      for (const { id, path } of left) {
        if (id !== shard.id) continue;
        if (own({ path })) await moveFiles(path, `${folder(shard)}/${id}`);
        else await removeFolders([path]);
      }
    },
    list: async () => (await queuesIn(late)).filter(own).map(({ total, id }) => ({ total, id })),
    queued: () => queuedShards(queueDir),
    open: (shard) => spoolOf(shard)(shard.id),
    remove: (shard) => removeFolders([`${folder(shard)}/${shard.id}`]),
  };
}
