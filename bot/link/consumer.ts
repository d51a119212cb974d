/**
 * The receiving end of the event link, without a transport: messages and batches go in, events come
 * out in order, acknowledgements go back. It outlives its connections, so that an event that is sent
 * again after a reconnect is not handled again.
 *
 * @module
 */

import { messageOf } from "../../protocol/errors.ts";
import {
  encodeLinkMessage,
  EVENT_LINK_VERSION,
  type EventRecord,
  LINK_CLOSE,
  type LinkWelcome,
  parseLinkMessage,
  readBatch,
  readGap,
  RECORD,
} from "../../protocol/event_frame.ts";
import type { LinkCall, LinkReply } from "../../protocol/link_call.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { type Dispatch, readDispatch } from "./dispatch.ts";
import { ShardProgress } from "./progress.ts";
import { type Delivery, Unsettled } from "./unsettled.ts";

/** What gets the events. */
export interface Receiver {
  /** Whether anybody listens to events of this name; the others are not parsed. */
  wants(name: string): boolean;
  /** Called in order per shard, without waiting for the one before. What it throws is logged. */
  receive(dispatch: Dispatch, shardId: number): unknown;
}

/** What a consumer needs. */
export interface ConsumerOptions {
  readonly clusterId: number;
  readonly receiver: Receiver;
  readonly clock: Clock;
  readonly log: Log;
  /** Bytes that the unit may have under way to us unacknowledged; 4 MiB by default. */
  readonly windowBytes?: number;
  /** After this long an event counts as dealt with although its handler has not; 60 s by default. */
  readonly handlerDeadlineMs?: number;
  /** Who makes and takes calls; without it there are none. */
  readonly calls?: CallPort;
}

/** What makes and takes calls over whichever link is up. */
export interface CallPort {
  /** The unit has welcomed a link. */
  up(send: (message: LinkCall | LinkReply) => void, totalShards: number): void;
  /** The link is gone. */
  down(): void;
  receive(message: LinkCall | LinkReply): void;
}

/** The sending half of a connection. */
export interface LinkSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** The receiving half: the transport calls it. After a newer link was attached nothing happens. */
export interface ConsumerLink {
  text(text: string): void;
  batch(bytes: Uint8Array): void;
  closed(): void;
  /** Whether the unit has welcomed this link. */
  readonly welcomed: boolean;
}

/** What a consumer has counted since it began. */
export interface ConsumerCounters {
  readonly received: number;
  /** Events that came again and were dropped. */
  readonly repeats: number;
  readonly failed: number;
  /** Handlers that missed their deadline. */
  readonly late: number;
  /** Events whose handlers are at work. */
  readonly unsettled: number;
}

interface Link {
  readonly socket: LinkSocket;
  welcomed: boolean;
}

/**
 * A consumer of events.
 *
 * Too many events under way stop the unit by themselves: what is not settled is not acknowledged,
 * and the unit sends no more than the window without an acknowledgement.
 */
