/**
 * One connection of a client: HELLO, heartbeats, limits, closing. What IDENTIFY and RESUME mean is
 * in `handshake.ts`. It knows no socket: a {@linkcode Peer} carries its messages.
 *
 * @module
 */

import type { Cancel } from "../../ports/clock.ts";
import { COMMAND_OPS, OP } from "../../protocol/discord/opcodes.ts";
import { carryOut, type CommandParts } from "./commands.ts";
import type { Dialect } from "./dialect.ts";
import { controlFrame, type Frame } from "./encoding.ts";
import { type Applicant, type HandshakeParts, identify, resume } from "./handshake.ts";
import { parseExact } from "../../protocol/json.ts";
import { isRecord } from "../../protocol/record.ts";
import { jsonBody } from "../world/body.ts";
import type { ConnectionEntry, Rule } from "../world/ledger.ts";
import { Outgoing, type Peer } from "./outgoing.ts";
import { type Allow, slidingWindow } from "./pace.ts";
import type { Session } from "./session.ts";

/** What the connections of a gateway share. */
export interface ConnectionParts extends HandshakeParts, CommandParts {
  readonly connections: Set<Connection>;
}

/** A connection that was accepted. */
export class Connection implements Applicant {
  /** Set by the handshake. */
  session: Session | null = null;
  readonly #parts: ConnectionParts;
  readonly #out: Outgoing;
  readonly #allowSend: Allow;
  readonly #allowPresence: Allow = slidingWindow(5, 20_000);
  #over = false;
  #frozen = false;
  /** Last `s` the session had at the heartbeat before: the least that the next one may say. */
  #leastBeat = 0;
  #watch: Cancel | null = null;
  #awaitedBeat: Cancel | null = null;

  constructor(
    parts: ConnectionParts,
    readonly entry: ConnectionEntry,
    readonly dialect: Dialect,
    peer: Peer,
  ) {
    this.#parts = parts;
    const { settings } = parts.world;
    const compression = settings.compression === "ignored" ? "none" : dialect.compression;
    this.#out = new Outgoing({ ...parts, settings }, compression, peer);
    this.#allowSend = slidingWindow(settings.sendLimit, settings.sendWindowMs);
  }

  /** Whether it answers nothing any more. */
  get frozen(): boolean {
    return this.#frozen;
  }

  /** Greets the client, or does what a fault says instead. */
  open(): void {
    const { faults, world } = this.#parts;
    if (faults.strikes("op 7 instead of hello", this.entry)) return this.reconnect();
    if (faults.strikes("no hello", this.entry)) return;
    const d = { heartbeat_interval: world.settings.heartbeatIntervalMs, _trace: ["sim-gateway"] };
    this.sendFrame(controlFrame(OP.HELLO, world.settings.garble("HELLO", d)));
    if (faults.strikes("cut after hello", this.entry)) return this.cut();
    this.#watchHeartbeats();
  }

