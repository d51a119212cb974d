/**
 * Who goes first: what a person waits for before what a program does.
 *
 * @module
 */

import type { Route } from "../route.ts";

/** Header by which a caller raises or lowers a request: `high`, `normal` or `low`. */
export const PRIORITY_HEADER = "x-gatehouse-priority";

/** The lanes; a lower number goes first. */
export const LANES = { callback: 0, interaction: 1, high: 2, normal: 3, low: 4 } as const;

/** A lane's name. */
export type LaneName = keyof typeof LANES;

/**
 * The lane of a request. First responses to interactions have theirs, and nobody else has it: they are
 * lost after 3 s. What follows an interaction comes next, then the rest, as the caller wishes.
 *
 * @example
 * ```ts
 * import { laneOf } from "./lane.ts";
 * console.assert(laneOf({ kind: "other" }, new Headers()) === "normal");
 * console.assert(laneOf({ kind: "other" }, new Headers({ "x-gatehouse-priority": "low" })) === "low");
 * ```
 */
export function laneOf({ kind }: Pick<Route, "kind">, headers: Headers): LaneName {
  if (kind === "callback") return "callback";
  switch (headers.get(PRIORITY_HEADER)?.trim().toLowerCase()) {
    case "high":
      return kind === "interaction" ? "interaction" : "high";
    case "normal":
      return "normal";
    case "low":
      return "low";
    default:
      return kind === "interaction" ? "interaction" : "normal";
  }
}
