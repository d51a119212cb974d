/**
 * A unit of a fleet in virtual time, with all that decides about its shards, and shards that are as simple as can be:
 * they come up, resume or identify, are held and end.
 *
 * @module
 */

import { Fleet } from "../../../fleet/fleet.ts";
import type { Log } from "../../../ports/log.ts";
import { seededRandom } from "../../../ports/random.ts";
import type { Store } from "../../../ports/store.ts";
import { NO_ESTATE } from "../../../protocol/estate.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../../../protocol/ids.ts";
import type { Cuts, Held, ShardRole } from "../../../protocol/reshard.ts";
import type { IdentifySnapshot, ShardState, ShardStatus } from "../../../protocol/status.ts";
import { Keeper } from "../../../unit/fleet/keeper.ts";
import type { Side } from "../../../unit/reshard/lots/sides.ts";
import { FleetShare } from "../../../unit/reshard/fleet/fleet_share.ts";
import { FleetTotals } from "../../../unit/reshard/fleet/totals.ts";
import { settledRecord } from "../../../unit/reshard/record.ts";
import { Reshards } from "../../../unit/reshard/reshards.ts";
import { FleetRecords } from "../../../unit/reshard/written/fleet_records.ts";
import type { SimLine } from "../fleet/sim_line.ts";
import { compares } from "./compares.ts";
import type { FakeDiscord, Running } from "./discord.ts";

/** What a unit lives in. */
export interface LotUnitOptions {
  readonly name: string;
  readonly line: SimLine;
  readonly discord: FakeDiscord;
  readonly total: number;
  readonly store: Store;
  readonly log: Log;
  readonly seed: number;
  readonly gate: { readonly snapshot: IdentifySnapshot };
}

interface Shard {
  readonly key: ShardKey;
  role: ShardRole;
  state: ShardState;
  isWatched: boolean;
  heldAt: number | null;
  isGone: boolean;
}

/** One life of a unit. */
export class LotUnit {
  readonly name: string;
  readonly fleet: Fleet;
  isDead = false;
  isFrozen = false;
  reshards: Reshards | null = null;
  readonly #options: LotUnitOptions;
  readonly #shards = new Map<ShardKeyText, Shard>();
  readonly #generations: { total: number; side: Side; statusOf(id: number): ShardStatus | null }[] =
    [];
  #keeper: Keeper | null = null;

  constructor(options: LotUnitOptions) {
    const { name, line, log, seed, total } = options;
    this.#options = options;
    this.name = name;
    this.fleet = new Fleet({
      ...{ clock: line.clock, random: seededRandom(seed), log, line, unit: name },
      card: { cores: 4, clusters: 1, services: [], isLeaving: false },
      nonce: String(seed),
      first: { total, stream: "s" },
      replaced() {},
    });
  }

