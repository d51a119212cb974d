/**
 * How the shards of a worker begin and end: what each part of it is told, and in which order.
 *
 * @module
 */

import { type Clock, sleep } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Presence } from "../protocol/discord/presence.ts";
import { GatehouseError, messageOf } from "../protocol/errors.ts";
import { cursorFloor, isNewest, type SessionPoint } from "../protocol/estate.ts";
import { readerKey } from "../protocol/peer.ts";
import type { Rested, ToWorker } from "../protocol/worker_message.ts";
import type { Members } from "../gateway/members/shard_members.ts";
import type { Shard } from "../gateway/shard.ts";
import type { AwayWatch } from "../intake/away_watch.ts";
import type { Intake } from "../intake/intake.ts";
import type { EventQueue } from "../queue/worker_queue.ts";
import type { Doubts } from "./doubts.ts";
import type { EventTraces } from "./event_traces.ts";
import type { WorkerGuilds } from "./guilds/shards.ts";
import type { Handover } from "./handover/handover.ts";
import type { SafeReports } from "./safe_reports.ts";
import type { ShardFigures } from "./shard_figures.ts";

/** Before a shard is closed to rest, those who were sent something have so long to acknowledge it… */
export const REST_PATIENCE_MS = 1_000;
/** …and so often it is looked whether they have. */
const REST_LOOK_MS = 20;

/** The parts of a worker that have something of each shard. */
export interface ShardLivesOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly totalShards: number;
  /** All shards of the worker, by id. */
  readonly shards: Map<number, Shard>;
  /** Makes a shard that has not been started. */
  readonly create: (shardId: number, presence: Presence | null) => Shard;
  readonly queue: EventQueue;
  readonly away: AwayWatch;
  readonly intake: Intake;
  readonly members: Members;
  readonly safe: SafeReports;
  readonly doubts: Doubts;
  readonly figures: ShardFigures;
  readonly handover: Handover;
  /** `null`: nobody is to keep them. */
  readonly guilds: WorkerGuilds | null;
  /** `null`: nobody follows events. */
  readonly traces: EventTraces | null;
}

/** The lives of one worker's shards. */
export class ShardLives {
  readonly #options: ShardLivesOptions;
  /** Shards that were brought up, or are about to be once their disk has been looked at. */
  readonly #started = new Map<number, Promise<void>>();
  /** Shards that are over, or are about to be. */
  readonly #ended = new Map<number, Promise<void>>();
  /** Shards that rest, or are about to: of them nothing is sent. */
  readonly #resting = new Map<number, Promise<Rested>>();

  constructor(options: ShardLivesOptions) {
    this.#options = options;
  }

