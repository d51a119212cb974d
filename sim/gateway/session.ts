/**
 * A session: its sequence, its ring of recent events, and the one connection that it may have. An
 * event is numbered when it is produced, whether or not anybody is connected. See
 * [Discord Docs/Resuming](https://discord.com/developers/docs/events/gateway#resuming).
 *
 * @module
 */

import { INTENTS } from "../../protocol/discord/intents.ts";
import type { Cancel, Clock } from "../../ports/clock.ts";
import { type Body, jsonBody } from "../world/body.ts";
import { dispatchFrame, type Frame } from "./encoding.ts";
import type { Ledger, SessionEntry } from "../world/ledger.ts";
import type { SimSettings } from "../world/options.ts";

/** The connection, as its session sees it. */
export interface Outlet {
  sendFrame(frame: Frame): void;
  /** Another connection has resumed the session. */
  takenOver(): void;
}

/** What identifies a session besides its id. */
export interface SessionTerms {
  readonly shardId: number;
  readonly totalShards: number;
  readonly intents: number;
  readonly largeThreshold: number;
  /** API version and encoding; a resume must ask for the same. */
  readonly dialect: string;
  /** As IDENTIFY had it. */
  readonly presence?: unknown;
}

/** What a session works with. */
export interface SessionParts {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly settings: SimSettings;
}

/** An event that has not reached the session yet. */
interface Underway {
  readonly t: string;
  readonly body: Body;
  readonly event: number | null;
}

interface Numbered {
  readonly t: string;
  readonly body: Body;
}

/** One session. Made by `Sessions.create`. */
export class Session {
  /** Its line in the ledger; `entry.lastS` is the sequence. */
  readonly entry: SessionEntry;
  /** Types that it gets no more, on whichever connection: what a fault has taken from it. */
  readonly deafTo: Set<string> = new Set();
  readonly #parts: SessionParts;
  readonly #bare: boolean;
  /** The ring; `#ring[0]` has the number `#firstS`. */
  readonly #ring: Numbered[] = [];
  #firstS = 1;
  #outlet: Outlet | null = null;
  /** Last `s` handed to the outlet. */
  #sentS = 0;
  #cancelReplay: Cancel | null = null;
  /** What is late, in order. */
  readonly #underway: Underway[] = [];
  #lastDueMs = 0;

  constructor(readonly id: string, readonly terms: SessionTerms, parts: SessionParts) {
    this.#parts = parts;
    this.#bare = (terms.intents & INTENTS.MESSAGE_CONTENT) === 0;
    const { shardId, totalShards, intents, presence } = terms;
    const startedMs = parts.clock.now();
    const about = { sessionId: id, shardId, totalShards, intents, startedMs };
    this.entry = { ...about, lastS: 0, presence, ended: null };
    parts.ledger.sessions.set(id, this.entry);
  }

  /** {@linkcode Session.dispatch}, once it has got here: as late as the settings say, in order. */
  tell(t: string, body: Body, event: number | null): void {
    const { clock, settings } = this.#parts;
    const nowMs = clock.now();
    this.#lastDueMs = Math.max(this.#lastDueMs, nowMs + settings.lateMs(this.terms));
    if (this.#underway.length === 0 && this.#lastDueMs <= nowMs) {
      return this.dispatch(t, body, event);
    }
    this.#underway.push({ t, body, event });
    clock.after(this.#lastDueMs - nowMs, () => {
      // Not the event that the timer was for: two timers of the computer may overtake one another.
      const next = this.#underway.shift()!;
      if (!this.entry.ended) this.dispatch(next.t, next.body, next.event);
    });
  }

  /**
   * Numbers an event and sends it, now or when the session is resumed.
   *
   * @param event Which of the world's it is; `null`: the session's own.
   */
  dispatch(t: string, body: Body, event: number | null = null): void {
    if (this.deafTo.has(t)) return;
    this.#ring.push({ t, body });
    const s = ++this.entry.lastS;
    const { clock, ledger, settings } = this.#parts;
    if (settings.recordEvents) {
      const { shardId, totalShards } = this.terms;
      const about = { sessionId: this.id, shardId, totalShards, s, t };
      ledger.events.push({ ...about, key: body.key, event, atMs: clock.now() });
    }
    if (this.#cancelReplay === null) this.#sendUpTo(s);
    this.#trim();
  }

  /** Gives a new session its connection. */
  attach(outlet: Outlet): void {
    this.#outlet = outlet;
  }

  /** Whether every event after `seq` is still in the ring. */
  canReplay(seq: number): boolean {
    return seq >=
      Math.max(this.#firstS, this.entry.lastS - this.#parts.settings.ringEvents + 1) - 1;
  }

  /**
   * Takes the session over to `outlet`: replays what came after `seq` in steps, then RESUMED, then
   * goes live. What is produced meanwhile waits its turn in the ring.
   */
  resume(outlet: Outlet, seq: number): void {
    const old = this.#outlet;
    this.detach();
    old?.takenOver();
    this.#outlet = outlet;
    this.#sentS = seq;
    this.#replayStep();
  }

  /** The connection is gone; events are kept. */
  detach(): void {
    this.#cancelReplay?.();
    this.#cancelReplay = null;
    this.#outlet = null;
  }

  /** Whether a connection holds the session. */
  get attached(): boolean {
    return this.#outlet !== null;
  }

  #replayStep(): void {
    const { clock, settings } = this.#parts;
    this.#sendUpTo(Math.min(this.entry.lastS, this.#sentS + settings.replayPerStep));
    if (this.#sentS < this.entry.lastS) {
      this.#cancelReplay = clock.after(settings.replayStepMs, () => this.#replayStep());
      return;
    }
    this.#cancelReplay = null;
    this.dispatch("RESUMED", jsonBody(settings.garble("RESUMED", { _trace: ["sim-gateway"] })));
  }

  #sendUpTo(s: number): void {
    const outlet = this.#outlet;
    if (outlet === null) return;
    while (this.#sentS < s) {
      const next = this.#ring[++this.#sentS - this.#firstS]!;
      const s = this.#parts.settings.numbered(this.#sentS, next.t);
      outlet.sendFrame(dispatchFrame(s, next.t, next.body, this.#bare));
    }
  }

  /** Drops in bulk, never what a replay under way has still to send. */
  #trim(): void {
    const keep = this.#parts.settings.ringEvents;
    if (this.#ring.length < 2 * keep + 1) return;
    const unsent = this.#cancelReplay === null ? 0 : this.entry.lastS - this.#sentS;
    const dropped = this.#ring.length - Math.max(keep, unsent);
    this.#ring.splice(0, dropped);
    this.#firstS += dropped;
  }
}
