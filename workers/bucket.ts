/**
 * The shards of one worker, and the queue of their events: what runs inside a shard worker.
 *
 * @module
 */

import { MOST_LARGE_THRESHOLD } from "../protocol/discord/gateway_frame.ts";
import { identityOf } from "../protocol/discord/identity.ts";
import type { Presence } from "../protocol/discord/presence.ts";
import type { ToWorker, WorkerOptions } from "../protocol/worker_message.ts";
import { every } from "../ports/clock.ts";
import { endInTurn, endTogether } from "../ports/lives/ending.ts";
import { logTo } from "../ports/log.ts";
import { AwayWatch } from "../intake/away_watch.ts";
import { EventQueue } from "../queue/worker_queue.ts";
import { Shard } from "../gateway/shard.ts";
import type { ShardWorld } from "../gateway/shard_world.ts";
import { Intake } from "../intake/intake.ts";
import type { ConnectionWorld } from "../gateway/connection.ts";
import type { BucketWorld, Post } from "./bucket_world.ts";
import { WorkerGuilds } from "./guilds/shards.ts";
import { Desk } from "./desk.ts";
import { Doubts } from "./doubts.ts";
import { EventTraces } from "./event_traces.ts";
import { Handover } from "./handover/handover.ts";
import { Hesitation } from "./hesitation.ts";
import { WorkerLinks } from "./links.ts";
import { MemberAskers } from "../gateway/members/askers.ts";
import { VoiceAskers } from "../gateway/voice_askers.ts";
import { Members } from "../gateway/members/shard_members.ts";
import { SafeReports } from "./safe_reports.ts";
import { ShardFigures } from "./shard_figures.ts";
import { ShardLives } from "./shard_lives.ts";

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
  /** `null`: nobody follows events. */
  readonly #traces: EventTraces | null;
  readonly #away: AwayWatch;
  readonly #intake: Intake;
  readonly #figures: ShardFigures;
  readonly #doubts: Doubts;
  readonly #hesitation: Hesitation;
  readonly #shards = new Map<number, Shard>();
  readonly #members: Members;
  readonly #askers: MemberAskers;
  readonly #voice = new VoiceAskers();
  readonly #world: ShardWorld;
  readonly #handover: Handover;
  readonly #lives: ShardLives;
  readonly #desk: Desk;
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
    const { traceEventsPerSecond: perSecond = 0 } = options;
    const { clock, span } = world;
    const { stream, totalShards } = options;
    const worker = { stream, totalShards };
    this.#traces = span && perSecond > 0
      ? new EventTraces({ clock, span, worker, perSecond })
      : null;
    this.#queue = this.#createQueue(world);
    this.#hesitation = new Hesitation(world.clock, options.unit !== undefined);
    this.#askers = new MemberAskers(world.clock);
    const { cache } = options;
    this.#guilds = cache.length === 0 ? null : new WorkerGuilds({
      ...world,
      log,
      worker: options,
      extras: cache.filter((each) => each !== "guilds"),
      intents: (shardId) => this.#shards.get(shardId)!.intents,
      served: (shardId) => this.#handover.servedOf(shardId),
    });
    this.#handover = new Handover({
      clock: world.clock,
      identityOf,
      queue: () => this.#queue,
      loaded: (shardId) => this.#intake.guilds(shardId)?.loaded ?? [],
      post,
    });
    this.#away = new AwayWatch({
      clock: world.clock,
      isAway: (shardId) => this.#queue.isAway(shardId) && !this.#handover.isRising(shardId),
      ask: (shardId, cursor, payload) => post({ type: "AWAY", shardId, cursor, payload }),
      expired: (shardId) => this.#figures.expired(shardId),
    });
    this.#intake = new Intake({
      away: this.#away,
      guildLoadedDd: options.guildLoadedDd,
      cache: this.#guilds,
      keep: world.keep ?? null,
      isRising: (shardId) => this.#handover.isRising(shardId),
      seen: (...dispatch) => this.#handover.see(...dispatch),
      queue: (shardId, cursor, payload, t) => {
        this.#traces?.came(shardId, cursor, t);
        this.#queue.accept(shardId, cursor, payload, () => this.#audience(shardId, t, payload));
      },
      guildChanged: (shardId, change) => this.#members.of(shardId)?.all?.changed(change),
      members: (shardId, t, payload) => this.#members.of(shardId)?.see(t, payload),
    });
    this.#world = { ...world, log, ...this.#surroundings() };
    this.#links = new WorkerLinks({
      ...this.#world,
      worker: options,
      post: world.post,
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
    this.#lives = new ShardLives({
      log,
      clock: world.clock,
      totalShards: options.totalShards,
      shards: this.#shards,
      create: (...shard) => this.#create(...shard),
      queue: this.#queue,
      away: this.#away,
      intake: this.#intake,
      members: this.#members,
      safe: this.#safe,
      doubts: this.#doubts,
      figures: this.#figures,
      handover: this.#handover,
      guilds: this.#guilds,
      traces: this.#traces,
    });
    this.#desk = new Desk({
      worker: options,
      shards: this.#shards,
      queue: this.#queue,
      lives: this.#lives,
      members: this.#members,
      askers: this.#askers,
      voice: this.#voice,
      handover: this.#handover,
      figures: this.#figures,
      guilds: this.#guilds,
      safe: this.#safe,
      post,
      stop: (session) => this.#stop(session),
    });
    every(world.clock, options.reportIntervalMs, () => this.#report());
    post({ type: "STARTED" });
  }

  /** Does what the main thread asks. */
  receive(message: Exclude<ToWorker, { type: "START" }>): void {
    if ("nonce" in message) return void this.#desk.answer(message);
    if (message.type === "IDENTIFY_SHARD") return this.#lives.start(message);
    if ("shardId" in message && this.#lives.isOver(message.shardId)) return;
    switch (message.type) {
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
      case "WATCH":
        return this.#handover.watch(message.shardId, message.isOn);
      case "LIFT":
        if (this.#lives.isResting(message.shardId)) return;
        return this.#handover.lift(message.shardId);
      case "SERVE":
        return this.#handover.serve(message.shardId, message.cuts);
      case "MARK":
        this.#away.settle(message.shardId, message.cursor, message.mark);
        return this.#queue.wake(message.shardId);
      case "ACK":
        return this.#queue.acknowledge(message.peer, message.link, message.cursors);
      case "DOUBT":
        return this.#hesitation.doubt(message.isOn);
      case "CRASH":
        return crash(message.how);
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
      ...(nap && {
        nap: (ms) => this.#links.isPosting || nap(ms),
        delayMs: this.#options.eventDelayMs,
      }),
      send: (peer, link, batch) => {
        if (this.#links.deliver(peer, link, batch)) return;
        this.#post({ type: "EVENTS", peer, link, batch });
      },
      served: (record) => this.#handover.prepare(record),
      prepare: (record) => this.#away.prepare(record),
      acknowledged: (shardId, cursor) => {
        this.#traces?.acknowledged(shardId, cursor);
        this.#away.acknowledged(shardId, cursor);
        this.#members.of(shardId)?.all?.acknowledged(cursor);
      },
      changed: (shardId) => {
        this.#handover.acknowledged(shardId);
        this.#safe.note(shardId);
      },
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
        gap: (shardId, gap) => {
          const { to: cursor, reason } = gap;
          // Others bring everything to the guilds of one that rises.
          const level = this.#handover.isRising(shardId) ? "debug" : "warn";
          this.#world.log[level]("events of a shard may be missing", { shardId, cursor, reason });
          this.#queue.gap(shardId, gap);
        },
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
      leastPauseMs: () => this.#hesitation.leastPauseMs,
      gaveUp: (shardId, why) => post({ type: "GAVE_UP", shardId, why }),
    };
  }

  /** A shard that has not been started. */
  #create(shardId: number, presence: Presence | null): Shard {
    const { cache } = this.#options;
    // Who is offline is of use to those who get the guilds from us, whatever they ask for.
    const most = cache.includes("members") ? { largeThreshold: MOST_LARGE_THRESHOLD } : {};
    return new Shard({ ...this.#options, ...most, shardId, presence }, this.#world);
  }

  /** For whom a dispatch is, where several read the shard; `null`: for everybody. */
  #audience(...dispatch: [shardId: number, t: string, payload: Uint8Array]) {
    return this.#askers.of(...dispatch) ?? this.#voice.of(...dispatch);
  }

  async #stop(session: "keep" | "end"): Promise<void> {
    const shards = [...this.#shards.values()];
    await endInTurn(
      () => endTogether(() => this.#links.bye(), ...shards.map((it) => () => it.stop(session))),
      () => endTogether(() => this.#queue.close(), () => this.#guilds?.close()),
      () => this.#links.stop(),
      () => this.#safe.report(),
      () => this.#report(),
    );
  }

  #report(): void {
    this.#hesitation.look();
    const shards = this.#figures.report(this.#shards);
    this.#post({ type: "REPORT", shards, eventsByType: this.#intake.types.take() });
  }
}

/** Dies in the way that a test asked for. */
function crash(how: "throw" | "exit" | "hang"): void {
  if (how === "throw") throw new Error("crash requested");
  if (how === "exit") return globalThis.close();
  for (;;);
}
