/**
 * A gateway for consumers in virtual time, an owner of the shards' events that does what `ShardEvents`
 * says, and a client that does what the test says.
 *
 * @module
 */

import {
  type DownstreamEvents,
  DownstreamGateway,
  type DownstreamOptions,
} from "../../downstream/gateway.ts";
import type { ReadyFacts } from "../../protocol/discord/gateway_frame.ts";
import type { SavedDownstreamSessions } from "../../downstream/sessions.ts";
import type { DownstreamTerms } from "../../downstream/terms.ts";
import type { ShardEvents } from "../../downstream/world.ts";
import { type EventRecord, type Gap, gapRecord, RECORD } from "../../protocol/event_frame.ts";
import type { Seat } from "../../protocol/ids.ts";
import { INTENTS } from "../../protocol/discord/intents.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import type { ShardBacklog, ShardPayload } from "../../protocol/worker_message.ts";
import { FakeGuilds } from "./fake_guilds.ts";
import { silentLog } from "../../ports/log.ts";
import { createVirtualClock, type VirtualClock } from "../../sim/mod.ts";
import { seatsOver } from "../support/seats.ts";

/** A payload as the client reads it. */
export interface Payload {
  readonly t: string | null;
  readonly s: number | null;
  readonly op: number;
  // deno-lint-ignore no-explicit-any -- tests look into bodies of every kind
  readonly d: any;
}

/** What the unit of the stage serves. */
export const TERMS: DownstreamTerms = {
  shards: seatsOver(4, null, [], ({ id }) => id < 3),
  intents: INTENTS.GUILDS | INTENTS.GUILD_MESSAGES,
  isSecret: (token) => token === "secret",
  consumersPerShard: 3,
  otherTotals: false,
};

/** What READY tells on the stage. */
export const FACTS: ReadyFacts = {
  user: { id: "1", username: "bot" },
  application: { id: "1", flags: 0 },
  guildIds: ["11", "12"],
};

/** The events of one shard: an outbox, and who has it. */
export class FakeShard {
  readonly records: EventRecord[] = [];
  readonly guilds = new FakeGuilds();
  acknowledged = 0;
  /** Cursor of the newest event. */
  last = 0;
  /** False where a consumer gets events only as the test says. */
  eager = true;
  consumer: "cluster" | "held" | ((record: EventRecord) => void) = "cluster";
  #next = 0;

  constructor(readonly shardId: number) {}

  /** An event comes from Discord; it is named after its cursor unless told otherwise. */
  event(t?: string, cursor: number = this.last + 1): number {
    const text = `{"t":"${t ?? `EVENT_${cursor}`}","s":77,"op":0,"d":{"cursor":${cursor}}}`;
    const body = new TextEncoder().encode(text);
    return this.#add({ shardId: this.shardId, kind: RECORD.DISPATCH, cursor, body });
  }

  /** An event about a guild comes from Discord. */
  guild(t: string, id: string, unavailable?: boolean): number {
    const cursor = this.last + 1;
    this.guilds.events.push({ cursor, t, id, ...(unavailable && { unavailable }) });
    return this.#dispatch(t, { id, cursor, ...(unavailable && { unavailable }) });
  }

  /** A message comes from Discord, which not every client sees. */
  message(): number {
    return this.#dispatch("MESSAGE_CREATE", { guild_id: "11" });
  }

  /** The session with Discord was lost, and another one begins, whose READY has one guild less and one more. */
  begin(left: string, joined: string): number {
    const to = this.last + 1;
    this.gap({ from: null, to, count: null, reason: `LOST_${to}` });
    const before = [...this.guilds.asOf(this.last).keys()];
    const ids = [...new Set([...before.filter((id) => id !== left), joined])];
    this.guilds.events.push({ cursor: this.last + 1, t: "READY", id: "", ids });
    const gatehouse = {
      left: before.filter((id) => !ids.includes(id)),
      joined: ids.filter((id) => !before.includes(id)),
    };
    const guilds = ids.map((id) => ({ id, unavailable: true }));
    return this.#dispatch("READY", { gatehouse, guilds });
  }

