/**
 * A world for handovers in virtual time: shards of two totals that come up, break and die as a test says, a bot
 * that acknowledges, a disk that writes slowly, and a unit that can be killed at any moment. It watches that no
 * guild ever has two owners.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fakeCompares } from "./fake_compares.ts";
import { factsOf, type FakeShard, fakeShard, mustBeHandedOver } from "./fake_shards.ts";
import { silentLog } from "../../ports/log.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import { NO_ESTATE } from "../../protocol/estate.ts";
import { shardKeyText, shardRange } from "../../protocol/ids.ts";
import type { Held, ReshardSnapshot, ShardRole } from "../../protocol/reshard.ts";
import type { IdentifySnapshot, ShardState } from "../../protocol/status.ts";
import { createVirtualClock } from "../../sim/mod.ts";
import { NO_IDENTIFIES } from "../../unit/blank.ts";
import { Ledger } from "../../unit/reshard/lots/ledger.ts";
import { doneOf } from "../../unit/reshard/lots/lot_shard.ts";
import {
  begun as withMoveBegun,
  lotsOfRecord,
  ownerOf,
  type ReshardRecord,
  settledRecord,
} from "../../unit/reshard/record.ts";
import { Reshard } from "../../unit/reshard/reshard.ts";
import { FileRecords, loadRecord } from "../../unit/reshard/written/records.ts";
import type { Sides } from "../../unit/reshard/lots/sides.ts";

const TRAFFIC_MS = 100;

/** What a world is made with. */
export interface LotWorldOptions {
  readonly from?: number;
  readonly to?: number;
  readonly gate?: Partial<IdentifySnapshot>;
  /** The reshard is made, and not started. */
  readonly isPending?: boolean;
}

/** A world. */
export class LotWorld {
  readonly clock = createVirtualClock();
  readonly shards = new Map<string, FakeShard>();
  readonly snapshots: ReshardSnapshot[] = [];
  /** What was asked of which shard, in order. */
  readonly asked: string[] = [];
  readonly gate: { snapshot: IdentifySnapshot };
  /** The bot acknowledges what it gets. */
  isBotHere = true;
  /** What happens to the next saves. */
  fails: "before" | "after" | null = null;
  /** Discord closes a shard of the new total with this code. */
  refuses: number | null = null;
  reshard!: Reshard;
  ledger!: Ledger;
  record!: ReshardRecord;
  identifies = 0;
  #life = 0;
  readonly #isPending: boolean;
  #areWorkersUp = true;
  readonly #disk = memoryStore();
  readonly #from: number;
  readonly #to: number;

  constructor({ from = 2, to = 4, gate = {}, isPending = false }: LotWorldOptions = {}) {
    this.#isPending = isPending;
    this.#from = from;
    this.#to = to;
    const snapshot = { ...NO_IDENTIFIES, maxConcurrency: 16, remaining: 1000, total: 1000 };
    this.gate = { snapshot: { ...snapshot, ...gate } };
    for (const total of [from, to]) {
      for (const id of shardRange(0, total - 1)) {
        this.shards.set(shardKeyText({ total, id }), fakeShard({ total, id }));
      }
    }
    const traffic = () => {
      this.#traffic();
      this.clock.after(TRAFFIC_MS, traffic);
    };
    this.clock.after(TRAFFIC_MS, traffic);
  }

