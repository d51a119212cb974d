/**
 * The least that a unit may do, worked out from its settings: one flag of Deno per run.
 *
 * `deno task start` runs this program once per kind of permission and starts the unit with what it
 * printed. It never fails over a setting that is wrong: it prints the least, and leaves the list of
 * problems to the unit.
 *
 * @module
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { loadValibot } from "../deps.ts";
import type { Config } from "./config.ts";
import { looksMisspelt, parseConfig } from "./parse.ts";
import { isDiscord } from "./rules.ts";
import { type Env, readEnv } from "./env_file.ts";
import { isModule } from "./module_url.ts";
import { settings } from "./settings.ts";

/** What may be asked for. */
export const PERMISSION_KINDS = ["net", "read", "write", "run", "env"] as const;
/** A kind of permission. */
export type PermissionKind = typeof PERMISSION_KINDS[number];

/** Variables beside the settings: of the terminal, of `ws`, and what a child process needs. */
const OTHER_VARIABLES = [
  "DENO_DIR",
  "HOME",
  "LOCALAPPDATA",
  "NPM_CONFIG_REGISTRY",
  "NO_COLOR",
  "PATH",
  "TERM",
  "WS_NO_BUFFER_UTIL",
  "WS_NO_UTF_8_VALIDATE",
  "XDG_CACHE_HOME",
];

/** What `kind` is granted for: a list, or `any` where no list can be given. */
export type Grant = readonly string[] | "any";

/** Hosts, with a port where it is known. */
export function netGrant(config: Config | null): Grant {
  if (config === null) return ["127.0.0.1"];
  if (config.mode === "simulator") return ["127.0.0.1", bracketed(config.listenHost)];
  // Only after asking that API is it known which gateway it names.
  if (!isDiscord(config)) return "any";
  const handlers = config.eventHandlerUrls.map((url) => hostOf(new URL(url)));
  const listen = `${bracketed(config.listenHost)}:${config.listenPort}`;
  return [hostOf(new URL(config.discordApiUrl)), "*.discord.gg:443", listen, ...handlers];
}

/** Folders and files that are read: the program itself, `.env`, the state, the bot. */
export function readGrant(config: Config | null): Grant {
  if (config === null) return ["."];
  const bot = config.botModule === null ? [] : folderOf(config.botModule);
  const filter = isModule(config.editedMessages) ? folderOf(config.editedMessages) : [];
  const worker = config.workerModule === null ? [] : folderOf(config.workerModule);
  const services = config.services.flatMap(({ module }) => folderOf(module));
  return [".", config.stateDir, ...bot, ...services, ...filter, ...worker];
}

/** Folders that are written to: in the first-run mode none. */
export function writeGrant(config: Config | null): Grant {
  return config === null || config.mode === "simulator" ? [] : [config.stateDir];
}

/** Variables that are read. Those that look misspelt are among them, so that the unit can say so. */
export function envGrant(env: Env, names: readonly string[]): Grant {
  const misspelt = Object.keys(env).filter((name) => looksMisspelt(name, names));
  return [...names, ...OTHER_VARIABLES, ...misspelt];
}

/** A grant as a flag. An empty list is denied: Deno takes a flag without a list for everything. */
export function flagOf(kind: PermissionKind, grant: Grant): string {
  if (grant === "any") return `--allow-${kind}`;
  return grant.length === 0 ? `--deny-${kind}` : `--allow-${kind}=${[...new Set(grant)].join(",")}`;
}

/** What the REST proxy by itself needs: its API and its port. */
function restGrants(config: Config | null): Record<"net" | "read" | "write", Grant> {
  if (config === null || config.mode === "simulator") {
    return { net: netGrant(config), read: ["."], write: [] };
  }
  const listen = `${bracketed(config.listenHost)}:${config.listenPort}`;
  return { net: [hostOf(new URL(config.discordApiUrl)), listen], read: ["."], write: [] };
}

/**
 * What is to be started: the unit; the unit against the simulator, whatever is set; the REST proxy by
 * itself.
 */
export type ProgramName = "unit" | "demo" | "rest";

/** The flag for one kind of permission. `executable` is what clusters are started with. */
export async function permissionFlag(
  kind: PermissionKind,
  env: Env,
  executable: string,
  program: ProgramName = "unit",
): Promise<string> {
  if (kind === "run") return flagOf(kind, program === "rest" ? [] : [executable]);
  const simulator = program === "demo";
  const parsed = await parseConfig(env, { simulator, withoutToken: program === "rest" });
  const config = parsed.ok ? parsed.config : null;
  if (kind === "env") {
    const passed = (config?.clusterPermissions ?? []).flatMap(variablesOf);
    return flagOf(kind, envGrant(env, [...Object.keys(settings(await loadValibot())), ...passed]));
  }
  if (program === "rest") return flagOf(kind, restGrants(config)[kind]);
  const grants = { net: netGrant, read: readGrant, write: writeGrant };
  return flagOf(kind, grants[kind](config));
}

/** Variables that a flag of `CLUSTER_PERMISSIONS` passes on to the clusters. */
function variablesOf(flag: string): string[] {
  return /^--allow-env=(.+)$/.exec(flag)?.[1]?.split(",") ?? [];
}

function hostOf(url: URL): string {
  const secure = url.protocol === "https:" || url.protocol === "wss:";
  return `${url.hostname}:${url.port || (secure ? 443 : 80)}`;
}

function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

/** The folder of a module on this machine; none where it comes from elsewhere. */
function folderOf(module: string): string[] {
  if (module.startsWith("file:")) return [dirname(fileURLToPath(module))];
  return /^[a-z][a-z+]+:/i.test(module) ? [] : [dirname(module)];
}

async function main(kindName: string | undefined, programName = "unit"): Promise<number> {
  const kind = PERMISSION_KINDS.find((known) => known === kindName);
  const program = PROGRAMS.find((known) => known === programName);
  if (kind === undefined || program === undefined) {
    console.error(`usage: permissions.ts ${PERMISSION_KINDS.join("|")} [${PROGRAMS.join("|")}]`);
    return 2;
  }
  // A file that cannot be read stops the unit, which says so in words.
  const env = await readEnv().catch(() => Deno.env.toObject());
  console.log(await permissionFlag(kind, env, Deno.execPath(), program));
  return 0;
}

const PROGRAMS: readonly ProgramName[] = ["unit", "demo", "rest"];

if (import.meta.main) Deno.exit(await main(Deno.args[0], Deno.args[1]));
