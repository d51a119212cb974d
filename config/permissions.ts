/**
 * The least that a unit may do, worked out from its settings: one flag of Deno per run.
 *
 * `deno task start` runs this program once per kind of permission and starts the unit with what it
 * printed. It never fails over a setting that is wrong: it prints the least, and leaves the list of
 * problems to the unit.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type Config, SETTING_NAMES } from "./config.ts";
import { type Env, looksMisspelt, parseConfig, readEnv } from "./parse.ts";
import { botModules, moduleFile, moduleFolder, ownCode, workerModules } from "./module_url.ts";
import { isDiscord } from "./rules.ts";

/** What may be asked for. */
export const PERMISSION_KINDS = ["net", "read", "write", "run", "env"] as const;
/** One of {@linkcode PERMISSION_KINDS}. */
export type PermissionKind = typeof PERMISSION_KINDS[number];

/** The unit; the unit against the simulator, whatever is set; the REST proxy by itself. */
const PROGRAMS = ["unit", "demo", "rest"] as const;
type ProgramName = typeof PROGRAMS[number];

/**
 * Variables beside the settings: of the terminal, of what bots load in threads, and what Deno needs as a
 * child process, to download as well.
 */
const OTHER_VARIABLES = [
  "DENO_CERT",
  "DENO_DIR",
  "DENO_TLS_CA_STORE",
  "HOME",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "LOCALAPPDATA",
  "NODE_EXTRA_CA_CERTS",
  "NO_COLOR",
  "NO_PROXY",
  "NPM_CONFIG_REGISTRY",
  "PATH",
  "SSL_CERT_FILE",
  "TERM",
  "WS_NO_BUFFER_UTIL",
  "WS_NO_UTF_8_VALIDATE",
  "XDG_CACHE_HOME",
];

/** A list, or `any` where no list can be given. */
export type Grant = readonly string[] | "any";

/** What a unit in a program of somebody's needs of net, files and programs, by kind. */
export function programGrants(
  config: Config,
  executable: string,
): Readonly<Record<PermissionKind, Grant>> {
  const code = ownCode().length === 0 ? [] : [fileURLToPath(new URL("..", import.meta.url))];
  return {
    net: netGrant(config, false),
    read: [...readGrant(config).filter((path) => path !== "."), ...code],
    write: [config.stateDir],
    // What a bot imports is looked at by Deno itself, wherever it runs.
    run: botModules(config).length === 0 ? [] : [executable],
    env: config.clusterIsolation === "worker" && botModules(config).length > 0 ? OF_THREADS : [],
  };
}

/** What packages ask for when they are loaded: a thread has no less than what it is given. */
const OF_THREADS = ["WS_NO_BUFFER_UTIL", "WS_NO_UTF_8_VALIDATE"];

/** The flag for one kind of permission. `executable` is what clusters are started with. */
export async function permissionFlag(
  kind: PermissionKind,
  env: Env,
  executable: string,
  program: ProgramName = "unit",
): Promise<string> {
  const isRest = program === "rest";
  const parsed = await parseConfig(env, { simulator: program === "demo", withoutToken: isRest });
  const config = parsed.ok ? parsed.config : null;
  const grants: Readonly<Record<PermissionKind, Grant>> = {
    net: netGrant(config, isRest),
    read: isRest ? ["."] : readGrant(config),
    // In the first-run mode none.
    write: isRest || config === null || config.mode === "simulator" ? [] : [config.stateDir],
    run: isRest ? [] : [executable],
    env: envGrant(env, config),
  };
  const grant = grants[kind];
  if (grant === "any") return `--allow-${kind}`;
  // Deno takes a flag without a list for everything.
  return grant.length === 0 ? `--deny-${kind}` : `--allow-${kind}=${[...new Set(grant)].join(",")}`;
}

