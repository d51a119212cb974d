/**
 * The unit's hold on one built-in cluster, whether it is a process or a thread.
 *
 * @module
 */

import type { Log } from "../ports/log.ts";
import type { Clock } from "../ports/clock.ts";
import type { ClusterSettings } from "./inside/run.ts";

/** What it takes to start a built-in cluster. */
export interface StartClusterOptions extends ClusterSettings {
  /** `CLUSTER_PERMISSIONS`: flags of Deno beside the unit's address. */
  readonly permissions: readonly string[];
  /** The unit's environment, of which a cluster gets what its permissions name. */
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Gets its lines, each with its `clusterId` or `service`. */
  readonly log: Log;
}

/** How a cluster ended. */
export interface ClusterExit {
  /** Exit code; `null` where a signal ended it, or nobody knows. */
  readonly code: number | null;
  /** In a person's words; the cluster's own last words where it had some. */
  readonly reason: string;
}

/** A cluster that was started. */
export interface RunningCluster {
  /** Resolves when it has ended; never rejects. */
  readonly exited: Promise<ClusterExit>;
  /**
   * Asks it to stop (handlers under way, then the bot's `shutdown()`) and ends it by force after
   * `deadlineMs`. Resolves when it has ended. A thread that is busy cannot be ended: that is logged
   * as an error, and counts as ended.
   */
  stop(deadlineMs: number): Promise<void>;
}