  #dispatch(t: string, d: object): number {
    const cursor = this.last + 1;
    const text = `{"t":"${t}","s":77,"op":0,"d":${JSON.stringify(d)}}`;
    const body = new TextEncoder().encode(text);
    return this.#add({ shardId: this.shardId, kind: RECORD.DISPATCH, cursor, body });
  }

  /** A record comes that nothing can be read of. */
  poison(body = "nul"): number {
    const kind = RECORD.DISPATCH;
    const cursor = this.last + 1;
    return this.#add({ shardId: this.shardId, kind, cursor, body: new TextEncoder().encode(body) });
  }

  /** Events are lost up to this cursor. */
  gap(gap: Gap): number {
    return this.#add(gapRecord(this.shardId, gap));
  }

  /** Sends up to `count` events to whoever has the shard. */
  flush(count = Infinity): void {
    for (; count > 0 && this.#next < this.records.length; count--) {
      if (typeof this.consumer !== "function") return;
      this.consumer(this.records[this.#next++]!);
    }
  }

  /** Begins again with the first event that is not acknowledged. */
  rewind(): void {
    this.#next = 0;
    if (this.eager) this.flush();
  }

  acknowledge(cursor: number): void {
    this.acknowledged = Math.max(this.acknowledged, cursor);
    while (this.records.length > 0 && this.records[0]!.cursor <= cursor) {
      this.records.shift();
      this.#next = Math.max(0, this.#next - 1);
    }
  }

  #add(record: EventRecord): number {
    this.records.push(record);
    this.last = Math.max(this.last, record.cursor);
    if (this.eager) this.flush();
    return record.cursor;
  }
}

/** The owner of all shards' events. */
export class FakeEvents implements ShardEvents {
  /** Whether nobody else may read beside the bot. */
  isFull = false;
  readonly windowBytes = 16 * 1024 * 1024;
  /** By the text of the seat: who reads beside the bot has its own. */
  readonly #shards = new Map<string, FakeShard>();
  /** What `hold` fails with, if it does. */
  broken: Error | null = null;
  /** What the next `hold` waits for, if it does. */
  slow: Promise<void> | null = null;

  shard(shardId = 0, reader = ""): FakeShard {
    const key = `${shardId} ${reader}`;
    const known = this.#shards.get(key) ?? new FakeShard(shardId);
    this.#shards.set(key, known);
    return known;
  }

  hasRoomFor({ reader }: Seat): boolean {
    return reader === undefined || !this.isFull;
  }

  async hold({ id, reader }: Seat): Promise<ShardBacklog> {
    if (this.broken) throw this.broken;
    const shard = this.shard(id, reader);
    shard.consumer = "held";
    const { slow } = this;
    this.slow = null;
    await slow;
    return { acknowledged: shard.acknowledged, last: shard.last };
  }

  take({ id, reader }: Seat, deliver: (record: EventRecord) => void): void {
    const shard = this.shard(id, reader);
    shard.consumer = deliver;
    shard.rewind();
  }

  acknowledge({ id, reader }: Seat, cursor: number): void {
    this.shard(id, reader).acknowledge(cursor);
  }

  release({ id, reader }: Seat): void {
    this.shard(id, reader).consumer = "cluster";
  }

  /** As one life of a unit sees it: once that is over, it changes nothing any more. */
  of(life: { readonly isOver: boolean }): ShardEvents {
    return {
      windowBytes: this.windowBytes,
      hasRoomFor: (shard) => this.hasRoomFor(shard),
      hold: (shard) => life.isOver ? new Promise(() => {}) : this.hold(shard),
      take: (shard, deliver) => void (life.isOver || this.take(shard, deliver)),
      acknowledge: (shard, cursor) => void (life.isOver || this.acknowledge(shard, cursor)),
      release: (shard) => void (life.isOver || this.release(shard)),
    };
  }

  /** A life of the unit is over: its shards are with their clusters. */
  releaseAll(): void {
    for (const shard of this.#shards.values()) shard.consumer = "cluster";
  }
}

/** A client that records everything and says what the test wants it to. */
export class ScriptedConsumer {
  readonly payloads: Payload[] = [];
  /** The socket's last word, if it has said it. */
  closedWith: { readonly code: number; readonly reason: string } | null = null;
  /** Whether it answers no close frame. */
  isDead = false;
  /** Whether its socket takes no more, because it does not read. */
  isFull = false;
  /** Whether the gateway has said that it knows who this is. */
  isKnown = false;
  /** What is to happen before its socket takes more; `null`: it takes everything at once. */
  reading: Promise<void> | null = null;
  #link: DownstreamEvents;

