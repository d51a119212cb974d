/**
 * The command that starts a cluster's process: arguments and environment, without the token.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { StartClusterOptions } from "./handle.ts";
import { clusterPermissions, passedVariables, permissionFlags } from "./permissions.ts";

/** What Deno needs of our environment to find its cache and its packages. */
const OF_DENO = ["DENO_DIR", "HOME", "LOCALAPPDATA", "NPM_CONFIG_REGISTRY", "XDG_CACHE_HOME"];

const OWN = ["BOT_MODULE", "CLUSTER_ID", "GATEHOUSE_CREDENTIAL", "GATEHOUSE_URL", "SERVICE_NAME"];

const CONFIGS = ["deno.json", "deno.jsonc"];

/** Arguments and environment of a process. */
export interface Command {
  readonly args: string[];
  readonly env: Record<string, string>;
}

/** The command for a cluster. `exists` says whether there is a file. */
export function clusterCommand(
  options: StartClusterOptions,
  exists: (path: string) => boolean,
): Command {
  const { botModule, peer, credential, unitUrl } = options;
  const permissions = clusterPermissions(unitUrl, options.permissions);
  const names = [...OF_DENO, ...passedVariables(permissions)];
  const passed = names.flatMap((name) => {
    const value = options.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  return {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      `--config=${configOf(botModule, exists)}`,
      ...permissionFlags({ ...permissions, allow: withOwn(permissions.allow) }),
      mainModule(botModule),
    ],
    env: {
      ...Object.fromEntries(passed),
      NO_COLOR: "1",
      BOT_MODULE: botModule,
      ...(peer.kind === "cluster" ? { CLUSTER_ID: `${peer.id}` } : { SERVICE_NAME: peer.name }),
      GATEHOUSE_CREDENTIAL: credential,
      GATEHOUSE_URL: unitUrl,
    },
  };
}

/**
 * A module that names the bot's: what is named takes no permission to read its folder, in which a `.env`
 * with the token may lie. (`--preload` would do the same, and wait for ever for a bot whose module starts
 * a timer.)
 */
function mainModule(botModule: string): string {
  const entry = new URL("./inside/entry.ts", import.meta.url).href;
  const source = `import { runProcess } from ${JSON.stringify(entry)};
await runProcess(() => import(${JSON.stringify(botModule)}));`;
  return `data:application/typescript,${encodeURIComponent(source)}`;
}

function withOwn(allow: ReturnType<typeof clusterPermissions>["allow"]): typeof allow {
  const asked = allow.get("env");
  return new Map([...allow, ["env", [...OWN, ...asked === "any" ? [] : asked ?? []]]]);
}

/** The `deno.json` that governs the bot's module: the nearest above it, else ours. */
function configOf(botModule: string, exists: (path: string) => boolean): string {
  const ours = fileURLToPath(new URL("../deno.json", import.meta.url));
  if (!botModule.startsWith("file:")) return ours;
  let folder = dirname(fileURLToPath(botModule));
  while (true) {
    const found = CONFIGS.map((name) => join(folder, name)).find(exists);
    if (found !== undefined) return found;
    if (dirname(folder) === folder) return ours;
    folder = dirname(folder);
  }
}
