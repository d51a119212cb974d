/**
 * Which total serves which guilds, written down: the one durable word about it. A lot is handed over in the
 * moment in which this is written, and whoever starts anew after whatever crash goes by it. Where it is written,
 * and what becomes of what several units write, is in `written/`.
 *
 * @module
 */

import {
  parseShardKey,
  type ShardKey,
  type ShardKeyText,
  shardKeyText,
} from "../../protocol/ids.ts";
import {
  type Cuts,
  greatestCommonDivisor,
  type Lot,
  lotsOf,
  type ShardRole,
} from "../../protocol/reshard.ts";

/** Which total serves, or, while guilds move, which of both serves which of them. */
export interface ReshardRecord {
  /** Grows when a move begins, and when it is over: of two records the one with the higher number is newer. */
  readonly turn: number;
  /** Serves all that has not moved. */
  readonly total: number;
  /** `TOTAL_SHARDS` when this total was settled; another one, set since, is an operator's word and wins. */
  readonly asked: number | null;
  /**
   * Where shards that were handed a lot began to serve, until everything up to there is acknowledged. In a fleet
   * each unit has those of its own shards only.
   */
  readonly cuts: Readonly<Partial<Record<ShardKeyText, Cuts>>>;
  /** `null`: no guild moves. */
  readonly move: Move | null;
}

/** A move from one total to another, as far as it has come. */
export interface Move {
  readonly to: number;
  /** Where all lots are to be in the end: `to`, or the old total once it was cancelled. */
  readonly goal: number;
  /** No further lot begins. */
  readonly isPaused: boolean;
  /** Why it goes back by itself, in a person's words; `null`: it does not. */
  readonly failed: string | null;
  /** Grows with each time that any of these three was changed. */
  readonly steered: number;
  readonly by: "operator" | "automatic";
  /** ms since the Unix epoch. */
  readonly startedAtMs: number;
  /** Rests of the lots that `to` serves. */
  readonly moved: readonly number[];
  /** Rest → who has the last word of who serves that lot; {@linkcode FIRST_WORD} where it is not named. */
  readonly words: Readonly<Record<number, LotWord>>;
  /** Unit (empty: one by itself) → what it has done. */
  readonly tallies: Readonly<Record<string, MoveTally>>;
}

/** Whose word of a lot counts: that of the higher epoch, of one epoch the later one. */
export interface LotWord {
  /** Of the assignment by which a unit has the lot; 0 for a unit by itself. */
  readonly epoch: number;
  /** How often the lot was handed over. */
  readonly count: number;
}

/** Nobody has said anything yet. */
export const FIRST_WORD: LotWord = { epoch: 0, count: 0 };

/** What a move has done so far. */
export interface MoveTally {
  /** Guilds that were handed over; a guild that was taken back counts again. */
  readonly guilds: number;
  /** Of these: cut at an event that both sessions saw; quiet; without either. */
  readonly anchors: number;
  readonly quiet: number;
  readonly forced: number;
  readonly identifies: number;
}

/** Nothing was done yet. */
export const NO_TALLY: MoveTally = { guilds: 0, anchors: 0, quiet: 0, forced: 0, identifies: 0 };

/** What all units have done in a move. */
export function tallyOf({ tallies }: Pick<Move, "tallies">): MoveTally {
  return Object.values(tallies).reduce((sum, each) => ({
    guilds: sum.guilds + each.guilds,
    anchors: sum.anchors + each.anchors,
    quiet: sum.quiet + each.quiet,
    forced: sum.forced + each.forced,
    identifies: sum.identifies + each.identifies,
  }), NO_TALLY);
}

/** A bot of which every guild is served by one total. */
export function settledRecord(total: number, asked: number | null, turn = 0): ReshardRecord {
  return { turn, total, asked, cuts: {}, move: null };
}

/** The lots of a move; none where none is under way. */
export function lotsOfRecord({ total, move }: ReshardRecord): Lot[] {
  return move ? lotsOf(total, move.to) : [];
}

/** The lots that shards of either total are of, by their rests; none where none is under way. */
export function restsOf({ total, move }: ReshardRecord, shards: readonly ShardKey[]): number[] {
  if (!move) return [];
  const lots = greatestCommonDivisor(total, move.to);
  const own = shards.filter((shard) => shard.total === total || shard.total === move.to);
  return [...new Set(own.map(({ id }) => id % lots))];
}

/** Which total serves the lot of this rest: always exactly one. */
export function ownerOf({ total, move }: ReshardRecord, rest: number): number {
  return move?.moved.includes(rest) ? move.to : total;
}

