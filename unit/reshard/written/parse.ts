/**
 * Records of who serves what, read from outside.
 *
 * @module
 */

import { isCursor } from "../../../protocol/estate.ts";
import { MOST_SHARDS, parseShardKey, type ShardKey } from "../../../protocol/ids.ts";
import { isCount, isRecord, shown } from "../../../protocol/record.ts";
import { type Cuts, lotsOf } from "../../../protocol/reshard.ts";
import {
  type LotWord,
  type Move,
  type MoveTally,
  NO_TALLY,
  type ReshardRecord,
} from "../record.ts";

/** Reads a record; a text says why it is none. */
export function parseRecord(value: unknown): ReshardRecord | string {
  if (!isRecord(value)) return `it is ${shown(value)}, expected an object`;
  // Written before there were several units: it is the first.
  const { turn = 0, total, asked, cuts, move } = value;
  if (!isCount(turn)) return `turn is ${shown(turn)}`;
  if (!isTotal(total)) return `total is ${shown(total)}`;
  if (asked !== null && !isTotal(asked)) return `asked is ${shown(asked)}`;
  const parsed = move === null ? null : parseMove(move, total);
  if (parsed === undefined) return "move is not one of these shards";
  if (!isRecord(cuts)) return `cuts is ${shown(cuts)}, expected an object`;
  for (const [text, cut] of Object.entries(cuts)) {
    if (!parseShardKey(text) || !isCuts(cut)) return `cuts of ${shown(text)} cannot be read`;
  }
  return { turn, total, asked, cuts: cuts as ReshardRecord["cuts"], move: parsed };
}

/** Whether it says where a shard began to serve. */
export function isCuts(value: unknown): value is Cuts {
  const { from, through, guilds, others, loads, mayRepeat } = isRecord(value) ? value : {};
  return Array.isArray(from) && from.every(isShardKey) && isCursor(through) && isCursor(others) &&
    isRecord(guilds) && Object.values(guilds).every(isCursor) && isTexts(loads) &&
    isTexts(mayRepeat);
}

function isTotal(value: unknown): value is number {
  return isCount(value) && value >= 1 && value <= MOST_SHARDS;
}

function parseMove(value: unknown, total: number): Move | undefined {
  if (!isRecord(value)) return undefined;
  const { to, goal, isPaused, failed, steered = 0, by, startedAtMs, moved, words = {} } = value;
  if (!isTotal(to) || to === total || (goal !== to && goal !== total)) return undefined;
  if (typeof isPaused !== "boolean" || (by !== "operator" && by !== "automatic")) return undefined;
  if (failed !== null && typeof failed !== "string" || !isCount(steered)) return undefined;
  if (!Number.isFinite(startedAtMs) || !Array.isArray(moved)) return undefined;
  const lots = lotsOf(total, to).length;
  const isRest = (rest: unknown) => isCount(rest) && rest < lots;
  if (!moved.every(isRest) || new Set(moved).size !== moved.length) return undefined;
  if (!isRecord(words) || !Object.keys(words).every((rest) => isRest(Number(rest)))) {
    return undefined;
  }
  if (!Object.values(words).every(isWord)) return undefined;
  const tallies = value.tallies ?? { "": value.tally };
  if (!isRecord(tallies) || !Object.values(tallies).every(isTally)) return undefined;
  return {
    ...{ to, goal, isPaused, failed, steered, by, startedAtMs: startedAtMs as number, moved },
    words: words as Move["words"],
    tallies: tallies as Move["tallies"],
  };
}

function isWord(value: unknown): value is LotWord {
  return isRecord(value) && isCount(value.epoch) && isCount(value.count);
}

function isTally(value: unknown): value is MoveTally {
  return isRecord(value) && Object.keys(NO_TALLY).every((key) => isCount(value[key]));
}

function isShardKey(value: unknown): value is ShardKey {
  return isRecord(value) && isTotal(value.total) && isCount(value.id) && value.id < value.total;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
