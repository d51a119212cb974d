/**
 * One shard: performs the effects of the session table, feeds it inputs, hands dispatches on.
 *
 * A dispatch goes to the sink *before* its sequence number counts as received, and is never parsed
 * here: READY is the one exception, for what is needed to come back.
 *
 * @module
 */

import { firstOf, sequenceOf } from "../protocol/discord/field.ts";
import type { Envelope } from "../protocol/discord/envelope.ts";
import { mayHaveToken } from "../protocol/discord/token_hosts.ts";
import { messageOf } from "../protocol/errors.ts";
import {
  gatewayAddress,
  identify,
  parseReady,
  type ReadyFacts,
  type ResumableSession,
  resume,
} from "../protocol/discord/gateway_frame.ts";
import { readPresence } from "../protocol/discord/presence.ts";
import type { SessionPoint } from "../protocol/estate.ts";
import type { Cause, ShardStatus } from "../protocol/status.ts";
import type { Compression, ShardPayload } from "../protocol/worker_message.ts";
import type { Cancel } from "../ports/clock.ts";
import { pauseMs } from "./backoff.ts";
import { OP } from "../protocol/discord/opcodes.ts";
import { Commands, type Make, type Rank } from "./commands.ts";
import { Connection } from "./connection.ts";
import { Permit } from "./permit.ts";
import { ShardPresence } from "./presence.ts";
import { Sequence } from "./sequence.ts";
import { isClosed, newSession, placeOf, step } from "./session/step.ts";
import type { ShardSettings, ShardWorld } from "./shard_world.ts";
import type { Effect, Host, Input, SocketInput, State } from "./session/words.ts";

/** Close codes of an opcode that Discord does not know, and of a payload that it could not read. */
const UNKNOWN_OPCODE = 4001;
const UNREADABLE = 4002;

/** One shard of the bot. */
export class Shard {
  /** What it counts on its own; the outbox counts the rest. */
  readonly tally = {
    received: 0,
    receivedBytes: 0,
    identifies: 0,
    resumes: 0,
    stale: 0,
    illegal: 0,
    renumbered: 0,
    reconnects: {} as Partial<Record<Cause, number>>,
  };
  readonly #settings: ShardSettings;
  readonly #world: ShardWorld;
  readonly #sequence = new Sequence();
  readonly #commands: Commands;
  readonly #presence: ShardPresence;
  readonly #permit: Permit;
  /** Of the session, or of the one that is about to begin. */
  #intents: number;
  #state: State = newSession();
  #sinceMs: number;
  #connection: Connection | null = null;
  /** What the last READY told. */
  #facts: ReadyFacts | null = null;
  #progress = false;
  #isPaused = false;
  /** Whether what the state waits for may have come and was not read. */
  #isUnread = false;
  #cancelTimer: Cancel = () => {};
  #stopped: (() => void)[] = [];

