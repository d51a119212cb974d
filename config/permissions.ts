/**
 * The least that a program of ours may do, worked out from its settings: flags of Deno. The launcher goes by
 * them, and `deno task permissions` prints one. Settings that are wrong give the least, and are left to the
 * program to complain about.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { type Config, CONFIG_DEFAULTS, SETTING_NAMES } from "./config.ts";
import { type Env, looksMisspelt, parseConfig, readEnv } from "./parse.ts";
import { unitUrl } from "./unit_url.ts";
import { botModules, EXAMPLE_BOT, moduleFolder, ownCode, workerModules } from "./module_url.ts";
import { isDiscord } from "./rules.ts";

/** What may be asked for. */
export const PERMISSION_KINDS = ["net", "read", "write", "run", "env"] as const;
/** One of {@linkcode PERMISSION_KINDS}. */
export type PermissionKind = typeof PERMISSION_KINDS[number];

/**
 * The unit; the unit against the simulator, whatever is set; the REST proxy by itself; the simulator by itself;
 * who asks a unit that runs; who runs what a clone of the repository has beside it; who writes a new bot's folder;
 * who looks whether a unit could be run; who only prints words.
 */
const PROGRAMS = [
  "unit",
  "demo",
  "rest",
  "sim",
  "ask",
  "clone",
  "init",
  "doctor",
  "words",
] as const;
/** A program, by what it needs. */
export type ProgramName = typeof PROGRAMS[number];

/** What is to be run, as far as it decides what that may do. */
export interface Asked {
  readonly program: ProgramName;
  /** The bot's module, instead of `BOT_MODULE`. */
  readonly bot?: string;
  /** The address of the unit that is asked; by default where the settings have it. */
  readonly url?: string;
  /** The variable that has its secret. */
  readonly secretFromEnv?: string;
  /** The folder that `init` writes to. */
  readonly folder?: string;
}

/** What there is on this machine. */
export interface Machine {
  /** What clusters are started with. */
  readonly executable: string;
  /** Files and folders of our own code that are not in the current folder. */
  readonly code: readonly string[];
}

/**
 * Variables beside the settings: of the terminal, of what bots load in threads, and what Deno needs as a
 * child process, to download as well.
 */
const OTHER_VARIABLES = [
  "DENO_CERT",
  "DENO_DIR",
  "DENO_TLS_CA_STORE",
  "HOME",
  "FORCE_COLOR",
  "GATEHOUSE_LAUNCHED",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "INIT_CWD",
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
  "npm_command",
];

/** A list, or `any` where no list can be given. */
export type Grant = readonly string[] | "any";

/** What a unit in a program of somebody's needs of net, files and programs, by kind. */
export function programGrants(
  config: Config,
  executable: string,
): Readonly<Record<PermissionKind, Grant>> {
  const code = ownFolder();
  return {
    net: netGrant(config),
    read: readGrant(config, { code }).filter((path) => path !== "."),
    write: [config.stateDir],
    // What a bot imports is looked at by Deno itself, wherever it runs.
    run: botModules(config).length === 0 ? [] : [executable],
    env: config.clusterIsolation === "worker" && botModules(config).length > 0 ? OF_THREADS : [],
  };
}

/** What a unit needs of net, files and programs as the launcher runs it, by kind; `null`: its settings are wrong. */
export function unitGrants(
  config: Config | null,
  machine: Machine,
): Readonly<Record<Exclude<PermissionKind, "env">, Grant>> {
  return {
    net: netGrant(config),
    read: readGrant(config, machine),
    // In the first-run mode none.
    write: config === null || config.mode === "simulator" ? [] : [config.stateDir],
    run: [machine.executable],
  };
}

/** What packages ask for when they are loaded: a thread has no less than what it is given. */
const OF_THREADS = ["WS_NO_BUFFER_UTIL", "WS_NO_UTF_8_VALIDATE"];

/** The flags for a program, one for each kind of permission. */
export async function permissionFlags(
  asked: Asked,
  env: Env,
  machine: Machine,
): Promise<string[]> {
  const grants = await grantsOf(asked, env, machine);
  const flags = PERMISSION_KINDS.map((kind) => {
    const grant = grants[kind];
    if (grant === "any") return `--allow-${kind}`;
    // Deno takes a flag without a list for everything.
    if (grant.length === 0) return `--deny-${kind}`;
    return `--allow-${kind}=${[...new Set(grant)].join(",")}`;
  });
  // Whether the disk has room.
  return asked.program === "doctor" ? [...flags, "--allow-sys=statfs"] : flags;
}

type Grants = Readonly<Record<PermissionKind, Grant>>;

