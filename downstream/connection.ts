/**
 * One connection on `/gateway`: performs the effects of `step.ts`, and has the stream of its session
 * (`stream.ts`) sent. Knows nothing of sockets beyond sending and closing.
 *
 * @module
 */

import type { Cancel } from "../ports/clock.ts";
import type { LogFields } from "../ports/log.ts";
import { messageOf } from "../protocol/errors.ts";
import { type Seat, seatFields } from "../protocol/ids.ts";
import { OP } from "../protocol/discord/opcodes.ts";
import type { ShardBacklog } from "../protocol/worker_message.ts";
import { every } from "../ports/clock.ts";
import { ASK_SOON_MS, Beats } from "./beats.ts";
import { DownstreamCommands } from "./commands.ts";
import { Encoder } from "./encoder.ts";
import { closeReason, control, hello, ready } from "./frames.ts";
import { DownstreamPace, MESSAGE_WINDOW_MS, MESSAGES_PER_WINDOW, readMessage } from "./message.ts";
import { openSession } from "./opening.ts";
import { type DownstreamSession, eventsAfter } from "./session.ts";
import type { DownstreamSessions } from "./sessions.ts";
import { type Effect, type Input, type Phase, type Refusal, step } from "./step.ts";
import { SessionStream, type StreamStart } from "./stream.ts";
import { type Dialect, judgeIdentify, judgeResume, type Later } from "./terms.ts";
import type { DownstreamSocket, DownstreamWorld } from "./world.ts";

/** How long HELLO asks a client to wait between heartbeats, unless told otherwise. */
export const HEARTBEAT_INTERVAL_MS = 10_000;
/**
 * How long a connection may wait for IDENTIFY or RESUME, after HELLO and after op 9. Libraries that let
 * one shard identify every 5 s do so on connections that are open already.
 */
export const HANDSHAKE_DEADLINE_MS = 60_000;
/** How long a client may take to say that it has everything, when we are about to stop. */
export const SETTLE_MS = 1_000;
/** How long a client may take to answer our close frame; one that does not may have read nothing of late. */
export const CLOSE_ANSWER_MS = 1_000;

const STOPPING = "Gatehouse is stopping.";

/** What a connection shares with the others. */
export interface DownstreamShared extends DownstreamWorld {
  readonly sessions: DownstreamSessions;
  /**
   * The connection wants this shard: the one that had it is replaced. Resolves when that one's client
   * has answered our close frame, or has had its time.
   */
  readonly claim: (shard: Seat, connection: DownstreamConnection) => Promise<void>;
  /** The connection that has this shard lets go of it. */
  readonly unclaim: (shard: Seat) => void;
  /** Lets the shard's events wait for a client that is away. */
  readonly park: (shard: Seat) => void;
  /** Sessions are on their way to other shards: resolves when they are there; `null`: none is. */
  readonly moving: () => Promise<void> | null;
  /** Tells of a client that has shown no token that lets in, seldom: anybody can be one. */
  readonly tellOfStranger: (event: string, about: LogFields) => void;
}

/** A connection, from HELLO on. */
export class DownstreamConnection {
  readonly #shared: DownstreamShared;
  readonly #socket: DownstreamSocket;
  readonly #dialect: Dialect;
  readonly #encoder: Encoder;
  readonly #beats: Beats;
  readonly #commands: DownstreamCommands;
  readonly #pace = new DownstreamPace();
  #phase: Phase = "waiting";
  #cancelLate: Cancel;
  /** The shard that this connection has claimed. */
  #shard: Seat | null = null;
  /** The session that it has, or had. */
  #session: DownstreamSession | null = null;
  /** What we closed with. */
  #closedWith: number | null = null;
  readonly #over = Promise.withResolvers<void>();
  /** What the session gives it, from READY on. */
  #stream: SessionStream | null = null;
  /** Resolves when the client has everything; `null` while it is sent more. */
  #settled: PromiseWithResolvers<void> | null = null;