  /** The old total serves, and a reshard begins. */
  start(): void {
    const record = settledRecord(this.#from, null);
    for (const id of shardRange(0, this.#from - 1)) {
      const shard = this.shard(id, this.#from);
      Object.assign(shard, { role: "serves", state: "ready", session: 1, connection: 1 });
      shard.facts = factsOf(shard.key);
    }
    const startedAtMs = this.clock.epochMs();
    this.#live(withMoveBegun(record, { to: this.#to, by: "operator", startedAtMs }), true);
  }

  /** The unit is killed, and starts again from what is on disk. */
  async kill(): Promise<void> {
    this.#life++;
    this.reshard.stop();
    void this.ledger.stop();
    for (const shard of this.shards.values()) {
      Object.assign(shard, { role: null, state: "idle", isHeld: false, isWatched: false });
      shard.life++;
      shard.cuts = null;
    }
    const saved = await loadRecord({
      store: this.#disk,
      log: silentLog,
      sessions: () => new Map(),
    });
    this.record = saved ?? settledRecord(this.#from, null);
    if (!this.record.move) {
      for (const id of shardRange(0, this.record.total - 1)) {
        this.#bringUp(this.shard(id, this.record.total), { kind: "serves", cuts: null });
      }
      return;
    }
    // Its workers begin a moment after it.
    this.#areWorkersUp = false;
    this.#live(this.record, false);
    this.#areWorkersUp = true;
    for (const shard of this.shards.values()) this.#greet(shard);
  }

  /** A shard of a total. */
  shard(id: number, total: number): FakeShard {
    return this.shards.get(shardKeyText({ total, id }))!;
  }

  /** A shard loses its connection for a while; its session lives on, or does not. */
  break(shard: FakeShard, { forMs = 1_000, session = "keep" as "keep" | "end" } = {}): void {
    if (shard.role === null || shard.state !== "ready") return;
    if (session === "end") shard.session = 0;
    this.#become(shard, "backing off", "closed 1006");
    this.#soon(shard, forMs, () => this.#connect(shard));
  }

  /** The worker of a shard dies, and the next one brings it up. */
  loseWorker(shard: FakeShard): void {
    shard.life++;
    Object.assign(shard, { role: null, state: "idle", isHeld: false, isWatched: false });
    this.reshard.lost([shard.key]);
    this.#soon(shard, 300, () => this.#greet(shard));
  }

  /** A shard has stopped for good. */
  stopShard = (shard: FakeShard, reason: string) => this.#become(shard, "stopped", reason);

  /** Phases of all lots. */
  get phases(): string[] {
    return this.reshard.snapshot.lots.map((lot) => lot.phase);
  }

  /** Whose events go to the bot: each lot's by at most one total, and by the one that is written down. */
  check(): void {
    for (const { rest, from, to } of lotsOfRecord(this.record)) {
      const delivers = (ids: readonly number[], total: number) =>
        ids.some((id) => this.shard(id, total).role === "serves" && !this.shard(id, total).isHeld);
      const old = delivers(from, this.record.total);
      const young = delivers(to, this.record.move!.to);
      assert.ok(!old || !young, `lot ${rest} has two owners`);
      const owner = ownerOf(this.record, rest);
      assert.ok(!old || owner === this.record.total, `lot ${rest} is served by who left it`);
      assert.ok(!young || owner === this.record.move!.to, `lot ${rest} is served too early`);
    }
  }

  #live(record: ReshardRecord, isNew: boolean): void {
    this.record = record;
    const sides = this.#sides();
    const { clock } = this;
    const log = silentLog;
    this.ledger = new Ledger({
      clock,
      log,
      records: new FileRecords({ store: this.#store(), log }),
      record,
      doneOf: (key) => doneOf(sides.estateOf(key)),
      recorded: (recorded) => {
        this.record = recorded;
        this.reshard.recorded(recorded);
        this.check();
      },
    });
    this.reshard = new Reshard({
      clock,
      log,
      ledger: this.ledger,
      isNew,
      record,
      sides,
      compares: fakeCompares(clock, (key) => this.shard(key.id, key.total).newest),
      gate: this.gate,
      changed: (snapshot) => this.snapshots.push(snapshot),
    });
    if (!this.#isPending) this.reshard.start();
  }

  /** Writes after some ms, and answers some ms later; a unit that was killed meanwhile writes nothing more. */
  #store(): Store {
    const life = this.#life;
    const pause = (ms: number) => new Promise<void>((done) => this.clock.after(ms, done));
    return {
      ...this.#disk,
      save: async (name, value) => {
        await pause(5);
        if (life !== this.#life) return await new Promise(() => {});
        if (this.fails === "before") throw new Error("disk full");
        await this.#noteSaved(value as ReshardRecord);
        await this.#disk.save(name, value);
        await pause(5);
        if (this.fails === "after") throw new Error("cannot sync");
      },
    };
  }

  /** A lot goes to another owner only where that one has risen, and the other holds back what comes. */
  async #noteSaved(next: ReshardRecord): Promise<void> {
    const before = await this.#disk.load("reshard") as ReshardRecord | undefined;
    const { move } = next;
    if (!move || !before?.move) return;
    for (const { rest, from, to } of lotsOfRecord(next)) {
      const owner = ownerOf(next, rest);
      if (owner === ownerOf(before, rest)) continue;
      const of = (ids: readonly number[], total: number) => ids.map((id) => this.shard(id, total));
      const [old, young] = [of(from, next.total), of(to, move.to)];
      if (owner === move.to) mustBeHandedOver(old, young);
      else mustBeHandedOver(young, old);
    }
  }

  #sides(): Sides {
    const life = this.#life;
    return {
      statusOf: (key) => {
        const shard = this.shards.get(shardKeyText(key));
        return shard ? { ...shard, shardId: key.id } : null;
      },
      estateOf: (key) => {
        const { session, acknowledged, newest, facts } = this.shard(key.id, key.total);
        const point = {
          shardId: key.id,
          totalShards: key.total,
          intents: 1,
          sessionId: `${session}`,
        };
        return {
          ...NO_ESTATE,
          highest: newest,
          acknowledged,
          facts,
          session: session === 0 ? null : { ...point, resumeUrl: null, seq: 0, base: 0 },
        };
      },
      of: (total) => {
        const ask = <T>(what: string, task: (shard: FakeShard) => T) => (id: number) => {
          assert.equal(life, this.#life, "a unit that was killed asks for nothing");
          this.asked.push(`${what} ${id}/${total}`);
          return task(this.shard(id, total));
        };
        return {
          bringUp: (id, role) => ask("raise", (shard) => this.#bringUp(shard, role))(id),
          watch: (id, isOn) =>
            ask(isOn ? "watch" : "unwatch", (shard) => {
              shard.isWatched = isOn && shard.role !== null;
            })(id),
          hold: ask("hold", (shard) => this.#hold(shard)),
          hear: ask("hear", () => Promise.resolve()),
          lift: ask("lift", (shard) => void (shard.isHeld = false)),
          serve: (id, cuts) =>
            ask("serve", (shard) => {
              if (shard.role !== null) Object.assign(shard, { role: "serves", cuts });
              this.check();
            })(id),
          endShard: ask("end", (shard) => this.#end(shard)),
        };
      },
    };
  }

  /** What a new worker does with a shard. */
  #greet(shard: FakeShard): void {
    const role = this.reshard.roleOf(shard.key);
    if (role) this.#bringUp(shard, role);
  }

  #bringUp(shard: FakeShard, role: ShardRole): void {
    if (!this.#areWorkersUp) return;
    assert.equal(shard.role, null, `shard ${shardKeyText(shard.key)} is brought up twice`);
    shard.role = role.kind;
    shard.cuts = role.kind === "serves" ? role.cuts : null;
    shard.through = Infinity;
    this.#soon(shard, 50, () => this.#connect(shard));
    this.check();
  }

  #connect(shard: FakeShard): void {
    if (shard.role === null) return;
    shard.connection++;
    if (shard.session > 0) return this.#become(shard, "ready", "resumed");
    this.#become(shard, "identifying", "IDENTIFY sent");
    this.identifies++;
    const { snapshot } = this.gate;
    this.gate.snapshot = { ...snapshot, remaining: snapshot.remaining - 1 };
    this.#soon(shard, 100, () => {
      if (this.refuses !== null && shard.key.total === this.#to) {
        const reason = `closed ${this.refuses}`;
        this.#become(shard, "stopped", reason);
        return this.reshard.gaveUp(shard.key, { code: this.refuses, reason });
      }
      shard.session = 1 + this.identifies;
      shard.facts = factsOf(shard.key);
      this.#become(shard, "ready", "identified");
      this.#soon(shard, 200, () => this.#see(shard, shard.facts!.guildIds));
    });
  }

  #hold(shard: FakeShard): Promise<Held> {
    if (shard.role === null) return Promise.reject(new Error("its worker is being restarted"));
    const { life } = shard;
    shard.isHeld = true;
    shard.through = shard.newest;
    const held = { through: shard.newest, guildIds: ["1"], atMs: this.clock.epochMs() };
    return new Promise((resolve, reject) =>
      this.clock.after(
        20,
        () => life === shard.life ? resolve(held) : reject(new Error("its worker was lost")),
      )
    );
  }

  #end(shard: FakeShard): Promise<void> {
    const { life } = shard;
    return new Promise((resolve, reject) =>
      this.clock.after(50, () => {
        if (life !== shard.life) return reject(new Error("its worker was lost"));
        Object.assign(shard, { role: null, state: "idle", session: 0, facts: null, isHeld: false });
        shard.life++;
        resolve();
      })
    );
  }

  #become(shard: FakeShard, state: ShardState, reason: string): void {
    Object.assign(shard, { state, reason, sinceMs: this.clock.epochMs() });
    this.reshard?.shardChanged(shard.key, { state, reason });
  }

  #soon(shard: FakeShard, ms: number, task: () => void): void {
    const { life } = shard;
    this.clock.after(ms, () => void (life === shard.life && task()));
  }

