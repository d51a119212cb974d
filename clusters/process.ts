/**
 * A built-in cluster as a child process. Its input is a pipe that we never write to: when the unit
 * dies, however it dies, the pipe closes and the cluster stops.
 *
 * @module
 */

import { peerFields } from "../protocol/peer.ts";
import type { ClusterExit, RunningCluster, StartClusterOptions } from "./place.ts";
import { clusterCommand, type Command, compiledCommand } from "./command.ts";
import { isThere } from "./deno_config.ts";
import { ownExecutable } from "./executable.ts";
import { eachLine } from "./log.ts";
import { withOurAdvice } from "./permissions.ts";
import { type LastWord, parseWord } from "./words.ts";

/** Lines of error output that are kept to tell why a process ended. */
const LAST_WORDS = 20;

/**
 * Starts a cluster's process, of the executable that runs the unit.
 *
 * @param command Default: that for Deno, or for Gatehouse where it was compiled.
 * @throws {GatehouseError} `bad_config` when the permissions are wrong.
 * @throws What the runtime throws when a process cannot be started.
 */
export function startProcess(
  options: StartClusterOptions,
  command: Command = commandFor(options),
): RunningCluster {
  const { args, env } = command;
  const child = new Deno.Command(ownExecutable(), {
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

function commandFor(options: StartClusterOptions): Command {
  return Deno.build.standalone ? compiledCommand(options) : clusterCommand(options, isThere);
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
