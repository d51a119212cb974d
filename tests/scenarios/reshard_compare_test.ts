/**
 * Where shards of two totals are cut, by all that the simulator tells both of them: what the old ones served and
 * what is left of the new ones is everything, once, in order per guild.
 */

import assert from "node:assert/strict";
import { identityOf } from "../../protocol/discord/identity.ts";
import { shardRange } from "../../protocol/ids.ts";
import { type Held, type Lot, lotsOf, type Seen } from "../../protocol/reshard.ts";
import { Compare } from "../../unit/reshard/compare.ts";
import type { CutResult } from "../../unit/reshard/lots/sides.ts";
import type { Simulator } from "../../sim/mod.ts";
import { type ScriptedClient, type Stage, stage } from "../sim/gateway/scripted_client.ts";
import { startBustle } from "../support/reshard/bustle.ts";
import { lateByChance } from "../support/reshard/late.ts";
import { judge, type Numbered, numbersIn } from "../support/reshard/judge.ts";

const BLAMELESS = { lost: [], twice: [], outOfOrder: [], unknown: [], forced: 0 };

/** What one shard got, as its worker tells it. */
interface Tape {
  readonly shardId: number;
  readonly client: ScriptedClient;
  readonly seen: Seen[];
  /** How much of it was told. */
  told: number;
  /** Guilds of READY that have not loaded. */
  readonly loading: Set<string>;
  readonly guildIds: Set<string>;
}

/** Takes in what has come since the last time. */
function takeIn(tape: Tape, { clock }: Stage): void {
  const events = tape.client.events();
  for (const { t, s, d } of events.slice(tape.seen.length)) {
    if (t === "READY") { for (const { id } of d.guilds) tape.loading.add(id); }
    const isLoading = t === "GUILD_CREATE" && tape.loading.delete(d.id);
    const payload = new TextEncoder().encode(JSON.stringify({ t, s, op: 0, d }));
    const { guildId, key } = identityOf(t!, payload);
    if (t === "GUILD_CREATE") tape.guildIds.add(d.id);
    if (t === "GUILD_DELETE" && !d.unavailable) {
      tape.guildIds.delete(d.id);
      tape.loading.delete(d.id);
    }
    tape.seen.push({ cursor: s!, guildId, key: isLoading ? null : key, atMs: clock.epochMs() });
  }
}

async function open(world: Stage, total: number): Promise<Tape[]> {
  const tapes: Tape[] = [];
  for (const shardId of shardRange(0, total - 1)) {
    const client = await world.connect();
    client.identify({ shard: [shardId, total] });
    const sets = { loading: new Set<string>(), guildIds: new Set<string>() };
    tapes.push({ shardId, client, seen: [], told: 0, ...sets });
  }
  return tapes;
}

/** A lot of which both sides are told to a comparison. */
class Compared {
  readonly compare: Compare;
  readonly helds = new Map<number, Held>();
  result: CutResult | null = null;

  constructor(
    readonly lot: Lot,
    readonly world: Stage,
    readonly olds: readonly Tape[],
    readonly news: readonly Tape[],
    totals: { readonly fromTotal: number; readonly toTotal: number },
  ) {
    this.compare = new Compare({ lot, ...totals });
    this.compare.whole(world.clock.epochMs());
  }

  tick(): void {
    if (this.result) return;
    for (const tape of [...this.olds, ...this.news]) {
      const side = this.olds.includes(tape) ? "from" : "to";
      this.compare.see(side, tape.shardId, tape.seen.slice(tape.told));
      tape.told = tape.seen.length;
    }
    const nowMs = this.world.clock.epochMs();
    if (this.helds.size === 0 && this.compare.isArmed(nowMs)) {
      for (const { shardId, seen, guildIds } of this.olds) {
        const through = seen.at(-1)?.cursor ?? 0;
        this.helds.set(shardId, { through, guildIds: [...guildIds], atMs: nowMs });
      }
      this.compare.held(this.helds);
    }
    if (this.helds.size > 0) this.result = this.compare.cuts(nowMs);
  }

  /** What the bot gets of it: of the old ones up to where they were held, then of the new ones after the cuts. */
  served(): Numbered[] {
    const of = ({ client }: Tape, cursor: number) => ({ sessionId: client.sessionId, s: cursor });
    const before = this.olds.flatMap((tape) =>
      tape.seen.filter(({ cursor }) => cursor <= this.helds.get(tape.shardId)!.through)
        .map(({ cursor }) => of(tape, cursor))
    );
    const after = this.news.flatMap((tape) => {
      const { guilds, others, through } = this.result!.cuts.get(tape.shardId)!;
      return tape.seen.filter(({ cursor, guildId }) =>
        cursor > through || cursor > (guilds[guildId] ?? others)
      ).map(({ cursor }) => of(tape, cursor));
    });
    return [...before, ...after];
  }
}