  /** Joins, and follows. */
  async start(): Promise<void> {
    const { line, log, store, total, gate } = this.#options;
    const { clock } = line;
    const { fleet } = this;
    await fleet.start();
    const has = (shard: ShardKey) => this.#keeper?.has(shard) ?? false;
    const records = new FleetRecords({ line, store, log, isOfFleet: true, has });
    const record = await records.load() ?? settledRecord(total, null);
    const share = new FleetShare({ clock, bus: line.bus, fleet, has });
    for (const each of [record.total, ...record.move ? [record.move.to] : []]) this.#generate(each);
    const look = () => {
      reshards.shared();
      totals.look();
    };
    const reshards: Reshards = this.reshards = new Reshards({
      ...{ clock, log, store, records, record, share },
      gateway: () => ({
        gate,
        commands: { held() {}, lifted() {}, leave: () => Promise.resolve() },
        generations: this.#generations,
        createGeneration: (each) => Promise.resolve(this.#generate(each)),
        dropGeneration: (each) => Promise.resolve(this.#drop(each)),
      }),
      estateOf: (key) => this.#estateOf(key),
      compares: compares(clock),
      recorded: () => clock.after(0, look),
      changed() {},
    });
    const totals = new FleetTotals({ clock, log, fleet, record: () => reshards.record });
    this.#keeper = new Keeper({
      ...{ clock, log, fleet },
      holdings: {
        take: async (shard) => await reshards.claim([shard]),
        give: async (shard) => {
          await reshards.left([shard]);
          this.#close(shard);
        },
        lose: (shard) => Promise.resolve(this.#close(shard)),
      },
      writerOf: () => Promise.resolve(null),
      came: (shard) => {
        const role = reshards.roleOf(shard);
        if (role) this.#bringUp(shard, role);
      },
      changed: look,
    });
    fleet.watch(look);
    this.#keeper.start();
    reshards.start();
  }

  /** Shards that this unit runs. */
  *running(): Generator<Running> {
    if (this.isDead || this.isFrozen) return;
    for (const shard of this.#shards.values()) {
      const { key } = shard;
      const serves = () => {
        const { role, state, heldAt } = shard;
        if (role.kind !== "serves" || state !== "ready") return null;
        return { cuts: role.cuts, through: heldAt ?? Infinity };
      };
      yield { unit: this.name, key, serves };
    }
  }

  /** `kill -9`. */
  kill(): void {
    this.isDead = true;
    this.#options.line.kill();
  }

  /** What it says and hears takes so much longer. */
  slow = (ms: number) => this.#options.line.slow(ms);
  /** Nothing of it goes on. */
  freeze = () => this.#options.line.freeze();
  /** It goes on where it was. */
  thaw = () => this.#options.line.thaw();

  /** SIGTERM: gives all away. */
  async leave(): Promise<void> {
    await this.fleet.leave(25_000);
    this.#keeper!.stop();
    this.isDead = true;
  }

  #generate(total: number): void {
    if (this.#generations.some((each) => each.total === total)) return;
    const statusOf = (id: number) => {
      const shard = this.#shards.get(`${id}/${total}`);
      const at = { shardId: id, reason: "", sinceMs: 0, connection: 1 };
      return shard ? { ...at, state: shard.state } : null;
    };
    this.#generations.push({ total, side: this.#sideOf(total), statusOf });
  }

  #drop(total: number): void {
    const at = this.#generations.findIndex((each) => each.total === total);
    if (at >= 0) this.#generations.splice(at, 1);
    for (const { key } of [...this.#shards.values()]) if (key.total === total) this.#close(key);
  }

  #sideOf(total: number): Side {
    const of = (id: number) => this.#shards.get(`${id}/${total}`);
    const { discord, line } = this.#options;
    const soon = <T>(ms: number, give: () => T): Promise<T> =>
      new Promise((resolve) => line.clock.after(ms, () => resolve(give())));
    return {
      bringUp: (id, role) => this.#bringUp({ total, id }, role),
      watch(id, isOn) {
        const shard = of(id);
        if (shard) shard.isWatched = isOn;
      },
      hold(id): Promise<Held> {
        const shard = of(id);
        if (!shard) return Promise.reject(new Error("it does not run"));
        shard.heldAt = discord.newest;
        const through = discord.newest;
        const held = { through, guildIds: ["1"], atMs: line.clock.epochMs() };
        return soon(20, () => held);
      },
      hear: () => Promise.resolve(),
      lift(id) {
        const shard = of(id);
        if (shard) shard.heldAt = null;
      },
      serve: (id, cuts: Cuts) => {
        const shard = of(id);
        if (shard) shard.role = { kind: "serves", cuts };
      },
      endShard: (id) =>
        soon(50, () => {
          this.#close({ total, id });
          if (!this.isDead) discord.sessions.delete(`${id}/${total}`);
        }),
    };
  }

  /** How far the bot is with a shard: whoever has it knows by the keys. */
  #estateOf(key: ShardKey) {
    const { discord } = this.#options;
    const session = discord.sessions.get(shardKeyText(key));
    if (!session) return NO_ESTATE;
    const point = { shardId: key.id, totalShards: key.total, intents: 1, resumeUrl: null };
    return {
      ...NO_ESTATE,
      highest: session.delivered,
      acknowledged: session.delivered,
      facts: { user: null, application: null, guildIds: discord.guildsOf(key) },
      guilds: { guildIds: discord.guildsOf(key), loadingGuildIds: [] },
      session: { ...point, sessionId: String(session.number), seq: 1, base: 0 },
    } as unknown as typeof NO_ESTATE;
  }

  #bringUp(key: ShardKey, role: ShardRole): void {
    const text = shardKeyText(key);
    if (this.isDead || this.#shards.has(text)) return;
    const shard: Shard = {
      ...{ key, role, isWatched: false, heldAt: null, isGone: false },
      state: "connecting",
    };
    this.#shards.set(text, shard);
    const { discord, line: { clock } } = this.#options;
    clock.after(60, () => {
      if (shard.isGone) return;
      if (!discord.sessions.has(text)) {
        this.#become(shard, "identifying");
        discord.identify(key);
      }
      clock.after(100, () => {
        if (shard.isGone || this.isDead) return;
        // For as long as it is not known whose it is, nobody resumes what was taken.
        discord.connect(key, () => {
          if (!shard.isGone && !this.isDead) this.#become(shard, "backing off");
        });
        this.#become(shard, "ready");
      });
    });
  }

  #become(shard: Shard, state: ShardState): void {
    shard.state = state;
    const { key: { id } } = shard;
    const status = { shardId: id, state, reason: "", sinceMs: 0, connection: 1 };
    this.reshards!.shardChanged(shard.key, status);
  }

  #close(key: ShardKey): void {
    const shard = this.#shards.get(shardKeyText(key));
    if (shard) shard.isGone = true;
    this.#shards.delete(shardKeyText(key));
  }
}
