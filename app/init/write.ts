/**
 * Writes the files of a new bot, where none of them is there already.
 *
 * @module
 */

import { join } from "node:path";
import { cannot } from "../../protocol/errors.ts";
import type { NewFile } from "./files.ts";

const refused = cannot("write", "refused", "caller");

/**
 * Writes the files to a folder, which is made where it is not there.
 *
 * @param force Replaces what is there.
 * @throws {GatehouseError} `refused` where something is there already, each by its name: nothing was written.
 */
export async function writeFiles(
  folder: string,
  files: readonly NewFile[],
  force: boolean,
): Promise<void> {
  const there: string[] = [];
  for (const { name } of files) if (await isThere(join(folder, name))) there.push(name);
  if (there.length > 0 && !force) {
    const what = there.length === 1 ? "is there already, and stays as it is" : "are there already";
    throw refused(`${there.join(", ")} ${what}; --force replaces what has these names`);
  }
  await Deno.mkdir(folder, { recursive: true });
  for (const { name, text } of files) await Deno.writeTextFile(join(folder, name), text);
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
