/**
 * Starts built-in clusters, each once what its bot imports has been looked at.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import { importCheck, type Program } from "./module_graph.ts";
import type { ClusterExit, RunningCluster, StartClusterOptions } from "./place.ts";
import { processMain, startProcess } from "./process.ts";
import { startThread, threadMain } from "./worker.ts";

/** How the clusters of a unit are started. */
export interface StarterOptions extends Pick<Program, "secret"> {
  /** `CLUSTER_ISOLATION`. */
  readonly isolation: "process" | "worker";
}

/**
 * What starts clusters. One whose bot imports what it may not have ends with that as its reason, and nothing
 * of it has run.
 */
export function clusterStarter(
  { isolation, secret }: StarterOptions,
): (options: StartClusterOptions) => RunningCluster {
  const check = importCheck();
  return (options) => {
    const { botModule } = options;
    const program = isolation === "process"
      ? { main: processMain(botModule), governedBy: botModule }
      : { main: threadMain(botModule), governedBy: Deno.mainModule };
    const start = isolation === "process" ? startProcess : startThread;
    return startChecked(check({ ...options, ...program, secret }), () => start(options));
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
