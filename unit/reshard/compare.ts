/**
 * Compares what the shards of a lot get that serve with what those get that are to: when enough is known to
 * hold the one side, and, once it is held, where the other goes on, guild by guild. Pure: times are told.
 * `docs/resharding.md` has the argument.
 *
 * @module
 */

import { comesToEveryShard, recurs } from "../../protocol/discord/identity.ts";
import { calculateShardId } from "../../protocol/ids.ts";
import type { Cuts, Held, Lot, Seen } from "../../protocol/reshard.ts";
import { Alignment, type Entry, type Side } from "./alignment.ts";
import type { Comparing, CutResult } from "./lots/sides.ts";
import { type Bounds, type Cut, cutOf, isPassed } from "./cut.ts";

/** What is compared. */
export interface CompareOptions {
  /** The shards of `fromTotal` that serve now, and those of `toTotal` that are to. */
  readonly lot: Lot;
  readonly fromTotal: number;
  readonly toTotal: number;
  /** No event is taken for missing sooner. By default 5 s. */
  readonly leastMs?: number;
  /** Nor is one waited for any longer. By default 120 s. */
  readonly deadlineMs?: number;
}

/** A shard of each side with guilds in common. */
interface Pair {
  readonly from: number;
  readonly to: number;
  /** Whether both are known to have got the same event. */
  hasMatch: boolean;
  /** When a side got its last that can be compared. */
  readonly lastMs: Record<Side, number>;
}

/** The events of a guild, or (`guildId` empty) those of no guild that a new shard gets. */
interface Strand {
  readonly guildId: string;
  readonly pair: Pair;
  readonly events: Alignment;
}

const LEAST_MS = 5_000;
const DEADLINE_MS = 120_000;

type StrandCut = readonly [Strand, Cut];

/** The comparison of one lot. */
export class Compare implements Comparing {
  readonly #options: Required<CompareOptions>;
  /** By guild id, or by the new shard: `/3`. */
  readonly #strands = new Map<string, Strand>();
  readonly #pairs = new Map<string, Pair>();
  readonly #newest = new Map<number, number>();
  #wholeMs: number | null = null;
  #patienceMs: number;
  #skewMs = 0;
  #forgottenMs = 0;
  #helds: ReadonlyMap<number, Held> | null = null;
  #loaded: ReadonlyMap<number, Iterable<string>> = new Map();

  constructor(options: CompareOptions) {
    this.#options = { leastMs: LEAST_MS, deadlineMs: DEADLINE_MS, ...options };
    this.#patienceMs = this.#options.leastMs;
  }

  /** Both sides have every event from `atMs` on. What was compared before is forgotten, and what was held. */
  whole(atMs: number): void {
    this.#strands.clear();
    this.#pairs.clear();
    this.#helds = null;
    this.#wholeMs = this.#forgottenMs = atMs;
  }

