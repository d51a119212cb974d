/**
 * {@linkcode Store} in a folder: one JSON file per value, replaced by a rename, so that a crash in
 * the middle of a write leaves the old value. Each file says which bot it belongs to.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Store } from "../ports/store.ts";
import { GatehouseError, messageOf } from "../protocol/errors.ts";
import { botIdOfToken } from "../protocol/ids.ts";
import { isCount } from "../protocol/record.ts";
import { diskFs, makeStateDir, stateDirError } from "./disk.ts";

/**
 * Version of the format that we write. 1 is read as well: it had other files for the same facts, so
 * that a Gatehouse of its time has to refuse ours, or it would identify every shard anew.
 */
const STATE_VERSION = 2;

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
 * Opens a state folder, which is made if it is not there. A file that no version we know wrote is
 * moved aside when it is loaded, and the log says so: the unit begins anew, and nothing is deleted.
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
  const writes = new Map<string, Promise<void>>();
  /** One after another: two writers of one file would take each other's temporary file. */
  function inTurn(name: string, task: () => Promise<void>): Promise<void> {
    const before = writes.get(name) ?? Promise.resolve();
    const write = before.catch(() => {}).then(task);
    writes.set(name, write);
    return write;
  }
  return {
    async load(name) {
      const file = await read(options, `${name}.json`);
      if (file && "value" in file) return file.value;
      if (file) await moveAside(options, `${name}.json`, file.unknown);
      return undefined;
    },
    save(name, value) {
      const text = JSON.stringify({ version: STATE_VERSION, bot, value });
      return inTurn(name, () => replace(dir, `${name}.json`, text));
    },
    remove: (name) => inTurn(name, () => diskFs.remove(`${dir}/${name}.json`)),
    settled: async () => void await Promise.allSettled(writes.values()),
  };
}

/** What a file holds, or why no version that we know wrote it. */
type StateFile = { readonly value: unknown } | { readonly unknown: string };

/** Reads a file; `undefined` where there is none. What is not ours to touch is thrown. */
async function read(options: StateDirOptions, name: string): Promise<StateFile | undefined> {
  try {
    return fileOf(await Deno.readTextFile(`${options.dir}/${name}`), options, name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof GatehouseError) throw error;
    throw stateDirError(options.dir, `${options.dir}/${name}`, error);
  }
}

function fileOf(text: string, { dir, bot }: StateDirOptions, name: string): StateFile {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    return { unknown: messageOf(error) };
  }
  const { version, bot: owner, value } = Object(file) as Record<string, unknown>;
  if (!isCount(version)) return { unknown: "it has no version" };
  if (version > STATE_VERSION) {
    throw refused(
      dir,
      `${name} has version ${version}, this Gatehouse knows ${STATE_VERSION}; ` +
        "start the newer Gatehouse again, or set another STATE_DIR to begin anew",
    );
  }
  if (version === 0 || typeof owner !== "string" || value === undefined) {
    return { unknown: `it is not what version ${version} is` };
  }
  if (owner === bot) return { value };
  throw refused(
    dir,
    `${name} is the state of bot ${owner}, the token is that of bot ${bot}; ` +
      "set another STATE_DIR for this bot",
  );
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
  const aside = `${dir}/${name}.old-${date}`;
  await Deno.rename(`${dir}/${name}`, aside);
  log.warn("moved a state file aside that could not be understood", {
    file: `${dir}/${name}`,
    aside,
    reason,
  });
}

async function replace(dir: string, name: string, text: string): Promise<void> {
  const path = `${dir}/${name}`;
  const file = await diskFs.open(path + UNFINISHED, 0);
  try {
    await file.write(new TextEncoder().encode(text));
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
