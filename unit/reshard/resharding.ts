/**
 * How a unit is asked to have another number of shards, by whoever asks: the same words for an operator, the
 * program and the unit itself, and the same reasons why not.
 *
 * @module
 */

import { GatehouseError } from "../../protocol/errors.ts";
import { MOST_SHARDS, shardRange } from "../../protocol/ids.ts";
import { shown } from "../../protocol/record.ts";
import { greatestCommonDivisor, lotsOf, type ReshardSnapshot } from "../../protocol/reshard.ts";

/** What begins and steers the reshards of a unit, one at a time. */
export interface Resharding {
  /** The one that is under way; else the last one of this life; `null`: there was none. */
  readonly snapshot: ReshardSnapshot | null;
  /** Begins one, and gives it as it begins; in a fleet once all can know of it. There is none under way. */
  begin(to: number, by: ReshardSnapshot["by"]): ReshardSnapshot | Promise<ReshardSnapshot>;
  /** No further lot begins; those that have begun go on to their end. */
  pause(): void;
  /** Lots begin again. */
  resume(): void;
  /** Goes back to the number of shards that there was. */
  cancel(): void;
}

/** A unit, as far as it is asked. */
export interface ReshardingUnit {
  /** 0 until Discord has said. */
  readonly totalShards: number;
  /** The shards that this unit runs. */
  readonly shardIds: readonly number[];
  /** `null` before a shard has started. */
  readonly resharding: Resharding | null;
  /** What is true of the whole fleet. Default: this unit is by itself. */
  readonly reshardingFleet?: ReshardingFleet | null;
}

/** A fleet, as far as it is asked. */
export interface ReshardingFleet {
  /** Units that live. */
  readonly units: number;
  /** Shards that no unit has. */
  readonly missing: number;
}

/** Whether a reshard has begun and not ended, also when it is paused. */
export function isUnderWay(reshard: ReshardSnapshot | null): reshard is ReshardSnapshot {
  return reshard !== null && ["running", "paused", "cancelling"].includes(reshard.state);
}

/**
 * Begins to move the guilds of a unit, or of a fleet, to another number of shards, and gives what begins.
 *
 * @throws {GatehouseError} `bad_message` where no unit may have so many; `not_ready` before a shard has started;
 * `refused` where there are so many already, another reshard is under way, the unit runs a part of the shards only,
 * or all guilds of several units would have to move at one moment. In a fleet it may reject, too: where another unit
 * was faster, or the units cannot reach each other.
 */
export function beginReshard(
  unit: ReshardingUnit,
  totalShards: unknown,
  by: ReshardSnapshot["by"],
): ReshardSnapshot | Promise<ReshardSnapshot> {
  const to = totalOf(totalShards);
  const resharding = reshardingOf(unit);
  const { snapshot } = resharding;
  if (isUnderWay(snapshot)) {
    throw refused(to, `${reshardText(snapshot)}: wait for its end, or cancel it`);
  }
  const { totalShards: from, reshardingFleet: fleet } = unit;
  if (to === from) throw refused(to, `there are ${from} already`);
  const why = fleet ? whyNotAll(fleet, from, to) : whyNot(unit, to);
  if (why !== null) throw refused(to, why);
  return resharding.begin(to, by);
}

function whyNot({ totalShards: from, shardIds }: ReshardingUnit, to: number): string | null {
  if (shardIds.length === from) return null;
  const runs = `this unit runs ${shardIds.length} of ${from} shards only`;
  return `${runs}: give all units TOTAL_SHARDS=${to}, and restart them`;
}

function whyNotAll({ units, missing }: ReshardingFleet, from: number, to: number): string | null {
  if (missing > 0) return `${missing} of ${from} shards are no unit's: wait until all are`;
  if (units < 2 || lotsOf(from, to).length > 1) return null;
  const all =
    `${from} and ${to} have no common divisor, so that all guilds would move at one moment`;
  const working = workingTotals(from, to);
  const advice = working.length > 0
    ? `${working.join(" or ")} would do`
    : "no number of shards would do: have one unit reshard by itself";
  return `${all}, by one unit of ${units}: ${advice}`;
}

/** Those next to a total to which the guilds of several units can move. */
function workingTotals(from: number, to: number): number[] {
  if (from === 1) return [];
  const works = (total: number) =>
    total !== from && total <= MOST_SHARDS && greatestCommonDivisor(from, total) > 1;
  const below = shardRange(1, to - 1).findLast(works);
  let above = to + 1;
  while (above <= MOST_SHARDS && !works(above)) above++;
  return [...below === undefined ? [] : [below], ...above <= MOST_SHARDS ? [above] : []];
}

/** What can be done to a reshard that is under way. */
export type Steering = "pause" | "resume" | "cancel";

/**
 * Pauses the reshard that is under way, lets it go on, or takes it back. Asking twice is asking once.
 *
 * @throws {GatehouseError} `not_ready` before a shard has started, `refused` where none is under way, or it
 * is being cancelled.
 */
export function steerReshard(unit: ReshardingUnit, how: Steering): ReshardSnapshot {
  const resharding = reshardingOf(unit);
  const { snapshot } = resharding;
  if (!isUnderWay(snapshot)) {
    throw new GatehouseError("refused", "caller", `Cannot ${how}: no reshard is under way`);
  }
  if (snapshot.state === "cancelling" && how !== "cancel") {
    throw new GatehouseError("refused", "caller", `Cannot ${how}: ${reshardText(snapshot)}`);
  }
  resharding[how]();
  return resharding.snapshot!;
}

/** `a reshard from 2 to 4 shards is running (…)`. */
export function reshardText({ from, to, state, reason }: ReshardSnapshot): string {
  const why = reason === "" ? "" : ` (${reason})`;
  return `a reshard from ${from} to ${to} shards is ${state}${why}`;
}

function totalOf(value: unknown): number {
  const total = value as number;
  if (Number.isInteger(total) && total >= 1 && total <= MOST_SHARDS) return total;
  const text = `totalShards is ${shown(value)}, expected a whole number from 1 to ${MOST_SHARDS}`;
  throw new GatehouseError("bad_message", "caller", `Cannot reshard: ${text}`);
}

function reshardingOf({ resharding }: ReshardingUnit): Resharding {
  if (resharding) return resharding;
  throw new GatehouseError("not_ready", "host", "Cannot do that: no shard has started yet");
}

function refused(to: number, why: string): GatehouseError {
  return new GatehouseError("refused", "caller", `Cannot reshard to ${to} shards: ${why}`);
}