  /** What came on a shard, in order. Of what came before both sides were whole only the cursor counts. */
  see(side: Side, shardId: number, seen: readonly Seen[]): void {
    for (const { cursor, guildId, key, atMs } of seen) {
      if (side === "to") this.#newest.set(shardId, cursor);
      if (key === null || this.#wholeMs === null || atMs < this.#wholeMs) continue;
      for (const { pair, events } of this.#strandsOf(side, shardId, guildId, key)) {
        if (!recurs(key) || atMs >= this.#wholeMs + this.#patienceMs) pair.lastMs[side] = atMs;
        events.see(side, { shardId, cursor, key, atMs }, this.#patienceMs);
      }
      this.#forget(atMs);
    }
  }

  /** How much later the new side got an event than the old one (below 0: sooner), where that was the most. */
  get skewMs(): number {
    return this.#skewMs;
  }

  /** How much later an event may come on the other side before it counts as missing there. */
  get patienceMs(): number {
    return this.#patienceMs;
  }

  /**
   * Whether the old side can be held: both have been whole for so long that it will be known of each event
   * whether the other side has it, and where both get events they get the same. While it is held: whether it
   * was held not too soon, as far as is known now.
   */
  isArmed(nowMs: number): boolean {
    if (this.#helds) return this.#armsInMs(this.#heldMs) <= 0;
    this.#growPatience(nowMs);
    return this.#armsInMs(nowMs) <= 0 && !this.#strange(nowMs) && this.#blurred(nowMs) === 0;
  }

  /** What it waits for, in a person's words. */
  waitsFor(nowMs: number): string {
    if (this.#helds) {
      const open = [...this.#strands.values()].filter((each) => !this.#isSettled(each, nowMs));
      return `the last events of ${open.length} guilds, to come on the new shards`;
    }
    const leftMs = this.#armsInMs(nowMs);
    if (leftMs === Infinity) return "the shards of both totals to be whole";
    if (leftMs > 0) {
      const wholeMs = 2 * this.#patienceMs;
      return `both totals to have been whole for ${seconds(wholeMs)}: ${seconds(leftMs)} left`;
    }
    const pair = this.#strange(nowMs);
    const blurred = this.#blurred(nowMs);
    if (!pair) {
      return blurred === 0
        ? "nothing"
        : `the first events of ${blurred} guilds to be known on both sides`;
    }
    const { fromTotal, toTotal } = this.#options;
    return `an event that both shard ${pair.from} of ${fromTotal} and shard ${pair.to} of ${toTotal} get`;
  }

  /**
   * The old shards serve up to here, and keep what comes.
   *
   * @param helds Of each old shard.
   * @param loaded New shard → guilds that have loaded there, less those that were left since.
   */
  held(
    helds: ReadonlyMap<number, Held>,
    loaded: ReadonlyMap<number, Iterable<string>> = new Map(),
  ): void {
    this.#helds = helds;
    this.#loaded = loaded;
  }

  /** The old shards serve what they kept. */
  lifted(): void {
    this.#helds = null;
    this.#growTo(2 * Math.abs(this.#skewMs));
  }

  /** Where the new shards go on; `null`: not held, or the last events of some guild may yet come there. */
  cuts(nowMs: number): CutResult | null {
    if (!this.#helds) return null;
    const strands = [...this.#strands.values()];
    if (!strands.every((strand) => this.#isSettled(strand, nowMs))) return null;
    const cuts = strands.map((strand): StrandCut => [
      strand,
      cutOf(strand.events, this.#boundsOf(strand)),
    ]);
    const of = (kind: Cut["kind"]) => cuts.filter(([, cut]) => cut.kind === kind);
    const served = new Set([...this.#helds.values()].flatMap(({ guildIds }) => guildIds));
    const [anchors, forced] = [of("anchor"), of("forced")];
    const notQuiet = new Set([...anchors, ...forced].map(([{ guildId }]) => guildId));
    return {
      cuts: new Map(this.#options.lot.to.map((id) => [id, this.#cutsOf(id, cuts, served)])),
      anchors: anchors.length,
      quiet: [...served].filter((guildId) => !notQuiet.has(guildId)).length,
      forced: forced.length,
    };
  }

  #cutsOf(id: number, cuts: readonly StrandCut[], served: ReadonlySet<string>): Cuts {
    const { lot, fromTotal: total } = this.#options;
    const guilds = cuts.flatMap(([{ guildId }, { unserved }]) => {
      const first = unserved.find(({ shardId }) => shardId === id);
      return first ? [[guildId, first.cursor - 1]] : [];
    });
    const through = this.#newest.get(id) ?? 0;
    return {
      from: lot.from.map((id) => ({ total, id })),
      through,
      guilds: Object.fromEntries(guilds),
      // What came of a guild that has none left to serve was served.
      others: through,
      loads: [...this.#loaded.get(id) ?? []].filter((guildId) => !served.has(guildId)),
      mayRepeat: cuts.flatMap(([{ guildId, pair }, { kind }]) =>
        kind === "forced" && pair.to === id ? [guildId] : []
      ),
    };
  }

  #isSettled(strand: Strand, nowMs: number): boolean {
    const bounds = this.#boundsOf(strand);
    strand.events.settle(nowMs, this.#patienceMs);
    return nowMs >= bounds.heldMs + this.#patienceMs || isPassed(strand.events, bounds);
  }

  #boundsOf({ pair }: Strand): Bounds {
    const helds = this.#helds!;
    return {
      isServed: ({ shardId, cursor }) => cursor <= (helds.get(shardId)?.through ?? -1),
      heldMs: helds.get(pair.from)?.atMs ?? -Infinity,
      patienceMs: this.#patienceMs,
      sinceMs: this.#forgottenMs,
    };
  }

  /** What is of no guild comes to shard 0, unless each shard gets it; a new shard has it after an old one. */
  #strandsOf(side: Side, shardId: number, guildId: string, key: string): Strand[] {
    const { lot, fromTotal, toTotal } = this.#options;
    if (guildId !== "") {
      const of = (total: number) => calculateShardId(guildId, total);
      return [
        this.#strands.get(guildId) ?? this.#begin(guildId, guildId, of(fromTotal), of(toTotal)),
      ];
    }
    const ids = side === "to"
      ? [shardId]
      : lot.to.filter((id) => id % fromTotal === shardId && (id === 0 || comesToEveryShard(key)));
    return ids.map((id) =>
      this.#strands.get(`/${id}`) ?? this.#begin(`/${id}`, "", id % fromTotal, id)
    );
  }

  #begin(name: string, guildId: string, from: number, to: number): Strand {
    const pairName = `${from}/${to}`;
    const pair = this.#pairs.get(pairName) ??
      { from, to, hasMatch: false, lastMs: { from: -Infinity, to: -Infinity } };
    this.#pairs.set(pairName, pair);
    const matched = (a: Entry, b: Entry) => this.#matched(pair, b.atMs - a.atMs);
    const events = new Alignment(this.#wholeMs! + this.#patienceMs, matched);
    const strand = { guildId, pair, events };
    this.#strands.set(name, strand);
    return strand;
  }

  #matched(pair: Pair, skewMs: number): void {
    pair.hasMatch = true;
    if (Math.abs(skewMs) <= Math.abs(this.#skewMs)) return;
    this.#skewMs = skewMs;
    // While it is held the measure stays, unless it has proved to be too short.
    if (!this.#helds || Math.abs(skewMs) >= this.#patienceMs) this.#growTo(2 * Math.abs(skewMs));
  }

  #growTo(patienceMs: number): void {
    const mostMs = Math.min(patienceMs, this.#options.deadlineMs);
    this.#patienceMs = Math.max(this.#patienceMs, mostMs);
  }

  get #heldMs(): number {
    return Math.min(...[...this.#helds!.values()].map(({ atMs }) => atMs));
  }

  /** How long until twice the patience is remembered, of both sides. */
  #armsInMs(nowMs: number): number {
    return this.#wholeMs === null ? Infinity : this.#forgottenMs + 2 * this.#patienceMs - nowMs;
  }

  /** A pair that gets events now, of which none was the same. */
  #strange(nowMs: number): Pair | undefined {
    return [...this.#pairs.values()].find((pair) =>
      !pair.hasMatch && (this.#isBusy(pair, "from", nowMs) || this.#isBusy(pair, "to", nowMs))
    );
  }

  /** Guilds whose first events may be from before both sides were whole, on the other side. */
  #blurred(nowMs: number): number {
    // One where always the same comes again need not be waited for: it is cut with a doubt.
    if (nowMs - this.#wholeMs! >= 4 * this.#patienceMs) return 0;
    return [...this.#strands.values()].filter(({ events }) => {
      events.settle(nowMs, this.#patienceMs);
      return !events.isAligned;
    }).length;
  }

  #isBusy({ lastMs }: Pair, side: Side, nowMs: number): boolean {
    return lastMs[side] >= nowMs - 2 * this.#patienceMs;
  }

  /** Where both of a pair get events and none is the same, one may be later than was thought possible. */
  #growPatience(nowMs: number): void {
    const pair = this.#armsInMs(nowMs) <= 0 ? this.#strange(nowMs) : undefined;
    if (!pair || !this.#isBusy(pair, "from", nowMs) || !this.#isBusy(pair, "to", nowMs)) return;
    this.#growTo(2 * this.#patienceMs);
  }

  #forget(nowMs: number): void {
    const beforeMs = nowMs - 2 * this.#patienceMs;
    if (this.#helds || beforeMs < this.#forgottenMs + this.#patienceMs) return;
    this.#forgottenMs = beforeMs;
    for (const [name, { events }] of this.#strands) {
      if (!events.forget(beforeMs, this.#patienceMs)) this.#strands.delete(name);
    }
  }
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}
