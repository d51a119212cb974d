/**
 * Where the events of which shard wait on disk: `of-16/3` for shard 3 of 16, so that shards of two
 * totals that live side by side do not meet. What a reader beside the bot has not read is in `of-16/3@logger`.
 *
 * @module
 */

import { type ShardKey, type ShardKeyText, shardKeyText } from "../protocol/ids.ts";
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
 * Deletes the guilds that these shards have left under other totals than those of `kept`. Nobody goes on with
 * them: a shard of another total has another session, and others of its id. Rejects with what the system said
 * first, once everything has been tried.
 */
export async function dropGuilds(
  queueDir: string,
  kept: readonly number[],
  shardIds: readonly number[],
): Promise<void> {
  const totals = (await totalsIn(queueDir)).filter((total) => !kept.includes(total));
  const left = await Promise.all(totals.map((total) => guildsOf(queueDir, total)));
  await removeAll(left.flat().filter(({ id }) => shardIds.includes(id)));
}

/**
 * Deletes what shards that are over have left, events and guilds: they were given up because others serve in
 * their place. Call while no worker has them. Rejects with what the system said first, once everything has
 * been tried.
 */
export async function dropQueues(
  queueDir: string,
  isOver: (shard: ShardKey) => boolean,
): Promise<void> {
  const left = await Promise.all((await totalsIn(queueDir)).map(async (total) => [
    ...await eventsOf(queueFolder(queueDir, total), total),
    ...await guildsOf(queueDir, total),
  ]));
  await removeAll(left.flat().filter(isOver));
}

/** Shards of which events wait on disk, for their bot or for those who read beside it. */
export async function queuedShards(queueDir: string): Promise<ShardKey[]> {
  const found = new Map<ShardKeyText, ShardKey>();
  for (const { total, id, path } of await queuesIn(queueDir)) {
    const { length: files } = await diskFs.list(path);
    if (files > 0) found.set(shardKeyText({ total, id }), { total, id });
  }
  return [...found.values()];
}

/** Ids of the folders in one that have files in them. */
export async function queuesLeft(dir: string): Promise<number[]> {
  const names = await foldersIn(dir, /^\d+$/);
  const files = await Promise.all(names.map((name) => diskFs.list(`${dir}/${name}`)));
  return names.filter((_, i) => files[i]!.length > 0).map(Number);
}

/**
 * Gives these shards of `total` the events that shards of their ids left behind: of other totals, and of e038c8e, whose folders are `3` and say no total. Their order is that of their cursors, which
 * grow with an id whatever the total. Not for a total beside which another lives on. Call before any worker starts; wherever it is interrupted,
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
  const others = (await totalsIn(queueDir)).filter((other) => other !== total)
    .map((other) => queueFolder(queueDir, other));
  const failures: unknown[] = [];
  for (const folder of [queueDir, ...others]) {
    for (const name of await foldersIn(folder, /^\d+(@.*)?$/)) {
      if (!shardIds.includes(parseInt(name))) continue;
      await moveFiles(`${folder}/${name}`, `${own}/${name}`, rename).catch((error) =>
        failures.push(error)
      );
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** What waits on disk of shards, of one total or of all, for their bots and for who reads beside these. */
export async function queuesIn(queueDir: string, total?: number): Promise<Left[]> {
  const totals = total === undefined ? await totalsIn(queueDir) : [total];
  const left = await Promise.all(totals.map((of) => eventsOf(queueFolder(queueDir, of), of)));
  return left.flat();
}

/** Deletes folders with all that is in them; rejects with what the system said first, once all were tried. */
export async function removeFolders(paths: readonly string[]): Promise<void> {
  await removeAll(paths.map((path) => ({ path })));
}

/** Moves the files of a folder to another one, in which there may be some, and deletes it. */
export async function moveFiles(
  from: string,
  to: string,
  rename: (from: string, to: string) => Promise<void> = Deno.rename,
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

/** A folder of a shard's. */
export interface Left extends ShardKey {
  readonly path: string;
}

async function totalsIn(queueDir: string): Promise<number[]> {
  return (await foldersIn(queueDir, /^of-\d+$/)).map((name) => Number(name.slice("of-".length)));
}

async function eventsOf(folder: string, total: number): Promise<Left[]> {
  const names = await foldersIn(folder, /^\d+(@.*)?$/);
  return names.map((name) => ({ total, id: parseInt(name), path: `${folder}/${name}` }));
}

function guildsOf(queueDir: string, total: number): Promise<Left[]> {
  return eventsOf(guildFolder(queueFolder(queueDir, total)), total);
}

async function removeAll(folders: readonly Pick<Left, "path">[]): Promise<void> {
  const failures: unknown[] = [];
  for (const { path } of folders) {
    await Deno.remove(path, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) failures.push(error);
    });
  }
  if (failures.length > 0) throw failures[0];
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
