/**
 * How many answers the proxy has given, of what it tells of each route.
 *
 * @module
 */

import type { RestRouteSnapshot } from "../protocol/status.ts";

/** Answers, and how many of them were 429s, by whom. */
export interface Answers {
  readonly answers: number;
  readonly limited: number;
  readonly byDiscord: number;
  readonly byProxy: number;
}

/** Those of all these routes since the unit started. */
export function answersOf(routes: readonly Pick<RestRouteSnapshot, "answers">[]): Answers {
  let [answers, byDiscord, byProxy] = [0, 0, 0];
  for (const route of routes) {
    for (const { status, by, count } of route.answers) {
      answers += count;
      if (status !== 429) continue;
      if (by === "discord") byDiscord += count;
      else byProxy += count;
    }
  }
  return { answers, limited: byDiscord + byProxy, byDiscord, byProxy };
}
