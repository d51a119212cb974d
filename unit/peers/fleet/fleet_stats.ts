/**
 * Figures of a fleet, as any of its units tells them: what all have for the bot is merged, what each has for itself is
 * beside it.
 *
 * @module
 */

import { messageOf } from "../../../protocol/errors.ts";
import type { Assignment } from "../../../protocol/fleet.ts";
import { rounded } from "../../../protocol/rounded.ts";
import type {
  DiscordStats,
  EventStats,
  ProcessStats,
  Stats,
  UnitStats,
} from "../../../protocol/stats.ts";
import type { PeersFleet } from "./elsewhere.ts";

/** What collecting them needs. */
export interface FleetStatsOptions extends Pick<PeersFleet, "view" | "calls" | "assignment"> {
  /** How often units collect their own: older ones are collected anew. */
  readonly intervalMs: number;
}

/** A unit collects for five seconds at most. */
const ANSWER_MS = 6_000;
/** Its own may be so much older than the interval. */
const STALE = 1.5;
/** How old they may be where nobody collects from time to time. */
const FRESH_MS = 60_000;

/** The figures of a fleet. */
export class FleetStats {
  readonly #options: FleetStatsOptions;

  constructor(options: FleetStatsOptions) {
    this.#options = options;
  }

  /** Answers the other units with this one's own, which are to be no older than so long. */
  answer(own: (freshMs: number) => Promise<Stats>): void {
    this.#options.calls.answer("stats", (freshMs) => own(freshMs as number));
  }

  /** Those of the whole fleet. A unit that does not answer in time is there with an `error`. */
  async merged(own: Stats): Promise<Stats> {
    const { view: { self, members }, calls, assignment, intervalMs } = this.#options;
    const freshMs = intervalMs > 0 ? intervalMs * STALE : FRESH_MS;
    const said = await Promise.all(members.map(async (unit) => {
      if (unit === self) return [unit, own] as const;
      const stats = calls.ask(unit, "stats", freshMs, ANSWER_MS) as Promise<Stats>;
      return [unit, await stats.catch(messageOf)] as const;
    }));
    return mergedStats(self, new Map(said), assignment());
  }
}

/**
 * Merges what units have said of themselves.
 *
 * @param self The unit that tells, which has said something.
 * @param said By unit: its figures, or why there are none.
 */
export function mergedStats(
  self: string,
  said: ReadonlyMap<string, Stats | string>,
  assignment: Assignment | null,
): Stats {
  const own = said.get(self) as Stats;
  const all = [own, ...[...said].flatMap(([unit, stats]) => unit === self ? [] : [stats])]
    .filter((stats) => typeof stats !== "string");
  const silent = [...said].flatMap(([unit, stats]) =>
    typeof stats === "string" ? [[unit, stats]] : []
  );
  return {
    clusters: mergedProcesses([
      ...all.map(({ clusters }) => clusters),
      ...silent.map(([unit, error]) => withError(idsOf(unit!, assignment), error!)),
    ]),
    services: mergedProcesses([
      ...all.map(({ services }) => services),
      ...silent.map(([unit, error]) => withError(servicesOf(unit!, assignment), error!)),
    ]),
    workers: own.workers,
    manager: {
      ...own.manager,
      ...mergedDiscord(all.map(({ manager }) => manager)),
    },
    events: mergedEvents(all.map(({ events }) => events)),
    units: Object.fromEntries([...said].map(([unit, stats]) => [unit, unitStats(stats)])),
    atMs: own.atMs,
  };
}

function unitStats(stats: Stats | string): UnitStats {
  if (typeof stats === "string") return { error: stats };
  const { workers, manager, events, atMs } = stats;
  return { workers, manager, events, atMs };
}

function idsOf(unit: string, assignment: Assignment | null): string[] {
  const { first, count } = assignment?.clusters[unit] ?? { first: 0, count: 0 };
  return Array.from({ length: count }, (_, i) => String(first + i));
}

function servicesOf(unit: string, assignment: Assignment | null): string[] {
  return Object.entries(assignment?.services ?? {}).flatMap(([name, at]) =>
    at === unit ? [name] : []
  );
}

function withError(names: readonly string[], error: string): Stats["clusters"] {
  return Object.fromEntries(names.map((name) => [name, { memory: null, cpu: null, error }]));
}

/** One that several units know is as the first says who has figures of it, with its shards of all units. */
function mergedProcesses(all: readonly Stats["clusters"][]): Stats["clusters"] {
  const byName = Map.groupBy(all.flatMap((each) => Object.entries(each)), ([name]) => name);
  return Object.fromEntries([...byName].map(([name, entries]) => {
    const said = entries.map(([, stats]) => stats);
    const process = said.find(({ error }) => error === undefined) ?? said[0]!;
    return [name, { ...process, ...mergedDiscord(said) }];
  }));
}

function mergedDiscord(all: readonly ProcessStats[]): Pick<ProcessStats, "discord"> {
  const said = all.flatMap(({ discord }) => discord ?? []);
  const [first] = said;
  if (!first) return {};
  const merged = <Key extends keyof DiscordStats>(key: Key): DiscordStats[Key] =>
    Object.assign({}, ...said.map((each) => each[key]));
  return {
    discord: {
      guilds: said.reduce((sum, { guilds }) => sum + guilds, 0),
      uptime: first.uptime,
      shardLatency: merged("shardLatency"),
      shardStatus: merged("shardStatus"),
      eventsPerSecond: merged("eventsPerSecond"),
      queued: merged("queued"),
      queueAgeMs: merged("queueAgeMs"),
      ackLagMs: merged("ackLagMs"),
    },
  };
}

function mergedEvents(all: readonly EventStats[]): EventStats {
  const byType = Map.groupBy(all.flatMap((each) => Object.entries(each.byType)), ([type]) => type);
  const sum = (rates: readonly number[]) => rounded(rates.reduce((sum, rate) => sum + rate, 0));
  return {
    perSecond: sum(all.map(({ perSecond }) => perSecond)),
    byShard: Object.assign({}, ...all.map(({ byShard }) => byShard)),
    byType: Object.fromEntries(
      [...byType].map(([type, rates]) => [type, sum(rates.map(([, rate]) => rate))]),
    ),
  };
}
