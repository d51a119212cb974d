/**
 * The two paces that Discord enforces on a gateway client: identifies per key, and payloads per
 * connection. Pure: the caller says what time it is.
 *
 * @module
 */

/** Whether an action at `nowMs` keeps the pace; one that does is counted. */
export type Allow = (nowMs: number) => boolean;

/**
 * At most `limit` actions in any `windowMs`. See
 * [Discord Docs/Rate Limiting](https://discord.com/developers/docs/events/gateway#rate-limiting).
 */
export function slidingWindow(limit: number, windowMs: number): Allow {
  const times: number[] = [];
  return (nowMs) => {
    while (times.length > 0 && times[0]! <= nowMs - windowMs) times.shift();
    if (times.length >= limit) return false;
    times.push(nowMs);
    return true;
  };
}

/** Identifies per key. See [Discord Docs/Max Concurrency](https://discord.com/developers/docs/events/gateway#sharding-max-concurrency). */
export interface IdentifyPace {
  /** Whether an identify of this key may pass now; one that may starts the key's window. */
  allows(key: number, nowMs: number, windowMs: number): boolean;
}

/** A pace that has seen no identify. */
export function createIdentifyPace(): IdentifyPace {
  const lastMs = new Map<number, number>();
  return {
    allows(key, nowMs, windowMs) {
      if (nowMs - (lastMs.get(key) ?? -Infinity) < windowMs) return false;
      lastMs.set(key, nowMs);
      return true;
    },
  };
}

/**
 * Whether shards begin in ascending groups of `max_concurrency`. A shard's first identify is out of
 * order when a later group has begun; a shard that has been up before may come back at any time.
 */
export interface StartOrder {
  /** Notes a shard that identifies; false where it is out of order. */
  begins(shardId: number, totalShards: number, maxConcurrency: number): boolean;
}

/** An order in which nothing has begun. */
export function createStartOrder(): StartOrder {
  const byTotal = new Map<number, { known: Set<number>; latest: number }>();
  return {
    begins(shardId, totalShards, maxConcurrency) {
      const begun = byTotal.get(totalShards) ?? { known: new Set(), latest: 0 };
      byTotal.set(totalShards, begun);
      const group = Math.floor(shardId / maxConcurrency);
      const ordered = group >= begun.latest || begun.known.has(shardId);
      begun.known.add(shardId);
      begun.latest = Math.max(begun.latest, group);
      return ordered;
    },
  };
}
