/**
 * The shards of one worker, and the queue of their events: what runs inside a shard worker.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";
import { MOST_LARGE_THRESHOLD } from "../protocol/discord/gateway_frame.ts";
import type { Presence } from "../protocol/discord/presence.ts";
import type { GuildsPiece, KnownQuestion, MembersPiece } from "../protocol/guild_pieces.ts";
import { cursorFloor, isNewest, type SessionPoint } from "../protocol/estate.ts";
import {
  type Question,
  refusal,
  type Reply,
  type ShardBacklog,
  type ShardInfo,
  type ToWorker,
  type WorkerOptions,
} from "../protocol/worker_message.ts";
import type { ReaderKey } from "../protocol/peer.ts";
import { answer } from "../ports/asks.ts";
import { every } from "../ports/clock.ts";
import { logTo } from "../ports/log.ts";
import { AwayWatch } from "../intake/away_watch.ts";
import { EventQueue } from "../queue/worker_queue.ts";
import { Shard } from "../gateway/shard.ts";
import type { ShardWorld } from "../gateway/shard_world.ts";
import { Intake } from "../intake/intake.ts";
import type { ConnectionWorld } from "../gateway/connection.ts";
import type { BucketWorld, Post } from "./bucket_world.ts";
import { WorkerGuilds } from "./guilds/shards.ts";
import { Doubts } from "./doubts.ts";
import { WorkerLinks } from "./links.ts";
import { MemberAskers } from "../gateway/members/askers.ts";
import { VoiceAskers } from "../gateway/voice_askers.ts";
import { Members } from "../gateway/members/shard_members.ts";
import { SafeReports } from "./safe_reports.ts";
import { ShardFigures } from "./shard_figures.ts";

/** Discord left unread for so long is told of. */
const LONG_PAUSE_MS = 1_000;

/** The shards of one worker. */
export class Bucket {
  readonly #options: WorkerOptions;
  readonly #post: Post;
  readonly #queue: EventQueue;
  readonly #safe: SafeReports;
  readonly #links: WorkerLinks;
  /** `null`: nobody is to keep them. */
  readonly #guilds: WorkerGuilds | null;
  readonly #away: AwayWatch;
  readonly #intake: Intake;
  readonly #figures: ShardFigures;
  readonly #doubts: Doubts;
  readonly #shards = new Map<number, Shard>();
  readonly #members: Members;
  readonly #askers: MemberAskers;
  readonly #voice = new VoiceAskers();
  readonly #world: ShardWorld;
  /** Shards that were brought up, or are about to be once their disk has been looked at. */
  readonly #started = new Map<number, Promise<void>>();
  /** Shard id → cursor up to which the bot is done with everything. */
  readonly #acknowledged = new Map<number, number>();
  /** When Discord was left unread the last time. */
  #pausedMs = 0;

