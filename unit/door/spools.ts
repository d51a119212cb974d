/**
 * Where the queues of a door are: their ids, and their files.
 *
 * @module
 */

import type { Config } from "../../config/config.ts";
import type { Log } from "../../ports/log.ts";
import type { OpenSpool } from "../../ports/spool.ts";
import { queuesLeft } from "../../store/queue_folders.ts";
import { openSpoolDir } from "../../store/spool_files.ts";

/** Ids of queues that each name of a unit has. */
export const QUEUES_OF_UNIT: number = 2 ** 14;

/** The files of a door's queues. */
export interface DoorSpools {
  /** Without it events are kept in memory only. */
  readonly openSpool?: OpenSpool | undefined;
  /** Queues of which something is on disk. Default: none but its own. */
  readonly left?: () => Promise<readonly number[]>;
}

/**
 * Where the queues of a unit begin, by its name in its fleet: of several units that bring one cluster events each
 * has queues of its own, for their cursors know nothing of each other.
 */
export function firstQueueId(unit: string | undefined): number {
  if (unit === undefined) return 0;
  let hash = 0x811c_9dc5;
  for (const letter of unit) hash = Math.imul(hash ^ letter.codePointAt(0)!, 0x0100_0193) >>> 0;
  return (hash >>> 14) * QUEUES_OF_UNIT;
}

/** The spools of a door, and which there are; none where events are kept in memory only. */
export function doorSpools(
  { config, queueDir, log }: {
    readonly config: Pick<Config, "queueDiskBytes">;
    readonly queueDir: string | null;
    readonly log: Log;
  },
): DoorSpools {
  if (queueDir === null || config.queueDiskBytes === 0) return {};
  const dir = `${queueDir}/door`;
  return { openSpool: openSpoolDir(dir, { log }), left: () => queuesLeft(dir) };
}