  #see(shard: FakeShard, guildIds: readonly string[]): void {
    const atMs = this.clock.epochMs();
    if (shard.role === null) return;
    const seen = guildIds.map((guildId) => ({ cursor: ++shard.newest, guildId, key: null, atMs }));
    if (shard.isWatched || shard.role === "rises") this.reshard?.see(shard.key, seen);
  }

  #traffic(): void {
    for (const shard of this.shards.values()) {
      if (shard.state === "ready") this.#see(shard, [`9${shard.key.id}`]);
      if (shard.role !== "serves" || !this.isBotHere) continue;
      const reach = shard.isHeld ? shard.through : shard.newest;
      shard.acknowledged = Math.max(shard.acknowledged, reach);
    }
    if (this.record) this.check();
  }
}

/** A world with a reshard that has begun. */
export function begun(options: LotWorldOptions = {}): LotWorld {
  const world = new LotWorld(options);
  world.start();
  return world;
}

/** Until the reshard is over. */
export async function ended(world: LotWorld, limitMs = 300_000): Promise<void> {
  await world.clock.runUntil(() => isOver(world), limitMs);
  world.check();
}

function isOver({ reshard }: LotWorld): boolean {
  return ["done", "cancelled", "failed"].includes(reshard.snapshot.state);
}
