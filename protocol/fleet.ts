/**
 * What the units of a fleet write down for each other. Nothing in it is secret: no token, no credential.
 *
 * | key                 | written by        | value                                          |
 * | ------------------- | ----------------- | ---------------------------------------------- |
 * | `unit.<name>`       | the unit          | {@linkcode UnitCard}, every {@linkcode BEAT_MS} |
 * | `leader`            | who leads         | {@linkcode LeaderCard}, every {@linkcode BEAT_MS} |
 * | `assignment`        | who leads         | {@linkcode Assignment}                         |
 * | `identify`          | who leads         | budget, and permits that are out               |
 * | `reshard`           | who has the lot   | which total serves what                        |
 * | `cuts.<id>.<total>` | who has the shard | where it began to serve, in place of others    |
 * | `estate.<id>.<total>` | who has the shard | what seldom changes of it                    |
 * | `points.<name>`     | the unit          | how far its shards have come, every second     |
 * | `missing.<id>.<total>.<name>` | who took the shard up | which events only that unit's disk has |
 *
 * @module
 */

import type { ShardKey } from "./ids.ts";

/** How often a unit says that it lives, and a leader that it leads. */
export const BEAT_MS = 4_000;
/**
 * A unit that was not heard of for so long counts as dead, a leader as gone. By the clock of who listens, and
 * only while that one was connected itself: nobody compares the clocks of two computers. The bus itself takes 6 s
 * to have a leader of its own again.
 */
export const LEASE_MS = 15_000;
/** A leader is sure of its lead for so long after the last time that it was written down. */
export const LEAD_MS = 10_000;

/** A name that a unit may have: a word of keys and subjects. */
export const UNIT_NAME: RegExp = /^[A-Za-z0-9_-]{1,64}$/;

/** What a unit says of itself. */
export interface UnitCard {
  readonly unit: string;
  /** Another one for each process: who comes back under a name that lived is told from it. */
  readonly life: string;
  /** Grows. */
  readonly beat: number;
  /** How much it wants to have, against the others. */
  readonly cores: number;
  /** How many clusters it has for itself: built in, or dialling in. Those of `EVENT_HANDLER_URL` are everybody's. */
  readonly clusters: number;
  /** Services whose code it has. */
  readonly services: readonly string[];
  /** It wants to have nothing any more. */
  readonly isLeaving: boolean;
  /** The newest assignment that it has seen. */
  readonly epoch: number;
}

/** Who leads. */
export interface LeaderCard {
  readonly unit: string;
  readonly life: string;
  readonly beat: number;
  /** Grows with each new leader. */
  readonly term: number;
}

/** Who has what. One value, written by whoever leads; the one with the highest epoch holds. */
export interface Assignment {
  readonly epoch: number;
  /** Name of the numbering that cursors belong to, for the whole fleet. */
  readonly stream: string;
  /** The shards of each total; the one first that serves what has not moved. Two while guilds move. */
  readonly totals: readonly TotalShares[];
  /**
   * Shards whose ids leave the same rest by this number, of whichever total, are to be on one unit: the lots in
   * which guilds go to another total. It divides each total. Left out: each shard by itself.
   */
  readonly lots?: number;
  /** Service → the unit that runs it. */
  readonly services: Readonly<Record<string, string>>;
  /** Unit → ids of the clusters that are its own. Kept when it is away, so that ids mean the same when it is back. */
  readonly clusters: Readonly<Record<string, ClusterIds>>;
}

/** Clusters with ids `first` to `first + count - 1`. */
export interface ClusterIds {
  readonly first: number;
  readonly count: number;
}

/** Who has the shards of a total. */
export interface TotalShares {
  readonly total: number;
  /** By shard id: the unit that has it; `null`: nobody yet. */
  readonly owners: readonly (string | null)[];
  /** Shard → the unit that is to have it once its owner has given it away. */
  readonly moves: ReadonlyMap<number, string>;
}

/** The unit that has a shard; `null`: none has. */
export function ownerIn(assignment: Assignment, { total, id }: ShardKey): string | null {
  return sharesOf(assignment, total)?.owners[id] ?? null;
}

/** The unit that is to get a shard from who has it; `null`: it stays. */
export function nextIn(assignment: Assignment, { total, id }: ShardKey): string | null {
  return sharesOf(assignment, total)?.moves.get(id) ?? null;
}

function sharesOf({ totals }: Assignment, total: number): TotalShares | undefined {
  return totals.find((each) => each.total === total);
}
