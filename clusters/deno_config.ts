/**
 * Which `deno.json` governs a module, and how a child process of Deno finds its cache.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CONFIGS = ["deno.json", "deno.jsonc"];

/** What a module without a `deno.json` of its own imports us by. */
const OURS = JSON.stringify({
  imports: { gatehouse: new URL("../mod.ts", import.meta.url).href },
});

/**
 * Flags for the `deno.json` that governs a module: the nearest at or above it. Where there is none, the module may
 * import `gatehouse` all the same, and nothing is written into a lock file of ours.
 */
export function configFlags(module: string, exists: (path: string) => boolean): string[] {
  const config = nearestConfig(module, exists);
  if (config !== undefined) return [`--config=${config}`];
  const imports = `data:application/json,${encodeURIComponent(OURS)}`;
  return ["--no-config", "--no-lock", `--import-map=${imports}`];
}

/**
 * The folder of a bot's code: that of its `deno.json`, else that of its module. `null` where the module
 * comes from elsewhere.
 */
export function folderOf(module: string, exists: (path: string) => boolean): string | null {
  if (!module.startsWith("file:")) return null;
  return dirname(nearestConfig(module, exists) ?? fileURLToPath(module));
}

/** The `deno.json` nearest at or above a module; `undefined` where there is none, or the module is no file. */
export function nearestConfig(
  module: string,
  exists: (path: string) => boolean,
): string | undefined {
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
export const OF_DENO: readonly string[] = [
  "DENO_DIR",
  "HOME",
  "LOCALAPPDATA",
  "NPM_CONFIG_REGISTRY",
  "XDG_CACHE_HOME",
];

/** What it needs beside that to download: through a proxy, from who shows a certificate of a company's own. */
export const TO_DOWNLOAD = [
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NODE_EXTRA_CA_CERTS",
  "NO_PROXY",
  "SSL_CERT_FILE",
];

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
