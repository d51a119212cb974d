/**
 * {@linkcode Store} in a folder: one JSON file per value, replaced by a rename, so that a crash in
 * the middle of a write leaves the old value.
 *
 * @module
 */

import type { Store } from "../ports/store.ts";
import { GatehouseError, messageOf } from "../protocol/errors.ts";

/**
 * Opens a state folder, which is made if it is not there.
 *
 * @throws {GatehouseError} `bad_config` when the folder cannot be made or written.
 */
export async function openStateDir(dir: string): Promise<Store> {
  try {
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const message = `Cannot use STATE_DIR ${dir}: ${messageOf(cause)}`;
    throw new GatehouseError("bad_config", "host", message, { dir }, { cause });
  }
  const writes = new Map<string, Promise<void>>();
  return {
    load: (name) => load(`${dir}/${name}.json`),
    save(name, value) {
      const text = JSON.stringify(value);
      // One after another: two writers of one file would take each other's temporary file.
      const before = writes.get(name) ?? Promise.resolve();
      const write = before.catch(() => {}).then(() => replace(`${dir}/${name}.json`, text));
      writes.set(name, write);
      return write;
    },
  };
}

async function load(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `Cannot read ${path}: ${messageOf(cause)}; move it away to begin anew`;
    throw new GatehouseError("bad_config", "host", message, { path }, { cause });
  }
}

async function replace(path: string, text: string): Promise<void> {
  const file = await Deno.open(`${path}.new`, {
    write: true,
    create: true,
    truncate: true,
    mode: 0o600,
  });
  try {
    let rest = new TextEncoder().encode(text);
    while (rest.length > 0) rest = rest.subarray(await file.write(rest));
    await file.syncData();
  } finally {
    file.close();
  }
  await Deno.rename(`${path}.new`, path);
}