  /** A message of the client. */
  receive(message: string | Uint8Array): void {
    if (this.#over || this.#frozen) return;
    const { clock, ledger, world } = this.#parts;
    const bytes = typeof message === "string" ? new TextEncoder().encode(message) : message;
    const payload = parsePayload(bytes);
    const { id: connectionId, shardId } = this.entry;
    const about = { connectionId, shardId, op: payload?.op ?? -1, bytes: bytes.length };
    ledger.add(ledger.sends, { ...about, atMs: clock.now() });
    if (!this.#allowSend(clock.now())) {
      return this.refuse("send limit", 4008, "You are being rate limited.");
    }
    if (bytes.length > world.settings.maxPayloadBytes) {
      return this.refuse("payload too large", 4002, "Error while decoding payload.");
    }
    if (!payload) return this.refuse("bad payload", 4002, "Error while decoding payload.");
    this.#act(payload.op, payload.d);
  }

  /** The client has closed (its code) or is gone (1006). */
  closed(code: number): void {
    if (this.#over) return;
    // A frozen server does not see a close frame, only that the connection is gone.
    if (this.#frozen && code !== 1006) {
      this.entry.code = code;
      this.entry.by = "client";
      return;
    }
    this.#end(this.entry.by ?? "client", this.entry.code ?? code);
    if (code !== 1006) this.#out.answerClose(code);
    if (!this.session) return;
    if (code === 1000 || code === 1001) this.#parts.sessions.end(this.session, `closed ${code}`);
  }

  /** Closes because the client broke a rule. */
  refuse(rule: Rule, code: number, reason: string): void {
    const shard = this.entry.shardId === null ? "" : `shard ${this.entry.shardId}: `;
    this.#parts.ledger.violate(rule, `${shard}closed with ${code}: ${reason}`);
    this.close(code, reason);
  }

  /** Closes with a code; the session stays. */
  close(code: number, reason: string): void {
    if (this.#over) return;
    this.#end("server", code);
    this.#out.close(code, reason);
  }

  /** Breaks the connection without a close frame. */
  cut(): void {
    if (this.#over) return;
    this.#end("server", 1006);
    this.#out.destroy();
  }

  /** Sends op 7, and closes some seconds later if the client has not. */
  reconnect(): void {
    const { clock, random, world } = this.#parts;
    const [leastMs, mostMs] = world.settings.forcedCloseMs;
    this.sendFrame(controlFrame(OP.RECONNECT, null));
    clock.after(leastMs + random() * (mostMs - leastMs), () => this.close(4000, "Reconnect."));
  }

  /** Sends op 9. A live session is let go; it ends where it cannot be resumed. */
  invalidate(resumable: boolean): void {
    const { clock, sessions, world } = this.#parts;
    const { session } = this;
    this.session = null;
    if (session) {
      if (resumable) sessions.release(session);
      else sessions.end(session, "invalidated");
    }
    this.sendFrame(controlFrame(OP.INVALID_SESSION, resumable));
    const closeMs = world.settings.closeAfterInvalidMs;
    if (closeMs !== null && !resumable) clock.after(closeMs, () => this.close(4000, "Bye."));
  }

  /** Goes silent: accepts everything, answers nothing, not even a close frame. */
  freeze(): void {
    const { clock, ledger, world } = this.#parts;
    this.#frozen = true;
    this.#watch?.();
    this.#awaitedBeat?.();
    this.#watch = clock.after(2 * world.settings.heartbeatIntervalMs + 1000, () => {
      if (this.entry.code !== null) return;
      ledger.violate("zombie kept", `shard ${this.entry.shardId}: open after two intervals`);
    });
  }

  /** Makes the next message unreadable. */
  corrupt(): void {
    this.#out.corrupt();
  }

  /** Delays every message from now on. */
  delay(ms: number): void {
    this.#out.delay(ms);
  }

  /** Sends op 1, which a client answers at once. */
  requestHeartbeat(): void {
    const { clock, ledger } = this.#parts;
    this.sendFrame(controlFrame(OP.HEARTBEAT, null));
    this.#awaitedBeat?.();
    this.#awaitedBeat = clock.after(1000 + this.#out.delayMs, () => {
      ledger.violate("heartbeat not answered", `shard ${this.entry.shardId}: no op 1 within 1 s`);
    });
  }

  /** Another connection has resumed the session. */
  takenOver(): void {
    this.session = null;
    this.close(4000, "Session resumed elsewhere.");
  }

  /** Payload compression was asked for in IDENTIFY. */
  compressPayloads(): void {
    this.#out.compressPayloads();
  }

  /** The session whose dispatches come here from now on; `seq` is what the client has. */
  hold(session: Session, seq: number): void {
    this.session = session;
    this.entry.shardId = session.terms.shardId;
    this.entry.sessionId = session.id;
    this.#leastBeat = seq;
    this.#parts.sessions.hold(session);
  }