  /** Sends HELLO. */
  constructor(shared: DownstreamShared, socket: DownstreamSocket, dialect: Dialect) {
    this.#shared = shared;
    this.#socket = socket;
    this.#dialect = dialect;
    this.#encoder = new Encoder(dialect.compression, {
      send: (text) => socket.send(text),
      sendBytes: (bytes) => socket.sendBytes(bytes),
      failed: (reason) => this.input({ kind: "refused", code: 4000, reason }),
    });
    const intervalMs = shared.heartbeatIntervalMs ?? HEARTBEAT_INTERVAL_MS;
    this.#beats = new Beats({
      clock: shared.clock,
      intervalMs,
      windowBytes: shared.events.windowBytes,
      ask: () => this.#encoder.send(control(OP.HEARTBEAT, null)),
      silent: () => this.input({ kind: "silent" }),
    });
    this.#commands = new DownstreamCommands({
      ...shared,
      s: () => this.#stream?.s ?? 0,
      give: (payload) => this.#encoder.send(payload),
      taken: () => this.#taken(),
      isOver: (session) => this.#phase !== "live" || this.#session !== session,
      refused: (refused) => this.input(refused),
      about: () => this.#about,
    });
    this.#cancelLate = this.#waitForHandshake();
    this.#encoder.send(hello(intervalMs));
  }

  /** The client sent a message, in a text frame or a binary one. */
  message(data: string | Uint8Array): void {
    const message = readMessage(data);
    const wasAsked = message.kind === "heartbeat" && this.#beats.beat();
    if (wasAsked || this.#pace.allows(this.#shared.clock.now())) return this.input(message);
    const limit = `${MESSAGES_PER_WINDOW} messages in ${MESSAGE_WINDOW_MS / 1000} s`;
    this.input({ kind: "refused", code: 4008, reason: `Rate limited: more than ${limit}.` });
  }

  /** The socket is closed: with the client's code, or 1006 where it broke. */
  closed(code: number): void {
    this.#over.resolve();
    if (this.#phase !== "closed") return this.input({ kind: "gone", code });
    if (code !== this.#closedWith || !this.#session) return;
    // Who answers a close frame has read everything before it; what it says in a RESUME counts more.
    if (!this.#shared.sessions.hasClient(this.#session)) this.#countAsReceived();
  }

  /**
   * Sends no further event, and asks for heartbeats until the client has said that it has everything:
   * then what it has is known exactly. Resolves then, or when it has had its time. One that has no
   * session yet is closed.
   */
  async settle(): Promise<void> {
    const stream = this.#stream;
    if (this.#phase !== "live" || !stream) return this.input({ kind: "failed", reason: STOPPING });
    const { clock } = this.#shared;
    stream.stop();
    if (stream.isSettled) return;
    this.#settled = Promise.withResolvers();
    const cancelAsks = every(clock, ASK_SOON_MS, () => this.#beats.ask());
    const cancel = clock.after(SETTLE_MS, this.#settled.resolve);
    this.#beats.ask();
    await Promise.race([this.#settled.promise, this.#over.promise]);
    cancelAsks();
    cancel();
  }

  /** Whether an IDENTIFY or RESUME is being seen to. */
  get isStarting(): boolean {
    return this.#phase === "starting";
  }

  /** Whether the client was given all guilds that its session began with. */
  get hasGuilds(): boolean {
    return this.#stream?.hasGuilds ?? true;
  }

  /** Asks for a heartbeat now; where the client has said that it has everything, that is told again. */
  urge(): void {
    if (this.#phase !== "live" || !this.#stream) return;
    if (this.#stream.isSettled) this.#stream.tellAgain();
    else this.#beats.ask();
  }

  /** Gives nothing, and takes nothing as acknowledged, before {@linkcode DownstreamConnection.goOn}. */
  halt(): void {
    this.#stream?.leave();
  }

  /** The session goes on, after what was given of it, with what its shards have for it now. */
  goOn(session: DownstreamSession, backlog: ShardBacklog): void {
    if (this.#phase !== "live" || this.#session !== session) return;
    const had = this.#stream!.s;
    this.#stream = this.#streamOf(session, { had, backlog, isResumed: false });
    void this.#start(() => this.#run(this.#stream!));
  }

  /** Closes so that the client comes back and resumes. Resolves when it has answered, or has had its time. */
  async stop(): Promise<void> {
    this.input({ kind: "failed", reason: STOPPING });
    await this.answered();
  }

  /** Resolves when the client has answered our close frame, or has had its time. */
  answered(): Promise<void> {
    const cancel = this.#shared.clock.after(CLOSE_ANSWER_MS, this.#over.resolve);
    return this.#over.promise.finally(cancel);
  }

  /** Something happened to the connection. Once it is over, nothing more comes of it. */
  input(input: Input): void {
    const before = this.#phase;
    const [phase, ...effects] = step(before, input);
    this.#phase = phase;
    if (phase !== before) {
      this.#cancelLate();
      if (phase === "waiting") this.#cancelLate = this.#waitForHandshake();
    }
    if (phase === "closed") this.#beats.stop();
    if (phase !== "live") this.#stream?.stop();
    for (const effect of effects) this.#perform(effect);
    if (phase === "closed") this.#encoder.end();
  }

  #waitForHandshake(): Cancel {
    return this.#shared.clock.after(HANDSHAKE_DEADLINE_MS, () => this.input({ kind: "late" }));
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case "answer heartbeat":
        return this.#encoder.send(control(OP.HEARTBEAT_ACK, null));
      case "acknowledge":
        this.#stream?.acknowledge(effect.seq);
        if (this.#stream?.isSettled) this.#settled?.resolve();
        return;
      case "count as received":
        return this.#countAsReceived();
      case "identify":
        return void this.#start(() => this.#identify(effect.d));
      case "resume":
        return void this.#start(() => this.#resume(effect.d));
      case "pass up":
        return void this.#commands.pass(this.#session!, effect.payload);
      case "invalidate":
        return this.#encoder.send(control(OP.INVALID_SESSION, false));
      case "close":
        return this.#close(effect.code, effect.reason);
      case "leave":
        return this.#leave(effect.session);
    }
  }

  async #start(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const about = { ...this.#about, error: messageOf(error) };
      this.#shared.log.error("consumer cannot be served", about);
      this.input({ kind: "failed", reason: "Gatehouse cannot serve this shard now." });
    }
  }

  async #identify(d: unknown): Promise<void> {
    const { terms, events } = this.#shared;
    if (this.#shared.moving() && !await this.#hasTurn()) return;
    const judged = judgeIdentify(d, terms);
    if ("code" in judged) return this.input({ kind: "refused", ...judged });
    if ("later" in judged) return this.#comeAgain(judged);
    const { seat, presence, compress } = judged;
    if (!events.hasRoomFor(seat)) return this.input({ kind: "refused", ...noRoomFor(seat) });
    const answered = this.#claim(seat);
    // Replaced or gone meanwhile.
    const isOver = () => this.#phase !== "starting";
    const opening = await openSession(this.#shared, judged, answered, isOver);
    if (isOver()) return;
    if (!opening) return this.input({ kind: "invalid" });
    const { session, start, facts } = opening;
    const stream = this.#begin(session, start);
    if (compress) this.#encoder.deflatePayloads();
    const { version } = this.#dialect;
    const about = { version, url: this.#shared.url, sessionId: session.sessionId };
    this.#encoder.send(ready({ ...about, shard: seat, facts }), stream.s);
    void this.#start(() => this.#run(stream));
    if (presence === null) return;
    void this.#commands.pass(session, { op: OP.PRESENCE_UPDATE, d: presence });
  }

  async #resume(d: unknown): Promise<void> {
    const { terms, sessions, events } = this.#shared;
    if (this.#shared.moving() && !await this.#hasTurn()) return;
    const judged = judgeResume(d, terms, (sessionId) => sessions.find(sessionId));
    if (judged === null) return this.input({ kind: "invalid" });
    if ("code" in judged) return this.input({ kind: "refused", ...judged });
    const { session, s } = judged;
    const { shard } = session;
    void this.#claim(shard);
    this.#session = session;
    const cursor = Math.max(session.base + s, eventsAfter(session));
    sessions.attach(session, cursor);
    const backlog = await events.hold(shard);
    if (this.#phase !== "starting") return;
    const isKept = backlog.acknowledged <= Math.max(cursor, session.doneTo);
    if (!isKept) return this.input({ kind: "invalid" });
    const stream = this.#begin(session, { had: s, backlog, isResumed: true });
    stream.acknowledge(s);
    void this.#start(() => this.#run(stream));
  }

  /** Waits while sessions move: which shard is whose is known then. False: it is over meanwhile. */
  async #hasTurn(): Promise<boolean> {
    const { moving } = this.#shared;
    for (let moved = moving(); moved && this.isStarting; moved = moving()) await moved;
    return this.isStarting;
  }

  #comeAgain({ later }: Later): void {
    this.#shared.log.info("consumer is to come again", { reason: later });
    this.input({ kind: "invalid" });
  }

  #claim(shard: Seat): Promise<void> {
    this.#session = null;
    this.#stream = null;
    this.#shard = shard;
    return this.#shared.claim(shard, this);
  }

  #begin(session: DownstreamSession, start: StreamStart): SessionStream {
    this.#session = session;
    this.#socket.known?.();
    this.#encoder.known();
    const stream = this.#streamOf(session, start);
    this.#stream = stream;
    this.input({ kind: "begun" });
    this.#shared.log.info("consumer has a shard", { ...seatFields(session.shard), s: stream.s });
    return stream;
  }

  #streamOf(session: DownstreamSession, start: StreamStart): SessionStream {
    return new SessionStream(this.#shared, session, start, {
      give: (payload, s) => this.#encoder.send(payload, s),
      came: (bytes) => this.#beats.sent(bytes),
      taken: () => this.#taken(),
    });
  }

  async #run(stream: SessionStream): Promise<void> {
    if (await stream.run()) return;
    const { shard, snapshots } = stream.session;
    const about = { ...seatFields(shard), s: stream.s, guilds: snapshots };
    this.#shared.log.error(
      "consumer has to begin anew: its guilds are not those it began with",
      about,
    );
    this.input({ kind: "invalid" });
  }

  #countAsReceived(): void {
    this.#stream?.received(this.#encoder.sent);
  }

  async #taken(): Promise<void> {
    await this.#encoder.handed();
    await this.#socket.taken?.();
  }

  get #about(): LogFields {
    return this.#shard ? seatFields(this.#shard) : {};
  }

  #close(code: number, reason: string): void {
    const event = "consumer's connection closed";
    if (this.#shard) this.#shared.log.warn(event, { ...this.#about, code, reason });
    else this.#shared.tellOfStranger(event, { code, reason });
    this.#closedWith = code;
    this.#socket.close(code, closeReason(reason));
  }

  #leave(how: "keep" | "end"): void {
    const shard = this.#shard;
    if (shard === null) return;
    const session = this.#session;
    this.#shard = null;
    const { sessions, events, park, unclaim } = this.#shared;
    unclaim(shard);
    if (session && how === "keep") {
      sessions.detach(session);
      return park(shard);
    }
    if (session) {
      // Of one that moves everything is dealt with, by other cursors.
      if (!sessions.isMoved(session)) events.acknowledge(shard, session.received);
      sessions.end(session);
    }
    events.release(shard);
  }
}

function noRoomFor(seat: Seat): Refusal {
  const others = "as many read it as CONSUMERS_PER_SHARD allows, and their events wait for them";
  return { code: 4010, reason: `Invalid shard for ${seat.reader}: ${others}.` };
}
