/**
 * Which buckets requests wait for, as people may see it: without any token. Pure; computed only when it is asked for.
 *
 * @module
 */

import type { RestWait } from "../../protocol/status.ts";

/** Buckets that are told. */
export const MOST_WAITS = 20;

/**
 * The top-level resource of a route as it may be shown: `channels/1`, `guilds/1`, `webhooks/1`, and of a webhook by its
 * token the webhook alone. See [Discord Docs/Rate Limits](https://discord.com/developers/docs/topics/rate-limits).
 *
 * @example
 * ```ts
 * import { shownMajor } from "./waits.ts";
 * console.assert(shownMajor("webhooks/1/t0k3n") === "webhooks/1");
 * ```
 */
export function shownMajor(major: string): string {
  return major.split("/", 2).join("/");
}

/**
 * Those of all lists that have waited the longest, the longest first, {@linkcode MOST_WAITS} at most. Those of one
 * name are one: of several lanes, credentials, tokens of a webhook.
 *
 * @example
 * ```ts
 * import { longestWaits } from "./waits.ts";
 * const one = { method: "GET", route: "/x", major: "", waiting: 2, waitedMs: 5, nextMs: null };
 * const [both] = longestWaits([one, { ...one, waitedMs: 9, nextMs: 300 }]);
 * console.assert(both?.waiting === 4 && both.waitedMs === 9 && both.nextMs === 300);
 * ```
 */
export function longestWaits(all: Iterable<RestWait>): RestWait[] {
  const byName = new Map<string, RestWait>();
  for (const wait of all) {
    const name = `${wait.method} ${wait.route} ${wait.major}`;
    const other = byName.get(name);
    byName.set(name, other ? together(other, wait) : wait);
  }
  return [...byName.values()]
    .sort((one, other) => other.waitedMs - one.waitedMs)
    .slice(0, MOST_WAITS);
}

function together(one: RestWait, other: RestWait): RestWait {
  const soonestMs = Math.min(one.nextMs ?? Infinity, other.nextMs ?? Infinity);
  return {
    ...one,
    waiting: one.waiting + other.waiting,
    waitedMs: Math.max(one.waitedMs, other.waitedMs),
    nextMs: Number.isFinite(soonestMs) ? soonestMs : null,
  };
}
