/**
 * The guilds of the shards of one worker: in memory, and on disk where there is one.
 *
 * @module
 */

import { every } from "../../ports/clock.ts";
import type { OpenGuildDisk } from "../../ports/guild_files.ts";
import { endTogether } from "../../ports/lives/ending.ts";
import type { World } from "../../ports/world.ts";
import type { Estate } from "../../protocol/estate.ts";
import type { GuildsPiece, KnownQuestion, MembersPiece } from "../../protocol/guild_pieces.ts";
import type { Wanted } from "../../protocol/link_call.ts";
import type { WorkerOptions } from "../../protocol/worker_message.ts";
import { type ServedChanges, ShardGuilds } from "../../guilds/shard_guilds.ts";
import { Slices } from "../../guilds/slices.ts";
import { TailRoom } from "../../guilds/tail.ts";
import type { GuildExtra } from "../../guilds/kept.ts";
import { GuildKeeper } from "./keeper.ts";

/** How often what is on disk is looked after. */
const LOOK_EVERY_MS = 500;
/** Part of `QUEUE_MEMORY_BYTES` for changes of guilds that not everybody is done with. */
const TAIL_SHARE = 1 / 8;

/** What the guilds of a worker are made with. */
export interface WorkerGuildsOptions extends Pick<World, "clock" | "log"> {
  readonly worker: Pick<
    WorkerOptions,
    "totalShards" | "stream" | "queueMemoryBytes" | "queueDiskBytes" | "intents"
  >;
  /** What is kept beside the guilds. */
  readonly extras: readonly GuildExtra[];
  /** Opens what is on disk of a shard; without it guilds are kept in memory only. */
  readonly openGuilds?: OpenGuildDisk;
  /** Intents of the session of a shard that was started. */
  readonly intents: (shardId: number) => number;
  /** What others have served of what came on a shard. Default: nothing. */
  readonly served?: (shardId: number) => ServedChanges | null;
}

interface Kept {
  readonly guilds: ShardGuilds;
  readonly keeper: GuildKeeper | null;
  /** Whether what an earlier life has left was taken up. */
  isBegun: boolean;
  /** Of the guilds in memory, as they were measured last. */
  bytes: number;
}

/** The guilds of one worker. */
export class WorkerGuilds {
  readonly #options: WorkerGuildsOptions;
  readonly #shards = new Map<number, Kept>();
  readonly #slices: Slices;
  readonly #room: TailRoom;
  #turn: Promise<void> = Promise.resolve();
  #looks = 0;
  #isClosed = false;

  constructor(options: WorkerGuildsOptions) {
    this.#options = options;
    this.#slices = new Slices(options.clock);
    this.#room = new TailRoom(options.worker.queueMemoryBytes * TAIL_SHARE);
    every(options.clock, LOOK_EVERY_MS, () => this.#look());
  }

  /** Bytes of a shard in memory, about, as they were at most a few seconds ago. */
  memoryBytes(shardId: number): number {
    return this.#shards.get(shardId)?.bytes ?? 0;
  }

  /** Bytes of a shard on disk. */
  diskBytes(shardId: number): number {
    return this.#shards.get(shardId)?.keeper?.bytes ?? 0;
  }

  /** Cursor of the newest dispatch that a shard's guilds have seen; 0 before the first. */
  newest(shardId: number): number {
    return this.#shards.get(shardId)?.guilds.newest ?? 0;
  }

  /**
   * A shard is about to start: what an earlier life has left of its guilds is taken up. Once per shard.
   *
   * @param safe Without the guilds the session would be resumed after this cursor.
   * @returns The cursor after which Discord has to go on, so that the guilds miss nothing: `safe` or less.
   */
  async begin(shardId: number, estate: Estate, safe: number): Promise<number> {
    if (this.#shards.has(shardId)) return safe;
    const kept = this.#add(shardId, estate);
    const { guilds, keeper } = kept;
    const covered = await keeper?.load(guilds, { ...estate, acknowledged: doneWith(estate) }, safe);
    const from = Math.min(safe, covered ?? safe);
    guilds.goesOnAfter(from);
    guilds.acknowledged(doneWith(estate));
    kept.isBegun = true;
    return from;
  }

  /** Every dispatch of a shard passes here, in order. */
  see(shardId: number, cursor: number, t: string, payload: Uint8Array): void {
    this.#shards.get(shardId)?.guilds.see(cursor, t, payload);
  }

  /** Everybody is done with everything of a shard up to a cursor. */
  acknowledged(shardId: number, cursor: number): void {
    this.#shards.get(shardId)?.guilds.acknowledged(cursor);
  }

  /** The next of what is asked of a shard's guilds; `null` where it is not known. */
  async piece(question: KnownQuestion): Promise<GuildsPiece | MembersPiece | null> {
    const guilds = this.#shards.get(question.shardId)?.guilds;
    if (!guilds) return null;
    return await ("command" in question ? guilds.members(question) : guilds.piece(question));
  }

  /** What is known of it now; `null`: nothing. */
  async find(wanted: Wanted): Promise<unknown> {
    for (const { guilds } of this.#shards.values()) {
      const found = await guilds.find(wanted);
      if (found !== null) return found;
    }
    return null;
  }

  /** A shard is gone, and its guilds with it, on disk too. Rejects where they cannot be deleted. */
  async giveUp(shardId: number): Promise<void> {
    const keeper = this.#shards.get(shardId)?.keeper ?? this.#keeper(shardId);
    this.#shards.delete(shardId);
    await keeper?.discard();
  }

  /** Writes down what has changed, and closes the files. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await endTogether(...this.#shards.values().map(({ keeper }) => () => keeper?.close()));
  }

  #add(shardId: number, { session }: Estate): Kept {
    const { clock, log, worker, extras, intents, served } = this.#options;
    const keeper = this.#keeper(shardId);
    const guilds = new ShardGuilds({
      clock,
      slices: this.#slices,
      room: this.#room,
      extras,
      intents: () => kept.isBegun ? intents(shardId) : session?.intents ?? worker.intents,
      log: keeper,
      served: () => served?.(shardId) ?? null,
      lost: (reason) => {
        if (this.#isClosed) return;
        log.warn("guilds of a shard are not known any more", { shardId, reason });
      },
    });
    const kept: Kept = { guilds, keeper, isBegun: false, bytes: 0 };
    this.#shards.set(shardId, kept);
    return kept;
  }

  #keeper(shardId: number): GuildKeeper | null {
    const { clock, log, worker, openGuilds: open } = this.#options;
    if (!open) return null;
    return new GuildKeeper({
      ...{ clock, log, shardId, open },
      totalShards: worker.totalShards,
      stream: worker.stream,
      mayWrite: () => this.#diskBytes() < worker.queueDiskBytes,
      inTurn: (task) => {
        const done = this.#turn.then(task);
        this.#turn = done.catch(() => {});
        return done;
      },
    });
  }

  /** Looks after the disk of all, and measures one after another: that counts every page. */
  #look(): void {
    const shards = [...this.#shards.values()];
    for (const { keeper } of shards) keeper?.look();
    const shard = shards[this.#looks++ % shards.length];
    if (shard) shard.bytes = shard.guilds.bytes;
  }

  #diskBytes(): number {
    return this.#shards.values().reduce((sum, { keeper }) => sum + (keeper?.bytes ?? 0), 0);
  }
}

/** The cursor up to which the bot and all who read beside it are done. */
function doneWith({ acknowledged, readers }: Pick<Estate, "acknowledged" | "readers">): number {
  return Math.min(acknowledged, ...Object.values(readers));
}