export class EventConsumer {
  readonly #options: ConsumerOptions;
  readonly #shards = new Map<number, ShardProgress>();
  /** Shards whose progress may have changed since the last acknowledgement. */
  readonly #due = new Set<number>();
  readonly #unsettled: Unsettled;
  readonly #counters = { received: 0, repeats: 0, failed: 0, late: 0 };
  #link: Link | undefined;
  #stream: string | undefined;
  #flush: Cancel | undefined;
  #stopping = false;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    const deadlineMs = options.handlerDeadlineMs ?? 60_000;
    this.#unsettled = new Unsettled(options.clock, deadlineMs, (delivery) => {
      this.#counters.late++;
      this.#log.error("handler missed its deadline", { ...delivery, deadlineMs });
      this.#settle(delivery.shardId, delivery.cursor);
    });
  }

  /** Greets the unit on a connection that has opened, whoever dialled. It replaces the one before. */
  attach(socket: LinkSocket): ConsumerLink {
    this.#link?.socket.close(LINK_CLOSE.TAKEN_OVER, "a newer link took over");
    this.#lose();
    const link: Link = { socket, welcomed: false };
    this.#link = link;
    const { calls, clusterId, windowBytes = 4 * 1024 * 1024 } = this.#options;
    const hello = { op: "hello", v: EVENT_LINK_VERSION, clusterId, windowBytes } as const;
    socket.send(encodeLinkMessage(calls ? { ...hello, values: "clone" } : hello));
    return {
      text: (text) => this.#link === link && this.#text(link, text),
      batch: (bytes) => this.#link === link && this.#batch(link, bytes),
      closed: () => this.#link === link && this.#lose(),
      get welcomed() {
        return link.welcomed;
      },
    };
  }

  /**
   * Takes no further events: the unit sends them to whoever comes next. Resolves when those under
   * way are settled and acknowledged.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#unsettled.empty();
    this.#acknowledge();
  }

  /** What was counted so far. */
  counters(): ConsumerCounters {
    return { ...this.#counters, unsettled: this.#unsettled.size };
  }

  get #log(): Log {
    return this.#options.log;
  }

  #text(link: Link, text: string): void {
    try {
      const message = parseLinkMessage(text);
      const { calls } = this.#options;
      if (message.op === "welcome") this.#welcome(link, message);
      else if (calls && (message.op === "call" || message.op === "reply")) calls.receive(message);
      else if (message.op === "bye") {
        this.#log.info("unit says goodbye", { reason: message.reason });
      } else this.#refuse(LINK_CLOSE.BAD_MESSAGE, `a unit does not send ${message.op}`);
    } catch (error) {
      this.#refuse(LINK_CLOSE.BAD_MESSAGE, messageOf(error));
    }
  }

  #welcome(link: Link, { v, link: number, totalShards, stream }: LinkWelcome): void {
    if (v !== EVENT_LINK_VERSION) {
      const reason = `the unit speaks version ${v}, this cluster ${EVENT_LINK_VERSION}`;
      return this.#refuse(LINK_CLOSE.VERSION, reason);
    }
    // The unit lost its memory, or is another one: what we have seen says nothing of its cursors.
    if (this.#stream !== stream) this.#shards.clear();
    this.#stream = stream;
    link.welcomed = true;
    this.#log.info("event link is up", { link: number, totalShards });
    this.#options.calls?.up((call) => link.socket.send(encodeLinkMessage(call)), totalShards);
    this.#acknowledge();
  }

  #batch(link: Link, bytes: Uint8Array): void {
    if (this.#stopping) return;
    if (!link.welcomed) return this.#refuse(LINK_CLOSE.BAD_MESSAGE, "events before welcome");
    let records: EventRecord[];
    try {
      records = readBatch(bytes);
    } catch (error) {
      return this.#refuse(LINK_CLOSE.BAD_MESSAGE, messageOf(error));
    }
    for (const record of records) this.#record(record);
  }

  #refuse(code: number, reason: string): void {
    this.#log.error("event link is refused", { code, reason });
    // A close frame has room for 123 bytes.
    this.#link?.socket.close(code, reason.slice(0, 100));
    this.#lose();
  }

  #lose(): void {
    if (this.#link) this.#options.calls?.down();
    this.#link = undefined;
  }

  #record(record: EventRecord): void {
    const { shardId, cursor } = record;
    if (!this.#shard(shardId).begin(cursor)) {
      this.#counters.repeats++;
      return this.#ackSoon(shardId);
    }
    this.#counters.received++;
    const dispatch = this.#read(record);
    if (dispatch === undefined) return this.#settle(shardId, cursor);
    this.#deliver(dispatch, { shardId, cursor, name: dispatch.t });
  }

  #deliver(dispatch: Dispatch, delivery: Delivery): void {
    let result: unknown;
    try {
      result = this.#options.receiver.receive(dispatch, delivery.shardId);
    } catch (error) {
      this.#failed(delivery, error);
    }
    if (!isThenable(result)) return this.#settle(delivery.shardId, delivery.cursor);
    this.#unsettled.add(delivery);
    result.then(
      () => this.#done(delivery),
      (error) => {
        this.#failed(delivery, error);
        this.#done(delivery);
      },
    );
  }

  #read(record: EventRecord): Dispatch | undefined {
    const { receiver } = this.#options;
    const { kind, shardId, cursor } = record;
    try {
      if (kind === RECORD.GAP) {
        this.#log.warn("events are missing", { shardId, ...readGap(record) });
      }
      return readDispatch(record, (name) => receiver.wants(name));
    } catch (error) {
      // Closing the link would bring the same event again, for ever.
      this.#counters.failed++;
      this.#log.error("event cannot be read", { shardId, cursor, error: messageOf(error) });
      return undefined;
    }
  }

  #failed(delivery: Delivery, error: unknown): void {
    this.#counters.failed++;
    const stack = error instanceof Error ? error.stack : undefined;
    this.#log.error("handler failed", { ...delivery, error: messageOf(error), stack });
  }

  #done(delivery: Delivery): void {
    this.#unsettled.remove(delivery);
    this.#settle(delivery.shardId, delivery.cursor);
  }

  #settle(shardId: number, cursor: number): void {
    this.#shard(shardId).settle(cursor);
    this.#ackSoon(shardId);
  }

  #ackSoon(shardId: number): void {
    this.#due.add(shardId);
    this.#flush ??= this.#options.clock.soon(() => this.#acknowledge());
  }

  #acknowledge(): void {
    this.#flush?.();
    this.#flush = undefined;
    // Without a link the shards stay due: the next welcome tells what was settled meanwhile.
    if (!this.#link?.welcomed) return;
    const cursors: Record<string, number> = {};
    for (const shardId of this.#due) {
      const cursor = this.#shard(shardId).takeAck();
      if (cursor !== undefined) cursors[shardId] = cursor;
    }
    this.#due.clear();
    if (Object.keys(cursors).length === 0) return;
    this.#link.socket.send(encodeLinkMessage({ op: "ack", cursors }));
  }

  #shard(shardId: number): ShardProgress {
    let shard = this.#shards.get(shardId);
    if (shard === undefined) this.#shards.set(shardId, shard = new ShardProgress());
    return shard;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === "function";
}
