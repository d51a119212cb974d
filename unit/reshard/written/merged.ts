/**
 * What several units have written down of who serves what, made one. The order in which that is done, and how often,
 * changes nothing: it is known of each part which one is newer.
 *
 * @module
 */

import { type LotWord, type Move, type MoveTally, type ReshardRecord, wordOf } from "../record.ts";

/**
 * The newer of each part of two records:
 *
 * - of a move that has begun, or is over, nobody goes back to before it;
 * - who serves a lot says the unit that has it by the highest epoch, what it said last;
 * - how the move is to go on says who has steered it last.
 *
 * Cuts are each unit's own: they are those of `mine`. The rest is the same whichever comes first. Pure.
 */
export function merged(mine: ReshardRecord, others: ReshardRecord): ReshardRecord {
  return { ...joined(mine, others), cuts: mine.cuts };
}

function joined(one: ReshardRecord, other: ReshardRecord): ReshardRecord {
  const [older, newer] = [one, other].sort(byAge) as [ReshardRecord, ReshardRecord];
  if (!older.move || !newer.move || !isSame(older, newer)) return newer;
  const rests = new Set(
    [older.move, newer.move].flatMap(({ words }) => Object.keys(words)).map(Number),
  );
  const said = [...rests].map((rest) => {
    const word = last(wordOf(older, rest), wordOf(newer, rest));
    const isMoved = [older, newer].some((each) =>
      isWord(wordOf(each, rest), word) && each.move!.moved.includes(rest)
    );
    return { rest, word, isMoved };
  });
  const move: Move = {
    ...newer.move,
    ...steeringOf([older.move, newer.move].sort(bySteering).at(-1)!),
    moved: said.filter(({ isMoved }) => isMoved).map(({ rest }) => rest).sort((a, b) => a - b),
    words: Object.fromEntries(said.map(({ rest, word }) => [rest, word])),
    tallies: talliesOf(older.move.tallies, newer.move.tallies),
  };
  return { ...newer, move };
}

/** Two moves of one turn there are only where a key was lost; then the later one counts. */
function byAge(one: ReshardRecord, other: ReshardRecord): number {
  return compared(ageOf(one), ageOf(other));
}

function ageOf({ turn, total, asked, move }: ReshardRecord): number[] {
  return [turn, move?.startedAtMs ?? 0, total, move?.to ?? 0, asked ?? 0];
}

/** One that is taken back stays so, whoever has paused it meanwhile. */
function bySteering(one: Move, other: Move): number {
  const weight = ({ steered, failed, goal, to, isPaused }: Move) => [
    ...[steered, Number(failed !== null), Number(goal !== to), Number(isPaused)],
  ];
  return compared(weight(one), weight(other)) || compareText(one.failed ?? "", other.failed ?? "");
}

function steeringOf({ goal, isPaused, failed, steered }: Move) {
  return { goal, isPaused, failed, steered };
}

function isSame({ total, turn, move }: ReshardRecord, other: ReshardRecord): boolean {
  return turn === other.turn && total === other.total && move!.to === other.move!.to &&
    move!.startedAtMs === other.move!.startedAtMs;
}

function last(one: LotWord, other: LotWord): LotWord {
  return compared([one.epoch, one.count], [other.epoch, other.count]) < 0 ? other : one;
}

function isWord(one: LotWord, other: LotWord): boolean {
  return one.epoch === other.epoch && one.count === other.count;
}

/** What a unit has done does not become less. */
function talliesOf(one: Move["tallies"], other: Move["tallies"]): Move["tallies"] {
  const units = [...new Set([one, other].flatMap(Object.keys))].sort();
  return Object.fromEntries(units.map((unit) => {
    const [a = other[unit]!, b = a] = [one[unit], other[unit]];
    const most = (key: keyof MoveTally) => [key, Math.max(a[key], b[key])] as const;
    const keys = Object.keys(a) as (keyof MoveTally)[];
    return [unit, Object.fromEntries(keys.map(most)) as unknown as MoveTally];
  }));
}

function compared(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((each, i) => each !== other[i]);
  return at < 0 ? 0 : one[at]! - other[at]!;
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