  /** Brings a shard up, after what an earlier life left on disk; see {@linkcode ToWorker}. */
  start(message: Extract<ToWorker, { type: "IDENTIFY_SHARD" }>): void {
    const { shardId } = message;
    const ended = this.#ended.get(shardId);
    const started = ended ? ended.then(() => this.#start(message)) : this.#start(message);
    this.#started.set(shardId, started);
    this.#ended.delete(shardId);
  }

  /** Resolves when a shard's disk has been looked at; at once where none was brought up. */
  async started(shardId: number): Promise<void> {
    await this.#started.get(shardId);
  }

  /** Whether a shard is over: what is still said to it came too late. */
  isOver(shardId: number): boolean {
    return this.#ended.has(shardId);
  }

  /** Whether a shard rests, or is about to. */
  isResting(shardId: number): boolean {
    return this.#resting.has(shardId);
  }

  /**
   * Waits until a shard is over that is about to be.
   *
   * @throws {GatehouseError} `illegal_step` where it is up, or rests: its disk is in use.
   */
  async requireDown(shardId: number): Promise<void> {
    await this.#ended.get(shardId);
    if (!this.#started.has(shardId)) return;
    const text = `Cannot take events of shard ${shardId}: it has not ended here`;
    throw new GatehouseError("illegal_step", "host", text, { shardId });
  }

  /**
   * Closes a shard, keeping its session, when those who were sent something are done with it, or have had their
   * time: what waits is kept, and goes on with {@linkcode ShardLives.start}.
   */
  rest(shardId: number): Promise<Rested> {
    const resting = this.#resting.get(shardId) ?? this.#rest(shardId);
    this.#resting.set(shardId, resting);
    return resting;
  }

  /** Ends a shard, and gives up what waits of it, and for these readers, or leaves it on disk. */
  end(words: Omit<Extract<ToWorker, { type: "END_SHARD" }>, "nonce">): Promise<void> {
    const { shardId } = words;
    const ending = this.#ended.get(shardId) ?? this.#end(words);
    this.#ended.set(shardId, ending);
    return ending;
  }

  async #start(message: Extract<ToWorker, { type: "IDENTIFY_SHARD" }>): Promise<void> {
    const { log, totalShards, queue, away, intake, members, safe, doubts, handover, guilds } =
      this.#options;
    const { shardId, estate, role = { kind: "serves", cuts: null } } = message;
    const { acknowledged } = estate;
    const resting = this.#resting.get(shardId);
    const rested = resting && await resting;
    if (rested) this.#wake(shardId);
    const { session, guilds: loads } = rested ?? estate;
    const shard = this.#bring(shardId, estate.presence);
    handover.begin(shardId, role);
    away.load(shardId, estate.marks, -1);
    away.acknowledged(shardId, acknowledged);
    if (shard.status.state === "idle") {
      if (!rested) intake.begin(shardId, loads);
      members.of(shardId)?.all?.begin(loads);
    }
    for (const [reader, cursor] of Object.entries(estate.readers)) {
      await queue.read(readerKey({ total: totalShards, id: shardId }, reader), cursor);
    }
    try {
      await queue.open(shardId, acknowledged);
      away.load(shardId, [], queue.of(shardId).newest);
    } catch (error) {
      const fields = { shardId, error: messageOf(error) };
      log.error("events on disk cannot be used, new ones stay in memory", fields);
    }
    safe.open(shardId);
    const { newest } = queue.of(shardId);
    if (newest > acknowledged) safe.note(shardId);
    const taken = queue.taken(shardId);
    const from = await guilds?.begin(shardId, estate, taken) ?? taken;
    if (from < taken) intake.skipTo(shardId, taken);
    const point = session && isNewest(session, newest) ? notAfter(session, from) : null;
    const given = Math.max(newest, guilds?.newest(shardId) ?? 0);
    if (from < newest) doubts.expectReplay(shardId);
    shard.start(point, Math.max(cursorFloor(estate), given));
  }

  async #rest(shardId: number): Promise<Rested> {
    const { clock, shards, queue, intake, members, safe } = this.#options;
    await this.#started.get(shardId);
    queue.hold(shardId, -1);
    for (let ms = 0; ms < REST_PATIENCE_MS && queue.isUnderWay(shardId); ms += REST_LOOK_MS) {
      await sleep(clock, REST_LOOK_MS);
    }
    const shard = shards.get(shardId);
    await shard?.stop("keep");
    shards.delete(shardId);
    members.remove(shardId);
    safe.report();
    const { acknowledged, readers } = queue.safety(shardId);
    const guilds = intake.guilds(shardId)?.newest ?? null;
    return { session: shard?.point ?? null, acknowledged, readers, guilds };
  }

  /** A shard that rests is to go on; its role says whether anything is held back. */
  #wake(shardId: number): void {
    this.#resting.delete(shardId);
    this.#options.queue.release(shardId);
  }

  /** The shard, made when it is first asked for. */
  #bring(shardId: number, presence: Presence | null): Shard {
    const { shards, create, queue, members } = this.#options;
    const known = shards.get(shardId);
    if (known) return known;
    const shard = create(shardId, presence);
    shards.set(shardId, shard);
    shard.pause(queue.isPaused);
    members.add(shardId, shard);
    return shard;
  }

  async #end(
    { shardId, session, readers, keepsEvents }: Parameters<ShardLives["end"]>[0],
  ): Promise<void> {
    const { log, shards, queue, guilds, ...parts } = this.#options;
    await this.#started.get(shardId);
    await this.#resting.get(shardId);
    await shards.get(shardId)?.stop(session);
    this.#started.delete(shardId);
    this.#resting.delete(shardId);
    shards.delete(shardId);
    parts.members.remove(shardId);
    const { handover, away, intake, safe, figures, traces } = parts;
    for (const part of [handover, away, intake, safe, figures, traces]) part?.forget(shardId);
    const given = await Promise.allSettled([
      queue.giveUp(shardId, readers, keepsEvents),
      guilds?.giveUp(shardId),
    ]);
    for (const each of given) {
      if (each.status === "fulfilled") continue;
      const error = messageOf(each.reason);
      log.error("what a shard that is over has left on disk cannot be deleted", { shardId, error });
    }
  }
}

/** A disk that lost what it had has to be replayed by Discord: the session resumes from before it. */
function notAfter(session: SessionPoint, cursor: number): SessionPoint {
  const seq = Math.max(0, Math.min(session.seq, cursor - session.base));
  return { ...session, seq };
}