  /** Begins to report at once; shards come with `IDENTIFY_SHARD`. */
  constructor(options: WorkerOptions, world: BucketWorld, post: Post) {
    this.#options = options;
    this.#post = post;
    const log = logTo((level, event, fields) => post({ type: "LOG", level, event, fields }));
    this.#safe = new SafeReports({
      ...world,
      queue: () => this.#queue,
      intake: () => this.#intake,
      post,
      done: (shardId, cursor) => this.#guilds?.acknowledged(shardId, cursor),
    });
    this.#queue = this.#createQueue(world);
    this.#askers = new MemberAskers(world.clock);
    const { cache } = options;
    this.#guilds = cache.length === 0 ? null : new WorkerGuilds({
      ...world,
      log,
      worker: options,
      extras: cache.filter((each) => each !== "guilds"),
      intents: (shardId) => this.#shards.get(shardId)!.intents,
    });
    this.#away = new AwayWatch({
      clock: world.clock,
      isAway: (shardId) => this.#queue.isAway(shardId),
      ask: (shardId, cursor, payload) => post({ type: "AWAY", shardId, cursor, payload }),
      expired: (shardId) => this.#figures.expired(shardId),
    });
    this.#intake = new Intake({
      away: this.#away,
      guildLoadedDd: options.guildLoadedDd,
      cache: this.#guilds,
      keep: world.keep ?? null,
      queue: (shardId, cursor, payload, t) =>
        this.#queue.accept(shardId, cursor, payload, () => this.#audience(shardId, t, payload)),
      guildChanged: (shardId, change) => this.#members.of(shardId)?.all?.changed(change),
      members: (shardId, t, payload) => this.#members.of(shardId)?.see(t, payload),
    });
    this.#world = { ...world, log, ...this.#surroundings() };
    this.#links = new WorkerLinks({
      ...this.#world,
      worker: options,
      queue: this.#queue,
      linked: (peer, isUp) => post({ type: "LINKED", peer, isUp }),
    });
    this.#doubts = new Doubts({
      ...this.#world,
      newest: (shardId) => this.#queue.of(shardId).newest,
      shard: (shardId) => this.#shards.get(shardId),
    });
    this.#figures = new ShardFigures({
      ...this.#world,
      queue: this.#queue,
      withheld: (shardId) => this.#intake.withheld(shardId),
      guilds: this.#guilds,
    });
    this.#members = new Members({
      ...this.#world,
      worker: options,
      newest: (shardId) => this.#queue.of(shardId).newest,
      complete: (shardId, cursor) => this.#intake.guilds(shardId)?.membersCached(cursor),
      cached: (shardId) => post({ type: "MEMBERS_CACHED", shardId }),
    });
    every(world.clock, options.reportIntervalMs, () => this.#report());
    post({ type: "STARTED" });
  }

  /** Does what the main thread asks. */
  receive(message: Exclude<ToWorker, { type: "START" }>): void {
    if ("nonce" in message) return void this.#answer(message);
    switch (message.type) {
      case "IDENTIFY_SHARD":
        return void this.#started.set(message.shardId, this.#start(message));
      case "ALLOW_IDENTIFY":
        return this.#shards.get(message.shardId)?.allow(message.permit, message.intents);
      case "LINK":
        return this.#queue.link(message.peer, message.link, message.windowBytes);
      case "DIAL":
        return this.#links.dial(message);
      case "HANG_UP":
        return this.#links.hangUp(message.peer);
      case "ASSIGN":
        return this.#queue.assign(message.shardId, message.peer);
      case "MARK":
        this.#away.settle(message.shardId, message.cursor, message.mark);
        return this.#queue.wake(message.shardId);
      case "ACK":
        return this.#queue.acknowledge(message.peer, message.link, message.cursors);
      case "CRASH":
        return crash(message.how);
    }
  }

  #answer(question: Question): Promise<void> {
    const { nonce } = question;
    return answer<Reply>(
      async () => ({ ok: true, value: await this.#ask(question) }),
      refusal,
      (reply) => this.#post({ type: "NONCE_REPLY", nonce, reply }),
    );
  }

  #ask(question: Question): unknown {
    switch (question.type) {
      case "SHARD_PAYLOAD":
        return this.#send(question);
      case "REQUEST_MEMBERS":
        // Asked of the shard first, which says where it is not here.
        return this.#shard(question) &&
          this.#members.of(question.shardId)!.request(question.request);
      case "FIND":
        return this.#guilds?.find(question.wanted) ?? null;
      case "GUILDS":
        return this.#piece(question.question);
      case "GET_SHARD_INFO":
        return this.#info(question.shardId);
      case "GET_BACKLOG":
        return this.#backlog(question.shardId);
      case "READ":
        return this.#read(question);
      case "DISMISS":
        return this.#queue.dismiss(this.#peerOf(question));
      case "RECONNECT_SHARD":
        return this.#shard(question).restart(question.session);
      case "STOP":
        return this.#stop(question.session);
    }
  }

  #createQueue({ clock, openSpool, nap }: BucketWorld): EventQueue {
    const { queueMemoryBytes, queueOverflow, queueDiskBytes } = this.#options;
    return new EventQueue({
      ...this.#options,
      clock,
      limitBytes: queueMemoryBytes,
      overflow: queueOverflow,
      diskLimitBytes: queueDiskBytes,
      ...(openSpool ? { openSpool } : {}),
      ...(nap && { nap, delayMs: this.#options.eventDelayMs }),
      send: (peer, link, batch) => {
        if (this.#links.deliver(peer, link, batch)) return;
        this.#post({ type: "EVENTS", peer, link, batch });
      },
      prepare: (record) => this.#away.prepare(record),
      acknowledged: (shardId, cursor) => {
        this.#acknowledged.set(shardId, cursor);
        this.#away.acknowledged(shardId, cursor);
        this.#members.of(shardId)?.all?.acknowledged(cursor);
      },
      changed: (shardId) => this.#safe.note(shardId),
      shed: (shardId, gone) => this.#away.dropped(shardId, gone),
      unprepared: (...record) => this.#figures.unprepared(...record),
      failed: (shardId, reason) =>
        this.#world.log.error("events could not be kept on disk", { shardId, reason }),
      pause: (isPaused) => this.#pause(isPaused),
    });
  }

  /** Discord is not read while the disk catches up: what it sends waits with TCP, and with Discord. */
  #pause(isPaused: boolean): void {
    const { clock, log } = this.#world;
    for (const shard of this.#shards.values()) shard.pause(isPaused);
    if (isPaused) return void (this.#pausedMs = clock.now());
    const forMs = Math.round(clock.now() - this.#pausedMs);
    if (forMs < LONG_PAUSE_MS) return;
    log.warn("Discord was not read for a while, because the disk is slow", { forMs });
  }

  #surroundings(): Omit<ShardWorld, keyof ConnectionWorld | "log"> {
    const post = this.#post;
    return {
      gate: {
        ask: (shardId) => post({ type: "REQUEST_IDENTIFY", shardId }),
        sent: (shardId, permit) => post({ type: "IDENTIFY_SENT", shardId, permit }),
        release: (shardId) => post({ type: "RELEASE_IDENTIFY", shardId }),
      },
      sink: {
        accept: (shardId, cursor, payload, t) => this.#intake.accept(shardId, cursor, payload, t),
        gap: (shardId, gap) => this.#queue.gap(shardId, gap),
      },
      status: (status) => {
        // Who is told that a shard is ready wants to know what it took.
        if (status.state === "ready") this.#report();
        post({ type: "SHARD_STATUS", status });
        if (status.state === "ready") this.#doubts.ready(status);
        if (status.state === "stopped") this.#members.of(status.shardId)?.stopped(status.reason);
      },
      session: (shardId, began) => post({ type: "SESSION", shardId, began }),
      presenceSet: (shardId, presence) => post({ type: "PRESENCE", shardId, presence }),
      gaveUp: (shardId, why) => post({ type: "GAVE_UP", shardId, why }),
    };
  }

  /** What an earlier life left on disk comes first. */
  async #start(message: Extract<ToWorker, { type: "IDENTIFY_SHARD" }>): Promise<void> {
    const { shardId, estate } = message;
    const { session, acknowledged, guilds } = estate;
    const shard = this.#bring(shardId, estate.presence);
    this.#acknowledged.set(shardId, acknowledged);
    this.#away.load(shardId, estate.marks, -1);
    this.#away.acknowledged(shardId, acknowledged);
    if (shard.status.state === "idle") {
      this.#intake.begin(shardId, guilds);
      this.#members.of(shardId)?.all?.begin(guilds);
    }
    for (const [reader, cursor] of Object.entries(estate.readers)) {
      await this.#queue.read(this.#peerOf({ shardId, reader }), cursor);
    }
    try {
      await this.#queue.open(shardId, acknowledged);
      this.#away.load(shardId, [], this.#queue.of(shardId).newest);
    } catch (error) {
      const fields = { shardId, error: messageOf(error) };
      this.#world.log.error("events on disk cannot be used, new ones stay in memory", fields);
    }
    this.#safe.open(shardId);
    const { newest } = this.#queue.of(shardId);
    if (newest > acknowledged) this.#safe.note(shardId);
    const { safe } = this.#queue.safety(shardId);
    const from = await this.#guilds?.begin(shardId, estate, safe) ?? safe;
    if (from < safe) this.#intake.skipTo(shardId, safe);
    const point = session && isNewest(session, newest) ? notAfter(session, from) : null;
    const given = Math.max(newest, this.#guilds?.newest(shardId) ?? 0);
    if (from < newest) this.#doubts.expectReplay(shardId);
    shard.start(point, Math.max(cursorFloor(estate), given));
  }

  /** The shard, made when it is first asked for. */
  #bring(shardId: number, presence: Presence | null): Shard {
    const known = this.#shards.get(shardId);
    if (known) return known;
    const { cache } = this.#options;
    // Who is offline is of use to those who get the guilds from us, whatever they ask for.
    const most = cache.includes("members") ? { largeThreshold: MOST_LARGE_THRESHOLD } : {};
    const shard = new Shard({ ...this.#options, ...most, shardId, presence }, this.#world);
    this.#shards.set(shardId, shard);
    shard.pause(this.#queue.isPaused);
    this.#members.add(shardId, shard);
    return shard;
  }

  #shard({ shardId }: { readonly shardId: number }): Shard {
    const shard = this.#shards.get(shardId);
    if (shard) return shard;
    const ids = [...this.#shards.keys()].join(", ") || "none";
    const text = `Cannot reach shard ${shardId}: worker ${this.#options.workerId} has ${ids}`;
    throw new GatehouseError("no_shard", "caller", text, { shardId });
  }

  /** For whom a dispatch is, where several read the shard; `null`: for everybody. */
  #audience(...dispatch: [shardId: number, t: string, payload: Uint8Array]) {
    return this.#askers.of(...dispatch) ?? this.#voice.of(...dispatch);
  }

  #send({ shardId, payload }: Extract<Question, { type: "SHARD_PAYLOAD" }>): Promise<void> {
    const shard = this.#shard({ shardId });
    this.#askers.asked(shardId, payload);
    this.#voice.asked(shardId, payload);
    return shard.send(payload);
  }

  #info(shardId: number): ShardInfo {
    const shard = this.#shard({ shardId });
    const counters = this.#figures.of(shardId, shard);
    return { status: shard.status, counters, session: shard.point };
  }

  async #backlog(shardId: number): Promise<ShardBacklog> {
    this.#shard({ shardId });
    await this.#started.get(shardId);
    const acknowledged = this.#acknowledged.get(shardId) ?? 0;
    return { acknowledged, last: this.#queue.of(shardId).newest };
  }

  /** What an earlier life has left is known once the shard's disk has been looked at. */
  async #piece(question: KnownQuestion): Promise<GuildsPiece | MembersPiece | null> {
    this.#shard(question);
    await this.#started.get(question.shardId);
    return await this.#guilds?.piece(question) ?? null;
  }

  /** Its estate knows of it before whoever asked does: it outlives us. */
  async #read({ shardId, reader }: { shardId: number; reader: string }): Promise<ShardBacklog> {
    this.#shard({ shardId });
    await this.#started.get(shardId);
    const peer = this.#peerOf({ shardId, reader });
    await this.#queue.read(peer);
    this.#safe.report();
    const { acknowledged, newest } = this.#queue.reader(peer)!;
    return { acknowledged, last: newest };
  }

  #peerOf({ shardId, reader }: { shardId: number; reader: string }): ReaderKey {
    const { totalShards: total } = this.#options;
    return { kind: "consumer", shard: { total, id: shardId }, reader };
  }

  async #stop(session: "keep" | "end"): Promise<void> {
    this.#links.bye();
    await Promise.all([...this.#shards.values()].map((shard) => shard.stop(session)));
    await Promise.all([this.#queue.close(), this.#guilds?.close()]);
    this.#links.stop();
    this.#safe.report();
    this.#report();
  }

  #report(): void {
    const shards = this.#figures.report(this.#shards);
    this.#post({ type: "REPORT", shards, eventsByType: this.#intake.types.take() });
  }
}

/** A disk that lost what it had has to be replayed by Discord: the session resumes from before it. */
function notAfter(session: SessionPoint, cursor: number): SessionPoint {
  const seq = Math.max(0, Math.min(session.seq, cursor - session.base));
  return { ...session, seq };
}

/** Dies in the way that a test asked for. */
function crash(how: "throw" | "exit" | "hang"): void {
  if (how === "throw") throw new Error("crash requested");
  if (how === "exit") return globalThis.close();
  for (;;);
}
