/**
 * A world with guilds and events, two totals of shards that get them with delays of their own, and a bot that gets
 * of the one side what it serves, and of the other what is after its cuts.
 *
 * @module
 */

import fc from "fast-check";
import { calculateShardId } from "../../../protocol/ids.ts";
import { type Held, lotsOf, type Seen } from "../../../protocol/reshard.ts";
import type { Side } from "../../../unit/reshard/alignment.ts";
import { Compare } from "../../../unit/reshard/compare.ts";
import type { CutResult } from "../../../unit/reshard/lots/sides.ts";

/** What becomes of an event. */
export type Fate =
  | "both"
  | "missing in from"
  | "missing in to"
  | "repeated in from"
  | "repeated in to"
  | "twice";

/** An event as it is drawn: its key is there once, recurs, or could recur and does not. */
export interface Draw {
  readonly gapMs: number;
  readonly guild: number;
  readonly key: "once" | "seldom" | "p" | "q";
  readonly fate: Fate;
  readonly jitterMs: readonly [number, number];
}

/** A world. */
export interface WorldDraw {
  readonly totals: readonly [number, number];
  readonly lot: number;
  readonly guilds: number;
  readonly events: readonly Draw[];
  /** Delays of the shards of both sides, taken in turn. */
  readonly delaysMs: Readonly<Record<Side, readonly number[]>>;
  /** When each guild loads on the new side, taken in turn. */
  readonly loadsMs: readonly number[];
  /** After it is armed. */
  readonly holdAfterMs: number;
  /** When a shard is without a connection for {@linkcode BREAK_MS}: all that it missed comes then. */
  readonly breaks: readonly {
    readonly side: Side;
    readonly shard: number;
    readonly atMs: number;
  }[];
}

/** Totals that are gone from and to. */
export const TOTALS = [[1, 2], [2, 4], [8, 24], [16, 24], [8, 4], [5, 7]] as const;

/** Worlds with these fates. */
export function worldsOf(fates: readonly Fate[], keys: readonly Draw["key"][], mostMs = 4_000) {
  const delay = fc.array(fc.integer({ min: 0, max: mostMs }), { minLength: 1, maxLength: 4 });
  return fc.record<WorldDraw>({
    totals: fc.constantFrom(...TOTALS),
    lot: fc.nat({ max: 7 }),
    guilds: fc.integer({ min: 1, max: 6 }),
    events: fc.array(
      fc.record<Draw>({
        gapMs: fc.oneof(fc.integer({ min: 0, max: 250 }), fc.integer({ min: 0, max: 2_000 })),
        guild: fc.nat({ max: 6 }),
        key: fc.constantFrom(...keys),
        fate: fc.constantFrom(...fates),
        jitterMs: fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 200 })),
      }),
      { minLength: 1, maxLength: 200, size: "max" },
    ),
    delaysMs: fc.record({ from: delay, to: delay }),
    loadsMs: fc.array(fc.nat({ max: 3_000 }), { minLength: 1, maxLength: 4 }),
    holdAfterMs: fc.nat({ max: 20_000 }),
    breaks: fc.array(
      fc.record({
        side: fc.constantFrom<Side>("from", "to"),
        shard: fc.nat({ max: 30 }),
        atMs: fc.integer({ min: WHOLE_MS + BREAK_MS, max: 40_000 }),
      }),
      { maxLength: 2 },
    ),
  });
}

/** How long a shard is without a connection. */
export const BREAK_MS = 9_000;
/** When both sides are whole for the first time. */
export const WHOLE_MS = 8_000;
const LONGEST_MS = 600_000;

/** An event as a side got it. */
export interface Got extends Seen {
  /** Which event of the world it is. */
  readonly event: number;
  readonly shardId: number;
}

/** What came of a world. */
export interface Played {
  /** Guild id → the events of the world that the bot got, in order. */
  readonly delivered: ReadonlyMap<string, readonly number[]>;
  /** Events that both sides got, once each. */
  readonly wanted: ReadonlyMap<string, readonly number[]>;
  readonly faulty: ReadonlySet<string>;
  /** Guilds that had nothing but the same few events again and again for as long as both sides were compared. */
  readonly monotone: ReadonlySet<string>;
  readonly result: CutResult;
  readonly mayRepeat: ReadonlySet<string>;
  readonly heldMs: number;
  readonly skewMs: number;
}

