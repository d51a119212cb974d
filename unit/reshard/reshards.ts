/**
 * The reshards of a unit, one at a time, joined with what they move: the other total's shards are there before
 * the first lot begins, and gone after the last. How one goes is in `reshard.ts`.
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
import type { Compares, Side } from "./lots/sides.ts";
import { begun, type ReshardRecord, roleOf } from "./record.ts";
import { Reshard, type ReshardOptions } from "./reshard.ts";
import type { Resharding } from "./resharding.ts";
import { toldSide } from "./told_side.ts";

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
  #record: ReshardRecord;
  /** The one that is under way, or was last. */
  #current: Reshard | null = null;
  /** What is done with its generation, one thing after another. */
  #turn: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: ReshardsOptions) {
    this.#options = options;
    this.#record = options.record;
    if (this.#record.move) this.#current = this.#create();
  }

  /** Which total serves what, as it is written down. */
  get record(): ReshardRecord {
    return this.#record;
  }

  /** See {@linkcode Resharding}. */
  get snapshot(): ReshardSnapshot | null {
    return this.#current?.snapshot ?? null;
  }

  /** Goes on with the one that an earlier life has left. Once the shards have begun to come up. */
  start(): void {
    if (this.#current) this.#run(this.#current, Promise.resolve());
  }

  /** Does nothing any more: a later life goes on. Resolves when nothing is being written. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#current?.stop();
  }

  /** See {@linkcode Resharding}. */
  begin(to: number, by: ReshardSnapshot["by"]): ReshardSnapshot {
    const before = this.#current;
    const startedAtMs = Math.round(this.#options.clock.epochMs());
    this.#record = begun(this.#record, { to, by, startedAtMs });
    const reshard = this.#current = this.#create();
    // What the one before it still tidies up would be written over this one.
    this.#run(reshard, before?.stop() ?? Promise.resolve());
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

  /** What a shard is to do for the bot; `null`: nothing, it is not brought up. */
  roleOf(shard: ShardKey): ShardRole | null {
    return this.#current ? this.#current.roleOf(shard) : roleOf(this.#record, shard, NOBODY);
  }

  /** Resolves when it is known who serves a guild: at once, but in the moment in which it moves. */
  decided(guildId: string): Promise<void> {
    const { total, move } = this.#record;
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

  #create(): Reshard {
    const { gateway, estateOf, recorded } = this.#options;
    const find = (total: number) => gateway().generations.find((each) => each.total === total);
    return new Reshard({
      ...this.#options,
      record: this.#record,
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
      recorded: (record) => {
        this.#record = record;
        recorded(record);
      },
    });
  }

  #run(reshard: Reshard, before: Promise<void>): void {
    const { log, gateway } = this.#options;
    const { from, to } = reshard.snapshot;
    this.#turn = this.#turn.then(async () => {
      await before;
      if (this.#isStopped) return;
      await gateway().createGeneration(to).catch((error) => {
        reshard.abandon(`the shards of ${to} could not be made: ${messageOf(error)}`);
        throw error;
      });
      if (this.#isStopped) return;
      reshard.start();
      await reshard.ended;
      await gateway().dropGeneration(this.#record.total === to ? from : to);
    }).catch((error) => log.error("a reshard stands still", { from, to, error: messageOf(error) }));
  }
}
