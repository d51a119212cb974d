/**
 * The files of this repository that our tools look at.
 *
 * @module
 */

import { OUTSIDE_FOLDERS, ROOT_FILES, SOURCE_FOLDERS } from "./tree.ts";

/** Paths of every TypeScript file from the root, with `/`, sorted. */
export async function typescriptFiles(root = "."): Promise<string[]> {
  const files: string[] = [];
  for (const name of ROOT_FILES) {
    if (await exists(`${root}/${name}`)) files.push(name);
  }
  for (const folder of [...SOURCE_FOLDERS, ...OUTSIDE_FOLDERS]) {
    for await (const path of walk(root, folder)) if (path.endsWith(".ts")) files.push(path);
  }
  return files.sort();
}

/** The files of the dashboard's page, as they are served: modules, styles, documents. */
export async function pageFiles(root = "."): Promise<string[]> {
  return (await Array.fromAsync(walk(root, "dashboard/page"))).sort();
}

async function* walk(root: string, folder: string): AsyncIterable<string> {
  if (!await exists(`${root}/${folder}`)) return;
  for await (const entry of Deno.readDir(`${root}/${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* walk(root, path);
    else yield path;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
