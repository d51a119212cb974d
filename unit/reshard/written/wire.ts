/**
 * A record as all units of a fleet see it: without cuts, which are as large as all guilds of a shard, and with the
 * thousands of lots that a large bot has as runs of neighbours.
 *
 * @module
 */

import type { Json } from "../../../ports/fleet/bus.ts";
import { shardRange } from "../../../protocol/ids.ts";
import { isCount, isRecord } from "../../../protocol/record.ts";
import type { Move, MoveTally, ReshardRecord } from "../record.ts";
import { parseRecord } from "./parse.ts";

/** Puts it into few letters. */
export function encodeRecord({ turn, total, asked, move }: ReshardRecord): Json {
  return { turn, total, asked, move: move && encodeMove(move) };
}

/** Reads one; a text says why it is none. */
export function decodeRecord(value: unknown): ReshardRecord | string {
  if (!isRecord(value) || !isRecord(value.move)) {
    return parseRecord(isRecord(value) ? { ...value, cuts: {} } : value);
  }
  const { moved, words } = value.move;
  const [rests, said] = [restsOf(moved), decodeWords(words)];
  if (!rests || !said) return "its lots are not runs of numbers";
  return parseRecord({ ...value, cuts: {}, move: { ...value.move, moved: rests, words: said } });
}

/** Each field in its place: two that say the same are the same text. */
function encodeMove({ moved, words, tallies, ...move }: Move): Json {
  const { to, goal, isPaused, failed, steered, by, startedAtMs } = move;
  const done = Object.entries(tallies).sort(([one], [other]) => one < other ? -1 : 1);
  const alike = Map.groupBy(
    Object.entries(words),
    ([, { epoch, count }]) => `${epoch} ${count}`,
  );
  return {
    ...{ to, goal, isPaused, failed, steered, by, startedAtMs },
    moved: runsOf(moved),
    words: [...alike.values()].map((entries): Json => {
      const { epoch, count } = entries[0]![1];
      return [epoch, count, runsOf(entries.map(([rest]) => Number(rest)).sort((a, b) => a - b))];
    }),
    tallies: Object.fromEntries(done.map(([unit, tally]) => [unit, talliesIn(tally)])),
  };
}

function decodeWords(value: unknown): Move["words"] | null {
  if (!Array.isArray(value)) return null;
  const words: [number, { epoch: number; count: number }][] = [];
  for (const each of value) {
    const [epoch, count, runs] = Array.isArray(each) ? each : [];
    const rests = restsOf(runs);
    if (!rests) return null;
    for (const rest of rests) words.push([rest, { epoch, count }]);
  }
  return Object.fromEntries(words);
}

function talliesIn({ guilds, anchors, quiet, forced, identifies }: MoveTally): Json {
  return { guilds, anchors, quiet, forced, identifies };
}

/** First and last of each run: `[0, 3, 7, 7]` for 0, 1, 2, 3, 7. */
function runsOf(rests: readonly number[]): number[] {
  const runs: number[] = [];
  for (const rest of rests) {
    if (runs.at(-1) === rest - 1) runs[runs.length - 1] = rest;
    else runs.push(rest, rest);
  }
  return runs;
}

/** Nobody has so many lots. */
const MOST_LOTS = 100_000;

function restsOf(runs: unknown): number[] | null {
  if (!Array.isArray(runs) || runs.length % 2 !== 0) return null;
  const isRun = (at: unknown, i: number) =>
    isCount(at) && at < MOST_LOTS && (i === 0 || at >= runs[i - 1]);
  if (!runs.every(isRun)) return null;
  return runs.flatMap((first, i) => i % 2 === 0 ? shardRange(first, runs[i + 1]) : []);
}
