/**
 * A built-in cluster as a child process. Its input is a pipe that we never write to: when the unit
 * dies, however it dies, the pipe closes and the cluster stops.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { peerFields } from "../protocol/peer.ts";
import { clusterCommand } from "./command.ts";
import type { ClusterExit, RunningCluster, StartClusterOptions } from "./handle.ts";
import { eachLine, parseLogLine } from "./log.ts";

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
  /** Why it ended, in its own words; empty where it said nothing. */
  last(): string;
}

/** Passes the cluster's lines on to the unit's log. */
function listen(child: Deno.ChildProcess, options: StartClusterOptions): Words {
  const { log } = options;
  const who = peerFields(options.peer);
  let lastError = "";
  const printed: string[] = [];
  const out = eachLine(child.stdout, (text) => {
    const line = parseLogLine(text);
    if (!line) return log.info("cluster prints", { ...who, text });
    log[line.level](line.event, { ...line.fields, ...who });
    if (line.level === "error") lastError = String(line.fields.error ?? line.event);
  });
  const err = eachLine(child.stderr, (text) => {
    log.warn("cluster prints", { ...who, text });
    if (printed.push(text) > LAST_WORDS) printed.shift();
  });
  return {
    ended: Promise.allSettled([out, err]),
    last: () => printed.find((text) => /^error:|Uncaught/.test(text)) ?? lastError,
  };
}

async function end(child: Deno.ChildProcess, words: Words): Promise<ClusterExit> {
  const { code, signal } = await child.status;
  await words.ended;
  await child.stdin.close().catch(() => {});
  const how = signal === null ? `ended with code ${code}` : `ended by ${signal}`;
  const why = code === 0 ? "" : words.last();
  return { code: signal === null ? code : null, reason: why ? `${how}: ${why}` : how };
}

function signal(child: Deno.ChildProcess, name: "SIGTERM" | "SIGKILL"): void {
  try {
    child.kill(name);
  } catch (error) {
    // Already ended: what we want.
    if (!(error instanceof TypeError)) throw error;
  }
}

/** A file that we may not look for is not there for us; the cluster runs with our `deno.json`. */
function isThere(path: string): boolean {
  try {
    return existsSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}
