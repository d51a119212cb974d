/**
 * Where the events of which shard wait on disk: `of-16/3` for shard 3 of 16, so that shards of two
 * totals that live side by side do not meet. What a reader beside the bot has not read is in `of-16/3@logger`.
 *
 * @module
 */

import { diskFs } from "./disk.ts";

/** Folder of the shards of a total; each of them has one of its id in it. */
export function queueFolder(queueDir: string, total: number): string {
  return `${queueDir}/of-${total}`;
}

/** Folder of the guilds of the shards whose events are in `queueFolder`; each has one of its id in it. */
export function guildFolder(queueFolder: string): string {
  return `${queueFolder}/guilds`;
}

/**
 * Deletes the guilds that these shards have left under other totals than `total`; `null`: all. Nobody
 * goes on with them: a shard of another total has another session, and others of its id. Rejects with
 * what the system said first, once everything has been tried.
 */
export async function dropGuilds(
  queueDir: string,
  total: number | null,
  shardIds: readonly number[],
): Promise<void> {
  const kept = total === null ? null : queueFolder(queueDir, total);
  const folders = (await foldersIn(queueDir, /^of-\d+$/)).map((name) => `${queueDir}/${name}`);
  const failures: unknown[] = [];
  for (const folder of folders.filter((folder) => folder !== kept).map(guildFolder)) {
    for (const id of await foldersIn(folder, /^\d+$/)) {
      if (!shardIds.includes(Number(id))) continue;
      await Deno.remove(`${folder}/${id}`, { recursive: true }).catch((error) =>
        failures.push(error)
      );
    }
  }
  if (failures.length > 0) throw failures[0];
}

/**
 * Gives these shards of `total` the events that shards of their ids left behind: of other totals, and
 * of e038c8e, whose folders are `3` and say no total. Their order is that of their cursors, which
 * grow with an id whatever the total. Call before any worker starts; wherever it is interrupted,
 * every event is in one of the folders. Rejects with what the system said first, once every folder has
 * been tried.
 */
export async function inheritQueues(
  queueDir: string,
  total: number,
  shardIds: readonly number[],
  rename: (from: string, to: string) => Promise<void> = Deno.rename,
): Promise<void> {
  const own = queueFolder(queueDir, total);
  const totals = await foldersIn(queueDir, /^of-\d+$/);
  const others = totals.map((name) => `${queueDir}/${name}`).filter((folder) => folder !== own);
  const failures: unknown[] = [];
  for (const folder of [queueDir, ...others]) {
    for (const name of await foldersIn(folder, /^\d+(@.*)?$/)) {
      if (!shardIds.includes(parseInt(name))) continue;
      await move(`${folder}/${name}`, `${own}/${name}`, rename).catch((error) =>
        failures.push(error)
      );
    }
  }
  if (failures.length > 0) throw failures[0];
}

async function move(
  from: string,
  to: string,
  rename: (from: string, to: string) => Promise<void>,
): Promise<void> {
  await diskFs.makeDir(to);
  const known = new Set((await diskFs.list(to)).map(({ name }) => name));
  const files = await diskFs.list(from);
  for (const { name } of files) {
    if (!known.has(name)) await rename(`${from}/${name}`, `${to}/${name}`);
  }
  await diskFs.syncDir(to);
  // What has a namesake stays, and is nobody's: nothing is written over.
  if (files.every(({ name }) => !known.has(name))) await Deno.remove(from);
}

/** None where there is no such folder. */
async function foldersIn(dir: string, name: RegExp): Promise<string[]> {
  const folders: string[] = [];
  try {
    for await (const entry of Deno.readDir(dir)) {
      if (entry.isDirectory && name.test(entry.name)) folders.push(entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return folders;
}
