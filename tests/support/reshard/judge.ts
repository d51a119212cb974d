/**
 * Judges what a bot got while its shards changed, by the simulator's ledger: what is lost, seen twice, out of
 * order per guild, and what it cost. Pure. The simulator runs with `recordEvents`.
 *
 * @module
 */

import type { Ledger } from "../../../sim/mod.ts";

/** What the judge reads of a ledger. */
export type Witness = Pick<Ledger, "world" | "events" | "flaws" | "identifies" | "violations">;

/** An event that something is wrong with, in words. */
type Told = string;

/** What the judge says; nothing is wrong when all lists are empty. */
export interface Verdict {
  /** Events of the world that a session was told of. */
  readonly events: number;
  /** Told to a session, and never to the bot. */
  readonly lost: readonly Told[];
  /** Came to one life of the bot more often than to one session. */
  readonly twice: readonly Told[];
  /** Came after a later event of the same guild, to the same life. */
  readonly outOfOrder: readonly Told[];
  /** Came to the bot, and to no session: it is made up. */
  readonly unknown: readonly Told[];
  /** Rules of Discord that were broken, pace and budget among them. */
  readonly violations: readonly string[];
  /** `id/total` of shards that have identified more than once. */
  readonly identifiedAgain: readonly string[];
}

/** What is no fault of the unit's, by its number. */
export interface Allowances {
  /** May be missing. Without it: what a fault has kept from a session. */
  readonly mayMiss?: (event: number) => boolean;
  /** Guilds that were cut by force: their events may come twice, or late. */
  readonly mayRepeat?: ReadonlySet<string>;
}

/** What else is counted: no fault, or none of the unit's. */
export interface Tally {
  /** Missing, and a fault has kept them from a session. */
  readonly missingByFault: number;
  /** Came twice, or late, in guilds that were cut by force. */
  readonly repeatedByForce: number;
  readonly lateByForce: number;
  /** Came to more than one life of the bot. */
  readonly again: number;
  /** Total → identifies. */
  readonly identifies: Readonly<Record<number, number>>;
}

/** A dispatch as its session numbered it. */
export interface Numbered {
  readonly sessionId: string;
  readonly s: number;
}

/**
 * The numbers of the events that dispatches told of, less what is a session's own. What no session was told has
 * a number that is nobody's.
 */
export function numbersIn(
  { events }: Pick<Witness, "events">,
  came: readonly Numbered[],
): number[] {
  const numbers = new Map(events.map(({ sessionId, s, event }) => [`${sessionId}:${s}`, event]));
  return came.flatMap(({ sessionId, s }) => {
    const number = numbers.get(`${sessionId}:${s}`);
    return number === undefined ? NOBODYS : number ?? [];
  });
}

const NOBODYS = -1;

/**
 * The number of a dispatch's event, where the simulator runs with `numberEvents`; `null` for what is a session's
 * own. It makes two events differ that could else be the same to the letter: prefer {@linkcode numbersIn}.
 */
export function numberOf(d: unknown): number | null {
  const event = (d as { readonly _event?: unknown } | null)?._event;
  return typeof event === "number" ? event : null;
}

/**
 * Compares what the world did with what the bot got.
 *
 * @param lives For each life of the bot the numbers of the events that came, in order.
 */
export function judge(
  ledger: Witness,
  lives: readonly (readonly number[])[],
  { mayMiss = () => false, mayRepeat = new Set() }: Allowances = {},
): Verdict & Tally {
  const world = new Map(ledger.world.map((entry) => [entry.event, entry]));
  const told = (event: number): Told => {
    const { t, guildId, atMs } = world.get(event) ?? { t: "?", guildId: "?", atMs: 0 };
    return `${event} ${t} of ${guildId ?? "no guild"} at ${Math.round(atMs)}`;
  };
  const possible = new Set(ledger.events.flatMap(({ event }) => event ?? []));
  const withheld = numbersOf(ledger, "missing");
  const extra = numbersOf(ledger, "repeated");
  const guildOf = (event: number) =>
    possible.has(event) ? world.get(event)!.guildId ?? "" : undefined;
  const read = lives.map((life) => readLife(life, guildOf, extra));
  const seen = new Map<number, number>();
  for (const { times } of read) {
    for (const event of times.keys()) seen.set(event, (seen.get(event) ?? 0) + 1);
  }
  const missing = [...possible].filter((event) => !seen.has(event));
  const twice = read.flatMap((life) => life.twice);
  const late = read.flatMap((life) => life.outOfOrder);
  const byForce = (event: number) => mayRepeat.has(guildOf(event)!);
  return {
    events: possible.size,
    lost: missing.filter((event) => !withheld.has(event) && !mayMiss(event)).map(told),
    twice: twice.filter((event) => !byForce(event)).map(told),
    outOfOrder: late.filter((event) => !byForce(event)).map(told),
    unknown: read.flatMap((life) => life.unknown).map(told),
    violations: ledger.violations.map(({ rule, detail }) => `${rule}: ${detail}`),
    missingByFault: missing.filter((event) => withheld.has(event)).length,
    repeatedByForce: twice.filter(byForce).length,
    lateByForce: late.filter(byForce).length,
    again: seen.values().filter((times) => times > 1).toArray().length,
    ...identifiesOf(ledger),
  };
}

/** Event → how often a fault struck it so. */
function numbersOf({ flaws }: Witness, kind: "missing" | "repeated"): Map<number, number> {
  const numbers = new Map<number, number>();
  for (const { flaw, event } of flaws) {
    if (flaw === kind) numbers.set(event, (numbers.get(event) ?? 0) + 1);
  }
  return numbers;
}

/** What came to one life of the bot; each list names the later of two. */
function readLife(
  life: readonly number[],
  guildOf: (event: number) => string | undefined,
  extra: ReadonlyMap<number, number>,
) {
  const times = new Map<number, number>();
  const newest = new Map<string, number>();
  const twice: number[] = [];
  const outOfOrder: number[] = [];
  const unknown: number[] = [];
  for (const event of life) {
    const guildId = guildOf(event);
    if (guildId === undefined) {
      unknown.push(event);
      continue;
    }
    const count = (times.get(event) ?? 0) + 1;
    times.set(event, count);
    if (count > 1 + (extra.get(event) ?? 0)) twice.push(event);
    if (count > 1) continue;
    const last = newest.get(guildId) ?? 0;
    if (event < last) outOfOrder.push(event);
    newest.set(guildId, Math.max(last, event));
  }
  return { times, twice, outOfOrder, unknown };
}

function identifiesOf(
  { identifies }: Witness,
): Pick<Verdict & Tally, "identifies" | "identifiedAgain"> {
  const byTotal: Record<number, number> = {};
  const byShard = new Map<string, number>();
  for (const { shardId, totalShards } of identifies) {
    byTotal[totalShards] = (byTotal[totalShards] ?? 0) + 1;
    const key = `${shardId}/${totalShards}`;
    byShard.set(key, (byShard.get(key) ?? 0) + 1);
  }
  const again = [...byShard].filter(([, times]) => times > 1).map(([key]) => key);
  return { identifies: byTotal, identifiedAgain: again };
}
