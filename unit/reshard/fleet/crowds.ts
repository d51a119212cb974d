/**
 * How full the shards of a fleet are: each unit tells of its fullest one, so that whoever leads knows when there are
 * to be more, and of one that Discord has closed for its guilds at once.
 *
 * @module
 */

import type { Bus, Json } from "../../../ports/fleet/bus.ts";
import type { Cancel, Clock } from "../../../ports/clock.ts";
import { isCount, isRecord } from "../../../protocol/record.ts";
import type { ShardGuilds } from "../crowding.ts";

const SUBJECT = "all.crowd";
/** How often a unit tells. */
export const TELL_MS = 30_000;
/** What a unit has told so long ago does not count. */
const SILENT_MS = 4 * TELL_MS;

/** The shards of a unit that serve, as far as their guilds count. */
export interface Crowd {
  /** Of how many each is one. */
  readonly total: number;
  /** The one with the most guilds; `null`: none is known. */
  readonly fullest: ShardGuilds | null;
  /** One that Discord has closed for its guilds (4011), and that is still stopped; `null`: none. */
  readonly closed: number | null;
}

/** What they take. */
export interface CrowdsOptions {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly fleet: { readonly self: string; readonly term: number | null };
}

/** The crowds of all units. */
export class Crowds {
  readonly #options: CrowdsOptions;
  readonly #told = new Map<string, { readonly crowd: Crowd; readonly atMs: number }>();
  readonly #watching = new Set<() => void>();
  readonly #cancel: Cancel;

  constructor(options: CrowdsOptions) {
    this.#options = options;
    const { bus, fleet, clock } = options;
    this.#cancel = bus.subscribe(SUBJECT, (value) => {
      const told = crowdIn(value);
      if (!told || told.unit === fleet.self) return;
      const before = this.#told.get(told.unit)?.crowd.closed ?? null;
      this.#told.set(told.unit, { crowd: told.crowd, atMs: clock.now() });
      if (told.crowd.closed !== null && before === null) {
        for (const heard of this.#watching) heard();
      }
    });
  }

  /** Whether this unit has to do something about it. */
  get isLeader(): boolean {
    return this.#options.fleet.term !== null;
  }

  /** What the other units have told of late. */
  get others(): readonly Crowd[] {
    const sinceMs = this.#options.clock.now() - SILENT_MS;
    return [...this.#told.values()].filter(({ atMs }) => atMs >= sinceMs).map(({ crowd }) => crowd);
  }

  /** Tells the others. */
  tell({ total, fullest, closed }: Crowd): void {
    const { bus, fleet } = this.#options;
    const own = fullest && { shardId: fullest.shardId, guilds: fullest.guilds };
    bus.publish(SUBJECT, { unit: fleet.self, total, fullest: own, closed });
  }

  /** Has `heard` called when Discord has closed a shard of another unit, until cancelled. */
  watch(heard: () => void): Cancel {
    this.#watching.add(heard);
    return () => void this.#watching.delete(heard);
  }

  /** Hears nothing more. */
  stop(): void {
    this.#cancel();
  }
}

function crowdIn(value: Json): { readonly unit: string; readonly crowd: Crowd } | null {
  const { unit, total, fullest, closed } = isRecord(value) ? value : {};
  const { shardId, guilds } = isRecord(fullest) ? fullest : {};
  const isKnown = fullest === null || (isCount(shardId) && (guilds === null || isCount(guilds)));
  if (typeof unit !== "string" || !isCount(total) || !isKnown) return null;
  return closed === null || isCount(closed)
    ? { unit, crowd: { total, fullest, closed } as Crowd }
    : null;
}
