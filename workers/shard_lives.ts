/**
 * How the shards of a worker begin and end: what each part of it is told, and in which order.
 *
 * @module
 */

import type { Log } from "../ports/log.ts";
import type { Presence } from "../protocol/discord/presence.ts";
import { messageOf } from "../protocol/errors.ts";
import { cursorFloor, isNewest, type SessionPoint } from "../protocol/estate.ts";
import type { ReaderKey } from "../protocol/peer.ts";
import type { ToWorker } from "../protocol/worker_message.ts";
import type { Members } from "../gateway/members/shard_members.ts";
import type { Shard } from "../gateway/shard.ts";
import type { AwayWatch } from "../intake/away_watch.ts";
import type { Intake } from "../intake/intake.ts";
import type { EventQueue } from "../queue/worker_queue.ts";
import type { Doubts } from "./doubts.ts";
import type { WorkerGuilds } from "./guilds/shards.ts";
import type { Handover } from "./handover/handover.ts";
import type { SafeReports } from "./safe_reports.ts";
import type { ShardFigures } from "./shard_figures.ts";

/** The parts of a worker that have something of each shard. */
export interface ShardLivesOptions {
  readonly log: Log;
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
  readonly readerOf: (shardId: number, reader: string) => ReaderKey;
}

/** The lives of one worker's shards. */
export class ShardLives {
  readonly #options: ShardLivesOptions;
  /** Shards that were brought up, or are about to be once their disk has been looked at. */
  readonly #started = new Map<number, Promise<void>>();
  /** Shards that are over, or are about to be. */
  readonly #ended = new Map<number, Promise<void>>();

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

  /** Ends a shard and its session, and gives up what waits of it, and for these readers. */
  end(shardId: number, readers: readonly string[]): Promise<void> {
    const ending = this.#ended.get(shardId) ?? this.#end(shardId, readers);
    this.#ended.set(shardId, ending);
    return ending;
  }

  async #start(message: Extract<ToWorker, { type: "IDENTIFY_SHARD" }>): Promise<void> {
    const { log, queue, away, intake, members, safe, doubts, handover, guilds } = this.#options;
    const { shardId, estate, role = { kind: "serves", cuts: null } } = message;
    const { session, acknowledged } = estate;
    const shard = this.#bring(shardId, estate.presence);
    handover.begin(shardId, role);
    away.load(shardId, estate.marks, -1);
    away.acknowledged(shardId, acknowledged);
    if (shard.status.state === "idle") {
      intake.begin(shardId, estate.guilds);
      members.of(shardId)?.all?.begin(estate.guilds);
    }
    for (const [reader, cursor] of Object.entries(estate.readers)) {
      await queue.read(this.#options.readerOf(shardId, reader), cursor);
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
    const { safe: safeCursor } = queue.safety(shardId);
    const from = await guilds?.begin(shardId, estate, safeCursor) ?? safeCursor;
    if (from < safeCursor) intake.skipTo(shardId, safeCursor);
    const point = session && isNewest(session, newest) ? notAfter(session, from) : null;
    const given = Math.max(newest, guilds?.newest(shardId) ?? 0);
    if (from < newest) doubts.expectReplay(shardId);
    shard.start(point, Math.max(cursorFloor(estate), given));
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

  async #end(shardId: number, readers: readonly string[]): Promise<void> {
    const { log, shards, queue, guilds, ...parts } = this.#options;
    await this.#started.get(shardId);
    await shards.get(shardId)?.stop("end");
    this.#started.delete(shardId);
    shards.delete(shardId);
    parts.members.remove(shardId);
    for (const part of [parts.handover, parts.away, parts.intake, parts.safe, parts.figures]) {
      part.forget(shardId);
    }
    const given = await Promise.allSettled([
      queue.giveUp(shardId, readers),
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
