/**
 * Where other units ask for what this one has the say over: one conversation with each. One that has lost a
 * message begins anew; who falls silent is not waited for, and what it had counts as used.
 *
 * @module
 */

import type { Json } from "../../../ports/fleet/bus.ts";
import type { Cancel, Clock } from "../../../ports/clock.ts";
import type { Authority, Claim, Want } from "./authority.ts";
import { PING_MS, SILENT_MS } from "./far_authority.ts";
import {
  type Asking,
  type Head,
  type OffsetOf,
  readAsking,
  type Telling,
  writeTelling,
} from "./words.ts";

/** What was heard is confirmed after so long, if there is nothing else to be said until then. */
const SEEN_MS = 100;
/** A conversation in which nothing is open is remembered for so long. */
const IDLE_MS = 600_000;

/** What it needs. */
export interface DeskOptions {
  readonly clock: Clock;
  /** The name of this unit. */
  readonly self: string;
  readonly authority: Authority;
  /** Whether this unit has the say over a key. */
  readonly isOurs: (key: string) => boolean;
  /** Says something to another unit. */
  readonly say: (unit: string, value: Json) => void;
  /** A unit was heard, or is not heard any more though it has something. */
  readonly heard: (unit: string, life: string) => void;
  readonly silent: (unit: string) => void;
}

/** What a visitor wants, or has. */
interface Visit {
  readonly key: string;
  readonly claim: Claim;
  isGiven: boolean;
}

type Answers = {
  -readonly [Kind in "gives" | "refusals" | "moves"]: Telling[Kind][number][];
};

interface Visitor extends Pick<Head, "unit" | "life" | "session"> {
  readonly visits: Map<number, Visit>;
  answers: Answers;
  /** Messages that were heard and said. */
  heard: number;
  said: number;
  /** When the newest was heard, and what time it had. */
  heardMs: number;
  atMs: number;
  /** By how much our clock is ahead of its. */
  offsetMs: number;
  cancelFlush: Cancel | null;
  cancelSeen: Cancel | null;
}

/** The desk of one unit. */
export class Desk {
  readonly #options: DeskOptions;
  readonly #visitors = new Map<string, Visitor>();
  #cancelTick: Cancel | null = null;
  #isClosed = false;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Another unit asks for something; whether it could be read. */
  hear(value: Json): boolean {
    if (this.#isClosed) return true;
    const nowMs = this.#options.clock.now();
    const asking = readAsking(value, nowMs, (head) => this.#offsetOf(head, nowMs));
    if (asking === null) return false;
    this.#options.heard(asking.unit, asking.life);
    const before = this.#visitors.get(asking.unit);
    const isSame = before?.life === asking.life && before.session === asking.session;
    if (asking.n !== (isSame ? before.heard : 0)) {
      if (isSame) this.#end(before, "lost");
      this.#sayOver(asking);
      return true;
    }
    const visitor = isSame ? before : this.#welcome(asking, nowMs);
    visitor.heard++;
    visitor.heardMs = nowMs;
    visitor.atMs = asking.atMs;
    this.#serve(visitor, asking);
    // Only now: what it still has it has told again.
    if (before && !isSame) this.#drop(before, before.life === asking.life ? "unused" : "lost");
    visitor.cancelSeen ??= this.#options.clock.after(SEEN_MS, () => this.#flush(visitor));
    this.#cancelTick ??= this.#options.clock.after(PING_MS, () => this.#tick());
    return true;
  }

  /** Others have the say over some keys now: what waits for one of these is sent there. */
  moved(): void {
    for (const visitor of this.#visitors.values()) {
      for (const [id, { key, claim, isGiven }] of visitor.visits) {
        if (isGiven || this.#options.isOurs(key)) continue;
        visitor.visits.delete(id);
        claim.leave();
        visitor.answers.moves.push(id);
        this.#stir(visitor);
      }
    }
  }

  /** Answers nobody any more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTick?.();
    for (const visitor of [...this.#visitors.values()]) this.#end(visitor, "lost");
  }

  /** Clocks drift: it is taken anew whenever nobody's place in an order hangs on it. */
  #offsetOf({ unit, life, session, atMs }: Parameters<OffsetOf>[0], nowMs: number): number {
    const visitor = this.#visitors.get(unit);
    if (visitor?.life !== life || visitor.session !== session) return nowMs - atMs;
    if (visitor.visits.size === 0) visitor.offsetMs = nowMs - atMs;
    return visitor.offsetMs;
  }

  #welcome({ unit, life, session, atMs }: Asking, nowMs: number): Visitor {
    const visitor: Visitor = {
      ...{ unit, life, session, atMs, heardMs: nowMs, offsetMs: nowMs - atMs },
      visits: new Map(),
      answers: noAnswers(),
      heard: 0,
      said: 0,
      cancelFlush: null,
      cancelSeen: null,
    };
    this.#visitors.set(unit, visitor);
    return visitor;
  }

  #serve(visitor: Visitor, asking: Asking): void {
    const { authority } = this.#options;
    const { visits } = visitor;
    for (const [want, report] of asking.recalls) authority.recall(want, report);
    for (const [credential, forMs] of asking.pauses) authority.pause(credential, forMs);
    for (const [id, want] of asking.adopts) {
      visits.set(id, { key: want.key, claim: authority.adopt(want), isGiven: true });
    }
    for (const [id, want] of asking.asks) this.#ask(visitor, id, want);
    for (const id of asking.leaves) this.#take(visitor, id)?.claim.leave();
    for (const [id, outcome] of asking.overs) this.#take(visitor, id)?.claim.over(outcome);
  }

