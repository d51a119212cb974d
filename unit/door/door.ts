/**
 * The door by which Discord brings events over HTTP: each is put into a queue on disk, that of the cluster whose
 * guild it is about, before Discord is answered; from there it goes to the bot like any event, over the unit's own
 * link.
 *
 * These events have no `s` of Discord's, and nobody replays them. So they are not in between those of a shard: to
 * links and consumers they come from shards of a total of 0, with cursors by the time.
 *
 * @module
 */

import { annotate, textField } from "../../protocol/discord/body.ts";
import { readEnvelope } from "../../protocol/discord/envelope.ts";
import type { HttpEvent } from "../../protocol/discord/http_event.ts";
import {
  answerWhileAway,
  type AwayWords,
  type InteractionCallback,
  type InteractionNote,
  isExpired,
  isInteractionId,
  parseInteraction,
} from "../../protocol/discord/interaction.ts";
import { isUnheard, messageOf, unheard } from "../../protocol/errors.ts";
import { DOOR_TOTAL, type EventRecord, gapRecord, RECORD } from "../../protocol/event_frame.ts";
import { type ShardKey, shardKeyText } from "../../protocol/ids.ts";
import type { PeerKey } from "../../protocol/peer.ts";
import { isCount, isRecord } from "../../protocol/record.ts";
import { type Cancel, sleep } from "../../ports/clock.ts";
import { endInTurn } from "../../ports/lives/ending.ts";
import type { World } from "../../ports/world.ts";
import { EventQueue } from "../../queue/worker_queue.ts";
import { isMark, Seen, type SeenEvent } from "./seen.ts";
import { type DoorSpools, QUEUES_OF_UNIT } from "./spools.ts";

/** A bot that is back so soon answers by itself. Discord waits for 3 s. */
export const BACK_WITHIN_MS = 1_000;
/** Time for the disk. */
const STORE_MS = 1_500;
/** What has changed is written down so long after. */
const SAVE_AFTER_MS = 250;
/** Memory for what waits; the rest is on disk. */
const MEMORY_BYTES = 8 * 1024 * 1024;
/** Cursors that begin in one millisecond: a life that begins is above all earlier ones. */
const CURSORS_PER_MS = 16;
/** So much of what waits is looked through when the unit starts. */
const LOOK_BYTES = 4 * 1024 * 1024;
/** Value of the store. */
const NAME = "door";

/** An event that is for a bot. */
export type DoorEvent = Exclude<HttpEvent, { kind: "ping" }>;

/** What the door says to Discord. */
export interface DoorAnswer {
  readonly status: 200 | 202 | 204 | 503;
  /** The first response to an interaction, in the place of a bot that is away. */
  readonly body?: InteractionCallback;
  /** Why it cannot be taken, for the log. */
  readonly reason?: string;
}

/** What a door is made with. */
export interface DoorOptions extends Pick<World, "clock" | "log" | "store">, AwayWords, DoorSpools {
  readonly clusterIds: readonly number[];
  /** Added to a cluster's id to name its queue: of several units that bring a cluster events each has its own. */
  readonly firstQueueId: number;
  /** Who has a guild, or what is of none (an empty id). */
  readonly ownerOf: (guildId: string) => { readonly shard: ShardKey; readonly clusterId: number };
  /** The way to another unit of the fleet whose own clusters get what is of a shard. Default: there is none. */
  readonly farOf?: (shard: ShardKey) => FarDoor | null;
  readonly diskLimitBytes: number;
  readonly send: (peer: PeerKey, link: number, batch: Uint8Array<ArrayBuffer>) => void;
}

/** A door of another unit. */
export interface FarDoor {
  take(shard: ShardKey, event: DoorEvent, key: string): Promise<DoorAnswer>;
}

interface Waiter {
  readonly queueId: number;
  readonly cursor: number;
  readonly settle: (isStored: boolean) => void;
}

