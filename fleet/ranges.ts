/**
 * Reads numbers from a short text: those of 10,000 shards have to be read by all units several times a second.
 *
 * @module
 */

/** A range as it is written. */
const RANGE = /^(\d{1,9})(?:-(\d{1,9}))?$/;

/**
 * Ascending numbers that are written as ranges with commas between, `0-2,7`; `null` where it is no such text, or names one that is not below `below`, or one twice.
 */
export function parseRanges(text: unknown, below: number): number[] | null {
  if (text === "") return [];
  if (typeof text !== "string") return null;
  const numbers: number[] = [];
  for (const part of text.split(",")) {
    const [, from, to = from] = RANGE.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (!(first <= last && last < below && first > (numbers.at(-1) ?? -1))) return null;
    for (let each = first; each <= last; each++) numbers.push(each);
  }
  return numbers;
}
