/**
 * {@linkcode Store} in a folder: one JSON file per value, replaced by a rename, so that a crash in
 * the middle of a write leaves the old value. Each file says which bot it belongs to.
 *
 * @module
 */

import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Store } from "../ports/store.ts";
import { GatehouseError } from "../protocol/errors.ts";
import { makeStateDir } from "./make_state_dir.ts";
import { diskFs } from "./spool_fs.ts";
import { readStateFile, STATE_VERSION, type StateFile, stateFileText } from "./state_file.ts";
import { writeWhole } from "./write_whole.ts";

/** How a state folder is opened. */
export interface StateDirOptions {
  readonly dir: string;
  /** Whose state it is: `bot_identity.ts`. */
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
  for await (const { name, isFile } of Deno.readDir(dir)) {
    if (isFile && name.endsWith(".json")) await read(options, name);
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
      if (file?.kind === "unknown") await moveAside(options, `${name}.json`, file.reason);
      return file?.kind === "value" ? file.value : undefined;
    },
    save(name, value) {
      const text = stateFileText(bot, value);
      return inTurn(name, () => replace(dir, `${name}.json`, text));
    },
    remove: (name) => inTurn(name, () => diskFs.remove(`${dir}/${name}.json`)),
    settled: async () => void await Promise.allSettled(writes.values()),
  };
}

/** What a file is; `undefined` where there is none. What is not ours to touch is thrown. */
async function read(
  { dir, bot }: StateDirOptions,
  name: string,
): Promise<Extract<StateFile, { kind: "value" | "unknown" }> | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(`${dir}/${name}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const file = readStateFile(bot, text);
  switch (file.kind) {
    case "foreign":
      throw refused(
        dir,
        `${name} is the state of bot ${file.bot}, the token is that of bot ${bot}; ` +
          "set another STATE_DIR for this bot",
      );
    case "newer":
      throw refused(
        dir,
        `${name} has version ${file.version}, this Gatehouse knows ${STATE_VERSION}; ` +
          "start the newer Gatehouse again, or set another STATE_DIR to begin anew",
      );
    default:
      return file;
  }
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
  const file = await Deno.open(`${path}.new`, {
    write: true,
    create: true,
    truncate: true,
    mode: 0o600,
  });
  try {
    await writeWhole(file, new TextEncoder().encode(text));
    await file.syncData();
  } finally {
    file.close();
  }
  await Deno.rename(`${path}.new`, path);
  await diskFs.syncDir(dir);
}