  constructor(gateway: DownstreamGateway, query = "v=10&encoding=json") {
    this.#link = gateway.accept({
      send: (text) => {
        if (this.isFull) this.#link.failed("Too slow.");
        else if (!this.closedWith) this.payloads.push(JSON.parse(text) as Payload);
      },
      sendBytes: () => {},
      known: () => void (this.isKnown = true),
      taken: () => this.reading ?? Promise.resolve(),
      close: (code, reason) => {
        this.closedWith ??= { code, reason };
        queueMicrotask(() => void (this.isDead || this.#link.closed(code)));
      },
    }, new URLSearchParams(query));
  }

  /** The code that the connection was closed with, if it was. */
  get code(): number | undefined {
    return this.closedWith?.code;
  }

  /** What was dispatched, as `[t, s]`. */
  get dispatches(): [string | null, number | null][] {
    return this.payloads.filter(({ op }) => op === OP.DISPATCH).map(({ t, s }) => [t, s]);
  }

  /** Opcodes other than dispatches, in order. */
  get ops(): number[] {
    return this.payloads.map(({ op }) => op).filter((op) => op !== OP.DISPATCH);
  }

  /** The body of the last dispatch with this name. */
  body(t: string): Payload["d"] {
    return this.payloads.findLast((payload) => payload.t === t)?.d;
  }

  send(op: number, d: unknown): void {
    this.raw(JSON.stringify({ op, d }));
  }

  raw(text: string): void {
    this.#link.text(text);
  }

  binary(bytes: Uint8Array): void {
    this.#link.binary(bytes);
  }

  identify(changes: Record<string, unknown> = {}): void {
    const properties = { os: "linux", browser: "test", device: "test" };
    const intents = INTENTS.GUILDS;
    this.send(OP.IDENTIFY, { token: "Bot secret", intents, shard: [0, 4], properties, ...changes });
  }

  resume(sessionId: string, seq: number, token = "secret"): void {
    this.send(OP.RESUME, { token, session_id: sessionId, seq });
  }

  beat(seq: number | null): void {
    this.send(OP.HEARTBEAT, seq);
  }

  /** Closes, or breaks the connection (1006). */
  close(code: number): void {
    this.closedWith ??= { code, reason: "" };
    this.#link.closed(code);
  }
}

/** A gateway on a stage. */
export interface Stage {
  readonly clock: VirtualClock;
  readonly events: FakeEvents;
  readonly gateway: DownstreamGateway;
  /** What was sent up, by shard. */
  readonly sentUp: [number, ShardPayload][];
  connect(query?: string): ScriptedConsumer;
  /** A client that has identified for a shard, and its session's id. */
  ready(shardId?: number): Promise<{ client: ScriptedConsumer; sessionId: string }>;
  /** Another life of the unit, with what this one wrote down last and the same owner of events. */
  restart(saved?: SavedDownstreamSessions): Stage;
}

/** A stage; its gateway takes these changes. */
export function stage(
  changes: Partial<DownstreamOptions> = {},
  clock: VirtualClock = createVirtualClock(),
  events: FakeEvents = new FakeEvents(),
): Stage {
  const sentUp: [number, ShardPayload][] = [];
  const life = { isOver: false };
  const gateway = new DownstreamGateway({
    clock,
    log: silentLog,
    url: "ws://127.0.0.1:8787/gateway",
    terms: TERMS,
    events: events.of(life),
    facts: () => Promise.resolve(FACTS),
    guilds: ({ id }, question) => {
      const { guilds, acknowledged } = events.shard(id);
      return life.isOver
        ? new Promise(() => {})
        : Promise.resolve(guilds.answer(question, acknowledged));
    },
    send: ({ id }, payload) => Promise.resolve(void sentUp.push([id, payload])),
    stream: "stream",
    newId: sessionIds(clock),
    changed() {},
    ...changes,
  });
  const self: Stage = {
    clock,
    events,
    gateway,
    sentUp,
    connect: (query) => new ScriptedConsumer(gateway, query),
    async ready(shardId = 0) {
      const client = self.connect();
      client.identify({ shard: [shardId, 4] });
      await clock.advance(0);
      return { client, sessionId: client.body("READY").session_id };
    },
    restart(saved = gateway.sessions.save()) {
      life.isOver = true;
      events.releaseAll();
      const next = stage(changes, clock, events);
      next.gateway.load(JSON.parse(JSON.stringify(saved)));
      return next;
    },
  };
  return self;
}

let lives = 0;

/** Ids that differ in each life of a unit. */
function sessionIds(clock: VirtualClock): () => string {
  const life = ++lives;
  let count = 0;
  return () => `session-${life}-${clock.now()}-${++count}`;
}
