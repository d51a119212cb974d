/**
 * Which total serves which guilds, written down: the one durable word about it. A lot is handed over in the
 * moment in which this is written, and whoever starts anew after whatever crash goes by it.
 *
 * @module
 */

import type { Store } from "../../ports/store.ts";
import type { Log } from "../../ports/log.ts";
import { isCursor } from "../../protocol/estate.ts";
import {
  MOST_SHARDS,
  parseShardKey,
  type ShardKey,
  type ShardKeyText,
  shardKeyText,
} from "../../protocol/ids.ts";
import { isCount, isRecord, shown } from "../../protocol/record.ts";
import {
  type Cuts,
  greatestCommonDivisor,
  type Lot,
  lotsOf,
  type ShardRole,
} from "../../protocol/reshard.ts";

/** Name of the file in the state folder. */
const SAVED_AS = "reshard";

/** Which total serves, or, while guilds move, which of both serves which of them. */
export interface ReshardRecord {
  /** Serves all that has not moved. */
  readonly total: number;
  /** `TOTAL_SHARDS` when this total was settled; another one, set since, is an operator's word and wins. */
  readonly asked: number | null;
  /** Where shards that were handed a lot began to serve, until everything up to there is acknowledged. */
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
  readonly by: "operator" | "automatic";
  /** ms since the Unix epoch. */
  readonly startedAtMs: number;
  /** Rests of the lots that `to` serves. */
  readonly moved: readonly number[];
  readonly tally: MoveTally;
}

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

/** A bot of which every guild is served by one total. */
export function settledRecord(total: number, asked: number | null): ReshardRecord {
  return { total, asked, cuts: {}, move: null };
}

/** The lots of a move; none where none is under way. */
export function lotsOfRecord({ total, move }: ReshardRecord): Lot[] {
  return move ? lotsOf(total, move.to) : [];
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
    by,
    startedAtMs,
    moved: [],
    tally: NO_TALLY,
  };
  return { ...record, move };
}

/** Something of the move that is under way is different. */
export function withMove(record: ReshardRecord, changed: Partial<Move>): ReshardRecord {
  return { ...record, move: record.move && { ...record.move, ...changed } };
}

/** From here on the lot of this rest is served by the shards of `total`, from these cuts on. */
export function handedOver(
  record: ReshardRecord,
  rest: number,
  total: number,
  cuts: ReadonlyMap<number, Cuts>,
): ReshardRecord {
  const { move } = record;
  const lot = lotsOfRecord(record)[rest]!;
  const kept = { ...record.cuts };
  for (const id of lot.from) delete kept[shardKeyText({ total: record.total, id })];
  for (const id of lot.to) delete kept[shardKeyText({ total: move!.to, id })];
  for (const [id, each] of cuts) kept[shardKeyText({ total, id })] = each;
  const others = move!.moved.filter((each) => each !== rest);
  const moved = total === move!.to ? [...others, rest].sort((a, b) => a - b) : others;
  return withMove({ ...record, cuts: kept }, { moved });
}

/** The move is over, once each lot is where it was to be: `goal` serves everything. */
export function settled(record: ReshardRecord): ReshardRecord {
  const { move } = record;
  if (!move || lotsOfRecord(record).some(({ rest }) => ownerOf(record, rest) !== move.goal)) {
    return record;
  }
  return { ...record, total: move.goal, move: null };
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

/** What loading takes. */
export interface LoadRecordOptions {
  readonly store: Store;
  readonly log: Log;
  /** Total → how many of its shards have a session that can be resumed. Asked where the record is lost. */
  readonly sessions: () => ReadonlyMap<number, number>;
}

/**
 * What an earlier life wrote down; `null` where none did. What cannot be read is lost, and told: then the
 * total of which the largest part lives serves everything, and nobody else anything. Its shards that have no session
 * begin one: what came to their guilds meanwhile is missing, but nothing has two owners.
 */
export async function loadRecord(
  { store, log, sessions }: LoadRecordOptions,
): Promise<ReshardRecord | null> {
  const damaged = store.damaged;
  const saved = await store.load(SAVED_AS);
  if (saved === undefined && store.damaged === damaged) return null;
  const record = parseRecord(saved);
  if (typeof record !== "string") return record;
  const total = mostAlive(sessions());
  log.error("which shards serve which guilds was written down and cannot be read", {
    error: record,
    servesAll: total,
  });
  if (total === null) return null;
  const anew = settledRecord(total, null);
  await saveRecord(store, anew);
  return anew;
}

/** Writes it down; once that resolves, it outlives whatever happens. */
export async function saveRecord(store: Store, record: ReshardRecord): Promise<void> {
  await store.save(SAVED_AS, record);
}

/** The total of which the largest part lives; of two the smaller, which needs fewer identifies. */
function mostAlive(sessions: ReadonlyMap<number, number>): number | null {
  const [first] = [...sessions].filter(([, alive]) => alive > 0)
    .sort(([a, aliveA], [b, aliveB]) => aliveB / b - aliveA / a || a - b);
  return first?.[0] ?? null;
}

/** Reads a record; a text says why it is none. */
export function parseRecord(value: unknown): ReshardRecord | string {
  if (!isRecord(value)) return `it is ${shown(value)}, expected an object`;
  const { total, asked, cuts, move } = value;
  if (!isTotal(total)) return `total is ${shown(total)}`;
  if (asked !== null && !isTotal(asked)) return `asked is ${shown(asked)}`;
  if (move !== null && !isMove(move, total)) return "move is not one of these shards";
  if (!isRecord(cuts)) return `cuts is ${shown(cuts)}, expected an object`;
  for (const [text, cut] of Object.entries(cuts)) {
    if (!parseShardKey(text) || !isCuts(cut)) return `cuts of ${shown(text)} cannot be read`;
  }
  return { total, asked, cuts: cuts as ReshardRecord["cuts"], move };
}

function isTotal(value: unknown): value is number {
  return isCount(value) && value >= 1 && value <= MOST_SHARDS;
}

function isMove(value: unknown, total: number): value is Move {
  if (!isRecord(value)) return false;
  const { to, goal, isPaused, failed, by, startedAtMs, moved, tally } = value;
  if (!isTotal(to) || to === total || (goal !== to && goal !== total)) return false;
  if (typeof isPaused !== "boolean" || (by !== "operator" && by !== "automatic")) return false;
  if (failed !== null && typeof failed !== "string") return false;
  if (!Number.isFinite(startedAtMs) || !isRecord(tally) || !Array.isArray(moved)) return false;
  const lots = lotsOf(total, to).length;
  return Object.keys(NO_TALLY).every((key) => isCount(tally[key])) &&
    moved.every((rest) => isCount(rest) && rest < lots) && new Set(moved).size === moved.length;
}

function isCuts(value: unknown): value is Cuts {
  const { from, through, guilds, others, loads, mayRepeat } = isRecord(value) ? value : {};
  return Array.isArray(from) && from.every(isShardKey) && isCursor(through) && isCursor(others) &&
    isRecord(guilds) && Object.values(guilds).every(isCursor) && isTexts(loads) &&
    isTexts(mayRepeat);
}

function isShardKey(value: unknown): value is ShardKey {
  return isRecord(value) && isTotal(value.total) && isCount(value.id) && value.id < value.total;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}