async function grantsOf(asked: Asked, env: Env, machine: Machine): Promise<Grants> {
  const { program, bot } = asked;
  const parsed = await parseConfig(env, {
    simulator: program === "demo",
    withoutToken: program === "rest",
    ...bot !== undefined && { bot },
  });
  const config = parsed.ok ? parsed.config : null;
  const none = { net: [], read: [], write: [], run: [], env: OTHER_VARIABLES };
  const read = [".", ...machine.code];
  const variables = envGrant(env, config);
  switch (program) {
    case "unit":
    case "demo":
    case "doctor":
      return { ...unitGrants(config, machine), env: variables };
    case "rest":
      return { ...none, net: restGrant(config), read, env: variables };
    case "sim":
      return { ...none, net: ["127.0.0.1"], read };
    case "ask": {
      const secret = asked.secretFromEnv === undefined ? [] : [asked.secretFromEnv];
      const names = [...variables, ...secret].filter((name) => /^\w+$/.test(name));
      return { ...none, net: await unitGrant(asked, env), read: [".env"], env: names };
    }
    case "clone":
      return { ...none, read: ownFolder(), run: [machine.executable] };
    case "init": {
      const folder = [asked.folder ?? "."].filter((path) => !path.includes(","));
      return { ...none, read: folder, write: folder };
    }
    case "words":
      return none;
  }
}

/** The folder that our code is in; none where it is not on this machine. */
function ownFolder(): string[] {
  return ownCode().length === 0 ? [] : [fileURLToPath(new URL("..", import.meta.url))];
}

/** The modules beside our own that a unit runs, wherever. */
function userModules(config: Config): string[] {
  const isExample = config.mode === "simulator" && config.botModule === null;
  return [...botModules(config), ...workerModules(config), ...isExample ? [EXAMPLE_BOT] : []];
}

/** Hosts, with a port where it is known. */
function netGrant(config: Config | null): Grant {
  if (config === null) return ["127.0.0.1"];
  if (config.mode === "simulator") return ["127.0.0.1", ...listened(config.listenHost)];
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
  return [hostOf(config.discordApiUrl), ...gateways, ...listens(config), ...clusters, ...dialled];
}

/** The REST proxy by itself asks for no gateway. */
function restGrant(config: Config | null): Grant {
  if (config === null) return ["127.0.0.1"];
  if (config.mode === "simulator") return ["127.0.0.1", ...listened(config.listenHost)];
  return [hostOf(config.discordApiUrl), ...listens(config)];
}

/** Where a unit that runs is asked. */
async function unitGrant({ url }: Asked, env: Env): Promise<Grant> {
  if (url !== undefined) {
    const address = unitUrl(url);
    return address ? [hostOf(address.href)] : [];
  }
  const { LISTEN_HOST, LISTEN_PORT, REST_AUTHORIZATION } = env;
  const needed = { LISTEN_HOST, LISTEN_PORT, REST_AUTHORIZATION };
  const parsed = await parseConfig(needed, { withoutToken: true });
  const { listenHost, listenPort } = parsed.ok ? parsed.config : CONFIG_DEFAULTS;
  // One that listens everywhere is found here.
  return [bracketed(listenHost), "127.0.0.1", "[::1]"].map((host) => `${host}:${listenPort}`);
}

function listens({ listenHost, listenPort }: Config): string[] {
  return listened(listenHost).map((host) => `${host}:${listenPort}`);
}

/** What is read: the program itself with `.env`, the state, the user's modules, what NATS wants to be shown. */
function readGrant(config: Config | null, { code }: Pick<Machine, "code">): readonly string[] {
  if (config === null) return [".", ...code];
  const { natsCredentials, natsTlsCa, natsTlsCert, natsTlsKey } = config;
  const shown = [natsCredentials, natsTlsCa, natsTlsCert, natsTlsKey]
    .filter((file) => file !== null);
  const modules = userModules(config).flatMap(moduleFolder);
  return [".", config.stateDir, ...modules, ...shown, ...code];
}

/** Variables that are read. Those that look misspelt are among them, so that the unit can say so. */
function envGrant(env: Env, config: Config | null): string[] {
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
  const kind = PERMISSION_KINDS.findIndex((known) => known === kindName);
  const program = PROGRAMS.find((known) => known === programName);
  if (kind < 0 || program === undefined) {
    console.error(`usage: permissions.ts ${PERMISSION_KINDS.join("|")} [${PROGRAMS.join("|")}]`);
    return 2;
  }
  const machine = { executable: Deno.execPath(), code: [] };
  console.log((await permissionFlags({ program }, env, machine))[kind]);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args[0], Deno.args[1]));
