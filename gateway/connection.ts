/**
 * One connection to Discord: socket, inflater, heartbeat and send window, which live and end
 * together. Turns what comes in into inputs of the session table and dispatches; decides nothing.
 *
 * @module
 */

import { type Envelope, readEnvelope } from "../protocol/discord/envelope.ts";
import { messageOf } from "../protocol/errors.ts";
import type { Note } from "../protocol/discord/field.ts";
import {
  type Outgoing,
  parseHello,
  parseInvalidSession,
} from "../protocol/discord/gateway_frame.ts";
import { OP } from "../protocol/discord/opcodes.ts";
import { writeExact } from "../protocol/json.ts";
import type { Compression } from "../protocol/worker_message.ts";
import type { Cancel } from "../ports/clock.ts";
import type { Socket } from "../ports/socket.ts";
import type { World } from "../ports/world.ts";
import { compressionOf, createInflater, type Inflater } from "./inflate.ts";
import { SendWindow } from "./send_window.ts";
import type { SocketInput } from "./session/words.ts";

/** What a connection needs of the world. */
export type ConnectionWorld = Pick<World, "clock" | "random" | "connect">;

/** What a connection tells its shard. */
export interface ConnectionEvents {
  input(input: SocketInput): void;
  /** Discord said something that cannot be used: where, what, and what takes its place. */
  note(of: string, ...problem: Parameters<Note>): void;
  /** A dispatch. The bytes are the receiver's for the length of the call only. */
  dispatch(envelope: Envelope, payload: Uint8Array): void;
  /** Last `s` of the session, for the heartbeat; `null` before the first. */
  lastSeq(): number | null;
  /** A heartbeat is due; `send` sends it, once, while it is the one that is due. */
  due(send: () => void): void;
  /** A heartbeat was answered. */
  answered(latencyMs: number): void;
}

/** One connection, from opening to the end. */
export class Connection {
  /** What this connection may still send; `null` before HELLO. */
  window: SendWindow | null = null;
  readonly #world: ConnectionWorld;
  readonly #events: ConnectionEvents;
  readonly #compression: Compression;
  /** `null` before the first binary frame. */
  #inflater: Inflater | null = null;
  readonly #socket: Socket;
  #isOver = false;
  /** Something that came could not be read. */
  #isCorrupt = false;
  #heartbeat: Heartbeat | null = null;
  #isPaused = false;
  #cancelBeat: Cancel = () => {};
  /** A heartbeat that Discord has asked for waits for room in the window. */
  #isAnswerDue = false;
  #cancelAnswer: Cancel = () => {};
  /** Grows with each beat that is due, sent or given up: a late `send` sends nothing. */
  #beats = 0;

