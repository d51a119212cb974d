/**
 * What a large reshard takes, in virtual time: the real lots, table, record, pace and identify queue, over sessions
 * that are a stub. A shard is ready a second after its IDENTIFY, has its guilds two seconds later, is compared for
 * ten seconds, is cut a second after the other side has held back, and three seconds later the bot has passed the
 * cut.
 *
 * @module
 */

import { IdentifyQueue } from "../gateway/identify/queue.ts";
import { every } from "../ports/clock.ts";
import { silentLog } from "../ports/log.ts";
import { memoryStore, type Store } from "../ports/store.ts";
import { type Estate, NO_ESTATE } from "../protocol/estate.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../protocol/ids.ts";
import type { Cuts, Lot } from "../protocol/reshard.ts";
import type { ShardStatus } from "../protocol/status.ts";
import { createVirtualClock } from "../sim/mod.ts";
import { Ledger } from "../unit/reshard/lots/ledger.ts";
import { doneOf } from "../unit/reshard/lots/lot_shard.ts";
import { begun, settledRecord } from "../unit/reshard/record.ts";
import { Reshard } from "../unit/reshard/reshard.ts";
import type { Comparing, CutResult, Side } from "../unit/reshard/lots/sides.ts";
import { FileRecords } from "../unit/reshard/written/records.ts";
import { figure, printTables, quantile } from "./measure.ts";

/** A bot that reshards. */
interface Case {
  readonly from: number;
  readonly to: number;
  readonly maxConcurrency: number;
  readonly perDay: number;
}

const CASES: readonly Case[] = [
  { from: 1_000, to: 2_000, maxConcurrency: 16, perDay: 1_500 },
  { from: 1_000, to: 2_000, maxConcurrency: 16, perDay: 5_000 },
  { from: 64, to: 128, maxConcurrency: 16, perDay: 1_000 },
  { from: 64, to: 96, maxConcurrency: 16, perDay: 1_000 },
  { from: 8, to: 16, maxConcurrency: 1, perDay: 1_000 },
];

const RESERVE = 0.1;
const GUILDS_PER_OLD_SHARD = 2_000;
const READY_MS = 1_000;
const LOADED_MS = 2_000;
const COMPARED_MS = 10_000;
const CUT_MS = 1_000;
/** The bot is done with what was kept. */
const PASSED_MS = 3_000;
/** Of a busy bot, as the simulator's traffic is. */
const EVENTS_PER_OLD_SHARD = 30;
const EVENT_BYTES = 1_200;
const DAY_MS = 86_400_000;

/** What it took. */
interface Course {
  readonly tookMs: number;
  readonly identifies: number;
  /** Identifies of the busiest day. */
  readonly mostPerDay: number;
  /** The most shards of the new total that were not served yet. */
  readonly mostRisen: number;
  /** For each new shard how long what came was kept. */
  readonly keptMs: readonly number[];
  readonly mostRecordBytes: number;
}

/** Shards without sessions: they take their time, and identify by the queue. */
class Shards {
  readonly #clock = createVirtualClock();
  readonly #case: Case;
  readonly #status = new Map<ShardKeyText, ShardStatus>();
  readonly #estates = new Map<ShardKeyText, Estate>();
  readonly #readyAtMs = new Map<ShardKeyText, number>();
  readonly #identifiedAtMs: number[] = [];
  readonly #keptMs: number[] = [];
  readonly #gate: IdentifyQueue;
  #mostRecordBytes = 0;
  #mostRisen = 0;

