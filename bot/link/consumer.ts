/**
 * The receiving end of the event link, without a transport: messages and batches go in, events come
 * out in order, acknowledgements go back. It outlives its connections, so that an event that is sent
 * again after a reconnect is not handled again.
 *
 * It has one link with the unit, and one with each of its workers where they bring their events themselves.
 *
 * @module
 */

import { messageOf } from "../../protocol/errors.ts";
import {
  encodeLinkMessage,
  EVENT_LINK_VERSION,
  type EventBatch,
  type EventRecord,
  LINK_CLOSE,
  type LinkHello,
  type LinkWelcome,
  parseLinkMessage,
  readBatch,
  readGap,
  RECORD,
} from "../../protocol/event_frame.ts";
import type { ClusterKey, ServiceKey } from "../../protocol/peer.ts";
import type { LinkCall, LinkReply } from "../../protocol/link_call.ts";
import type { Log } from "../../ports/log.ts";
import type { World } from "../../ports/world.ts";
import { Acks, type Link, type LinkSocket, type Source } from "./acks.ts";
import { type Dispatch, readDispatch } from "./dispatch.ts";
import { ShardProgress } from "./progress.ts";
import { Unsettled } from "./unsettled.ts";

/** Credit where nobody says how much. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** What gets the events. */
export interface Receiver {
  /** Whether anybody listens to events of this name; the others are not parsed. */
  wants(name: string): boolean;
  /**
   * Called in order per shard, without waiting for the one before. What it throws is logged.
   *
   * @param totalShards Of how many the shard is one: shards of two totals may live side by side.
   */
  receive(dispatch: Dispatch, shardId: number, totalShards: number): unknown;
}

/** What a consumer needs. */
export interface ConsumerOptions extends Pick<World, "clock" | "log"> {
  readonly peer: ClusterKey | ServiceKey;
  readonly receiver: Receiver;
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
  /** There are so many shards now. */
  shardsAre(totalShards: number): void;
  /** The link is gone. */
  down(): void;
  receive(message: LinkCall | LinkReply): void;
}