interface Case {
  readonly from: number;
  readonly to: number;
  readonly seed: number;
  readonly mostLateMs: number;
  readonly perSecond: number;
  /** What else befalls it. */
  readonly flaw?: (faults: Simulator["faults"]) => void;
}

async function run({ from, to, seed, mostLateMs, perSecond, flaw }: Case) {
  const world = stage({
    seed,
    guilds: 24,
    guildsOutside: 8,
    identifyWindowMs: 0,
    ringEvents: 100_000,
    recordEvents: true,
    connectsPerShardPerSecond: 100,
    heartbeatIntervalMs: 600_000,
    lateMs: lateByChance(mostLateMs, seed),
  });
  const { clock, sim } = world;
  const olds = await open(world, from);
  await clock.advance(2 * mostLateMs + 1_000);
  const stopBustle = startBustle(sim, perSecond, seed);
  sim.comings.setRate(20);
  flaw?.(sim.faults);
  await clock.advance(5_000);
  const news = await open(world, to);
  const tapes = [...olds, ...news];
  const forMs = async (ms: number, isOver = () => false) => {
    for (const endMs = clock.now() + ms; clock.now() < endMs && !isOver();) {
      await clock.advance(100);
      for (const tape of tapes) takeIn(tape, world);
    }
  };
  await forMs(mostLateMs + 1_000);
  const lots = lotsOf(from, to).map((lot) => {
    const of = (all: Tape[], ids: readonly number[]) => ids.map((id) => all[id]!);
    const totals = { fromTotal: from, toTotal: to };
    return new Compared(lot, world, of(olds, lot.from), of(news, lot.to), totals);
  });
  await forMs(200_000, () => {
    for (const lot of lots) lot.tick();
    return lots.every(({ result }) => result !== null);
  });
  const waits = lots.find(({ result }) => result === null);
  assert.equal(waits?.compare.waitsFor(clock.epochMs()), undefined);
  stopBustle();
  sim.comings.setRate(0);
  await forMs(2 * mostLateMs + 1_000);
  const served = lots.flatMap((lot) => lot.served());
  const cuts = lots.flatMap(({ result }) => [...result!.cuts.values()]);
  const mayRepeat = new Set(cuts.flatMap((each) => each.mayRepeat));
  const sum = (what: "anchors" | "quiet" | "forced") =>
    lots.reduce((total, { result }) => total + result![what], 0);
  return {
    ...judge(sim.ledger, [numbersIn(sim.ledger, served)], { mayRepeat }),
    anchors: sum("anchors"),
    quiet: sum("quiet"),
    forced: sum("forced"),
  };
}

const WAYS = [[1, 2], [2, 4], [4, 8], [8, 24], [16, 24], [8, 4], [2, 3]] as const;
const LATE = [4_000, 500, 2_000, 0] as const;
const RATES = [60, 3, 300, 0.5] as const;

for (const [at, [from, to]] of WAYS.entries()) {
  for (const [i, mostLateMs] of LATE.entries()) {
    const [seed, perSecond] = [1 + at * LATE.length + i, RATES[(at + i) % RATES.length]!];
    const name = `${from} shards and ${to}, late by up to ${mostLateMs} ms, ${perSecond} events/s`;
    Deno.test(`${name} (seed ${seed}): all is served once, nothing by force`, async () => {
      const verdict = await run({ from, to, seed, mostLateMs, perSecond });
      const { lost, twice, outOfOrder, unknown, forced } = verdict;
      assert.deepEqual({ lost, twice, outOfOrder, unknown, forced }, BLAMELESS);
    });
  }
}

const FLAWS: Readonly<Record<string, NonNullable<Case["flaw"]>>> = {
  "missing on the old shards": (faults) => void faults.dropEvents({ totalShards: 2, nth: 7 }),
  "missing on the new shards": (faults) => void faults.dropEvents({ totalShards: 4, nth: 7 }),
  "repeated on the old shards": (faults) => void faults.repeatEvents({ totalShards: 2, nth: 7 }),
  "repeated on the new shards": (faults) => void faults.repeatEvents({ totalShards: 4, nth: 7 }),
};

for (const [name, flaw] of Object.entries(FLAWS)) {
  for (const seed of [40, 41, 42]) {
    Deno.test(`events are ${name} (seed ${seed}): what may come twice is of guilds that are named`, async () => {
      const verdict = await run({ from: 2, to: 4, seed, mostLateMs: 4_000, perSecond: 60, flaw });
      const { lost, twice, outOfOrder, unknown } = verdict;
      assert.deepEqual({ lost, twice, outOfOrder, unknown, forced: 0 }, BLAMELESS);
    });
  }
}