/** How often it is looked at. */
export const TICK_MS = 50;

/** A world as both sides get it. */
export function worldOf(draw: WorldDraw) {
  const [fromTotal, toTotal] = draw.totals;
  const lots = lotsOf(fromTotal, toTotal);
  const lot = lots[draw.lot % lots.length]!;
  const guildIds = guildsOf(draw, lots.length, lot.rest);
  const got = { from: gotBy("from", draw, guildIds), to: gotBy("to", draw, guildIds) };
  return { fromTotal, toTotal, lot, guildIds, got };
}

/** Plays a world to the cut, and beyond. `null`: it was never armed. */
export function play(draw: WorldDraw): Played | null {
  const { fromTotal, toTotal, lot, guildIds, got } = worldOf(draw);
  const compare = new Compare({ lot, fromTotal, toTotal });
  const feed = (side: Side, sinceMs: number, nowMs: number) => {
    for (const id of lot[side]) {
      const seen = got[side].filter((each) =>
        each.shardId === id && each.atMs > sinceMs && each.atMs <= nowMs
      );
      if (seen.length > 0) compare.see(side, id, seen);
    }
  };
  let [holdAtMs, heldMs, isHeld, isWhole] = [Infinity, 0, false, false];
  let wholeMs = 0;
  let result: CutResult | null = null;
  let nowMs = 0;
  const through = new Map<number, number>();
  for (; !result; nowMs += TICK_MS) {
    if (nowMs > LONGEST_MS) return null;
    const isBroken = draw.breaks.some(({ atMs }) =>
      atMs <= nowMs && nowMs < atMs + BREAK_MS + TICK_MS
    );
    if (isBroken && isHeld) compare.lifted();
    if (isBroken) [isHeld, isWhole, holdAtMs] = [false, false, Infinity];
    if (!isWhole && !isBroken && nowMs >= WHOLE_MS) {
      [isWhole, wholeMs] = [true, nowMs];
      compare.whole(nowMs);
    }
    feed("from", nowMs - TICK_MS, nowMs);
    feed("to", nowMs - TICK_MS, nowMs);
    if (isWhole && holdAtMs === Infinity && compare.isArmed(nowMs)) {
      holdAtMs = nowMs + draw.holdAfterMs;
    }
    if (nowMs >= holdAtMs && !isHeld && compare.isArmed(nowMs)) {
      [isHeld, heldMs] = [true, nowMs];
      compare.held(heldsOf(lot.from, got.from, nowMs, guildIds, through));
    }
    if (isHeld && !compare.isArmed(nowMs)) {
      compare.lifted();
      [isHeld, holdAtMs] = [false, Infinity];
    }
    result = compare.cuts(nowMs);
  }
  return {
    ...judgedBy(draw, result, through, { wholeMs, heldMs }),
    heldMs: nowMs - TICK_MS - heldMs,
    skewMs: compare.skewMs,
  };
}

/** What a bot got that was served by the old shards up to these cursors, and by the new ones from their cuts on. */
export function judgedBy(
  draw: WorldDraw,
  result: CutResult,
  through: ReadonlyMap<number, number>,
  compared: { readonly wholeMs: number; readonly heldMs: number },
): Omit<Played, "heldMs" | "skewMs"> {
  const { guildIds, got } = worldOf(draw);
  const delivered = new Map<string, number[]>();
  for (const guildId of guildIds) {
    const served = got.from.filter((each) =>
      each.guildId === guildId && each.cursor <= through.get(each.shardId)!
    );
    const rest = got.to.filter((each) => each.guildId === guildId && isServedBy(result, each));
    delivered.set(guildId, [...served, ...rest].map(({ event }) => event));
  }
  return {
    delivered,
    ...judged(draw, guildIds, got),
    monotone: new Set(guildIds.filter((guildId) => isMonotone(got, guildId, compared))),
    result,
    mayRepeat: new Set([...result.cuts.values()].flatMap(({ mayRepeat }) => mayRepeat)),
  };
}

/** Whether a new shard serves an event, by its cuts. */
function isServedBy({ cuts }: CutResult, { shardId, guildId, cursor }: Got): boolean {
  const { through, guilds, others } = cuts.get(shardId)!;
  return cursor > through || cursor > (guilds[guildId] ?? others);
}

