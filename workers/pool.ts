/**
 * All shard workers of a unit: which worker has which shard, what each is told, what they tell.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";
import type { InteractionMark } from "../protocol/discord/interaction.ts";
import {
  MEMBERS_DEADLINE_MS,
  type MembersAnswer,
  type MembersRequest,
  parseMembersRequest,
} from "../protocol/discord/members.ts";
import type { Estate } from "../protocol/estate.ts";
import type { KnownQuestion, PieceOf } from "../protocol/guild_pieces.ts";
import { type PeerKey, peerText } from "../protocol/peer.ts";
import type { ShardCounters, ShardStatus, WorkerSnapshot } from "../protocol/status.ts";
import type {
  FromWorker,
  ShardBacklog,
  ShardInfo,
  ShardPayload,
  ToWorker,
  WorkerOptions,
} from "../protocol/worker_message.ts";
import type { Wanted } from "../protocol/link_call.ts";
import { TypeTally } from "../intake/type_tally.ts";
import { ConsumerMap } from "./consumer_map.ts";
import { type Asked, type SlotOptions, WorkerSlot } from "./slot.ts";

/** How long a worker may take to answer a question. A command may wait for its turn longer. */
export const ASK_DEADLINE_MS = 10_000;
/** The longest that a command waits in a worker, and a little more. */
export const SEND_DEADLINE_MS = 130_000;

/** What the pool needs. */
export interface PoolOptions extends Pick<SlotOptions, "clock" | "log" | "spawn"> {
  /** Shards of each worker; the index is the worker's id. */
  readonly buckets: readonly (readonly number[])[];
  readonly worker: Omit<WorkerOptions, "workerId">;
  /** What a worker is given of a shard. */
  readonly estateOf: (shardId: number) => Estate;
  /** Links that are up and that batches go over through the main thread. */
  readonly links: () => readonly { peer: PeerKey; link: number; windowBytes: number }[];
  readonly events: PoolEvents;
  /** Called for each shard of a worker that begins: {@linkcode WorkerPool.tellWorkerToIdentify} follows. */
  readonly bringUp: (workerId: number, shardId: number) => void;
}

/** What only the pool and its parts act on. */
type OwnWord = "DYING" | "LINKED" | "LOG" | "NONCE_REPLY" | "STARTED";

/** What a worker says, by type. */
type WorkerEvents = {
  readonly [Type in Exclude<FromWorker["type"], OwnWord>]: (
    message: Extract<FromWorker, { type: Type }>,
  ) => void;
};

/** What the pool tells its owner: the words of its workers, and what became of them. */
export interface PoolEvents extends WorkerEvents {
  /** These shards come up without a session: they are about to ask. */
  expectIdentify(shardIds: readonly number[]): void;
  /** The worker of these shards is lost. */
  lost(shardIds: readonly number[]): void;
  /** A worker's link to a cluster that it dials came up or went down. */
  linked(peer: PeerKey): void;
  /** Workers are lost again and again: only a new process can help. */
  exhausted(reason: string): void;
  /** A module of the user's cannot be loaded in a worker, and never could. */
  refused(reason: string): void;
}

/** Where a cluster listens for the unit. */
export interface Address {
  readonly url: string;
  /** Sent as `Authorization`. */
  readonly secretKey: string | null;
}

interface Introduced {
  readonly peer: PeerKey;
  readonly address: Address;
  /** Workers whose link is up. */
  readonly linked: Set<WorkerSlot>;
}

