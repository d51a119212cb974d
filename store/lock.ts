/**
 * One unit per state folder: two would write over each other's sessions and resume them against each
 * other. The lock is the system's own on an open file, so it ends with the process, however that ends.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { Clock } from "../ports/clock.ts";
import { makeStateDir, stateDirError, writeWhole } from "./disk.ts";

/** A state folder that is ours. */
export interface Lock {
  /** Lets others have the folder. The file stays: to delete it would take it from under them. */
  release(): void;
}

/**
 * Takes the state folder `dir` for this process; it is made if it is not there.
 *
 * @throws {GatehouseError} `state_locked` that says which process has it and since when;
 * `bad_config` when the folder cannot be made or locked.
 */
export async function lockStateDir(dir: string, clock: Clock): Promise<Lock> {
  await makeStateDir(dir);
  const path = `${dir}/lock`;
  const file = await openLocked(dir, path);
  if (file === null) {
    const owner = await ownerOf(path);
    const text = `Cannot use STATE_DIR ${dir}: ${describe(owner)}`;
    throw new GatehouseError("state_locked", "caller", text, { dir, ...owner });
  }
  await sign(file, { pid: Deno.pid, since: new Date(clock.wallMs()).toISOString() });
  return { release: () => file.close() };
}

/**
 * Who has the state folder `dir`, in words; `null`: nobody. It is tried, for a moment, and not taken.
 *
 * @throws {GatehouseError} `bad_config` when it cannot be tried.
 */
export async function lockHolder(dir: string): Promise<string | null> {
  const path = `${dir}/lock`;
  try {
    using file = await Deno.open(path, { read: true, write: true });
    if (await file.tryLock(true)) return null;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return null;
    throw stateDirError(dir, path, cause);
  }
  const { pid, since } = await ownerOf(path);
  return pid === undefined ? "which does not say who it is" : `process ${pid} since ${since}`;
}

interface Owner {
  readonly pid: number;
  /** In ISO 8601. */
  readonly since: string;
}

/** The file, locked; `null` where another one has locked it. */
async function openLocked(dir: string, path: string): Promise<Deno.FsFile | null> {
  let file: Deno.FsFile | undefined;
  try {
    file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
    if (await file.tryLock(true)) return file;
  } catch (cause) {
    file?.close();
    throw stateDirError(dir, path, cause);
  }
  file.close();
  return null;
}

/** Says who has the lock. On a full disk it is not said: that must not keep a unit from starting. */
async function sign(file: Deno.FsFile, owner: Owner): Promise<void> {
  try {
    await file.truncate(0);
    await writeWhole(file, new TextEncoder().encode(JSON.stringify(owner)));
  } catch {
    return;
  }
}

/**
 * Who says that the lock is theirs; nothing where it cannot be told: the owner is just writing it, or
 * the system (Windows) lets nobody read a file that is locked. The lock itself does not depend on it.
 */
async function ownerOf(path: string): Promise<Partial<Owner>> {
  try {
    const { pid, since } = JSON.parse(await Deno.readTextFile(path));
    return typeof pid === "number" && typeof since === "string" ? { pid, since } : {};
  } catch {
    return {};
  }
}

function describe({ pid, since }: Partial<Owner>): string {
  const who = pid === undefined ? "" : `, process ${pid} since ${since}`;
  return `another unit uses it${who}; stop it, or set another STATE_DIR`;
}
