/**
 * The reshards of a unit, one at a time, joined with what they move: the other total's shards are there before
 * the first lot begins, and gone after the last. How one goes is in `reshard.ts`.
 *
 * In a fleet any unit begins one, by writing it down; each follows. Before a unit takes shards up it has to
 * {@linkcode Reshards.claim} them, and before it gives shards away it waits until they have {@linkcode Reshards.left}.
 *
 * @module
 */

import type { World } from "../../ports/world.ts";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import type { Estate } from "../../protocol/estate.ts";
import { calculateShardId, type ShardKey } from "../../protocol/ids.ts";
import {
  greatestCommonDivisor,
  type ReshardSnapshot,
  type Seen,
  type ShardRole,
} from "../../protocol/reshard.ts";
import type { ShardStatus } from "../../protocol/status.ts";
import type { GivenUp } from "../../protocol/worker_message.ts";
import { Ledger } from "./lots/ledger.ts";
import { doneOf } from "./lots/lot_shard.ts";
import type { Compares, Side } from "./lots/sides.ts";
import { ALONE, type Share } from "./lots/share.ts";
import { begun, claimed, type ReshardRecord, restsOf, roleOf } from "./record.ts";
import { Reshard, type ReshardOptions } from "./reshard.ts";
import type { Resharding } from "./resharding.ts";
import { toldSide } from "./told_side.ts";
import { FileRecords, type RecordStore } from "./written/records.ts";

/** The shards of one total, as far as a reshard needs them. */
export interface ReshardTotal {
  readonly total: number;
  readonly side: Side;
  /** `null`: there is no such shard. */
  statusOf(shardId: number): ShardStatus | null;
}

/** The gateway side of the unit. */
export interface ReshardGateway {
  readonly gate: ReshardOptions["gate"];
  /** What the bot has told its shards. */
  readonly commands: Parameters<typeof toldSide>[2];
  readonly generations: readonly ReshardTotal[];
  createGeneration(total: number): Promise<unknown>;
  dropGeneration(total: number): Promise<void>;
}

/** What they work with. */
export interface ReshardsOptions extends Pick<World, "clock" | "log" | "store"> {
  /** Where it is written down who serves what. Default: in the state folder. */
  readonly records?: RecordStore;
  /** What is this unit's of a reshard. Default: all. */
  readonly share?: Share;
  /** As the unit has started by it. */
  readonly record: ReshardRecord;
  /** Asked for what follows the start only. */
  readonly gateway: () => ReshardGateway;
  readonly estateOf: (shard: ShardKey) => Estate;
  readonly compares: Compares;
  /** What is written down of who serves what is another. */
  readonly recorded: (record: ReshardRecord) => void;
  /** How one stands. */
  readonly changed: (snapshot: ReshardSnapshot) => void;
}

const NOBODY: ReadonlySet<never> = new Set();

/** The reshards of a unit. */
export class Reshards implements Resharding {
  readonly #options: ReshardsOptions;
  readonly #share: Share;
  readonly #ledger: Ledger;
  /** The one that is under way, or was last. */
  #current: Reshard | null = null;
  /** Of the record that it is of. */
  #followed = -1;
  /** What is done with its generation, one thing after another. */
  #turn: Promise<void> = Promise.resolve();
  #isStarted = false;
  #isStopped = false;

