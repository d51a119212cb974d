/**
 * The receiving end of the event link, without a transport: messages and batches go in, events come
 * out in order, acknowledgements go back. It outlives its connections, so that an event that is sent
 * again after a reconnect is not handled again.
 *
 * It has one link with the unit, and one with each of its workers where they bring their events themselves; with
 * the units of a fleet, so with each.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../../protocol/errors.ts";
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
import type { LinkCall, LinkReply } from "../../protocol/link_call.ts";
import { decodeValue, encodeValue } from "../../protocol/value.ts";
import { replyTo } from "../../ports/link_asks.ts";
import type { Log } from "../../ports/log.ts";
import {
  Acks,
  type Dialler,
  diallerText,
  type Link,
  type LinkSocket,
  type Source,
} from "./acks.ts";
import type {
  CallLine,
  ConsumerCounters,
  ConsumerLink,
  ConsumerOptions,
} from "./consumer_world.ts";
import { type Dispatch, placeOf, readDispatch } from "./dispatch.ts";
import { readLate, takeLate } from "./late.ts";
import { ShardProgress } from "./progress.ts";
import { Unsettled } from "./unsettled.ts";

/** Credit where nobody says how much. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/** The unit's own link where there is no fleet. */
const UNIT: Dialler = { unit: null, worker: null };

/** A link, and what hears the calls over it. */
interface CallingLink extends Link {
  line?: CallLine;
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
  /** By {@linkcode diallerText}. */
  readonly #links = new Map<string, CallingLink>();
  #port: number | undefined;
  #stream: string | undefined;
  #stopping = false;

  constructor(options: ConsumerOptions) {
    this.#options = options;
    const { windowBytes = WINDOW_BYTES, handlerDeadlineMs: deadlineMs = 60_000 } = options;
    this.#acks = new Acks({ ...options, windowBytes, linkOf: (key) => this.#links.get(key) });
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
   * Greets a unit on a connection that has opened, whoever dialled. It replaces the one before.
   *
   * @param from Whom it is with. Default: a unit that has no name, itself.
   * @param clusterId As which cluster it knows us, where that is not what we are anyway.
   */
  attach(socket: LinkSocket, from: Dialler = UNIT, clusterId?: number): ConsumerLink {
    const key = diallerText(from);
    this.#end(this.#links.get(key), LINK_CLOSE.TAKEN_OVER, "a newer link took over");
    const heardMs = this.#options.clock.now();
    const link: CallingLink = { ...from, key, socket, heardMs, welcomed: false, isEnding: false };
    this.#links.set(key, link);
    socket.send(encodeLinkMessage(this.#hello(from, clusterId)));
    const isCurrent = () => this.#links.get(key) === link;
    return {
      text: (text) => isCurrent() && this.#text(this.#heard(link), text),
      batch: (bytes) => isCurrent() && this.#batch(this.#heard(link), bytes),
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

  #heard(link: CallingLink): CallingLink {
    link.heardMs = this.#options.clock.now();
    return link;
  }

  #heardMs(unit: string | null): number {
    const links = [...this.#links.values()].filter((link) => link.unit === unit);
    return Math.max(...links.map(({ heardMs }) => heardMs));
  }

  #hello({ worker }: Dialler, clusterId: number | undefined): LinkHello {
    const { calls, peer, windowBytes = WINDOW_BYTES } = this.#options;
    const port = this.#port;
    const who = peer.kind === "cluster"
      ? { clusterId: clusterId ?? peer.id }
      : { service: peer.name };
    const hello = { op: "hello", v: EVENT_LINK_VERSION, ...who, windowBytes } as const;
    if (worker !== null) return hello;
    const takes = { late: true, ...(calls && { values: "clone" as const }) };
    return { ...hello, ...takes, ...(port !== undefined && { port }) };
  }

  #text(link: CallingLink, text: string): void {
    try {
      const message = parseLinkMessage(text);
      const { line } = link;
      if (message.op === "welcome") this.#welcome(link, message);
      else if (message.op === "call" && message.verb === "late") this.#late(link, message);
      else if (line && (message.op === "call" || message.op === "reply")) line.receive(message);
      else if (message.op === "bye") {
        this.#log.info("unit says goodbye", { ...whose(link), reason: message.reason });
        link.isEnding = true;
        this.#acks.say();
      } else this.#refuse(link, LINK_CLOSE.BAD_MESSAGE, `a unit does not send ${message.op}`);
    } catch (error) {
      this.#refuse(link, LINK_CLOSE.BAD_MESSAGE, messageOf(error));
    }
  }

  #welcome(link: CallingLink, { v, link: number, totalShards, stream }: LinkWelcome): void {
    if (v !== EVENT_LINK_VERSION) {
      const reason = `the unit speaks version ${v}, this cluster ${EVENT_LINK_VERSION}`;
      return this.#refuse(link, LINK_CLOSE.VERSION, reason);
    }
    if (this.#stream !== stream) this.#begin(stream, link);
    const { calls } = this.#options;
    if (link.welcomed) {
      // It is as it was, and what was asked over it goes on.
      this.#log.info("number of shards has changed", { totalShards, ...whose(link) });
      return link.line?.shardsAre(totalShards);
    }
    link.welcomed = true;
    this.#log.info("event link is up", { link: number, totalShards, ...whose(link) });
    if (calls && link.worker === null) {
      const send = (call: LinkCall | LinkReply) => link.socket.send(encodeLinkMessage(call));
      link.line = calls.up(send, totalShards, () => this.#heardMs(link.unit));
    }
    this.#acks.say();
  }

  /** The unit lost its memory, or is another one: what we have seen says nothing of its cursors. */
  #begin(stream: string, first: CallingLink): void {
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
      this.#record(this.#source(sources, totalShards, record.shardId, link), record, link);
    }
  }

  /** Events that were missing; the answer says that their handlers have settled. */
  #late(link: Link, call: LinkCall): void {
    const { receiver, clock, log, handlerDeadlineMs: deadlineMs = 60_000 } = this.#options;
    void replyTo(call, {
      work: () => {
        if (this.#stopping) throw goingAway();
        const late = readLate(decodeValue(call.value));
        const progress = this.#sources.get(late.totalShards)?.get(late.shardId)?.progress;
        return takeLate(late, progress, { receiver, clock, log, deadlineMs });
      },
      encode: encodeValue,
      send: (reply) => link.socket.send(encodeLinkMessage(reply)),
      unheard: (error) => log.warn("late events were not taken", { error: messageOf(error) }),
    });
  }

  #refuse(link: CallingLink, code: number, reason: string): void {
    this.#log.error("event link is refused", { code, reason });
    // A close frame has room for 123 bytes.
    this.#end(link, code, reason.slice(0, 100));
  }