  /**
   * Starts to open a connection to `url`, an address as {@linkcode gatewayAddress} makes it. What a frame
   * is counts for more than the `compression` that was asked for: text is read as text.
   */
  constructor(
    url: string,
    compression: Compression,
    world: ConnectionWorld,
    events: ConnectionEvents,
  ) {
    this.#world = world;
    this.#events = events;
    this.#compression = compression;
    this.#socket = world.connect(url, {
      open: () => events.input({ kind: "opened" }),
      message: (data, isText) => isText ? this.#payload(data) : this.#inflate(data),
      closed: (code) => this.#over({ kind: "closed", code }),
      failed: (reason) => this.#over({ kind: "failed", reason }),
    });
  }

  /** Round trip of the last heartbeat; `null` before the first ACK. */
  get latencyMs(): number | null {
    return this.#heartbeat?.latencyMs ?? null;
  }

  /** Sends a payload of the session's own, past the queue of commands. */
  send(payload: Outgoing): void {
    this.window?.note(this.#world.clock.now());
    this.#socket.send(writeExact(payload));
  }

  /** Sends text that is accounted for already. */
  write(text: string): void {
    this.#socket.send(text);
  }

  /**
   * Reads nothing from here on, or goes on (`false`); beats go on. HELLO is always read. While nothing is
   * read, and until what waited has been, silence is no sign of death.
   */
  pause(isPaused: boolean): void {
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (!this.#heartbeat) return;
    if (!isPaused) this.#heartbeat = readAgain(this.#heartbeat);
    this.#socket.pause(isPaused);
  }

  /** Starts the closing handshake and stops beating. */
  close(code: number): void {
    this.#stopBeating();
    this.#socket.close(code, "");
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#stopBeating();
    this.#socket.destroy();
    this.#end();
  }

  #over(input: SocketInput): void {
    this.#stopBeating();
    this.#end();
    this.#events.input(input);
  }

  #inflate(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#inflater ??= createInflater(compressionOf(bytes, this.#compression), {
      payload: (bytes) => this.#payload(bytes),
      corrupt: (reason) => this.#corrupt("stream", reason),
    });
    this.#inflater.push(bytes);
  }

  #end(): void {
    this.#isOver = true;
    this.#inflater?.end();
  }

  /** What comes behind it is left to RESUME: were it taken, what could not be read would be passed over. */
  #corrupt(of: "stream" | "payload", reason: string): void {
    this.#isCorrupt = true;
    this.#events.input({ kind: "corrupt", of, reason });
  }

  #payload(payload: Uint8Array): void {
    if (this.#isCorrupt) return;
    try {
      const envelope = readEnvelope(payload);
      if (this.#heartbeat && !this.#heartbeat.heard) {
        this.#heartbeat = { ...this.#heartbeat, heard: true };
      }
      if (envelope.op === OP.DISPATCH) this.#events.dispatch(envelope, payload);
      else this.#control(envelope.op, payload);
    } catch (error) {
      this.#corrupt("payload", messageOf(error));
    }
  }

  #control(op: number, payload: Uint8Array): void {
    switch (op) {
      case OP.HELLO:
        return this.#hello(parseHello(payload, (...it) => this.#events.note("HELLO", ...it)));
      case OP.HEARTBEAT_ACK:
        return this.#answered();
      case OP.HEARTBEAT:
        return this.#asked();
      case OP.RECONNECT:
        return this.#events.input({ kind: "reconnect" });
      case OP.INVALID_SESSION:
        return this.#events.input({ kind: "invalid", resumable: parseInvalidSession(payload) });
    }
  }

  /** Discord asks for a heartbeat: at once, or, where it asks without end, within the send limit. */
  #asked(): void {
    if (!this.window || this.#isAnswerDue) return;
    const { clock } = this.#world;
    const answer = () => {
      this.#isAnswerDue = false;
      this.send({ op: OP.HEARTBEAT, d: this.#events.lastSeq() });
    };
    const waitMs = this.window.answerWaitMs(clock.now());
    if (waitMs === 0) return answer();
    this.#isAnswerDue = true;
    this.#cancelAnswer = clock.after(waitMs, answer);
  }

  #answered(): void {
    if (!this.#heartbeat) return;
    const { unanswered } = this.#heartbeat;
    this.#heartbeat = acknowledged(this.#heartbeat, this.#world.clock.now());
    const { latencyMs } = this.#heartbeat;
    // An ACK that nobody asked for measures nothing.
    if (unanswered > 0 && latencyMs !== null) this.#events.answered(latencyMs);
  }

  #hello(intervalMs: number): void {
    const { clock, random } = this.#world;
    if (!this.#heartbeat) {
      this.#heartbeat = newHeartbeat(intervalMs);
      this.window = new SendWindow(intervalMs);
      this.#cancelBeat = clock.after(intervalMs * random(), () => this.#beat());
      if (this.#isPaused) this.#socket.pause(true);
    }
    this.#events.input({ kind: "hello" });
  }

  #beat(): void {
    const { clock } = this.#world;
    const ledger = this.#isPaused ? { ...this.#heartbeat!, unanswered: 0 } : this.#heartbeat!;
    const next = beat(ledger, clock.now());
    if (next === "zombie") return this.#events.input({ kind: "zombie" });
    this.#heartbeat = next;
    this.#cancelBeat = clock.after(next.intervalMs, () => this.#beat());
    const number = ++this.#beats;
    this.#events.due(() => {
      if (number !== this.#beats) return;
      this.#beats++;
      this.send({ op: OP.HEARTBEAT, d: this.#events.lastSeq() });
    });
  }

  #stopBeating(): void {
    this.#cancelBeat();
    this.#cancelAnswer();
    this.#beats++;
  }
}

/** Beats without an answer after which even a connection that still sends events is dead. */
const MOST_UNANSWERED = 3;

/**
 * The ledger of one connection's heartbeats. Replaced, never changed; the connection keeps the timer.
 * See [Discord Docs/Sending Heartbeats](https://discord.com/developers/docs/events/gateway#sending-heartbeats).
 */
export interface Heartbeat {
  readonly intervalMs: number;
  /** When the last beat went out; `null` before the first. */
  readonly sentMs: number | null;
  /** Beats since the last ACK. */
  readonly unanswered: number;
  /** Whether anything came in since the last beat: an ACK can wait behind a flood of events. */
  readonly heard: boolean;
  /** Round trip of the last beat that was answered. */
  readonly latencyMs: number | null;
}

/** The ledger of a connection that has just got HELLO. */
export function newHeartbeat(intervalMs: number): Heartbeat {
  return { intervalMs, sentMs: null, unanswered: 0, heard: true, latencyMs: null };
}

/**
 * A beat is due: the ledger after it, or `"zombie"` when the one before went unanswered and nothing
 * else came in, or when several in a row went unanswered whatever came in.
 */
export function beat(heartbeat: Heartbeat, nowMs: number): Heartbeat | "zombie" {
  const { unanswered, heard } = heartbeat;
  if (unanswered >= MOST_UNANSWERED || (unanswered > 0 && !heard)) return "zombie";
  return { ...heartbeat, sentMs: nowMs, unanswered: unanswered + 1, heard: false };
}

/** What was sent to us is read again after a pause: an answer may be in it, late through no fault of Discord's. */
export function readAgain(heartbeat: Heartbeat): Heartbeat {
  return { ...heartbeat, sentMs: null, heard: true };
}

/** An ACK came. */
export function acknowledged(heartbeat: Heartbeat, nowMs: number): Heartbeat {
  const { sentMs, unanswered } = heartbeat;
  const latencyMs = sentMs === null || unanswered === 0 ? heartbeat.latencyMs : nowMs - sentMs;
  return { ...heartbeat, unanswered: 0, heard: true, latencyMs };
}