  /** Sends a payload. */
  sendFrame(frame: Frame): void {
    if (this.#over || this.#frozen) return;
    const isBroken = this.#parts.world.settings.compression === "broken" &&
      this.dialect.compression !== "none";
    if (isBroken || this.#parts.faults.strikes("corrupt frame", this.entry)) this.#out.corrupt();
    this.#out.send(frame);
  }

  /** Calls back unless the connection has ended by then. */
  later(delayMs: number, task: () => void): void {
    this.#parts.clock.after(delayMs, () => {
      if (!this.#over) task();
    });
  }

  #act(op: number, d: unknown): void {
    if (op === OP.HEARTBEAT) return this.#heartbeat(d);
    if (op === OP.IDENTIFY || op === OP.RESUME) {
      if (this.session) return this.refuse("already authenticated", 4005, "Already authenticated.");
      return op === OP.IDENTIFY ? identify(this.#parts, this, d) : resume(this.#parts, this, d);
    }
    const isFuture = this.#parts.world.settings.futureOps.includes(op);
    if (!COMMAND_OPS.has(op) && !isFuture) {
      return this.refuse("unknown opcode", 4001, "Unknown opcode.");
    }
    const { session } = this;
    if (!session) return this.refuse("not authenticated", 4003, "Not authenticated.");
    if (isFuture) return session.dispatch(`ANSWER_${op}`, jsonBody(d));
    const outcome = carryOut(this.#parts, { op, d, session, allowPresence: this.#allowPresence });
    if (outcome === "bad payload") {
      this.refuse("bad payload", 4002, "Error while decoding payload.");
    }
  }

  #heartbeat(d: unknown): void {
    const { clock, faults, ledger } = this.#parts;
    const { id: connectionId, shardId } = this.entry;
    const seq = typeof d === "number" ? d : null;
    ledger.add(ledger.heartbeats, { connectionId, shardId, d: seq, atMs: clock.now() });
    this.#checkSeq(seq);
    this.#awaitedBeat?.();
    this.#watchHeartbeats();
    if (faults.strikes("no ack", this.entry)) return;
    this.sendFrame(controlFrame(OP.HEARTBEAT_ACK, null));
  }

  /** A beat names the last `s` received; one interval of lag is allowed, and any while it is late. */
  #checkSeq(seq: number | null): void {
    if (!this.session) return;
    const { lastS } = this.session.entry;
    const least = this.#leastBeat;
    this.#leastBeat = lastS;
    if (this.#out.isLate || ((seq ?? 0) >= least && (seq ?? 0) <= lastS)) return;
    const detail = `shard ${this.entry.shardId}: heartbeat ${seq}, expected ${least} to ${lastS}`;
    this.#parts.ledger.violate("heartbeat seq", detail);
  }

  #watchHeartbeats(): void {
    const { clock, world } = this.#parts;
    const { heartbeatIntervalMs, heartbeatGrace } = world.settings;
    this.#watch?.();
    this.#watch = clock.after(heartbeatIntervalMs * heartbeatGrace, () => {
      this.refuse("heartbeat missing", 4009, "Session timed out.");
    });
  }

  #end(by: "client" | "server", code: number): void {
    this.#over = true;
    this.#watch?.();
    this.#awaitedBeat?.();
    this.entry.closedMs = this.#parts.clock.now();
    this.entry.by = by;
    this.entry.code = code;
    this.#parts.connections.delete(this);
    if (this.session) this.#parts.sessions.release(this.session);
  }
}

function parsePayload(bytes: Uint8Array): { op: number; d: unknown } | undefined {
  try {
    const value: unknown = parseExact(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (!isRecord(value) || !Number.isInteger(value.op)) return undefined;
    return { op: value.op as number, d: value.d };
  } catch {
    // Not UTF-8 or not JSON: the caller closes with 4002 and says so in the ledger.
    return undefined;
  }
}