/** The receiving half: the transport calls it. After a newer link was attached nothing happens. */
export interface ConsumerLink {
  text(text: string): void;
  batch(bytes: Uint8Array): void;
  closed(): void;
  /** Whether the unit has welcomed this link. */
  readonly welcomed: boolean;
  /** Whether the other end has said that it goes: its end is no surprise. */
  readonly isEnding: boolean;
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

/** An event that a handler is at work on. */
interface Delivery {
  readonly source: Source;
  readonly cursor: number;
  readonly name: string;
}

/**
 * A consumer of events.
 *
 * Too many events under way stop the unit by themselves: what is not settled is not acknowledged,
 * and the unit sends no more than the window without an acknowledgement.
 */
export class EventConsumer {
  readonly #options: ConsumerOptions;
  /** By total and id: shards of two totals may live side by side. */
  readonly #sources = new Map<number, Map<number, Source>>();
  readonly #acks: Acks;
  readonly #unsettled: Unsettled<Delivery>;
  readonly #counters = { received: 0, repeats: 0, failed: 0, late: 0 };
  readonly #links = new Map<number | null, Link>();
  #port: number | undefined;
  #stream: string | undefined;
  #stopping = false;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    const { windowBytes = WINDOW_BYTES, handlerDeadlineMs: deadlineMs = 60_000 } = options;
    this.#acks = new Acks({ ...options, windowBytes, linkOf: (worker) => this.#links.get(worker) });
    this.#unsettled = new Unsettled(options.clock, deadlineMs, (delivery) => {
      this.#counters.late++;
      this.#log.error("handler missed its deadline", { ...about(delivery), deadlineMs });
      this.#settle(delivery);
    });
  }

  /** Workers of the unit may attach at this port of this machine: the next hello says so. */
  listensAt(port: number): void {
    this.#port = port;
  }

  /**
   * Greets the unit on a connection that has opened, whoever dialled. It replaces the one before.
   *
   * @param worker Which worker of the unit it is with; `null`: with the unit itself.
   */
  attach(socket: LinkSocket, worker: number | null = null): ConsumerLink {
    this.#end(this.#links.get(worker), LINK_CLOSE.TAKEN_OVER, "a newer link took over");
    const link: Link = { socket, worker, welcomed: false, isEnding: false };
    this.#links.set(worker, link);
    socket.send(encodeLinkMessage(this.#hello(worker)));
    const isCurrent = () => this.#links.get(worker) === link;
    return {
      text: (text) => isCurrent() && this.#text(link, text),
      batch: (bytes) => isCurrent() && this.#batch(link, bytes),
      closed: () => isCurrent() && this.#lose(link),
      get welcomed() {
        return link.welcomed;
      },
      get isEnding() {
        return link.isEnding;
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
    this.#acks.say();
  }

  /** What was counted so far. */
  counters(): ConsumerCounters {
    return { ...this.#counters, unsettled: this.#unsettled.size };
  }

  get #log(): Log {
    return this.#options.log;
  }

  #hello(worker: number | null): LinkHello {
    const { calls, peer, windowBytes = WINDOW_BYTES } = this.#options;
    const port = this.#port;
    const who = peer.kind === "cluster" ? { clusterId: peer.id } : { service: peer.name };
    const hello = { op: "hello", v: EVENT_LINK_VERSION, ...who, windowBytes } as const;
    if (worker !== null) return hello;
    return { ...hello, ...(calls && { values: "clone" }), ...(port !== undefined && { port }) };
  }

  #text(link: Link, text: string): void {
    try {
      const message = parseLinkMessage(text);
      const calls = link.worker === null ? this.#options.calls : undefined;
      if (message.op === "welcome") this.#welcome(link, message);
      else if (calls && (message.op === "call" || message.op === "reply")) calls.receive(message);
      else if (message.op === "bye") {
        this.#log.info("unit says goodbye", { reason: message.reason });
        link.isEnding = true;
        this.#acks.say();
      } else this.#refuse(link, LINK_CLOSE.BAD_MESSAGE, `a unit does not send ${message.op}`);
    } catch (error) {
      this.#refuse(link, LINK_CLOSE.BAD_MESSAGE, messageOf(error));
    }
  }

  #welcome(link: Link, { v, link: number, totalShards, stream }: LinkWelcome): void {
    if (v !== EVENT_LINK_VERSION) {
      const reason = `the unit speaks version ${v}, this cluster ${EVENT_LINK_VERSION}`;
      return this.#refuse(link, LINK_CLOSE.VERSION, reason);
    }
    if (this.#stream !== stream) this.#begin(stream, link);
    const { worker, welcomed } = link;
    const whose = worker === null ? {} : { worker };
    if (welcomed) {
      // It is as it was, and what was asked over it goes on.
      this.#log.info("number of shards has changed", { totalShards, ...whose });
      if (worker === null) this.#options.calls?.shardsAre(totalShards);
      return;
    }
    link.welcomed = true;
    this.#log.info("event link is up", { link: number, totalShards, ...whose });
    if (worker === null) {
      this.#options.calls?.up((call) => link.socket.send(encodeLinkMessage(call)), totalShards);
    }
    this.#acks.say();
  }

  /** The unit lost its memory, or is another one: what we have seen says nothing of its cursors. */
  #begin(stream: string, first: Link): void {
    this.#sources.clear();
    this.#acks.forget();
    this.#stream = stream;
    for (const link of [...this.#links.values()]) {
      if (link !== first && link.welcomed) {
        this.#end(link, LINK_CLOSE.TAKEN_OVER, "a unit with another numbering took over");
      }
    }
  }

  #batch(link: Link, bytes: Uint8Array): void {
    if (this.#stopping) return;
    if (!link.welcomed) return this.#refuse(link, LINK_CLOSE.BAD_MESSAGE, "events before welcome");
    let batch: EventBatch;
    try {
      batch = readBatch(bytes);
    } catch (error) {
      return this.#refuse(link, LINK_CLOSE.BAD_MESSAGE, messageOf(error));
    }
    this.#acks.came(bytes.length);
    const { totalShards, records } = batch;
    const sources = this.#sources.getOrInsertComputed(totalShards, () => new Map());
    for (const record of records) {
      this.#record(this.#source(sources, totalShards, record.shardId, link), record);
    }
  }

  #refuse(link: Link, code: number, reason: string): void {
    this.#log.error("event link is refused", { code, reason });
    // A close frame has room for 123 bytes.
    this.#end(link, code, reason.slice(0, 100));
  }

  #end(link: Link | undefined, code: number, reason: string): void {
    if (!link) return;
    link.socket.close(code, reason);
    this.#lose(link);
  }

  #lose(link: Link): void {
    if (link.worker === null) this.#options.calls?.down();
    this.#links.delete(link.worker);
  }

  #record(source: Source, record: EventRecord): void {
    const { cursor } = record;
    if (!source.progress.begin(cursor)) {
      this.#counters.repeats++;
      return this.#ackSoon(source);
    }
    this.#counters.received++;
    const dispatch = this.#read(record);
    if (dispatch === undefined) return this.#settle({ source, cursor });
    this.#deliver(dispatch, { source, cursor, name: dispatch.t });
  }

  #deliver(dispatch: Dispatch, delivery: Delivery): void {
    let result: unknown;
    try {
      const { shardId, totalShards } = delivery.source;
      result = this.#options.receiver.receive(dispatch, shardId, totalShards);
    } catch (error) {
      this.#failed(delivery, error);
    }
    if (!isThenable(result)) return this.#settle(delivery);
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
    this.#log.error("handler failed", { ...about(delivery), error: messageOf(error), stack });
  }

  #done(delivery: Delivery): void {
    this.#unsettled.remove(delivery);
    this.#settle(delivery);
  }

  #settle({ source, cursor }: Pick<Delivery, "source" | "cursor">): void {
    source.progress.settle(cursor);
    this.#ackSoon(source);
  }

  #ackSoon(source: Source): void {
    // Its cursors say nothing in the numbering that has come since.
    if (source.stream === this.#stream) this.#acks.add(source);
  }

  #source(
    sources: Map<number, Source>,
    totalShards: number,
    shardId: number,
    link: Link,
  ): Source {
    let source = sources.get(shardId);
    if (source === undefined) {
      source = { stream: this.#stream!, totalShards, shardId, progress: new ShardProgress(), link };
      sources.set(shardId, source);
    }
    source.link = link;
    return source;
  }
}

/** A delivery as a log line tells it. */
function about({ source: { shardId }, cursor, name }: Delivery) {
  return { shardId, cursor, name };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === "function";
}
