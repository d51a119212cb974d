/**
 * What a built-in cluster's process is started with. Its command never holds the token.
 *
 * @module
 */

import { configFlags, passedOn } from "./deno_config.ts";
import { OWN_VARIABLES, settingsAsEnv } from "./inside/settings.ts";
import {
  type ClusterPermissions,
  clusterPermissions,
  COMPILED,
  passedVariables,
  permissionFlags,
  workerPermissions,
} from "./permissions.ts";
import type { StartClusterOptions } from "./place.ts";

/**
 * The Cache API would write to the disk without a permission. So it is led to a port that nobody can listen
 * at, in the threads that a bot starts too.
 */
const NO_CACHE_API = { DENO_CACHE_LSC_ENDPOINT: "http://127.0.0.1:0,none" };

/** Arguments and environment of a process. */
export interface Command {
  readonly args: string[];
  readonly env: Record<string, string>;
}

/**
 * The command for a cluster, where the executable is Deno. `exists` says whether there is a file.
 *
 * @throws {GatehouseError} `bad_config` when the permissions are wrong.
 */
export function clusterCommand(
  options: StartClusterOptions,
  exists: (path: string) => boolean,
): Command {
  const { botModule, unitUrl } = options;
  const permissions = clusterPermissions(unitUrl, options.permissions);
  return {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      ...configFlags(botModule, exists),
      ...downloads(permissions),
      ...permissionFlags({ ...permissions, allow: withOwn(permissions.allow) }),
      processMain(botModule),
    ],
    env: variables(options, permissions),
  };
}

/**
 * The command for a cluster, where the executable is Gatehouse itself: it knows no flags of Deno, and starts
 * the bot in a thread that has these permissions and no others ({@link file://./alone.ts}).
 *
 * @throws {GatehouseError} `bad_config` when the permissions are wrong, or such that no thread has them.
 */
export function compiledCommand(options: StartClusterOptions): Command {
  const permissions = clusterPermissions(options.unitUrl, options.permissions);
  // Told here, where the setting is known.
  workerPermissions(permissions, COMPILED);
  return { args: ["cluster", "--", ...options.permissions], env: variables(options, permissions) };
}

function variables(
  options: StartClusterOptions,
  permissions: ClusterPermissions,
): Record<string, string> {
  // Ours say who the cluster is, whatever the operator calls so.
  const names = passedVariables(permissions).filter((name) => !OWN_VARIABLES.includes(name));
  return {
    ...passedOn(options.env, names),
    ...NO_CACHE_API,
    NO_COLOR: "1",
    ...settingsAsEnv(options),
  };
}

/**
 * What a process runs: a module that names the bot's. What is named takes no permission to read its folder,
 * in which a `.env` with the token may lie. (`--preload` would do the same, and wait for ever for a bot
 * whose module starts a timer.)
 */
export function processMain(botModule: string): string {
  const entry = new URL("./inside/entry.ts", import.meta.url).href;
  const source = `import { runProcess } from ${JSON.stringify(entry)};
await runProcess(() => import(${JSON.stringify(botModule)}));`;
  return `data:application/typescript,${encodeURIComponent(source)}`;
}

/**
 * What is to be downloaded has been, when the graph was read. To load anything else at run time would be a
 * way for data to leave, which only an `--allow-import` of the operator opens.
 */
function downloads({ allow }: ClusterPermissions): string[] {
  return allow.has("import") ? [] : ["--cached-only", "--frozen"];
}

function withOwn(allow: ReturnType<typeof clusterPermissions>["allow"]): typeof allow {
  const asked = allow.get("env");
  return new Map([...allow, ["env", [...OWN_VARIABLES, ...asked === "any" ? [] : asked ?? []]]]);
}
