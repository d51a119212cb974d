/**
 * Starts built-in clusters, each once what its bot imports has been looked at.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import { isThere, nearestConfig } from "./deno_config.ts";
import type { World } from "../ports/world.ts";
import { ownExecutable } from "./executable.ts";
import { importCheck, nameCheck, type Program, type Survey } from "./module_graph.ts";
import type { ClusterExit, RunningCluster, StartClusterOptions } from "./place.ts";
import { processMain } from "./command.ts";
import { startProcess } from "./process.ts";
import { startThread, threadMain } from "./worker.ts";

/** How the clusters of a unit are started. */
export interface StarterOptions extends Pick<Program, "secret">, Pick<World, "clock"> {
  /** `CLUSTER_ISOLATION`. */
  readonly isolation: "process" | "worker";
}

/** What starts clusters. */
export interface ClusterStarter {
  /**
   * Starts one. If its bot imports what it may not have, it ends with that as its reason, and nothing of it
   * has run. A compiled Gatehouse looks at the name of the bot's module, and no further.
   */
  start(options: StartClusterOptions): RunningCluster;
  /** Why a bot would not run, as far as can be seen without running it; `undefined`: nothing is against it. */
  examine(
    options: Pick<Program, "botModule" | "permissions" | "env" | "unitUrl">,
  ): Promise<string | undefined>;
  /** The same, and the files of this machine that it hangs on: its own, and its `deno.json`. Never rejects. */
  survey(options: Pick<Program, "botModule" | "permissions" | "env" | "unitUrl">): Promise<Survey>;
  /** Begins to look at a bot that is to be started soon. */
  foresee(options: Pick<StartClusterOptions, "botModule" | "permissions" | "env">): void;
}

/** What starts the clusters of a unit. */
export function clusterStarter({ isolation, secret, clock }: StarterOptions): ClusterStarter {
  // Before an update can take its place.
  ownExecutable();
  const { check, examine, survey, foresee } = Deno.build.standalone
    ? nameCheck()
    : importCheck(clock);
  const start = isolation === "process" ? startProcess : startThread;
  const programOf = (botModule: string) =>
    isolation === "process"
      ? { main: processMain(botModule), governedBy: botModule }
      : { main: threadMain(botModule), governedBy: Deno.mainModule };
  return {
    start(options) {
      const program = { ...options, ...programOf(options.botModule), secret };
      return startChecked(check(program), () => start(options));
    },
    examine: (options) => examine({ ...options, ...programOf(options.botModule), secret }),
    async survey(options) {
      const found = await survey({ ...options, ...programOf(options.botModule), secret });
      const config = nearestConfig(options.botModule, isThere);
      return { ...found, files: [...found.files, ...config === undefined ? [] : [config]] };
    },
    foresee: (options) => foresee({ ...options, ...programOf(options.botModule) }),
  };
}

/** A cluster that `start` starts once `check` says nothing against it. */
export function startChecked(
  check: Promise<string | undefined>,
  start: () => RunningCluster,
): RunningCluster {
  const loaded = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<ClusterExit>();
  let isStopped = false;
  let running: RunningCluster | undefined;
  check.then((why) => {
    if (isStopped) return;
    if (why !== undefined) return exited.resolve({ code: 1, reason: why });
    running = start();
    running.loaded.then(loaded.resolve);
    running.exited.then(exited.resolve);
  }).catch((error) => exited.resolve({ code: 1, reason: messageOf(error) }));
  return {
    exited: exited.promise,
    loaded: loaded.promise,
    async stop(deadlineMs) {
      isStopped = true;
      if (running) return await running.stop(deadlineMs);
      exited.resolve({ code: null, reason: "stopped before it ran" });
    },
  };
}
