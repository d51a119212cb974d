/**
 * A built-in cluster as a child process. Its input is a pipe that we never write to: when the unit
 * dies, however it dies, the pipe closes and the cluster stops. Its command never holds the token.
 *
 * @module
 */

import { peerFields } from "../protocol/peer.ts";
import type { ClusterExit, RunningCluster, StartClusterOptions } from "./place.ts";
import { configOf, isThere, passedOn } from "./deno_config.ts";
import { eachLine } from "./log.ts";
import {
  type ClusterPermissions,
  clusterPermissions,
  passedVariables,
  permissionFlags,
  withOurAdvice,
} from "./permissions.ts";
import { type LastWord, parseWord } from "./words.ts";

/** Lines of error output that are kept to tell why a process ended. */
const LAST_WORDS = 20;

/**
 * Starts a cluster's process.
 *
 * @throws {GatehouseError} `bad_config` when the permissions are wrong.
 * @throws What the runtime throws when a process cannot be started.
 */
export function startProcess(options: StartClusterOptions): RunningCluster {
  const { args, env } = clusterCommand(options, isThere);
  const child = new Deno.Command(Deno.execPath(), {
    args,
    env,
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const words = listen(child, options);
  const exited = end(child, words);
  return {
    exited,
    loaded: words.loaded,
    async stop(deadlineMs) {
      signal(child, "SIGTERM");
      const cancel = options.clock.after(deadlineMs, () => {
        options.log.warn("cluster is killed", { ...peerFields(options.peer), deadlineMs });
        signal(child, "SIGKILL");
      });
      await exited;
      cancel();
    },
  };
}

interface Words {
  /** Resolves when both outputs have ended. */
  readonly ended: Promise<unknown>;
  readonly loaded: Promise<void>;
  /** Why it ended, in its own words; empty where it said nothing. */
  last(): Pick<LastWord, "reason" | "stack">;
}

/** Passes the cluster's lines on to the unit's log. */
function listen(child: Deno.ChildProcess, options: StartClusterOptions): Words {
  const { log } = options;
  const who = peerFields(options.peer);
  const loaded = Promise.withResolvers<void>();
  let lastWord: LastWord | undefined;
  let lastError = "";
  const printed: string[] = [];
  const out = eachLine(child.stdout, (text) => {
    const word = parseWord(text);
    if (!word) return log.info("cluster prints", { ...who, text: withOurAdvice(text) });
    if (word.type === "LOADED") return loaded.resolve();
    if (word.type === "EXITED") return void (lastWord = word);
    const { level, event, fields } = word.line;
    log[level](event, { ...fields, ...who });
    if (level === "error") lastError = String(fields.error ?? event);
  });
  const err = eachLine(child.stderr, (line) => {
    const text = withOurAdvice(line);
    log.warn("cluster prints", { ...who, text });
    if (printed.push(text) > LAST_WORDS) printed.shift();
  });
  return {
    ended: Promise.allSettled([out, err]),
    loaded: loaded.promise,
    last: () =>
      lastWord ?? { reason: printed.find((text) => /^error:|Uncaught/.test(text)) ?? lastError },
  };
}

async function end(child: Deno.ChildProcess, words: Words): Promise<ClusterExit> {
  const { code, signal } = await child.status;
  await words.ended;
  await child.stdin.close().catch(() => {});
  const how = signal === null ? `ended with code ${code}` : `ended by ${signal}`;
  const { reason: why, stack } = code === 0 ? { reason: "" } : words.last();
  return {
    code: signal === null ? code : null,
    reason: why ? `${how}: ${why}` : how,
    ...(stack && { stack }),
  };
}

function signal(child: Deno.ChildProcess, name: "SIGTERM" | "SIGKILL"): void {
  try {
    child.kill(name);
  } catch (error) {
    // Already ended: what we want.
    if (!(error instanceof TypeError)) throw error;
  }
}

const OWN = ["BOT_MODULE", "CLUSTER_ID", "GATEHOUSE_CREDENTIAL", "GATEHOUSE_URL", "SERVICE_NAME"];

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

/** The command for a cluster. `exists` says whether there is a file. */
export function clusterCommand(
  options: StartClusterOptions,
  exists: (path: string) => boolean,
): Command {
  const { botModule, peer, credential, unitUrl } = options;
  const permissions = clusterPermissions(unitUrl, options.permissions);
  return {
    args: [
      "run",
      "--no-prompt",
      "--quiet",
      `--config=${configOf(botModule, exists)}`,
      ...downloads(permissions),
      ...permissionFlags({ ...permissions, allow: withOwn(permissions.allow) }),
      processMain(botModule),
    ],
    env: {
      ...passedOn(options.env, passedVariables(permissions)),
      ...NO_CACHE_API,
      NO_COLOR: "1",
      BOT_MODULE: botModule,
      ...(peer.kind === "cluster" ? { CLUSTER_ID: `${peer.id}` } : { SERVICE_NAME: peer.name }),
      GATEHOUSE_CREDENTIAL: credential,
      GATEHOUSE_URL: unitUrl,
    },
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
  return new Map([...allow, ["env", [...OWN, ...asked === "any" ? [] : asked ?? []]]]);
}
