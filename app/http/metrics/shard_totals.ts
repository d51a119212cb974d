/**
 * The counters of many shards as those of one, for who does not want a series of each.
 *
 * @module
 */

import type { Cause, ShardCounters, ShardSnapshot } from "../../../protocol/status.ts";

/** Shards as they are counted: each, or all as one without an id. */
export interface Counted extends Pick<ShardSnapshot, "guilds" | "counters"> {
  readonly shardId: number | null;
}

type Counter = Exclude<keyof ShardCounters, "shardId" | "reconnects">;

/** How each is merged: what only grows, what there is of it now, the worst of it. */
const MERGED: Readonly<Record<Counter, "grows" | "sum" | "most" | "none">> = {
  received: "grows",
  receivedBytes: "grows",
  forwarded: "grows",
  acknowledged: "grows",
  queued: "sum",
  queuedBytes: "sum",
  queuedDiskBytes: "sum",
  guildBytes: "sum",
  guildDiskBytes: "sum",
  queueAgeMs: "most",
  ackLagMs: "most",
  expired: "grows",
  unreadable: "grows",
  withheld: "grows",
  newestCursor: "none",
  dropped: "grows",
  identifies: "grows",
  resumes: "grows",
  renumbered: "grows",
  stale: "grows",
  illegal: "grows",
  latencyMs: "most",
};
const COUNTERS = Object.keys(MERGED) as Counter[];

/**
 * Totals that only grow: a shard that begins anew at 0, or goes to another unit, takes nothing away. A plain sum
 * would fall then, which Prometheus takes for a restart of all, and counts everything twice.
 *
 * @example
 * ```ts
 * import { ShardTotals } from "./shard_totals.ts";
 * console.assert(new ShardTotals().merge([]).counters === null);
 * ```
 */
export class ShardTotals {
  readonly #last = new Map<string, number>();
  readonly #totals = new Map<string, number>();

  /** All shards as one: the most guilds that one has, sums, and the worst times. */
  merge(shards: readonly ShardSnapshot[]): Counted {
    const counting = shards.flatMap((shard) =>
      shard.counters ? [{ ...shard, counters: shard.counters }] : []
    );
    const guilds = most(shards.map((shard) => shard.guilds));
    if (counting.length === 0 && this.#totals.size === 0) {
      return { shardId: null, guilds, counters: null };
    }
    for (const { totalShards, shardId, counters } of counting) {
      this.#grow(`${totalShards}/${shardId}`, counters);
    }
    const merged = COUNTERS.map((name) =>
      [name, this.#merged(name, counting.map(({ counters }) => counters[name]))] as const
    );
    const counters = { ...Object.fromEntries(merged), shardId: 0, reconnects: this.#reconnects };
    return { shardId: null, guilds, counters: counters as ShardCounters };
  }

  #merged(name: Counter, values: readonly (number | null)[]): number | null {
    switch (MERGED[name]) {
      case "grows":
        return this.#totals.get(name) ?? 0;
      case "sum":
        return values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
      case "most":
        return most(values);
      case "none":
        return 0;
    }
  }

  get #reconnects(): Partial<Record<Cause, number>> {
    const ofCauses = [...this.#totals].filter(([name]) => name.startsWith(CAUSE));
    return Object.fromEntries(ofCauses.map(([name, value]) => [name.slice(CAUSE.length), value]));
  }

  #grow(shard: string, counters: ShardCounters): void {
    for (const name of COUNTERS) {
      if (MERGED[name] === "grows") this.#count(shard, name, counters[name] as number);
    }
    for (const [cause, value] of Object.entries(counters.reconnects)) {
      this.#count(shard, `${CAUSE}${cause}`, value);
    }
  }

  #count(shard: string, name: string, value: number): void {
    const key = `${shard} ${name}`;
    const last = this.#last.get(key) ?? 0;
    this.#last.set(key, value);
    this.#totals.set(name, (this.#totals.get(name) ?? 0) + (value < last ? value : value - last));
  }
}

/** What stands before the name of a cause. */
const CAUSE = "reconnects: ";

function most(values: readonly (number | null)[]): number | null {
  return values.reduce((top, value) => value === null ? top : Math.max(top ?? value, value), null);
}