/** The door of a unit. */
export class Door {
  /** What came since the unit began. */
  readonly tally = { interactions: 0, webhookEvents: 0, repeats: 0, refused: 0 };
  /** Interactions that were responded to in the bot's place, and those that it got too late. */
  readonly stoodIn = { deferred: 0, answered: 0, expired: 0 };
  readonly #options: DoorOptions;
  readonly #queue: EventQueue;
  readonly #cursors = new Map<number, number>();
  /** Newest cursors of earlier lives: of those only what is safe is known. */
  readonly #before = new Map<number, number>();
  readonly #waiters = new Set<Waiter>();
  /** What is being taken, by its key. */
  readonly #entering = new Map<string, Promise<SeenEvent>>();
  #seen = new Seen();
  #acknowledged: Record<string, number> = {};
  #cancelSave: Cancel | null = null;
  #saving: Promise<void> | null = null;
  #isUnsaved = false;
  #isClosing = false;
  #isClosed = false;

  constructor(options: DoorOptions) {
    this.#options = options;
    const { clock, log, openSpool, diskLimitBytes, send } = options;
    this.#queue = new EventQueue({
      clock,
      totalShards: DOOR_TOTAL,
      clusterOfShard: Object.fromEntries(options.clusterIds.map((id) => [this.#queueOf(id), id])),
      limitBytes: MEMORY_BYTES,
      diskLimitBytes,
      ...(openSpool && { openSpool }),
      send,
      prepare: (record) => this.#prepare(record),
      acknowledged: (queueId, cursor) => {
        this.#acknowledged[queueId] = cursor;
        this.#saveSoon();
      },
      changed: () => this.#look(),
      failed: (_, reason) => log.error("what came over HTTP could not be kept on disk", { reason }),
    });
  }

  /** Takes up what an earlier life left. */
  async open(): Promise<void> {
    const { clock, log, store } = this.#options;
    const saved = await store.load(NAME);
    const { acknowledged, seen } = isRecord(saved) ? saved : {};
    this.#seen = new Seen(seen);
    const marks = Object.entries(isRecord(acknowledged) ? acknowledged : {});
    this.#acknowledged = Object.fromEntries(
      marks.filter((mark): mark is [string, number] => isCount(mark[1])),
    );
    for (const queueId of await this.#queueIds()) {
      const done = this.#acknowledged[queueId] ?? 0;
      await this.#queue.open(queueId, done)
        .catch((error) =>
          log.error("what came over HTTP cannot be read", { error: messageOf(error) })
        );
      const waiting = await this.#queue.waiting(queueId, null, done, LOOK_BYTES).catch(() => []);
      for (const { body, cursor } of waiting) this.#remember(body, { queueId, cursor });
      const newest = Math.max(done, this.#queue.of(queueId).newest);
      this.#before.set(queueId, Math.max(newest, clock.epochMs() * CURSORS_PER_MS));
      this.#cursors.set(queueId, this.#before.get(queueId)!);
    }
  }

  /** A cluster's link came up with its credit, or went down (`null`). */
  link(peer: PeerKey, link: number | null, windowBytes: number): void {
    if (peer.kind === "cluster") this.#queue.link(peer, link, windowBytes);
  }

  /** A cluster is done with what came by this door up to these cursors. */
  acknowledge(peer: PeerKey, link: number, cursors: Readonly<Record<string, number>>): void {
    if (peer.kind === "cluster") this.#queue.acknowledge(peer, link, cursors);
  }

  /**
   * Takes an event; resolves with what Discord is to be told once it is on disk, or the bot is done with it.
   * One that came before is not taken again.
   *
   * @param key What makes it the same as one that comes again.
   */
  async take(event: DoorEvent, key: string): Promise<DoorAnswer> {
    const { ownerOf, farOf } = this.#options;
    const { shard } = ownerOf(event.guildId);
    const far = farOf?.(shard);
    try {
      if (far) return await far.take(shard, event, key);
    } catch (error) {
      // A cluster of ours does better than nobody; what may have been taken is not taken twice.
      if (!isUnheard(error)) return { status: 503, reason: messageOf(error) };
    }
    try {
      return await this.takeHere(event, key);
    } catch (error) {
      if (isUnheard(error)) return this.#refuse(messageOf(error));
      throw error;
    }
  }

  /**
   * The same of an event that is for a cluster of this unit.
   *
   * @throws {GatehouseError} an {@linkcode unheard} where it is new, and the door closes: another unit may take it.
   */
  async takeHere(event: DoorEvent, key: string): Promise<DoorAnswer> {
    const before = this.#seen.of(key, this.#options.clock.epochMs());
    if (before) {
      this.tally.repeats++;
      return await this.#answered(event, before);
    }
    const underWay = this.#entering.get(key);
    if (underWay) this.tally.repeats++;
    else if (this.#isClosing) throw unheard("Cannot take what came over HTTP: the unit stops");
    else if (this.#queue.isPaused) return this.#refuse("the disk does not keep up");
    const entering = underWay ??
      this.#enter(event, key).finally(() => this.#entering.delete(key));
    this.#entering.set(key, entering);
    return await this.#answered(event, await entering);
  }

  /** Queues an event; who comes with the same meanwhile waits for this. */
  async #enter(event: DoorEvent, key: string): Promise<SeenEvent> {
    const { clock, ownerOf } = this.#options;
    const { shard, clusterId } = ownerOf(event.guildId);
    const queueId = this.#queueOf(clusterId);
    const answered = await this.#isAwayFor(event, queueId) ? this.#standIn(event)?.mark : undefined;
    const nowMs = clock.epochMs();
    const cursor = Math.max(this.#cursors.get(queueId) ?? 0, nowMs * CURSORS_PER_MS) + 1;
    this.#cursors.set(queueId, cursor);
    const note: InteractionNote = {
      via: "http",
      id: key,
      shard: shardKeyText(shard),
      ...(answered && { answered }),
    };
    this.#queue.accept(queueId, cursor, annotate(event.payload, { ...note }));
    // Not before: what failed may come again.
    const place = { queueId, cursor, atMs: nowMs, ...(answered && { answered }) };
    this.#seen.add(key, place);
    if (answered) this.stoodIn[answered]++;
    this.#queue.spill(queueId);
    this.#saveSoon();
    this.tally[event.kind === "interaction" ? "interactions" : "webhookEvents"]++;
    return place;
  }

  /**
   * Takes nothing new from here on, and waits for what is being taken; puts what is in memory on disk, and writes
   * down how far everybody is. Nothing after that. Rejects where a file cannot be closed.
   */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.allSettled(this.#entering.values());
    await endInTurn(() => this.#queue.close(), () => this.#end());
  }

  async #end(): Promise<void> {
    this.#isClosed = true;
    for (const waiter of [...this.#waiters]) waiter.settle(this.#isSafe(waiter));
    await this.#saving;
    if (this.#isUnsaved) await this.#save();
  }

  /** Whether it is an interaction whose bot is away, and does not come back within a second. */
  async #isAwayFor({ kind }: DoorEvent, queueId: number): Promise<boolean> {
    if (kind !== "interaction" || !this.#queue.isAway(queueId)) return false;
    await sleep(this.#options.clock, BACK_WITHIN_MS);
    return this.#queue.isAway(queueId);
  }

  /** What is said in the place of a bot that is away: to the same always the same. */
  #standIn({ payload }: DoorEvent) {
    const interaction = parseInteraction(payload);
    return interaction ? answerWhileAway(interaction, this.#options) : null;
  }

  async #answered(event: DoorEvent, place: SeenEvent): Promise<DoorAnswer> {
    if (!await this.#isStored(place)) return this.#refuse(`it is not on disk after ${STORE_MS} ms`);
    const body = place.answered && this.#standIn(event)?.body;
    if (body) return { status: 200, body };
    return { status: event.kind === "interaction" ? 202 : 204 };
  }

  #refuse(reason: string): DoorAnswer {
    this.tally.refused++;
    return { status: 503, reason };
  }

  /** Resolves with whether an event is on disk, or dealt with, in time. */
  #isStored(place: SeenEvent): Promise<boolean> {
    const { clock, openSpool } = this.#options;
    const isStored = !openSpool || this.#isSafe(place);
    if (isStored || this.#isClosed) return Promise.resolve(isStored);
    return new Promise((resolve) => {
      const settle = (isStored: boolean) => {
        cancel();
        this.#waiters.delete(waiter);
        resolve(isStored);
      };
      const waiter = { ...place, settle };
      const cancel = clock.after(STORE_MS, () => settle(false));
      this.#waiters.add(waiter);
    });
  }

  #isSafe({ queueId, cursor }: Pick<SeenEvent, "queueId" | "cursor">): boolean {
    return cursor <= this.#safeOf(queueId);
  }

  /** Up to which cursor all is on disk, or dealt with. Of a queue that is not open only such things are known. */
  #safeOf(queueId: number): number {
    if (!this.#cursors.has(queueId)) return Infinity;
    return Math.max(this.#before.get(queueId) ?? 0, this.#queue.safety(queueId).safe);
  }

  #look(): void {
    for (const waiter of [...this.#waiters]) if (this.#isSafe(waiter)) waiter.settle(true);
  }

  /** An interaction whose token is dead is of no use to anybody. */
  #prepare(record: EventRecord): EventRecord {
    const { kind, body, cursor, shardId } = record;
    if (kind !== RECORD.DISPATCH || readEnvelope(body).t !== "INTERACTION_CREATE") return record;
    const id = textField(body, "id");
    if (!isInteractionId(id) || !isExpired(id, this.#options.clock.epochMs())) return record;
    this.stoodIn.expired++;
    const reason = "the token of this interaction is dead: it waited for more than 15 min";
    return gapRecord(shardId, { from: cursor, to: cursor, count: 1, reason });
  }

  /** What waits on disk has come, though nobody may have written that down. */
  #remember(body: Uint8Array, place: { readonly queueId: number; readonly cursor: number }): void {
    const atMs = this.#options.clock.epochMs();
    const { d } = parsed(body);
    const note = isRecord(d) ? d.gatehouse : null;
    const { id: key, answered } = isRecord(note) ? note : {};
    if (typeof key === "string" && !this.#seen.of(key, atMs)) {
      this.#seen.add(key, { ...place, atMs, ...(isMark(answered) && { answered }) });
    }
  }

  /** All that are to be opened; what is of clusters that are no more, or of a unit of another name, goes to one that is. */
  async #queueIds(): Promise<number[]> {
    const { clusterIds, left = () => Promise.resolve([]), log } = this.#options;
    const own = clusterIds.map((id) => this.#queueOf(id));
    const all = await left().catch((error) => {
      log.error("what came over HTTP cannot be read", { error: messageOf(error) });
      return [];
    });
    const others = all.filter((queueId) => clusterIds.length > 0 && !own.includes(queueId));
    for (const queueId of others) {
      const id = clusterIds[queueId % QUEUES_OF_UNIT % clusterIds.length]!;
      this.#queue.assign(queueId, { kind: "cluster", id });
    }
    return [...own, ...others];
  }

  #queueOf(clusterId: number): number {
    return this.#options.firstQueueId + clusterId;
  }

  /** One after another: a slow disk is not to have many of them waiting. */
  #saveSoon(): void {
    this.#isUnsaved = true;
    if (this.#saving || this.#isClosed) return;
    this.#cancelSave ??= this.#options.clock.after(SAVE_AFTER_MS, () => void this.#save());
  }

  async #save(): Promise<void> {
    this.#cancelSave?.();
    this.#cancelSave = null;
    this.#isUnsaved = false;
    const { log, store } = this.#options;
    // Asked once per queue: there may be ten thousand events.
    const safe = new Map<number, number>();
    const isSafe = ({ queueId, cursor }: SeenEvent) =>
      cursor <= safe.getOrInsertComputed(queueId, () => this.#safeOf(queueId));
    const value = { acknowledged: this.#acknowledged, seen: this.#seen.saved(isSafe) };
    this.#saving = store.save(NAME, value).catch((error) =>
      log.error("what came over HTTP was not written down", { error: messageOf(error) })
    );
    await this.#saving;
    this.#saving = null;
    if (this.#isUnsaved) this.#saveSoon();
  }
}

function parsed(body: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return isRecord(value) ? value : {};
  } catch {
    // A GAP, or damage: whoever gets it says so.
    return {};
  }
}
