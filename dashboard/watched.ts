/**
 * What the dashboard needs of the unit that it shows: a narrow door, joined to the unit above (`app/`).
 *
 * @module
 */

import type { ProcessStats, RestSnapshot, Snapshot } from "../protocol/status.ts";
import type { DashboardAct } from "./words.ts";

/** Whether a unit does its work, and why not, in words. */
export interface Standing {
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

/** Figures of the processes of a bot: by cluster id, by name of the service. */
export interface PlacesFigures {
  readonly clusters: Readonly<Record<string, ProcessStats>>;
  readonly services: Readonly<Record<string, ProcessStats>>;
}

/** What a shard has counted. */
export interface ShardCounts {
  /** `3/16`. */
  readonly key: string;
  /** Whether its events go to the bot. */
  readonly serves: boolean;
  readonly received: number;
  readonly queued: number;
  readonly latencyMs: number | null;
}

/** What is looked at once a second, whether somebody looks at the page or not. */
export interface UnitCounts {
  readonly shards: readonly ShardCounts[];
  readonly rest: Pick<RestSnapshot, "waiting" | "routes">;
}

/** A unit, as it is watched. */
export interface WatchedUnit {
  /** Of Gatehouse. */
  readonly version: string;
  /** Between two identifies of one key. */
  readonly identifySpacingMs: number;
  /** Number of shards of the bot; 0: not known yet. */
  readonly totalShards: number;
  /** Far cheaper than everything. */
  counts(): UnitCounts;
  /** Everything at this moment. */
  readonly snapshot: Snapshot;
  /** What a snapshot says of the unit's work. */
  standing(snapshot: Snapshot): Standing;
  /** Asks everybody who runs code for the unit. Who does not answer in time has an `error`. */
  figures(): Promise<PlacesFigures>;
  /** Does what a person asks for; resolves when it is done, or on its way. */
  act(request: DashboardAct): unknown;
}
