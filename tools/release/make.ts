/**
 * Makes the executables of a release, one for each machine, and vouches for those that are in order.
 *
 * @module
 */

import { executableName } from "./compile.ts";

/** The file that vouches for them, as `sha256sum --check` reads it. */
export const SUMS = "SHA256SUMS";

/** Makes the executable for `target` at `path`. Gives what is wrong with it. */
export type Make = (target: string, path: string) => Promise<readonly string[]>;

/**
 * Makes them in `folder`, as many as can be made. What is not in order is deleted and has no line in
 * {@linkcode SUMS}; where none is in order there is no such file. What an earlier release has left under these names
 * is deleted first: it must not be taken for this one's.
 *
 * @returns What is wrong, by the executable's name; nothing where all are in order.
 */
export async function makeAll(
  targets: readonly string[],
  folder: string,
  make: Make,
): Promise<Map<string, readonly string[]>> {
  for (const name of [SUMS, ...targets.map(executableName)]) await discard(`${folder}/${name}`);
  const refused = new Map<string, readonly string[]>();
  let sums = "";
  for (const target of targets) {
    const name = executableName(target);
    const path = `${folder}/${name}`;
    const problems = await make(target, path).catch((error) => [String(error)]);
    if (problems.length === 0) {
      sums += await sumLine(name, await Deno.readFile(path));
      continue;
    }
    refused.set(name, problems);
    await discard(path);
  }
  if (sums !== "") await Deno.writeTextFile(`${folder}/${SUMS}`, sums);
  return refused;
}

/** A line as `sha256sum` prints it. */
async function sumLine(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return `${new Uint8Array(digest).toHex()}  ${name}\n`;
}

async function discard(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
