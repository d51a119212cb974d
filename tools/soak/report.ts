/**
 * What a soak came to: tables for a person, and the exit code.
 *
 * @module
 */

import type { Verdict } from "./recorder.ts";

/** A soak that is over. */
export interface Soaked {
  /** How it was asked for. */
  readonly asked: string;
  /** Fault → times. */
  readonly struck: ReadonlyMap<string, number>;
  readonly verdict: Verdict;
  /** Spent beside the first of each shard. */
  readonly identifies: number;
  /** Rules of Discord's that were broken. */
  readonly violations: number;
}

/**
 * Tables of the faults and of what came of them.
 *
 * @example
 * ```ts
 * import { soakText } from "./report.ts";
 * const verdict = { events: 9, lost: 0, twice: 0, outOfOrder: 0, gaps: 0 };
 * const text = soakText({ asked: "seed 4", struck: new Map(), verdict, identifies: 0, violations: 0 });
 * console.assert(text.endsWith("| 9 | 0 | 0 | 0 | 0 | 0 | 0 |"));
 * ```
 */
export function soakText({ asked, struck, verdict, identifies, violations }: Soaked): string {
  const { events, lost, twice, outOfOrder, gaps } = verdict;
  return [
    `\n${asked}\n`,
    "| fault | times |\n|---|---|",
    ...[...struck].sort().map(([name, times]) => `| ${name} | ${times} |`),
    "\n| events | lost | seen twice | out of order | gaps | identifies spent | violations |",
    "|---|---|---|---|---|---|---|",
    `| ${events} | ${lost} | ${twice} | ${outOfOrder} | ${gaps} | ${identifies} | ${violations} |`,
  ].join("\n");
}

/** 0 where events came and nothing went wrong, else 1. A GAP is told: what is in it counts as lost. */
export function soakCode({ verdict, identifies, violations }: Soaked): 0 | 1 {
  const { events, lost, twice, outOfOrder } = verdict;
  const wrong = [lost, twice, outOfOrder, identifies, violations];
  return events > 0 && wrong.every((count) => count === 0) ? 0 : 1;
}