  constructor(of: Case) {
    this.#case = of;
    const { maxConcurrency, perDay } = of;
    const clock = this.#clock;
    this.#gate = new IdentifyQueue({
      clock,
      maxConcurrency,
      reserve: Math.floor(perDay * RESERVE),
      budget: { total: perDay, remaining: perDay, resetAtMs: clock.epochMs() + DAY_MS },
      allow: (key, permit) => this.#identify(key, permit),
      spent() {},
    });
    for (let id = 0; id < of.from; id++) this.#isReady({ total: of.from, id });
  }

  /** From one total to the other. */
  async reshard(): Promise<Course> {
    const { from, to } = this.#case;
    const clock = this.#clock;
    const store = memoryStore();
    const startedAtMs = clock.epochMs();
    const record = begun(settledRecord(from, null), { to, by: "operator", startedAtMs });
    const estateOf = (key: ShardKey) => this.#estates.get(shardKeyText(key)) ?? NO_ESTATE;
    const noting: Store = {
      ...store,
      save: (name, value) => {
        this.#mostRecordBytes = Math.max(this.#mostRecordBytes, JSON.stringify(value).length);
        return store.save(name, value);
      },
    };
    const log = silentLog;
    const ledger: Ledger = new Ledger({
      ...{ clock, log, record },
      records: new FileRecords({ store: noting, log }),
      doneOf: (key) => doneOf(estateOf(key)),
      recorded: (changed) => reshard.recorded(changed),
    });
    const reshard: Reshard = new Reshard({
      ...{ clock, log, ledger, record },
      isNew: true,
      sides: {
        of: (total) => this.#side(total),
        statusOf: (key) => this.#status.get(shardKeyText(key)) ?? null,
        estateOf,
      },
      compares: ({ lot }) => this.#compare(lot),
      gate: this.#gate,
      changed() {},
    });
    this.#reshard = reshard;
    const cancel = every(clock, 1_000, () => {
      this.#mostRisen = Math.max(this.#mostRisen, this.#readyAtMs.size);
    });
    reshard.start();
    let isOver = false;
    void reshard.ended.then(() => isOver = true);
    await clock.runUntil(() => isOver, 10 * DAY_MS);
    cancel();
    return {
      tookMs: clock.now(),
      identifies: this.#identifiedAtMs.length,
      mostPerDay: mostPerDay(this.#identifiedAtMs),
      mostRisen: this.#mostRisen,
      keptMs: this.#keptMs,
      mostRecordBytes: this.#mostRecordBytes,
    };
  }

  #reshard!: Reshard;

  #identify(key: ShardKey, permit: number): void {
    const clock = this.#clock;
    this.#become(key, "identifying");
    this.#gate.sent(key, permit);
    this.#identifiedAtMs.push(clock.now());
    clock.after(READY_MS, () => {
      this.#isReady(key);
      this.#readyAtMs.set(shardKeyText(key), clock.now());
    });
    clock.after(READY_MS + LOADED_MS, () => {
      const atMs = clock.epochMs();
      const loads = this.#guildIds(key).map((guildId, i) => ({
        cursor: 1 + i,
        guildId,
        key: null,
        atMs,
      }));
      this.#reshard.see(key, loads);
    });
  }

  #become(key: ShardKey, state: ShardStatus["state"]): void {
    const sinceMs = this.#clock.epochMs();
    const status = { shardId: key.id, state, reason: state, sinceMs, connection: 1 };
    this.#status.set(shardKeyText(key), status);
    this.#reshard?.shardChanged(key, status);
  }

  #isReady(key: ShardKey): void {
    const facts = { guildIds: this.#guildIds(key) } as unknown as Estate["facts"];
    this.#estates.set(shardKeyText(key), { ...NO_ESTATE, facts });
    if (key.total === this.#case.from) this.#acknowledge(shardKeyText(key));
    this.#become(key, "ready");
  }

  #acknowledge(text: ShardKeyText): void {
    const estate = this.#estates.get(text);
    if (estate) this.#estates.set(text, { ...estate, acknowledged: 2 ** 40 });
  }

  #guildIds({ total, id }: ShardKey): string[] {
    const count = Math.round(GUILDS_PER_OLD_SHARD * this.#case.from / total);
    return Array.from({ length: count }, (_, i) => String(BigInt(i * total + id) << 22n));
  }

  #side(total: number): Side {
    const clock = this.#clock;
    const key = (id: number) => ({ total, id });
    return {
      bringUp: (id) => {
        this.#become(key(id), "queued");
        this.#gate.request(key(id));
      },
      watch() {},
      hold: (id) =>
        Promise.resolve({ through: 1, guildIds: this.#guildIds(key(id)), atMs: clock.epochMs() }),
      hear: () => Promise.resolve(),
      lift() {},
      serve: (id) => {
        const text = shardKeyText(key(id));
        this.#keptMs.push(clock.now() - this.#readyAtMs.get(text)!);
        this.#readyAtMs.delete(text);
        clock.after(PASSED_MS, () => this.#acknowledge(text));
      },
      endShard: (id) => {
        this.#status.delete(shardKeyText(key(id)));
        this.#estates.delete(shardKeyText(key(id)));
        return Promise.resolve();
      },
    };
  }

  #compare(lot: Lot): Comparing {
    let wholeMs = Infinity;
    let heldMs: number | null = null;
    const { from } = this.#case;
    return {
      whole: (atMs) => void (wholeMs = atMs),
      see() {},
      isArmed: (nowMs) => nowMs - wholeMs >= COMPARED_MS,
      waitsFor: () => "both sides are compared",
      held: () => void (heldMs = this.#clock.epochMs()),
      lifted: () => void (heldMs = null),
      cuts: (nowMs): CutResult | null => {
        if (heldMs === null || nowMs - heldMs < CUT_MS) return null;
        const cuts = new Map(lot.to.map((id): [number, Cuts] => {
          const ids = this.#guildIds({ total: this.#case.to, id });
          const before = lot.from.map((old) => ({ total: from, id: old }));
          const guilds = Object.fromEntries(ids.map((guildId) => [guildId, 2 ** 33]));
          const rest = { through: 2 ** 33, others: 2 ** 33, loads: [], mayRepeat: [] };
          return [id, { from: before, guilds, ...rest }];
        }));
        return { cuts, anchors: cuts.size, quiet: 0, forced: 0 };
      },
    };
  }
}

function mostPerDay(atMs: readonly number[]): number {
  let first = 0;
  return atMs.reduce((most, ms, i) => {
    while (atMs[first]! <= ms - DAY_MS) first++;
    return Math.max(most, i - first + 1);
  }, 0);
}

function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  return hours > 0
    ? `${hours} h ${rest} min`
    : `${minutes} min ${Math.round(ms % 60_000 / 1000)} s`;
}

