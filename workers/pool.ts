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
import type { KnownQuestion, PieceOf } from "../protocol/guild_pieces.ts";
import type { PeerKey } from "../protocol/peer.ts";
import type { Cuts, Held, ShardRole } from "../protocol/reshard.ts";
import type { ShardStatus, WorkerSnapshot } from "../protocol/status.ts";
import type {
  FromWorker,
  ShardBacklog,
  ShardInfo,
  ShardPayload,
} from "../protocol/worker_message.ts";
import type { Wanted } from "../protocol/link_call.ts";
import { TypeTally } from "../intake/type_tally.ts";
import { ConsumerMap } from "./consumer_map.ts";
import { ShardMoves } from "./handover/moves.ts";
import { ShardRoles } from "./handover/roles.ts";
import { PoolLinks } from "./pool_links.ts";
import type { Address, PoolOptions } from "./pool_world.ts";
import { type ShardRow, ShardTable } from "./shard_table.ts";
import {
  ASK_DEADLINE_MS,
  type Asked,
  SEND_DEADLINE_MS,
  WorkerSlot,
  type WorkerWord,
} from "./slot.ts";

export type { Address, PoolEvents, PoolOptions } from "./pool_world.ts";

/** The workers of a unit. */
export class WorkerPool {
  /** Dispatches of each type that all workers have reported, also those of earlier lives. */
  readonly eventsByType: TypeTally = new TypeTally();
  /** Its shards' ways to another unit, and back. */
  readonly moves: ShardMoves;
  readonly #options: PoolOptions;
  readonly #consumers: ConsumerMap;
  readonly #slots: WorkerSlot[];
  readonly #links: PoolLinks;
  readonly #roles: ShardRoles;
  readonly #workerOfShard: ReadonlyMap<number, number>;
  readonly #table: ShardTable;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#table = new ShardTable(options.clock);
    this.#consumers = new ConsumerMap(options.worker.clusterOfShard);
    this.#roles = new ShardRoles({
      ...options,
      slotOf: (shardId) => this.#slotOf(shardId),
      bringUp: (shardId) => options.bringUp(this.calculateWorkerId(shardId), shardId),
      over: (shardId) => this.#forget(shardId),
    });
    this.moves = new ShardMoves({ slotOf: (shardId) => this.#slotOf(shardId), roles: this.#roles });
    const { firstWorkerId = 0, buckets } = options;
    this.#slots = buckets.map((shardIds, index) => this.#slot(firstWorkerId + index, shardIds));
    this.#links = new PoolLinks({
      ...options,
      slots: this.#slots,
      consumers: this.#consumers,
      serves: (shardId) => this.#roles.of(shardId)?.kind === "serves",
      linked: (peer) => options.events.linked(peer),
    });
    this.#workerOfShard = new Map(
      buckets.flatMap((shardIds, index) => shardIds.map((id) => [id, firstWorkerId + index])),
    );
    for (const shardId of options.buckets.flat()) this.#table.idle(shardId, "not started");
  }

  /** Starts every worker that has something to do, and every shard in it that has. */
  spawnShards(): void {
    for (const slot of this.#slots) if (this.#roles.isNeeded(slot)) slot.start();
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
    const life = this.#at(workerId)?.life;
    const role = this.#roles.of(shardId);
    if (!life || !role) return;
    const { events, estateOf } = this.#options;
    const estate = estateOf(shardId);
    const state = this.#table.statusOf(shardId)?.state;
    const isIdle = state === "idle" || state === "stopped";
    // One that runs has asked already, or does not ask: nobody must wait for it.
    if (isIdle && !estate.session) events.expectIdentify([shardId]);
    life.tell({ type: "IDENTIFY_SHARD", shardId, estate, ...(isUsual(role) ? {} : { role }) });
  }

  /** Brings a shard up in a role, with its worker where that does not run; one that runs goes on. */
  bringUp(shardId: number, role: ShardRole): void {
    this.#roles.bringUp(shardId, role);
  }

  /** Tells what a shard sees by `SEEN`, or does so no more; one that rises tells it anyway. Outlives the worker. */
  watch(shardId: number, isOn: boolean): void {
    this.#roles.watch(shardId, isOn);
  }

  /**
   * What comes on a shard from now on is kept; what it has seen before is told first. It goes on with
   * {@linkcode WorkerPool.lift}, and with another worker. One that rises is none the worse for it: the answer says
   * that its worker lives, and has told all that came.
   */
  async hold(shardId: number): Promise<Held> {
    return await this.#ask(shardId, { type: "HOLD", shardId }) as Held;
  }

  /** A shard that was held goes on. */
  lift(shardId: number): void {
    this.#slotOf(shardId).life?.tell({ type: "LIFT", shardId });
  }

  /** A shard that rose serves whoever consumes it, less what others have served. */
  serve(shardId: number, cuts: Cuts): void {
    this.#roles.serve(shardId, cuts);
  }

  /**
   * A shard is over: its session is ended, what waits of it is given up, also where its worker is lost meanwhile;
   * the session is then left to Discord, which ends it in time. Rejects where the pool is stopped before.
   */
  endShard(shardId: number): Promise<void> {
    return this.#roles.end(shardId);
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
    this.#links.link(peer, link, windowBytes);
  }

  /**
   * A cluster listens at an address, where the workers that have its shards bring it its events; or it
   * does so no more (`null`).
   */
  introduce(peer: PeerKey, address: Address | null): void {
    this.#links.introduce(peer, address);
  }

  /** Whether the workers bring a cluster its events themselves. */
  isIntroduced(peer: PeerKey): boolean {
    return this.#links.isIntroduced(peer);
  }

  /** Whether every worker that has events for a cluster that was introduced has a link to it. */
  isLinked(peer: PeerKey): boolean {
    return this.#links.isLinked(peer);
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

  /** Others may have resumed sessions of ours: none is resumed at once; or not any more. Outlives the workers. */
  doubt(isOn: boolean): void {
    for (const slot of this.#slots) slot.doubt(isOn);
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
      slot.close("stopped");
    }));
    this.#roles.stop();
  }

  /** Workers that have something to do, as seen from outside. */
  get workers(): WorkerSnapshot[] {
    return this.#slots.filter((slot) => slot.life || this.#roles.isNeeded(slot))
      .map((slot) => slot.snapshot);
  }

  /** A shard as its worker has told of it last; `null`: there is none of this id. */
  statusOf(shardId: number): ShardStatus | null {
    return this.#table.statusOf(shardId);
  }

  /** Shards, those that do nothing as well, as seen from outside, with what they counted when their worker last reported. */
  get shards(): (ShardRow & { readonly workerId: number })[] {
    return this.#table.all.map((row) => ({
      ...row,
      workerId: this.calculateWorkerId(row.status.shardId),
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
        // What runs, or was about to.
        const lost = shardIds.filter((shardId) =>
          this.#roles.of(shardId) !== null || this.#table.statusOf(shardId)!.state !== "idle"
        );
        for (const shardId of lost) this.#table.idle(shardId, "its worker was lost");
        this.#links.lost(this.#at(workerId)!);
        events.lost(lost);
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
    const slot = this.#at(workerId)!;
    this.#consumers.changes(shardIds).forEach((message) => slot.life?.tell(message));
    for (const shardId of shardIds) this.#roles.begin(shardId);
    this.#links.greet(slot);
  }

  #message(workerId: number, message: WorkerWord): void {
    const { log, events } = this.#options;
    if (message.type === "LOG") {
      return log[message.level](message.event, { workerId, ...message.fields });
    }
    if (message.type === "LINKED") {
      return this.#links.changed(this.#at(workerId)!, message.peer, message.isUp);
    }
    const word = this.#roles.heard(message);
    if (!word) return;
    if (word.type === "SHARD_STATUS") this.#table.tell(word.status);
    if (word.type === "REPORT") {
      this.eventsByType.add(word.eventsByType);
      this.#table.count(word.shards);
    }
    (events[word.type] as (word: FromWorker) => void)(word);
  }

  #forget(shardId: number): void {
    this.#consumers.assign(shardId, this.#consumers.planned(shardId));
    this.#table.over(shardId);
  }

  #ask(shardId: number, question: Asked, deadlineMs = ASK_DEADLINE_MS): Promise<unknown> {
    const life = this.#slotOf(shardId).life;
    if (life) return life.ask(question, deadlineMs);
    const message = `Cannot reach shard ${shardId}: its worker is being restarted`;
    return Promise.reject(new GatehouseError("worker_lost", "host", message, { shardId }));
  }

  #slotOf(shardId: number): WorkerSlot {
    const slot = this.#at(this.calculateWorkerId(shardId));
    if (slot) return slot;
    const message = `Cannot reach shard ${shardId}: this unit does not run it`;
    throw new GatehouseError("no_shard", "caller", message, { shardId });
  }

  #at(workerId: number): WorkerSlot | undefined {
    return this.#slots[workerId - (this.#options.firstWorkerId ?? 0)];
  }

  #known(workerId: number): WorkerSlot {
    const slot = this.#at(workerId);
    if (slot) return slot;
    const { firstWorkerId = 0 } = this.#options;
    const message =
      `Cannot reach worker ${workerId}: there are ${this.#slots.length}, from ${firstWorkerId}`;
    throw new GatehouseError("no_shard", "caller", message, { workerId });
  }
}

/** What a shard does that nobody says anything else of. */
function isUsual(role: ShardRole): boolean {
  return role.kind === "serves" && role.cuts === null;
}
