/**
 * Which `deno.json` governs a module, and how a child process of Deno finds its cache.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CONFIGS = ["deno.json", "deno.jsonc"];

/** Our own `deno.json`. */
const OURS = new URL("../deno.json", import.meta.url);

/** The `deno.json` that governs a module: the nearest at or above it, else ours. */
export function configOf(module: string, exists: (path: string) => boolean): string {
  return nearestConfig(module, exists) ?? fileURLToPath(OURS);
}

/**
 * The folder of a bot's code: that of its `deno.json`, else that of its module. `null` where the module
 * comes from elsewhere.
 */
export function folderOf(module: string, exists: (path: string) => boolean): string | null {
  if (!module.startsWith("file:")) return null;
  return dirname(nearestConfig(module, exists) ?? fileURLToPath(module));
}

function nearestConfig(module: string, exists: (path: string) => boolean): string | undefined {
  if (!module.startsWith("file:")) return undefined;
  let folder = dirname(fileURLToPath(module));
  while (true) {
    const found = CONFIGS.map((name) => join(folder, name)).find(exists);
    if (found !== undefined || dirname(folder) === folder) return found;
    folder = dirname(folder);
  }
}

/** Whether there is a file. One that we may not look for is not there for us. */
export function isThere(path: string): boolean {
  try {
    return existsSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}

/** What Deno needs of our environment to find its cache and its packages. */
const OF_DENO = ["DENO_DIR", "HOME", "LOCALAPPDATA", "NPM_CONFIG_REGISTRY", "XDG_CACHE_HOME"];

/** Of `env` what Deno needs to find its cache and its packages, and what `names` asks for. */
export function passedOn(
  env: Readonly<Record<string, string>>,
  names: readonly string[] = [],
): Record<string, string> {
  const passed = [...OF_DENO, ...names].flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(passed);
}
