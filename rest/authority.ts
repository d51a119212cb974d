/**
 * For a fleet: which of several proxies keeps the count of a bucket. All agree without asking each
 * other, and when one comes or goes only its own buckets move (rendezvous hashing). Who is not the
 * authority asks it for a permit: see `permits.ts`.
 *
 * @module
 */

/** What tells a bucket from all others in the fleet. */
export interface CountedBy {
  /** Digest of the credential; never the credential itself. */
  readonly credential: string;
  /** Method and template. */
  readonly route: string;
  /** Top-level resource. */
  readonly major: string;
}

/**
 * The authority for a count, of `members` in any order.
 *
 * All routes of one top-level resource have one authority, because they may turn out to share a
 * bucket. Those without one go by their first path segment.
 *
 * @throws {RangeError} where there is no member.
 *
 * @example
 * ```ts
 * import { authorityOf } from "./authority.ts";
 * const count = { credential: "9f2c", route: "POST /channels/:id/messages", major: "channels/1" };
 * console.assert(authorityOf(count, ["a", "b"]) === authorityOf(count, ["b", "a"]));
 * ```
 */
export function authorityOf(count: CountedBy, members: readonly string[]): string {
  const [first, ...others] = members;
  if (first === undefined) throw new RangeError("Cannot choose an authority: there is no member");
  const key = keyOf(count);
  let best = first;
  let bestScore = scoreOf(first, key);
  for (const member of others) {
    const score = scoreOf(member, key);
    if (score < bestScore || (score === bestScore && member < best)) continue;
    best = member;
    bestScore = score;
  }
  return best;
}

function keyOf({ credential, route, major }: CountedBy): string {
  const resource = major === "" ? route.split("/")[1] ?? "" : major;
  return `${credential} ${resource}`;
}

/** FNV-1a, mixed once more at the end: members whose names differ by one letter differ in all bits. */
function scoreOf(member: string, key: string): number {
  let hash = 0x811c9dc5;
  for (const char of `${member} ${key}`) {
    hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