  #ask(visitor: Visitor, id: number, want: Want): void {
    const { visits } = visitor;
    const moved = () => {
      visits.delete(id);
      visitor.answers.moves.push(id);
      this.#stir(visitor);
    };
    if (!this.#options.isOurs(want.key)) return moved();
    const claim = this.#options.authority.ask(want, {
      given: () => {
        const visit = visits.get(id);
        if (!visit) return;
        visit.isGiven = true;
        visitor.answers.gives.push(id);
        this.#stir(visitor);
      },
      refused: (why, retryAfterMs) => {
        if (!visits.delete(id)) return;
        visitor.answers.refusals.push([id, why, retryAfterMs]);
        this.#stir(visitor);
      },
      moved,
    });
    visits.set(id, { key: want.key, claim, isGiven: false });
  }

  #take({ visits }: Visitor, id: number): Visit | undefined {
    const visit = visits.get(id);
    visits.delete(id);
    return visit;
  }

  /** Something is to be said, when all that comes within this turn is there. */
  #stir(visitor: Visitor): void {
    visitor.cancelFlush ??= this.#options.clock.soon(() => this.#flush(visitor));
  }

  #flush(visitor: Visitor): void {
    visitor.cancelFlush?.();
    visitor.cancelSeen?.();
    visitor.cancelFlush = visitor.cancelSeen = null;
    if (this.#visitors.get(visitor.unit) !== visitor) return;
    const { answers, life, session, atMs } = visitor;
    visitor.answers = noAnswers();
    this.#say(visitor.unit, {
      ...{ unit: this.#options.self, life, session, atMs, ...answers },
      n: visitor.said++,
      seen: visitor.heard - 1,
      isOver: false,
    });
  }

  #sayOver({ unit, life, session, atMs }: Asking): void {
    const { self } = this.#options;
    const nothing = { n: 0, seen: 0, atMs, ...noAnswers() };
    this.#say(unit, { unit: self, life, session, ...nothing, isOver: true });
  }

  #say(unit: string, telling: Telling): void {
    this.#options.say(unit, writeTelling(telling));
  }

  #tick(): void {
    const { clock, silent } = this.#options;
    this.#cancelTick = null;
    const nowMs = clock.now();
    for (const visitor of [...this.#visitors.values()]) {
      const quietMs = nowMs - visitor.heardMs;
      const isOpen = visitor.visits.size > 0;
      if (quietMs < (isOpen ? SILENT_MS : IDLE_MS)) continue;
      this.#end(visitor, "lost");
      if (isOpen) silent(visitor.unit);
    }
    if (this.#visitors.size > 0) this.#cancelTick = clock.after(PING_MS, () => this.#tick());
  }

  #end(visitor: Visitor, outcome: "lost" | "unused"): void {
    if (this.#visitors.get(visitor.unit) === visitor) this.#visitors.delete(visitor.unit);
    this.#drop(visitor, outcome);
  }

  #drop(visitor: Visitor, outcome: "lost" | "unused"): void {
    visitor.cancelFlush?.();
    visitor.cancelSeen?.();
    const visits = [...visitor.visits.values()];
    visitor.visits.clear();
    // Those that wait first: nothing that comes free is for them.
    for (const { claim, isGiven } of visits) if (!isGiven) claim.leave();
    for (const { claim, isGiven } of visits) if (isGiven) claim.over(outcome);
  }
}

function noAnswers(): Answers {
  return { gives: [], refusals: [], moves: [] };
}
