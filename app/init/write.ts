/**
 * Writes the files of a new bot, where none of them is there already.
 *
 * @module
 */

import { join } from "node:path";
import { cannot, type GatehouseError, messageOf } from "../../protocol/errors.ts";
import type { NewFile } from "./files.ts";

const refused = cannot("write", "refused", "caller");

/**
 * Writes the files to a folder, which is made where it is not there.
 *
 * @param force Replaces what is there.
 * @throws {GatehouseError} `refused` where something is there already, each by its name: nothing was written. Or where the folder
 * cannot be written to.
 */
export async function writeFiles(
  folder: string,
  files: readonly NewFile[],
  force: boolean,
): Promise<void> {
  const there = await foundIn(folder, files);
  if (there.length > 0 && !force) {
    const what = there.length === 1 ? "is there already, and stays as it is" : "are there already";
    throw refused(`${there.join(", ")} ${what}; --force replaces what has these names`);
  }
  try {
    await Deno.mkdir(folder, { recursive: true });
    for (const { name, text, isPrivate } of files) {
      await Deno.writeTextFile(join(folder, name), text, isPrivate ? { mode: 0o600 } : {});
    }
  } catch (error) {
    throw unwritable(folder, error);
  }
}

/** The names that are taken. */
async function foundIn(folder: string, files: readonly NewFile[]): Promise<string[]> {
  const there: string[] = [];
  try {
    for (const { name } of files) if (await isThere(join(folder, name))) there.push(name);
  } catch (error) {
    throw unwritable(folder, error);
  }
  return there;
}

function unwritable(folder: string, error: unknown): GatehouseError {
  const { NotADirectory, AlreadyExists, NotCapable } = Deno.errors;
  if (error instanceof NotADirectory || error instanceof AlreadyExists) {
    return refused(`${folder} can be no folder: a part of it is a file`);
  }
  // What Deno says then, leads to allowing everything.
  if (error instanceof NotCapable) {
    return refused(
      `${folder}: Deno gives no right to it alone, as of a comma in a path, or of /proc`,
    );
  }
  return refused(`${folder}: ${messageOf(error)}`);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