/** The flag that has Deno start the unit again when its code changes, or a module that a setting names. */
export async function watchFlag(env: Env): Promise<string> {
  const parsed = await parseConfig(env);
  const files = parsed.ok ? userModules(parsed.config).flatMap(moduleFile) : [];
  return files.length === 0 ? "--watch" : `--watch=${files.join(",")}`;
}

/** The modules of the user's that a unit runs, wherever. */
function userModules(config: Config): string[] {
  return [...botModules(config), ...workerModules(config)];
}

/** Hosts, with a port where it is known. */
function netGrant(config: Config | null, isRest: boolean): Grant {
  if (config === null) return ["127.0.0.1"];
  if (config.mode === "simulator") return ["127.0.0.1", ...listened(config.listenHost)];
  const api = hostOf(config.discordApiUrl);
  const listen = listened(config.listenHost).map((host) => `${host}:${config.listenPort}`);
  if (isRest) return [api, ...listen];
  // Only after asking that API is it known which gateway it names.
  if (!isDiscord(config)) return "any";
  // Built-in clusters listen at any free port for the events that the shard workers bring.
  const clusters = config.botModule === null ? [] : ["127.0.0.1"];
  const below = config.gatewayHosts.filter((name) => /[a-z][\w-]*$/i.test(name));
  const gateways = [
    "*.discord.gg:443",
    ...config.gatewayHosts,
    ...below.map((name) => `*.${name}`),
  ];
  const dialled = [...config.eventHandlerUrls, ...config.natsUrls].map(hostOf);
  return [api, ...gateways, ...listen, ...clusters, ...dialled];
}

/** What is read: the program itself with `.env`, the state, the user's modules, what NATS wants to be shown. */
function readGrant(config: Config | null): readonly string[] {
  if (config === null) return ["."];
  const { natsCredentials, natsTlsCa, natsTlsCert, natsTlsKey } = config;
  const shown = [natsCredentials, natsTlsCa, natsTlsCert, natsTlsKey]
    .filter((file) => file !== null);
  return [".", config.stateDir, ...userModules(config).flatMap(moduleFolder), ...shown];
}

/** Variables that are read. Those that look misspelt are among them, so that the unit can say so. */
function envGrant(env: Env, config: Config | null): Grant {
  const passedOn = (config?.clusterPermissions ?? [])
    .flatMap((flag) => /^--allow-env=(.+)$/.exec(flag)?.[1]?.split(",") ?? []);
  const misspelt = Object.keys(env).filter(looksMisspelt);
  return [...SETTING_NAMES, ...passedOn, ...OTHER_VARIABLES, ...misspelt];
}

/** The port of each protocol, where an address names none. */
const PORTS: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
  "ws:": 80,
  "wss:": 443,
  "nats:": 4222,
  "tls:": 4222,
};

function hostOf(address: string): string {
  const { protocol, hostname, port } = new URL(address);
  return `${hostname}:${port || PORTS[protocol]}`;
}

/** What a name of this machine stands for is asked for, too: Deno looks at the address that is bound. */
function listened(host: string): string[] {
  return host === "localhost" ? [host, "127.0.0.1", "[::1]"] : [bracketed(host)];
}

function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

async function main(kindName: string | undefined, programName = "unit"): Promise<number> {
  // A file that cannot be read stops the unit, which says so in words.
  const env = await readEnv().catch(() => Deno.env.toObject());
  if (kindName === "watch") {
    console.log(await watchFlag(env));
    return 0;
  }
  const kind = PERMISSION_KINDS.find((known) => known === kindName);
  const program = PROGRAMS.find((known) => known === programName);
  if (kind === undefined || program === undefined) {
    const kinds = [...PERMISSION_KINDS, "watch"].join("|");
    console.error(`usage: permissions.ts ${kinds} [${PROGRAMS.join("|")}]`);
    return 2;
  }
  console.log(await permissionFlag(kind, env, Deno.execPath(), program));
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args[0], Deno.args[1]));
