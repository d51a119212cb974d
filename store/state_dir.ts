/**
 * {@linkcode Store} in a folder: one file per value (`state_file.ts`), replaced by a rename, so that a
 * crash in the middle of a write leaves the old value.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Store } from "../ports/store.ts";
import { GatehouseError } from "../protocol/errors.ts";
import { botIdOfToken } from "../protocol/ids.ts";
import { diskFs, makeStateDir, stateDirError } from "./disk.ts";
import { encodeStateFile, readStateFile, type StateFile } from "./state_file.ts";

/** What a file is called behind its name until it is whole. */
const UNFINISHED = ".new";

/** How a state folder is opened. */
export interface StateDirOptions {
  readonly dir: string;
  /** Whose state it is: {@linkcode botIdentity}. */
  readonly bot: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Opens a state folder, which is made if it is not there. A file that is not as any version we know
 * wrote it is set aside when it is loaded, and the log says so: the unit begins anew, and nothing is
 * deleted.
 *
 * @throws {GatehouseError} `bad_config` when the folder cannot be made, holds the state of another
 * bot, or was written by a newer version. Nothing in it is changed then.
 */
export async function openStateDir(options: StateDirOptions): Promise<Store> {
  const { dir, bot } = options;
  await makeStateDir(dir);
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(dir)) if (isFile) names.push(name);
  for (const name of names) if (name.endsWith(".json")) await read(options, name);
  // What a write that was cut off has left. Only now is it known that the folder is ours.
  for (const name of names) {
    if (name.endsWith(`.json${UNFINISHED}`)) await diskFs.remove(`${dir}/${name}`);
  }
  let damaged = 0;
  const writes = new Map<string, Promise<void>>();
  /** One after another: two writers of one file would take each other's temporary file. */
  function inTurn(name: string, task: () => Promise<void>): Promise<void> {
    const before = writes.get(name) ?? Promise.resolve();
    const write = before.catch(() => {}).then(task);
    writes.set(name, write);
    return write;
  }
  return {
    get damaged() {
      return damaged;
    },
    async load(name) {
      const file = await read(options, `${name}.json`);
      if (!file || "value" in file) return file?.value;
      await moveAside(options, `${name}.json`, file.damaged);
      damaged++;
      return undefined;
    },
    save(name, value) {
      const bytes = encodeStateFile(bot, value);
      return inTurn(name, () => replace(dir, `${name}.json`, bytes));
    },
    remove: (name) => inTurn(name, () => diskFs.remove(`${dir}/${name}.json`)),
    settled: async () => void await Promise.allSettled(writes.values()),
  };
}

/** Reads a file; `undefined` where there is none. What is not ours to touch is thrown. */
async function read(
  options: StateDirOptions,
  name: string,
): Promise<Exclude<StateFile, { foreign: string }> | undefined> {
  const path = `${options.dir}/${name}`;
  const bytes = await Deno.readFile(path).catch((error: unknown) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw stateDirError(options.dir, path, error);
  });
  if (bytes === null) return undefined;
  const file = readStateFile(bytes, options.bot);
  if ("foreign" in file) throw refused(options.dir, `${name} ${file.foreign}`);
  return file;
}

function refused(dir: string, why: string): GatehouseError {
  return new GatehouseError("bad_config", "host", `Cannot use STATE_DIR ${dir}: ${why}`, { dir });
}

async function moveAside(
  { dir, clock, log }: StateDirOptions,
  name: string,
  reason: string,
): Promise<void> {
  const date = new Date(clock.wallMs()).toISOString().replaceAll(":", "-");
  const file = `${dir}/${name}`;
  const aside = `${file}.old-${date}`;
  await Deno.rename(file, aside).catch((error: unknown) => {
    throw stateDirError(dir, file, error);
  });
  log.error("a state file could not be read, it was set aside and begins anew", {
    file,
    aside,
    reason,
  });
}

async function replace(dir: string, name: string, bytes: Uint8Array): Promise<void> {
  const path = `${dir}/${name}`;
  const file = await diskFs.open(path + UNFINISHED, 0);
  try {
    await file.write(bytes);
    await file.sync();
  } finally {
    file.close();
  }
  await Deno.rename(path + UNFINISHED, path);
  await diskFs.syncDir(dir);
}

/**
 * A name for the bot of a token that may be written down: its user id, which stays the same when the
 * token is made anew. A token of another shape, such as the simulator's, gives the start of a hash.
 */
export function botIdentity(token: string): string {
  return botIdOfToken(token) ??
    `sha256-${createHash("sha256").update(token).digest("hex").slice(0, 12)}`;
}
