/**
 * What a handover needs of both totals' shards, and of who compares what they see. `WorkerPool` is a
 * {@linkcode Side}, `Compare` a {@linkcode Comparing}; tests bring their own.
 *
 * @module
 */

import type { Estate } from "../../../protocol/estate.ts";
import type { ShardKey } from "../../../protocol/ids.ts";
import type { Cuts, Held, Lot, Seen, ShardRole } from "../../../protocol/reshard.ts";
import type { ShardStatus } from "../../../protocol/status.ts";

/** The shards of one total. */
export interface Side {
  /** Brings a shard up, or goes on with one that is. */
  bringUp(shardId: number, role: ShardRole): void;
  /** A shard tells what it sees, or does so no more. One that rises tells it anyway. */
  watch(shardId: number, isOn: boolean): void;
  /** A shard serves nothing that comes from now on, but keeps it; what it had seen was told before. */
  hold(shardId: number): Promise<Held>;
  /** Resolves when all that a shard that rises has seen was told; rejects where its worker does not say so. */
  hear(shardId: number): Promise<void>;
  /** A shard that was held goes on with what it kept; one that was not does as before. */
  lift(shardId: number): void;
  /** A shard that rose serves what was not served before. */
  serve(shardId: number, cuts: Cuts): void;
  /** A shard is no more, whether it ran or not: its session, its queue, its estate. */
  endShard(shardId: number): Promise<void>;
}

/** The shards of both totals. */
export interface Sides {
  of(total: number): Side;
  /** `null`: there is no such shard. */
  statusOf(key: ShardKey): ShardStatus | null;
  estateOf(key: ShardKey): Estate;
}

/** Where the new shards go on, and how many guilds were cut in which way. */
export interface CutResult {
  readonly cuts: ReadonlyMap<number, Cuts>;
  readonly anchors: number;
  readonly quiet: number;
  readonly forced: number;
}

/** Compares what both sides of a lot see, `from` being those that serve. Times are {@linkcode Seen.atMs}. */
export interface Comparing {
  /** Both sides have been whole since then: what was seen before is of no use. */
  whole(atMs: number): void;
  see(side: "from" | "to", shardId: number, seen: readonly Seen[]): void;
  /** Whether they have been compared for long enough; while they are held: whether that still is so. */
  isArmed(nowMs: number): boolean;
  /** What it waits for, in a person's words. */
  waitsFor(nowMs: number): string;
  /** The old shards serve up to here; guilds that `loaded` names by new shard are there. */
  held(helds: ReadonlyMap<number, Held>, loaded: ReadonlyMap<number, Iterable<string>>): void;
  /** The old shards serve what they kept. */
  lifted(): void;
  /** `null`: not yet. */
  cuts(nowMs: number): CutResult | null;
}

/** Makes one for a lot on its way from one total to another. */
export type Compares = (way: {
  readonly lot: Lot;
  readonly fromTotal: number;
  readonly toTotal: number;
}) => Comparing;

/** What has come of holding the old shards of a lot back. */
export interface Holding {
  helds: ReadonlyMap<number, Held> | null;
  /** The new shards are asked whether they have told all that came; have said so, without delay. */
  isAsked: boolean;
  isHeard: boolean;
}