  #end(link: CallingLink | undefined, code: number, reason: string): void {
    if (!link) return;
    link.socket.close(code, reason);
    this.#lose(link);
  }

  #lose(link: CallingLink): void {
    this.#links.delete(link.key);
    link.line?.down();
  }

  #record(source: Source, record: EventRecord, link: Link): void {
    const { cursor } = record;
    if (record.kind === RECORD.GAP) source.progress.gap(readGap(record).from, cursor);
    if (!source.progress.begin(cursor)) {
      this.#counters.repeats++;
      return this.#repeated(source, cursor, link);
    }
    source.link = link;
    this.#counters.received++;
    const dispatch = this.#read(record);
    if (dispatch === undefined) return this.#settle({ source, cursor });
    this.#deliver(dispatch, { source, cursor, name: dispatch.t });
  }

  #deliver(dispatch: Dispatch, delivery: Delivery): void {
    let result: unknown;
    try {
      const { shardId, totalShards } = placeOf(dispatch, delivery.source);
      result = this.#options.receiver.receive(dispatch, shardId, totalShards, delivery);
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

  /** Who had the shard before may still send: what comes next, and all that it has to know, is another's then. */
  #repeated(source: Source, cursor: number, link: Link): void {
    const { key } = source.link;
    if (key !== link.key && this.#links.get(key)?.welcomed) {
      return this.#acks.addAgain(source, link, cursor);
    }
    source.link = link;
    source.progress.repeat();
    this.#acks.add(source);
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
    return source;
  }
}

function goingAway(): GatehouseError {
  return new GatehouseError("away", "peer", "Cannot take late events: this process is ending");
}

/** Whose a link is, as a log line tells it. */
function whose({ unit, worker }: Dialler): Record<string, number | string> {
  return { ...(unit !== null && { unit }), ...(worker !== null && { worker }) };
}

/** A delivery as a log line tells it. */
function about({ source: { shardId }, cursor, name }: Delivery) {
  return { shardId, cursor, name };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === "function";
}