  constructor(options: ReshardsOptions) {
    const { records = new FileRecords(options), share = ALONE, estateOf } = options;
    this.#options = options;
    this.#share = share;
    this.#ledger = new Ledger({
      ...options,
      records,
      doneOf: (shard) => doneOf(estateOf(shard)),
      recorded: (record) => this.#recorded(record),
    });
    this.#follow();
  }

  /** Which total serves what, as it is written down. */
  get record(): ReshardRecord {
    return this.#ledger.record;
  }

  /** See {@linkcode Resharding}. */
  get snapshot(): ReshardSnapshot | null {
    return this.#current?.snapshot ?? null;
  }

  /** Goes on with the one that an earlier life has left. Once the shards have begun to come up. */
  start(): void {
    this.#isStarted = true;
    if (this.#current) this.#run(this.#current);
    this.#follow();
  }

  /** Does nothing any more: a later life goes on. Resolves when nothing is being written. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#current?.stop();
    await this.#ledger.stop();
  }

  /** See {@linkcode Resharding}. In a fleet it has begun once that is written down. */
  begin(to: number, by: ReshardSnapshot["by"]): ReshardSnapshot | Promise<ReshardSnapshot> {
    const startedAtMs = Math.round(this.#options.clock.epochMs());
    if (this.#share.unit !== "") return this.#beginForAll({ to, by, startedAtMs });
    const record = begun(this.record, { to, by, startedAtMs });
    this.#ledger.begin(record);
    const reshard = this.#create(true);
    this.#run(reshard);
    return reshard.snapshot;
  }

  /** See {@linkcode Resharding}. */
  pause(): void {
    this.#current?.pause();
  }

  /** See {@linkcode Resharding}. */
  resume(): void {
    this.#current?.resume();
  }

  /** See {@linkcode Resharding}. */
  cancel(): void {
    this.#current?.cancel();
  }

  /** Shards are this unit's, or are to leave it, or are another's: {@linkcode Share.holdOf} says so. */
  shared(): void {
    this.#current?.shared();
  }

  /**
   * Shards are this unit's by an assignment, and are about to come up here. Resolves when it is written down that by
   * no earlier one anybody hands over what they serve, and it is known where they began to serve.
   *
   * @throws {GatehouseError} Where it was not written down: then they must not come up.
   */
  async claim(shards: readonly ShardKey[]): Promise<void> {
    const { records } = this.#options;
    if (!records) return;
    const left = await records.cutsOf(shards);
    const { epoch } = this.#share;
    await this.#ledger.write((record) => {
      const cuts = { ...record.cuts, ...left };
      return claimed({ ...record, cuts }, restsOf(record, shards), epoch);
    });
  }

  /**
   * Shards are to leave this unit. Resolves when nothing is under way any more with the guilds that they have: what
   * was held back goes on, and what had risen is to be resumed by the next.
   */
  async left(shards: readonly ShardKey[]): Promise<void> {
    await this.#current?.left(shards);
  }

  /** What a shard is to do for the bot; `null`: nothing, it is not brought up. */
  roleOf(shard: ShardKey): ShardRole | null {
    return this.#current ? this.#current.roleOf(shard) : roleOf(this.record, shard, NOBODY);
  }

  /** Resolves when it is known who serves a guild: at once, but in the moment in which it moves here. */
  decided(guildId: string): Promise<void> {
    const { total, move } = this.record;
    if (!this.#current || !move) return Promise.resolve();
    const lots = greatestCommonDivisor(total, move.to);
    return this.#current.decided(calculateShardId(guildId, lots));
  }

  /** What came on a shard that tells it. */
  see(shard: ShardKey, seen: readonly Seen[]): void {
    this.#current?.see(shard, seen);
  }

  /** A shard is in another state. */
  shardChanged(shard: ShardKey, status: ShardStatus): void {
    this.#current?.shardChanged(shard, status);
  }

  /** Discord refuses a shard, and it has stopped. */
  gaveUp(shard: ShardKey, why: GivenUp): void {
    this.#current?.gaveUp(shard, why);
  }

  /** The worker of these shards is lost. */
  lost(shards: readonly ShardKey[]): void {
    this.#current?.lost(shards);
  }

  async #beginForAll(move: Parameters<typeof begun>[1]): Promise<ReshardSnapshot> {
    await this.#ledger.write((record) => {
      if (!record.move) return begun(record, move);
      const text = `Cannot reshard to ${move.to} shards: guilds go to ${record.move.to} already`;
      throw new GatehouseError("refused", "caller", text);
    });
    return this.#current!.snapshot;
  }

  #recorded(record: ReshardRecord): void {
    this.#options.recorded(record);
    this.#current?.recorded(record);
    this.#follow();
  }

  /** Goes on with what somebody has begun, once the one before it is over here, too. */
  #follow(): void {
    const { move, turn } = this.record;
    if (!move || turn === this.#followed || this.#isStopped) return;
    if (this.#current && !this.#current.isOver) return;
    const reshard = this.#create(false);
    if (this.#isStarted) this.#run(reshard);
  }

  #create(isNew: boolean): Reshard {
    const { gateway, estateOf } = this.#options;
    const find = (total: number) => gateway().generations.find((each) => each.total === total);
    this.#followed = this.record.turn;
    return this.#current = new Reshard({
      ...this.#options,
      share: this.#share,
      ledger: this.#ledger,
      isNew,
      record: this.record,
      gate: {
        get snapshot() {
          return gateway().gate.snapshot;
        },
      },
      sides: {
        of(total) {
          const found = find(total);
          if (found) return toldSide(total, found.side, gateway().commands);
          const text = `Cannot move guilds: there are no shards of ${total} in total`;
          throw new GatehouseError("no_shard", "host", text);
        },
        statusOf: ({ total, id }) => find(total)?.statusOf(id) ?? null,
        estateOf,
      },
    });
  }

  #run(reshard: Reshard): void {
    const { log, gateway } = this.#options;
    const { from, to } = reshard.snapshot;
    this.#turn = this.#turn.then(async () => {
      if (this.#isStopped) return;
      await gateway().createGeneration(to).catch((error) => {
        reshard.abandon(`the shards of ${to} could not be made: ${messageOf(error)}`);
        throw error;
      });
      if (this.#isStopped) return;
      reshard.start();
      await reshard.ended;
      await this.#keepOnly(this.record.total, [from, to]);
      this.#follow();
    }).catch((error) => log.error("a reshard stands still", { from, to, error: messageOf(error) }));
  }

  /** One total serves all from now on; who was cut off for long may have missed how it has come to that. */
  async #keepOnly(total: number, totals: readonly number[]): Promise<void> {
    const gateway = this.#options.gateway();
    if (!gateway.generations.some((each) => each.total === total)) {
      await gateway.createGeneration(total);
    }
    for (const each of totals) if (each !== total) await gateway.dropGeneration(each);
  }
}
