/**
 * The name somebody meant: what a misspelt one is nearest to.
 *
 * @module
 */

/**
 * The names nearest to `word`, nearest first, none further than `limit` single-letter edits.
 *
 * @example
 * ```ts
 * import { nearest } from "./nearest.ts";
 * console.assert(nearest("TOTAL_SHARD", ["TOTAL_SHARDS", "STATE_DIR"])[0] === "TOTAL_SHARDS");
 * ```
 */
export function nearest(word: string, names: Iterable<string>, limit = 2): string[] {
  return [...names]
    .map((name) => ({ name, edits: edits(word, name) }))
    .filter((candidate) => candidate.edits <= limit)
    .sort((a, b) => a.edits - b.edits)
    .map((candidate) => candidate.name);
}

/** Letters to insert, remove or replace to get from `a` to `b` (Levenshtein). */
function edits(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      line.push(Math.min(replaced, above[column]! + 1, line[column - 1]! + 1));
    }
    above = line;
  }
  return above[b.length]!;
}
