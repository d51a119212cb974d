/**
 * Words of resharding: moving a bot from one total of shards to another while it runs. `docs/resharding.md`
 * tells how, and why no event is lost or comes twice.
 *
 * The guilds move in **lots**. A guild of shard `i` of `from` is in shard `j` of `to` only where `i` and `j`
 * leave the same rest by the greatest common divisor of both totals: the shards of one rest, of both totals,
 * have the same guilds and no others. A lot is handed over at one moment, whatever becomes of the others; while
 * some are and some are not, shards of both totals serve, which Discord allows. See
 * [Discord Docs/Sharding](https://discord.com/developers/docs/events/gateway#sharding).
 *
 * @module
 */

import type { ShardKey } from "./ids.ts";

/** Guilds that move together, and the shards of both totals that have them. */
export interface Lot {
  /** The rest that their ids leave: `(guild_id >> 22) % lots`. */
  readonly rest: number;
  /** Ids of the shards of the total that is left. */
  readonly from: readonly number[];
  /** Ids of the shards of the total that is gone to. */
  readonly to: readonly number[];
}

/**
 * The lots in which the guilds of `from` shards go to `to` shards.
 *
 * @example
 * ```ts
 * import { lotsOf } from "./reshard.ts";
 * const [first] = lotsOf(2, 4);
 * console.assert(first!.from.join() === "0" && first!.to.join() === "0,2");
 * console.assert(lotsOf(16, 24).length === 8 && lotsOf(8, 4)[1]!.from.join() === "1,5");
 * ```
 */
export function lotsOf(from: number, to: number): Lot[] {
  const lots = greatestCommonDivisor(from, to);
  const of = (total: number, rest: number) =>
    Array.from({ length: total / lots }, (_, i) => rest + i * lots);
  return Array.from({ length: lots }, (_, rest) => ({
    rest,
    from: of(from, rest),
    to: of(to, rest),
  }));
}

/** The largest number that divides both. */
export function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Phases of a lot; `unit/reshard/lots/table.ts` says how they follow another. */
export const LOT_PHASES = [
  /** The old shards serve, the new ones have not begun. */
  "waiting",
  /** The new shards come up; what they get is kept, and nobody gets it. */
  "rising",
  /** Both have every event: they are compared until each is known to have passed the other's beginning. */
  "comparing",
  /** The old shards serve up to an event; the same one is looked for in the new ones. */
  "holding",
  /** That the new shards serve is being written down. */
  "writing",
  /** The new shards serve, the old ones end. */
  "ending",
  /** The new shards serve, the old ones are gone. */
  "moved",
] as const;

/** One of {@linkcode LOT_PHASES}. */
export type LotPhase = typeof LOT_PHASES[number];

/** A dispatch as it is compared between two sessions. */
export interface Seen {
  readonly cursor: number;
  /** The guild that it is of; empty: of none. */
  readonly guildId: string;
  /** What makes it the same event on both: type, ids, versions; `null`: it is one session's own. */
  readonly key: string | null;
  /** When it came, by {@linkcode Clock.epochMs}: the same for all threads of a process. */
  readonly atMs: number;
}

/** Where a shard that was handed a lot begins to serve, guild by guild: what the other total's shards have served. */
export interface Cuts {
  /** Which shards had its guilds before. */
  readonly from: readonly ShardKey[];
  /** The newest cursor when it was cut: above it everything is this shard's. */
  readonly through: number;
  /** Guild id (empty: of no guild) → cursor up to which its events have been served already. */
  readonly guilds: Readonly<Record<string, number>>;
  /** The same for guilds that are not named. */
  readonly others: number;
  /** Guilds that had not loaded before: their GUILD_CREATE is for the bot. */
  readonly loads: readonly string[];
  /** Guilds of which events may come twice, because no event was found that both sessions saw. */
  readonly mayRepeat: readonly string[];
}

/**
 * What a shard does for the bot: `serves`, its events go to whoever consumes it, less what `cuts` say was served
 * before; `rises`, they are kept until it serves, and nobody gets any.
 */
export type ShardRole =
  | { readonly kind: "serves"; readonly cuts: Cuts | null }
  | { readonly kind: "rises" };

/** What the bot gets of a shard that was held back. */
export interface Held {
  /** Newest cursor that is served: those above it are kept. */
  readonly through: number;
  /** Guilds that have loaded in its session. */
  readonly guildIds: readonly string[];
  readonly atMs: number;
}

/** How a reshard stands as a whole. */
export type ReshardState = "running" | "paused" | "cancelling" | "done" | "cancelled" | "failed";

/** A reshard as seen from outside: the field `reshard` of `/control/state`. */
export interface ReshardSnapshot {
  /** Number of shards when it began, and when it is done. */
  readonly from: number;
  readonly to: number;
  readonly state: ReshardState;
  /** In a person's words: what it waits for, or why it ended. */
  readonly reason: string;
  readonly by: "operator" | "automatic";
  readonly lots: readonly LotSnapshot[];
  readonly guildsMoved: number;
  /** Guilds cut at an event that both sessions saw; that were quiet; that were cut without either. */
  readonly anchors: number;
  readonly quiet: number;
  readonly forced: number;
  readonly identifiesSpent: number;
  /** Identifies that it will take from here on, and that are left for it today. */
  readonly identifiesNeeded: number;
  readonly identifiesLeft: number;
  /** ms since the Unix epoch. */
  readonly startedAtMs: number;
  /** How long it will take from here on, about; `null`: nobody knows. */
  readonly leftMs: number | null;
}

/** A lot as seen from outside. */
export interface LotSnapshot extends Lot {
  readonly phase: LotPhase;
  /** In a person's words: what it waits for. */
  readonly reason: string;
  /** When the phase began, ms since the Unix epoch. */
  readonly sinceMs: number;
}
