/**
 * What of the estates seldom changes, a file for each shard: its session, its guilds, what READY told.
 *
 * @module
 */

import type { Store } from "../ports/store.ts";
import type { Estate } from "../protocol/estate.ts";
import type { ShardKeyText } from "../protocol/ids.ts";

/** Files that are written at once: each is open meanwhile. */
const FILES_AT_ONCE = 16;

/** Name of a shard's file: `estate-3-of-16`. */
export function fileOf(key: ShardKeyText): string {
  return `estate-${key.replace("/", "-of-")}`;
}

/**
 * Writes files of shards.
 *
 * @param stream Name of the numbering that their cursors belong to.
 * @returns The shards whose files could not be written, and why.
 */
export async function writeFiles(
  store: Pick<Store, "save">,
  stream: string,
  estates: Iterable<readonly [ShardKeyText, Estate]>,
): Promise<Map<ShardKeyText, unknown>> {
  const failed = new Map<ShardKeyText, unknown>();
  const left = [...estates];
  while (left.length > 0) {
    const saves = left.splice(0, FILES_AT_ONCE).map(([key, { session, guilds, facts }]) =>
      store.save(fileOf(key), { stream, session, guilds, facts })
        .catch((error) => void failed.set(key, error))
    );
    await Promise.all(saves);
  }
  return failed;
}

/** Whether the part that has a file of its own is the same. */
export function isFiledSame(before: Estate, after: Estate): boolean {
  return before.session?.base === after.session?.base &&
    before.session?.sessionId === after.session?.sessionId &&
    before.guilds === after.guilds && before.facts === after.facts;
}

/** Whether nothing has changed: each part is replaced, never changed. */
export function isSame(before: Estate, after: Estate): boolean {
  return (Object.keys(after) as (keyof Estate)[]).every((part) => before[part] === after[part]);
}