  constructor(settings: ShardSettings, world: ShardWorld) {
    this.#settings = settings;
    this.#world = world;
    this.#intents = settings.intents;
    this.#permit = new Permit(world.clock);
    this.#commands = new Commands(world.clock, settings.shardId, () => this.#intents);
    this.#presence = new ShardPresence(
      settings.presence ?? null,
      (wanted) => world.presenceSet?.(settings.shardId, wanted),
    );
    this.#sinceMs = world.clock.epochMs();
  }

  /** The shard as seen from outside. */
  get status(): ShardStatus {
    const { kind, reason, memory } = this.#state;
    return {
      shardId: this.#settings.shardId,
      state: kind,
      reason,
      sinceMs: this.#sinceMs,
      connection: memory.connection,
    };
  }

  /** Round trip of the last heartbeat. */
  get latencyMs(): number | null {
    return this.#connection?.latencyMs ?? null;
  }

  /** Where the session could be resumed if nothing were waiting in the outbox. */
  get point(): SessionPoint | null {
    const { session } = this.#state.memory;
    const { shardId, totalShards, intents: wanted } = this.#settings;
    const { seq, base } = this.#sequence;
    const intents = this.#intents;
    const terms = { shardId, totalShards, intents, ...(intents === wanted ? {} : { wanted }) };
    return session && { ...session, ...terms, seq, base };
  }

  /** Intents of the session, or of the one that is about to begin: fewer than wanted where Discord refuses some. */
  get intents(): number {
    return this.#intents;
  }

  /**
   * Brings the shard up: by RESUME from `point`, or by IDENTIFY once it is allowed.
   *
   * @param cursorFloor Cursors of a new session start above it; 0 for a shard that never lived.
   */
  start(point: SessionPoint | null, cursorFloor: number): void {
    if (point) this.#intents = point.intents;
    this.#feed({ kind: "start", point: point && this.#trusted(point), cursorFloor });
  }

  /** The identify queue allows this shard to identify, with these intents. */
  allow(permit: number, intents: number): void {
    this.#permit.take(permit);
    // A permit that nobody waits for changes nothing.
    if (this.#state.kind === "queued") this.#intents = intents;
    this.#feed({ kind: "permit" });
  }

  /** Sends a command of the bot; settles as {@linkcode Commands.send} says. A presence is kept. */
  send(payload: ShardPayload): Promise<void> {
    if (payload.op !== OP.PRESENCE_UPDATE) return this.#commands.send(payload);
    const presence = readPresence(payload.d);
    const sent = this.#commands.send(presence ? { ...payload, d: presence } : payload);
    void this.#presence.follow(presence, sent);
    return sent;
  }

  /** Has `make` called when a command may go; see {@linkcode Commands.turn}. */
  turn(rank: Rank, make: Make): void {
    this.#commands.turn(rank, make);
  }

  /**
   * Reads nothing of Discord's from here on, or goes on (`false`), this connection and those that follow:
   * TCP holds what comes. Heartbeats go on, and no silence of that time is held against Discord.
   */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#isUnread ||= isPaused;
    this.#connection?.pause(isPaused);
  }

  /** Reconnects, with the session or with a new one. */
  restart(session: "keep" | "end"): void {
    this.#feed({ kind: "restart", session });
  }

  /** Closes the connection; resolves when it is closed, after `DEADLINE_MS.closing` at most. */
  stop(session: "keep" | "end"): Promise<void> {
    return new Promise((resolve) => {
      this.#stopped.push(resolve);
      this.#feed({ kind: "stop", session });
      this.#settleStopped();
    });
  }

  #feed(input: Input): void {
    const before = this.#state;
    let effects: Effect[];
    try {
      [this.#state, ...effects] = step(before, input);
    } catch (error) {
      this.tally.illegal++;
      const about = { shardId: this.#settings.shardId, error: messageOf(error) };
      const event = "shard got an input that the session table does not know";
      return this.#world.log.error(event, about);
    }
    if (
      before.kind === "identifying" && isClosed(before, input, UNREADABLE) &&
      this.#presence.refused()
    ) {
      const event = "presence was forgotten: Discord could not read it";
      this.#world.log.warn(event, { shardId: this.#settings.shardId });
    }
    if (isClosed(before, input, UNKNOWN_OPCODE)) this.#commands.refusedOpcode();
    if (this.#state.kind !== before.kind) this.#entered(before);
    for (const effect of effects) this.#perform(effect);
    this.#settleStopped();
  }

  #entered(before: State): void {
    // HELLO is waited for within the deadline of the connection.
    if (this.#state.kind !== "hello") this.#cancelTimer();
    this.#sinceMs = this.#world.clock.epochMs();
    if (before.kind === "ready" || before.kind === "stopped") this.#commands.hold();
    if (this.#state.kind === "ready" && this.#connection?.window) {
      const connection = this.#connection;
      const due = this.#presence.takeDue();
      if (due) connection.send({ op: OP.PRESENCE_UPDATE, d: due });
      this.#commands.open((text) => connection.write(text), connection.window!);
    }
    if (this.#state.kind === "stopped") this.#commands.refuseAll(this.#state.reason);
    this.#world.status(this.status);
  }

  #perform(effect: Effect): void {
    const { gate, session, log, random, leastPauseMs } = this.#world;
    const { shardId } = this.#settings;
    switch (effect.do) {
      case "pick up":
        return this.#tellGap(
          this.#sequence.pickUp(effect.point, effect.cursorFloor),
          "the session before this one was lost",
        );
      case "ask to identify":
        return gate.ask(shardId);
      case "release permit":
        return gate.release(shardId);
      case "open":
        return this.#open(effect.host, effect.isPlain ? "none" : this.#settings.compression);
      case "send identify":
        return this.#identify();
      case "send resume":
        return this.#resume();
      case "close":
        return this.#connection?.close(effect.code);
      case "destroy":
        return this.#connection?.destroy();
      case "deadline":
        return this.#deadline(effect.afterMs);
      case "pause":
        return this.#timer(pauseMs(effect.pause, effect.attempt, random, leastPauseMs?.()));
      case "keep session":
        return session(shardId, {
          session: this.point && { ...this.point, seq: 0 },
          facts: this.#facts!,
        });
      case "forget session": {
        const { isAsked, reason } = effect;
        log[isAsked ? "debug" : "warn"]("shard lost its session", { shardId, reason });
        return session(shardId, null);
      }
      case "set session aside":
        return session(shardId, null);
      case "count reconnect":
        this.tally.reconnects[effect.cause] = (this.tally.reconnects[effect.cause] ?? 0) + 1;
        return;
      case "count stale":
        this.tally.stale++;
        return;
      case "give up":
        return this.#world.gaveUp(shardId, {
          code: effect.code,
          reason: effect.reason,
          intents: this.#intents,
        });
    }
  }

  /** An answer that may be there begins its time anew once it could be read. */
  #deadline(afterMs: number): void {
    const { kind } = this.#state;
    const isAnswered = kind === "identifying" || kind === "resuming";
    this.#isUnread = this.#isPaused;
    this.#timer(afterMs, () => {
      if (isAnswered && this.#isUnread) this.#deadline(afterMs);
      else this.#timeout();
    });
  }

  #timer(delayMs: number, task: () => void = () => this.#timeout()): void {
    this.#cancelTimer();
    this.#progress = false;
    this.#cancelTimer = this.#world.clock.after(delayMs, task);
  }

  #timeout(): void {
    this.#feed({ kind: "timeout", progress: this.#progress });
  }

  #open(host: Host, compression: Compression): void {
    const { session, connection } = this.#state.memory;
    const { shardId, gatewayUrl } = this.#settings;
    if (compression !== this.#settings.compression) {
      const { reason } = this.#state;
      this.#world.log.warn("shard connects without compression", { shardId, reason });
    }
    const base = host === "resume" && session?.resumeUrl || gatewayUrl;
    this.#connection = new Connection(gatewayAddress(base, compression), compression, this.#world, {
      input: (input: SocketInput) =>
        this.#feed(this.#permit.judge(this.#state, { ...input, connection })),
      note: (of, ...problem) => this.#note(of, ...problem),
      dispatch: (envelope, payload) => this.#dispatch(connection, envelope, payload),
      lastSeq: () => this.#sequence.seq || null,
      due: (send) => {
        if (this.#world.heartbeat) this.#world.heartbeat(shardId, send);
        else send();
      },
      answered: (latencyMs) => this.#world.heartbeatAck?.(shardId, latencyMs),
    });
    this.#connection.pause(this.#isPaused);
  }

  #identify(): void {
    const { shardId } = this.#settings;
    const intents = this.#intents;
    const presence = this.#presence.identify() ?? this.#world.presence?.(shardId);
    this.tally.identifies++;
    this.#connection!.send(identify({ ...this.#settings, intents, presence }));
    this.#world.gate.sent(shardId, this.#permit.number);
  }

  #resume(): void {
    this.tally.resumes++;
    const { sessionId } = this.#state.memory.session!;
    this.#connection!.send(resume(this.#settings.token, sessionId, this.#sequence.seq));
  }

  #dispatch(connection: number, { s, t }: Envelope, payload: Uint8Array): void {
    const place = placeOf(this.#state, connection, t);
    if (place === "stale") this.tally.stale++;
    if (place === "stale" || place === "none") return;
    const number = place === "begin" ? firstOf(s) : sequenceOf(s);
    // One that cannot be read begins nothing.
    const ready = t === "READY" ? parseReady(payload, (...it) => this.#note("READY", ...it)) : null;
    if (place === "begin") {
      this.#facts = ready!.facts;
      this.#tellGap(this.#sequence.begin(firstOf(s)), "the session was lost; a new one begins");
    }
    this.#accept(number, t, payload);
    if (ready) {
      const session = ready.session && this.#trusted(ready.session);
      this.#feed({ kind: "ready", session, connection });
    } else if (t === "RESUMED") this.#feed({ kind: "resumed", connection });
  }

  /** A session whose host must not get the token is resumed where sessions begin. */
  #trusted<Session extends ResumableSession>(session: Session): Session {
    const { shardId, gatewayUrl, tokenHosts } = this.#settings;
    const { resumeUrl } = session;
    if (resumeUrl === null || mayHaveToken(resumeUrl, tokenHosts)) return session;
    const fields = { shardId, host: new URL(resumeUrl).host, instead: new URL(gatewayUrl).host };
    this.#world.log.error("a host was named that does not get the token", fields);
    return { ...session, resumeUrl: null };
  }

  #accept(s: number | null, t: string | null, payload: Uint8Array): void {
    if (s === null || this.#sequence.leaps(s)) {
      return this.#note(t ?? "a dispatch", "s is no number that an event can have", "nothing");
    }
    const { kind } = this.#state;
    const { seq } = this.#sequence;
    const cursor = this.#sequence.note(s, kind === "hello" || kind === "resuming");
    if (cursor === null) return;
    this.#progress = true;
    if (this.#state.kind === "resuming" && !this.#state.replayed) {
      this.#feed({ kind: "replayed", connection: this.#state.memory.connection });
    }
    this.tally.received++;
    this.tally.receivedBytes += payload.length;
    this.#world.sink.accept(this.#settings.shardId, cursor, payload, t);
    if (s <= seq) this.#noteRepeat(t, s, seq);
    const { memory } = this.#state;
    const session = this.#sequence.judge(memory.session);
    if (session === undefined) return;
    this.#feed({ kind: "numbers", session, connection: memory.connection });
  }

  #noteRepeat(t: string | null, s: number, after: number): void {
    if (this.tally.renumbered++ > 0) return;
    const event = "Discord sends events whose numbers do not grow, they get numbers of ours";
    this.#world.log.warn(event, { shardId: this.#settings.shardId, t, s, after });
  }

  /** Discord said something that cannot be used. */
  #note(of: string, problem: string, instead: string): void {
    const about = { shardId: this.#settings.shardId, of, problem, instead };
    this.#world.log.warn("Discord said what cannot be used", about);
  }

  /** @param cursor `null`: there is none. */
  #tellGap(cursor: number | null, reason: string): void {
    if (cursor === null) return;
    this.#world.sink.gap(this.#settings.shardId, { from: null, to: cursor, count: null, reason });
  }

  #settleStopped(): void {
    if (this.#state.kind !== "stopped") return;
    for (const resolve of this.#stopped.splice(0)) resolve();
  }
}
