/**
 * A fleet whose guilds move from one total to another, in virtual time: units that join, leave and die, a line that
 * fails, and a bot whose every event is counted.
 *
 * @module
 */

import assert from "node:assert/strict";
import { logTo } from "../../../ports/log.ts";
import { seededRandom } from "../../../ports/random.ts";
import { memoryStore, type Store } from "../../../ports/store.ts";
import { shardRange } from "../../../protocol/ids.ts";
import type { LotPhase } from "../../../protocol/reshard.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import { NO_IDENTIFIES } from "../../../unit/blank.ts";
import { createSimBus } from "../fleet/sim_line.ts";
import { FakeDiscord } from "./discord.ts";
import { LotUnit } from "./unit.ts";

/** A world. */
export class FleetLots {
  readonly clock = createVirtualClock();
  readonly discord: FakeDiscord;
  readonly bus;
  readonly units = new Map<string, LotUnit>();
  readonly logged: string[] = [];
  readonly gate = {
    snapshot: { ...NO_IDENTIFIES, maxConcurrency: 16, remaining: 1_000, total: 1_000 },
  };
  readonly #total: number;
  readonly #stores = new Map<string, Store>();
  readonly #lives: LotUnit[] = [];
  #seed: number;
  #first = 0;

  constructor(total: number, seed = 1) {
    this.#total = total;
    this.#seed = seed * 100;
    this.bus = createSimBus({ clock: this.clock, random: seededRandom(seed) });
    this.discord = new FakeDiscord(
      this.clock,
      () => this.#lives.flatMap((unit) => [...unit.running()]),
    );
  }

  /** Units come, and have all shards up. */
  static async of(total: number, names: readonly string[], seed = 1): Promise<FleetLots> {
    const world = new FleetLots(total, seed);
    for (const name of names) world.begin(name);
    await world.clock.advance(30_000);
    world.#first = world.discord.newest;
    await world.clock.advance(2_000);
    assert.equal(world.discord.identifies.length, total);
    return world;
  }

  /** A unit comes, or comes back. */
  begin(name: string): LotUnit {
    const store = this.#stores.getOrInsertComputed(name, memoryStore);
    const log = logTo((level, event, fields) =>
      this.logged.push(`${level} ${name}: ${event} ${JSON.stringify(fields)}`)
    );
    const { clock, discord, gate } = this;
    const unit = new LotUnit({
      ...{ name, discord, store, log, gate, total: this.#total, seed: ++this.#seed },
      line: this.bus.line(name),
    });
    this.units.set(name, unit);
    this.#lives.push(unit);
    void unit.start().catch((error) => assert.ok(unit.isDead, `${clock.now()}: ${error.stack}`));
    return unit;
  }

  /** A unit by its name. */
  unit(name: string): LotUnit {
    return this.units.get(name)!;
  }

  /** Those that live. */
  get living(): LotUnit[] {
    return [...this.units.values()].filter(({ isDead }) => !isDead);
  }

  /** A unit stands still: what its shards get waits. */
  freeze(name: string): void {
    this.unit(name).isFrozen = true;
    this.unit(name).freeze();
  }

  /** It goes on. */
  thaw(name: string): void {
    this.unit(name).isFrozen = false;
    this.unit(name).thaw();
  }

  /** Whatever a unit says or hears takes so much longer. */
  slow(name: string, ms: number): void {
    this.unit(name).slow(ms);
  }

  /** A reshard is asked for, of any unit. */
  async begins(to: number, name = "a"): Promise<void> {
    const began = Promise.resolve(this.unit(name).reshards!.begin(to, "operator"));
    began.catch(() => {});
    await this.clock.advance(100);
    await began;
  }

  /** Time passes until a lot of a unit is in this phase. */
  async until(phase: LotPhase, name: string): Promise<void> {
    const { reshards, fleet } = this.unit(name);
    const isOwn = (rest: number) => fleet.ownerOf({ total: this.#total, id: rest }) === name;
    await this.clock.runUntil(
      () => reshards!.snapshot?.lots.some((lot) => lot.phase === phase && isOwn(lot.rest)) ?? false,
      120_000,
    );
  }

  /** Time passes until all living units say that it is over, and has passed a while longer. */
  async ended(limitMs = 240_000): Promise<void> {
    const isOver = () =>
      this.living.every(({ reshards, fleet }) =>
        reshards?.record.move === null && fleet.assignment?.totals.length === 1 &&
        (reshards.snapshot === null || OVER.has(reshards.snapshot.state))
      );
    await this.clock.runUntil(isOver, limitMs).catch((error) => {
      const stands = this.living.map(({ name, reshards, fleet }) => ({
        name,
        snapshot: reshards?.snapshot,
        totals: fleet.assignment?.totals.map(({ total, owners }) => `${total}: ${owners}`),
      }));
      throw new Error(
        `${error.message} ${JSON.stringify(stands)} ${this.logged.slice(-20).join("\n")}`,
      );
    });
    await this.clock.advance(10_000);
  }

  /** One total serves, each shard on one unit; nothing was lost, nothing came twice; so many identifies. */
  async assertWhole(total: number, identifies: number): Promise<void> {
    await this.clock.advance(5_000);
    this.discord.quiet();
    await this.clock.advance(5_000);
    const serving = this.living.flatMap((unit) => [...unit.running()])
      .filter(({ serves }) => serves() !== null).map(({ key }) => `${key.id}/${key.total}`);
    assert.deepEqual(serving.sort(), shardRange(0, total - 1).map((id) => `${id}/${total}`).sort());
    this.discord.assertWhole(this.#first);
    assert.equal(this.discord.identifies.length, identifies, `${this.discord.identifies}`);
    const { length } = [...this.discord.sessions.keys()].filter((text) =>
      text.endsWith(`/${total}`)
    );
    assert.equal(length, this.discord.sessions.size, `${[...this.discord.sessions.keys()]}`);
  }
}

const OVER: ReadonlySet<string> = new Set(["done", "cancelled", "failed"]);