/** Which total serves what a shard of either total has; `null` for a shard of any other. */
export function ownerOfShard(record: ReshardRecord, { total, id }: ShardKey): number | null {
  if (id < 0 || id >= total || (total !== record.total && total !== record.move?.to)) return null;
  if (!record.move) return record.total;
  return ownerOf(record, id % greatestCommonDivisor(record.total, record.move.to));
}

/**
 * What a shard is to do for the bot: it serves where its total has its guilds, it rises where somebody has
 * said so (`risen`), else it does not run (`null`).
 *
 * @example
 * ```ts
 * import { roleOf, settledRecord } from "./record.ts";
 * const record = settledRecord(2, null);
 * console.assert(roleOf(record, { total: 2, id: 1 }, new Set())?.kind === "serves");
 * console.assert(roleOf(record, { total: 4, id: 1 }, new Set()) === null);
 * ```
 */
export function roleOf(
  record: ReshardRecord,
  key: ShardKey,
  risen: ReadonlySet<ShardKeyText>,
): ShardRole | null {
  const owner = ownerOfShard(record, key);
  if (owner === null) return null;
  const text = shardKeyText(key);
  if (owner === key.total) return { kind: "serves", cuts: record.cuts[text] ?? null };
  return risen.has(text) ? { kind: "rises" } : null;
}

/** A move begins. */
export function begun(
  record: ReshardRecord,
  { to, by, startedAtMs }: Pick<Move, "to" | "by" | "startedAtMs">,
): ReshardRecord {
  const move = {
    to,
    goal: to,
    isPaused: false,
    failed: null,
    steered: 0,
    by,
    startedAtMs,
    moved: [],
    words: {},
    tallies: {},
  };
  return { ...record, turn: record.turn + 1, move };
}

/** Something of the move that is under way is different. */
export function withMove(record: ReshardRecord, changed: Partial<Move>): ReshardRecord {
  return { ...record, move: record.move && { ...record.move, ...changed } };
}

/** Whose word of a lot counts. */
export function wordOf({ move }: ReshardRecord, rest: number): LotWord {
  return move?.words[rest] ?? FIRST_WORD;
}

/**
 * Lots are a unit's by an assignment of this epoch: what anybody says of them who has them by an earlier one does not
 * count from now on.
 */
export function claimed(
  record: ReshardRecord,
  rests: readonly number[],
  epoch: number,
): ReshardRecord {
  if (!record.move) return record;
  const words = { ...record.move.words };
  for (const rest of rests) {
    const word = wordOf(record, rest);
    if (word.epoch < epoch) words[rest] = { ...word, epoch };
  }
  return withMove(record, { words });
}

/**
 * From here on the lot of this rest is served by the shards of `total`, from these cuts on.
 *
 * @param epoch Of the assignment by which the lot is that unit's who says so.
 */
export function handedOver(
  record: ReshardRecord,
  rest: number,
  total: number,
  cuts: ReadonlyMap<number, Cuts>,
  epoch = 0,
): ReshardRecord {
  const { move } = record;
  const lot = lotsOfRecord(record)[rest]!;
  const kept = { ...record.cuts };
  for (const id of lot.from) delete kept[shardKeyText({ total: record.total, id })];
  for (const id of lot.to) delete kept[shardKeyText({ total: move!.to, id })];
  for (const [id, each] of cuts) kept[shardKeyText({ total, id })] = each;
  const others = move!.moved.filter((each) => each !== rest);
  const moved = total === move!.to ? [...others, rest].sort((a, b) => a - b) : others;
  const word = wordOf(record, rest);
  const words = { ...move!.words, [rest]: { epoch, count: word.count + 1 } };
  return withMove({ ...record, cuts: kept }, { moved, words });
}

/** The move is over, once each lot is where it was to be: `goal` serves everything. */
export function settled(record: ReshardRecord): ReshardRecord {
  const { move } = record;
  if (!move || lotsOfRecord(record).some(({ rest }) => ownerOf(record, rest) !== move.goal)) {
    return record;
  }
  return { ...record, turn: record.turn + 1, total: move.goal, move: null };
}

/** Without the cuts of shards of which everybody is done with all that was cut; `doneOf` says how far. */
export function withoutPassed(
  record: ReshardRecord,
  doneOf: (key: ShardKey) => number,
): ReshardRecord {
  const cuts = Object.entries(record.cuts);
  const open = cuts.filter(([text, cut]) => doneOf(parseShardKey(text)!) < cut!.through);
  return open.length === cuts.length ? record : { ...record, cuts: Object.fromEntries(open) };
}