const rows: string[][] = [];
for (const each of CASES) {
  const course = await new Shards(each).reshard();
  const eventsPerShard = EVENTS_PER_OLD_SHARD * each.from / each.to;
  const keptMs = quantile(course.keptMs, 0.5);
  const keptBytes = course.mostRisen * eventsPerShard * EVENT_BYTES * keptMs / 1000;
  rows.push([
    `${each.from} → ${each.to}`,
    String(each.maxConcurrency),
    `${each.perDay} − ${each.perDay * RESERVE}`,
    duration(course.tookMs),
    `${course.identifies} (${course.mostPerDay})`,
    String(course.mostRisen),
    `${figure(keptMs / 1000)} (${figure(Math.max(...course.keptMs) / 1000)})`,
    figure(keptBytes / 2 ** 20),
    figure(course.mostRecordBytes / 2 ** 10),
  ]);
}
printTables([{
  title:
    `${GUILDS_PER_OLD_SHARD} guilds and ${EVENTS_PER_OLD_SHARD} events/s of ${EVENT_BYTES} bytes per old shard`,
  columns: [
    "shards",
    "max_concurrency",
    "identifies a day − reserve",
    "takes",
    "identifies (in 24 h)",
    "shards that rise at a time",
    "kept for, s (most)",
    "events kept, MiB",
    "record, KiB",
  ],
  rows,
}]);
