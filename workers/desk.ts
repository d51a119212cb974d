/**
 * What a worker is asked, and what it says to it.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import { encodeRecords, readRecords } from "../protocol/event_frame.ts";
import type { GuildsPiece, KnownQuestion, MembersPiece } from "../protocol/guild_pieces.ts";
import { readerKey } from "../protocol/peer.ts";
import type { Held } from "../protocol/reshard.ts";
import {
  type Question,
  refusal,
  type Reply,
  type ShardBacklog,
  type ShardInfo,
  type WorkerOptions,
} from "../protocol/worker_message.ts";
import { answer } from "../ports/asks.ts";
import type { MemberAskers } from "../gateway/members/askers.ts";
import type { Members } from "../gateway/members/shard_members.ts";
import type { Shard } from "../gateway/shard.ts";
import type { VoiceAskers } from "../gateway/voice_askers.ts";
import type { EventQueue } from "../queue/worker_queue.ts";
import type { Post } from "./bucket_world.ts";
import type { WorkerGuilds } from "./guilds/shards.ts";
import type { Handover } from "./handover/handover.ts";
import type { SafeReports } from "./safe_reports.ts";
import type { ShardFigures } from "./shard_figures.ts";
import type { ShardLives } from "./shard_lives.ts";

/** Who knows the answers. */
export interface DeskOptions {
  readonly worker: Pick<WorkerOptions, "totalShards" | "workerId">;
  /** All shards of the worker, by id. */
  readonly shards: ReadonlyMap<number, Shard>;
  readonly queue: EventQueue;
  readonly lives: ShardLives;
  readonly members: Members;
  readonly askers: MemberAskers;
  readonly voice: VoiceAskers;
  readonly handover: Handover;
  readonly figures: ShardFigures;
  /** `null`: nobody is to keep them. */
  readonly guilds: WorkerGuilds | null;
  readonly safe: SafeReports;
  readonly post: Post;
  /** Closes every shard. */
  readonly stop: (session: "keep" | "end") => Promise<void>;
}

/** Where one worker answers. */
export class Desk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Says `NONCE_REPLY`, whatever comes of it. */
  answer(question: Question): Promise<void> {
    const { nonce } = question;
    return answer<Reply>(
      async () => ({ ok: true, value: await this.#ask(question) }),
      refusal,
      (reply) => this.#options.post({ type: "NONCE_REPLY", nonce, reply }),
    );
  }

  #ask(question: Question): unknown {
    const { lives, members, guilds, queue } = this.#options;
    switch (question.type) {
      case "SHARD_PAYLOAD":
        return this.#send(question);
      case "REQUEST_MEMBERS":
        // Asked of the shard first, which says where it is not here.
        return this.#shard(question) && members.of(question.shardId)!.request(question.request);
      case "FIND":
        return guilds?.find(question.wanted) ?? null;
      case "GUILDS":
        return this.#piece(question.question);
      case "GET_SHARD_INFO":
        return this.#info(question.shardId);
      case "GET_BACKLOG":
        return this.#backlog(question.shardId);
      case "READ":
        return this.#read(question);
      case "DISMISS":
        return queue.dismiss(this.#peerOf(question));
      case "HOLD":
        return this.#hold(question);
      case "END_SHARD":
        return lives.end(question);
      case "REST_SHARD":
        return this.#shard(question) && lives.rest(question.shardId);
      case "READ_OUT":
        return this.#readOut(question);
      case "PUT_IN":
        return this.#putIn(question);
      case "RECONNECT_SHARD":
        return this.#shard(question).restart(question.session);
      case "STOP":
        return this.#options.stop(question.session);
    }
  }

  #shard({ shardId }: { readonly shardId: number }): Shard {
    const { shards, worker } = this.#options;
    const shard = shards.get(shardId);
    if (shard) return shard;
    const ids = [...shards.keys()].join(", ") || "none";
    const text = `Cannot reach shard ${shardId}: worker ${worker.workerId} has ${ids}`;
    throw new GatehouseError("no_shard", "caller", text, { shardId });
  }

  #send({ shardId, payload }: Extract<Question, { type: "SHARD_PAYLOAD" }>): Promise<void> {
    const { askers, voice } = this.#options;
    const shard = this.#shard({ shardId });
    askers.asked(shardId, payload);
    voice.asked(shardId, payload);
    return shard.send(payload);
  }

  #info(shardId: number): ShardInfo {
    const shard = this.#shard({ shardId });
    const counters = this.#options.figures.of(shardId, shard);
    return { status: shard.status, counters, session: shard.point };
  }

  async #backlog(shardId: number): Promise<ShardBacklog> {
    this.#shard({ shardId });
    await this.#options.lives.started(shardId);
    const { acknowledged, newest } = this.#options.queue.of(shardId);
    return { acknowledged, last: newest };
  }

  /** What an earlier life has left is among what is kept, or comes before it. */
  async #hold({ shardId }: Extract<Question, { type: "HOLD" }>): Promise<Held> {
    this.#shard({ shardId });
    await this.#options.lives.started(shardId);
    return this.#options.handover.hold(shardId);
  }

  /** What an earlier life has left is known once the shard's disk has been looked at. */
  async #piece(question: KnownQuestion): Promise<GuildsPiece | MembersPiece | null> {
    this.#shard(question);
    await this.#options.lives.started(question.shardId);
    return await this.#options.guilds?.piece(question) ?? null;
  }

  /** Its estate knows of it before whoever asked does: it outlives us. */
  async #read({ shardId, reader }: { shardId: number; reader: string }): Promise<ShardBacklog> {
    const { lives, queue, safe } = this.#options;
    this.#shard({ shardId });
    await lives.started(shardId);
    const peer = this.#peerOf({ shardId, reader });
    await queue.read(peer);
    safe.report();
    const { acknowledged, newest } = queue.reader(peer)!;
    return { acknowledged, last: newest };
  }

  async #readOut(
    { shardId, reader, after, limitBytes }: Extract<Question, { type: "READ_OUT" }>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return encodeRecords(await this.#options.queue.waiting(shardId, reader, after, limitBytes));
  }

  async #putIn(
    { shardId, reader, isFirst, records }: Extract<Question, { type: "PUT_IN" }>,
  ): Promise<void> {
    const { lives, queue } = this.#options;
    await lives.requireDown(shardId);
    await queue.arrivals.put(shardId, reader, readRecords(records), isFirst);
  }

  #peerOf({ shardId, reader }: { shardId: number; reader: string }) {
    return readerKey({ total: this.#options.worker.totalShards, id: shardId }, reader);
  }
}
