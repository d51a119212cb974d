/**
 * How a fleet stands, in words that the log, the metrics, `/control/state` and `/readyz` share.
 *
 * @module
 */

/** A fleet, as one of its units knows it. */
export interface FleetSnapshot {
  /** The unit that says so. */
  readonly self: string;
  /** Whether this unit has joined, and taken up what was its part then. */
  readonly isJoined: boolean;
  /** The unit that leads; `null`: none is known. */
  readonly leader: string | null;
  /** Number of the newest assignment that is known; 0: none is. */
  readonly epoch: number;
  /** The units that live, or that have shards. */
  readonly units: readonly FleetUnit[];
  /** Shards that are to go from one unit to another. */
  readonly moves: number;
  /** Shards that nobody has. */
  readonly unowned: number;
  /** What this unit does just now: shards that it takes up, and that it gives away. */
  readonly taking: number;
  readonly giving: number;
  /** Since when this unit is cut off from the others, ms since the Unix epoch; `null`: it is not. */
  readonly cutOffSinceMs: number | null;
  /** What does not go as it should, though the fleet does its work, in a person's words. */
  readonly warnings: readonly string[];
}

/** A unit of a fleet. */
export interface FleetUnit {
  readonly unit: string;
  /** Whether it was heard of lately. */
  readonly isAlive: boolean;
  /** How many shards it has. */
  readonly shards: number;
}