/** The workers of a unit. */
export class WorkerPool {
  /** Dispatches of each type that all workers have reported, also those of earlier lives. */
  readonly eventsByType: TypeTally = new TypeTally();
  readonly #options: PoolOptions;
  readonly #consumers: ConsumerMap;
  readonly #slots: WorkerSlot[];
  /** Clusters that the workers dial, by the text of the peer. */
  readonly #introduced = new Map<string, Introduced>();
  readonly #workerOfShard: ReadonlyMap<number, number>;
  readonly #statuses = new Map<number, ShardStatus>();
  readonly #counters = new Map<number, ShardCounters>();

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#consumers = new ConsumerMap(options.worker.clusterOfShard);
    this.#slots = options.buckets.map((shardIds, workerId) => this.#slot(workerId, shardIds));
    this.#workerOfShard = new Map(
      options.buckets.flatMap((shardIds, workerId) => shardIds.map((id) => [id, workerId])),
    );
    for (const shardId of options.buckets.flat()) this.#idle(shardId, "not started");
  }

  /** Starts every worker, and every shard in it. */
  spawnShards(): void {
    for (const slot of this.#slots) slot.start();
  }

  /** Resolves when each worker that was started is well, or lost. */
  async settled(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.settled));
  }

  /** Which worker has a shard; -1 when none of this unit has. */
  calculateWorkerId(shardId: number): number {
    return this.#workerOfShard.get(shardId) ?? -1;
  }

  /** Tells a worker to bring a shard up: by RESUME where there is a session, else by IDENTIFY. */
  tellWorkerToIdentify(workerId: number, shardId: number): void {
    const life = this.#slots[workerId]?.life;
    if (!life) return;
    const { events, estateOf } = this.#options;
    const estate = estateOf(shardId);
    const isIdle = this.#statuses.get(shardId)?.state === "idle";
    // One that runs has asked already, or does not ask: nobody must wait for it.
    if (isIdle && !estate.session) events.expectIdentify([shardId]);
    life.tell({ type: "IDENTIFY_SHARD", shardId, estate });
  }

  /** Allows a shard to identify, with these intents. */
  allowIdentify(shardId: number, permit: number, intents: number): void {
    this.#slotOf(shardId).life?.tell({ type: "ALLOW_IDENTIFY", shardId, permit, intents });
  }

  /** An interaction was responded to in the bot's place, or could not be (`null`). */
  mark(shardId: number, cursor: number, mark: InteractionMark | null): void {
    this.#slotOf(shardId).life?.tell({ type: "MARK", shardId, cursor, mark });
  }

  /** Sends a gateway command; resolves when it was handed to the socket. */
  async sendPayload(shardId: number, payload: ShardPayload): Promise<void> {
    await this.#ask(shardId, { type: "SHARD_PAYLOAD", shardId, payload }, SEND_DEADLINE_MS);
  }

  /**
   * Asks Discord for members of a guild, on the guild's shard; resolves when the last chunk has come.
   * Always settles: with `deadline` at the latest, after `request.deadlineMs`.
   *
   * @throws {GatehouseError} What is wrong with the request, why it cannot be answered, or `deadline`.
   */
  async requestMembers(shardId: number, request: MembersRequest): Promise<MembersAnswer> {
    const checked = parseMembersRequest(request);
    // The worker has its own eye on the deadline, and says how far it has come.
    const deadlineMs = (checked.deadlineMs ?? MEMBERS_DEADLINE_MS) + ASK_DEADLINE_MS;
    const question = { type: "REQUEST_MEMBERS", shardId, request: checked } as const;
    return await this.#ask(shardId, question, deadlineMs) as MembersAnswer;
  }

  /** What each worker that runs knows of it, `null` where nothing; rejects where one is lost or late. */
  find(wanted: Wanted, deadlineMs: number): Promise<unknown>[] {
    const lives = this.#slots.flatMap(({ life }) => life ?? []);
    return lives.map((life) => life.ask({ type: "FIND", wanted }, deadlineMs));
  }

  /** The next of what is asked of a shard's guilds; `null` where it is not known. */
  async guilds<Asked extends KnownQuestion>(question: Asked): Promise<PieceOf<Asked> | null> {
    return await this.#ask(question.shardId, { type: "GUILDS", question }) as PieceOf<Asked> | null;
  }

  /** What a shard knows of itself, now. */
  async shardInfo(shardId: number): Promise<ShardInfo> {
    return await this.#ask(shardId, { type: "GET_SHARD_INFO", shardId }) as ShardInfo;
  }

  /** Who gets a shard's events; `null`: nobody, they wait. */
  consumerOf(shardId: number): PeerKey | null {
    return this.#consumers.of(shardId);
  }

  /** Another consumer gets a shard's events from now on; `null`: nobody. Outlives the worker. */
  assign(shardId: number, peer: PeerKey | null): void {
    this.#consumers.assign(shardId, peer);
    this.#slotOf(shardId).life?.tell({ type: "ASSIGN", shardId, peer });
  }

  /** A shard goes back to the cluster that has it by the plan, if there is one. */
  release(shardId: number): void {
    this.assign(shardId, this.#consumers.planned(shardId));
  }

  /** How far a shard's events have been dealt with. */
  async backlog(shardId: number): Promise<ShardBacklog> {
    return await this.#ask(shardId, { type: "GET_BACKLOG", shardId }) as ShardBacklog;
  }

  /** Somebody reads a shard beside its bot, by name: from the newest event on, or where it had come to. */
  async read(shardId: number, reader: string): Promise<ShardBacklog> {
    return await this.#ask(shardId, { type: "READ", shardId, reader }) as ShardBacklog;
  }

  /** Somebody reads a shard beside its bot no more: what waits for it is given up. */
  async dismiss(shardId: number, reader: string): Promise<void> {
    await this.#ask(shardId, { type: "DISMISS", shardId, reader });
  }

  /** Reconnects a shard: by RESUME, or with a new session. */
  async reconnect(shardId: number, session: "keep" | "end"): Promise<void> {
    await this.#ask(shardId, { type: "RECONNECT_SHARD", shardId, session });
  }

  /** The link to a consumer came up or went down: every worker that has shards for it is told. */
  link(peer: PeerKey, link: number | null, windowBytes: number): void {
    const slots = this.#slotsFor(peer);
    const share = Math.ceil(windowBytes / Math.max(1, slots.length));
    for (const slot of slots) {
      slot.life?.tell({ type: "LINK", peer, link, windowBytes: share });
    }
  }

  /**
   * A cluster listens at an address, where the workers that have its shards bring it its events; or it
   * does so no more (`null`).
   */
  introduce(peer: PeerKey, address: Address | null): void {
    const key = peerText(peer);
    if (address) this.#introduced.set(key, { peer, address, linked: new Set() });
    else if (!this.#introduced.delete(key)) return;
    const slots = this.#slotsFor(peer);
    for (const { life } of slots) life?.tell(introduction(peer, address, slots.length));
  }

  /** Whether the workers bring a cluster its events themselves. */
  isIntroduced(peer: PeerKey): boolean {
    return this.#introduced.has(peerText(peer));
  }

  /** Whether every worker that has events for a cluster that was introduced has a link to it. */
  isLinked(peer: PeerKey): boolean {
    const { linked } = this.#introduced.get(peerText(peer)) ?? {};
    return this.#slotsFor(peer).every((slot) => linked?.has(slot));
  }

  /** Hands acknowledgements to the workers that have the shards. */
  acknowledge(peer: PeerKey, link: number, cursors: Readonly<Record<string, number>>): void {
    for (const slot of this.#slots) {
      const own = slot.snapshot.shards.filter((shardId) => shardId in cursors);
      if (own.length === 0) continue;
      const some = Object.fromEntries(own.map((shardId) => [shardId, cursors[shardId]!]));
      slot.life?.tell({ type: "ACK", peer, link, cursors: some });
    }
  }

  /** Replaces a worker; its shards resume in the next one. */
  restart(workerId: number): void {
    this.#known(workerId).replace("restart requested");
  }

  /** Lets a worker die in the way that a test asks for. */
  crash(workerId: number, how: "throw" | "exit" | "hang"): void {
    this.#known(workerId).life?.tell({ type: "CRASH", how });
  }

  /** Closes every shard, with its session or without, and ends the workers. */
  async stop(session: "keep" | "end"): Promise<void> {
    await Promise.all(this.#slots.map(async (slot) => {
      await slot.life?.ask({ type: "STOP", session }, ASK_DEADLINE_MS).catch((error) =>
        this.#options.log.warn("worker did not stop by itself", { error: messageOf(error) })
      );
      slot.end("stopped");
    }));
  }

  /** Workers as seen from outside. */
  get workers(): WorkerSnapshot[] {
    return this.#slots.map((slot) => slot.snapshot);
  }

  /** Shards as seen from outside, with what they counted when their worker last reported. */
  get shards(): { status: ShardStatus; workerId: number; counters: ShardCounters | null }[] {
    return [...this.#statuses].sort(([a], [b]) => a - b).map(([shardId, status]) => ({
      status,
      workerId: this.calculateWorkerId(shardId),
      counters: this.#counters.get(shardId) ?? null,
    }));
  }

  #slot(workerId: number, shardIds: readonly number[]): WorkerSlot {
    const { worker, events } = this.#options;
    return new WorkerSlot({
      ...this.#options,
      worker: { ...worker, workerId },
      shardIds,
      message: (message) => this.#message(workerId, message),
      greet: () => this.#greet(workerId, shardIds),
      lost: () => {
        for (const shardId of shardIds) this.#idle(shardId, "its worker was lost");
        for (const { peer } of this.#introduced.values()) this.#linked(workerId, peer, false);
        events.lost(shardIds);
      },
      exhausted: (reason) => events.exhausted(reason),
      refused: (reason) => this.#refused(reason),
    });
  }

  /** The others load the same module: that it is broken is told once. */
  #refused(reason: string): void {
    for (const slot of this.#slots) {
      if (slot.snapshot.state === "starting") slot.end("another worker could not load its modules");
    }
    this.#options.events.refused(reason);
  }

  /** What a new worker has to know: its shards first, so that links find their outboxes. */
  #greet(workerId: number, shardIds: readonly number[]): void {
    const { links, bringUp } = this.#options;
    const tell = (message: ToWorker) => this.#slots[workerId]?.life?.tell(message);
    this.#consumers.changes(shardIds).forEach(tell);
    for (const shardId of shardIds) bringUp(workerId, shardId);
    for (const { peer, link, windowBytes } of links()) {
      if (!this.#consumers.concerns(shardIds, peer)) continue;
      const share = Math.ceil(windowBytes / this.#slotsFor(peer).length);
      tell({ type: "LINK", peer, link, windowBytes: share });
    }
    for (const { peer, address } of this.#introduced.values()) {
      if (!this.#consumers.concerns(shardIds, peer)) continue;
      tell(introduction(peer, address, this.#slotsFor(peer).length));
    }
  }

  #message(workerId: number, message: Parameters<SlotOptions["message"]>[0]): void {
    const { log, events } = this.#options;
    if (message.type === "LOG") {
      return log[message.level](message.event, { workerId, ...message.fields });
    }
    if (message.type === "SHARD_STATUS") this.#statuses.set(message.status.shardId, message.status);
    if (message.type === "REPORT") {
      this.eventsByType.add(message.eventsByType);
      for (const counters of message.shards) this.#counters.set(counters.shardId, counters);
    }
    if (message.type === "LINKED") return this.#linked(workerId, message.peer, message.isUp);
    (events[message.type] as (message: FromWorker) => void)(message);
  }

  #linked(workerId: number, peer: PeerKey, isUp: boolean): void {
    const { linked } = this.#introduced.get(peerText(peer)) ?? {};
    const slot = this.#slots[workerId]!;
    if (isUp) linked?.add(slot);
    else if (!linked?.delete(slot)) return;
    this.#options.events.linked(peer);
  }

  #idle(shardId: number, reason: string): void {
    const sinceMs = this.#options.clock.epochMs();
    this.#statuses.set(shardId, { shardId, state: "idle", reason, sinceMs, connection: 0 });
  }

  /** The workers that have shards for a cluster; they share its credit. */
  #slotsFor(peer: PeerKey): WorkerSlot[] {
    return this.#slots.filter((slot) => this.#consumers.concerns(slot.snapshot.shards, peer));
  }

  #ask(shardId: number, question: Asked, deadlineMs = ASK_DEADLINE_MS): Promise<unknown> {
    const life = this.#slotOf(shardId).life;
    if (life) return life.ask(question, deadlineMs);
    const message = `Cannot reach shard ${shardId}: its worker is being restarted`;
    return Promise.reject(new GatehouseError("worker_lost", "host", message, { shardId }));
  }

  #slotOf(shardId: number): WorkerSlot {
    const slot = this.#slots[this.calculateWorkerId(shardId)];
    if (slot) return slot;
    const message = `Cannot reach shard ${shardId}: this unit does not run it`;
    throw new GatehouseError("no_shard", "caller", message, { shardId });
  }

  #known(workerId: number): WorkerSlot {
    const slot = this.#slots[workerId];
    if (slot) return slot;
    const message = `Cannot reach worker ${workerId}: there are ${this.#slots.length}, from 0`;
    throw new GatehouseError("no_shard", "caller", message, { workerId });
  }
}

function introduction(peer: PeerKey, address: Address | null, workers: number): ToWorker {
  return address ? { type: "DIAL", peer, ...address, workers } : { type: "HANG_UP", peer };
}