function isMonotone(
  got: Readonly<Record<Side, readonly Got[]>>,
  guildId: string,
  { wholeMs, heldMs }: { readonly wholeMs: number; readonly heldMs: number },
): boolean {
  const keysOf = (side: Side) =>
    got[side].filter((each) =>
      each.guildId === guildId && each.atMs >= wholeMs && each.atMs <= heldMs
    ).map(({ key }) => key);
  const [from, to] = [keysOf("from"), keysOf("to")];
  const common = from.filter((key) => to.includes(key));
  return common.length > 0 &&
    common.every((key) => from.indexOf(key) !== from.lastIndexOf(key));
}

function judged(
  draw: WorldDraw,
  guildIds: readonly string[],
  got: Readonly<Record<Side, readonly Got[]>>,
) {
  const wanted = new Map<string, number[]>();
  const faulty = new Set<string>();
  for (const guildId of guildIds) {
    const count = (side: Side, event: number) =>
      got[side].filter((each) => each.event === event).length;
    const events = [...got.from, ...got.to].filter((each) => each.guildId === guildId);
    const all = [...new Set(events.map(({ event }) => event))].sort((a, b) => a - b);
    wanted.set(
      guildId,
      all.filter((event) => count("from", event) === 1 && count("to", event) === 1),
    );
    const isFaulty = (event: number) => draw.events[Math.floor(event)]!.fate !== "both";
    if (all.some(isFaulty)) faulty.add(guildId);
  }
  return { wanted, faulty };
}

function guildsOf({ guilds }: WorldDraw, lots: number, rest: number): string[] {
  const ids = Array.from({ length: guilds }, (_, i) => String(BigInt(rest + i * lots) << 22n));
  return rest === 0 ? ["", ...ids] : ids;
}

function gotBy(side: Side, draw: WorldDraw, guildIds: readonly string[]): Got[] {
  const total = draw.totals[side === "from" ? 0 : 1];
  const shardOf = (guildId: string) => guildId === "" ? 0 : calculateShardId(guildId, total);
  const latest = new Map<string, number>();
  const all: Omit<Got, "cursor">[] = [];
  let nowMs = 0;
  draw.events.forEach((event, at) => {
    nowMs += event.gapMs;
    const guildId = guildIds[event.guild % guildIds.length]!;
    const shardId = shardOf(guildId);
    const delayMs = draw.delaysMs[side][shardId % draw.delaysMs[side].length]!;
    const isLoaded = side === "from" || nowMs >= draw.loadsMs[event.guild % draw.loadsMs.length]!;
    // Of those that are all alike nobody can tell which one is missing.
    const isOne = event.key === "once" || event.key === "seldom";
    if (!isLoaded || isOne && event.fate === `missing in ${side}`) return;
    const key = event.key === "once" ? `M ${at}` : isOne ? `~S ${at}` : `~${event.key}`;
    const arrive = (event: number, laterMs: number) => {
      const comesMs = nowMs + delayMs + laterMs;
      const broken = draw.breaks.find((each) =>
        each.side === side && each.shard % total === shardId && each.atMs <= comesMs &&
        comesMs < each.atMs + BREAK_MS
      );
      const atMs = Math.max(latest.get(guildId) ?? 0, broken ? broken.atMs + BREAK_MS : comesMs);
      latest.set(guildId, atMs);
      all.push({ event, shardId, guildId, key, atMs });
    };
    arrive(at, event.jitterMs[side === "from" ? 0 : 1]);
    if (isOne && event.fate === `repeated in ${side}`) arrive(at, 400);
    if (event.fate === "twice") arrive(at + 0.5, 400);
  });
  all.sort((a, b) => a.atMs - b.atMs);
  return all.map((each, at) => ({ ...each, cursor: at + 10 }));
}

function heldsOf(
  ids: readonly number[],
  got: readonly Got[],
  atMs: number,
  guildIds: readonly string[],
  through: Map<number, number>,
): Map<number, Held> {
  for (const id of ids) {
    through.set(id, got.findLast((each) => each.shardId === id && each.atMs <= atMs)?.cursor ?? 0);
  }
  const loaded = guildIds.filter((id) => id !== "");
  return new Map(ids.map((id) => [id, { through: through.get(id)!, guildIds: loaded, atMs }]));
}
