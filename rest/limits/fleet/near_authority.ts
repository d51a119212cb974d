/**
 * An authority in this process: limits as they are kept everywhere (`../limits.ts`), and the global pace of those
 * credentials that it has the say over.
 *
 * @module
 */

import type { Clock } from "../../../ports/clock.ts";
import { Credentials } from "../limits.ts";
import { type Ask, type Brake, type LimitsSnapshot, type Permit, TooLong } from "../permits.ts";
import type { Report } from "../rate_report.ts";
import { PaceTurns, type Taken, type Turn, type Turns } from "../turns.ts";
import { WINDOW_MS } from "../global_pace.ts";
import type {
  Answer,
  Authority,
  Claim,
  Outcome,
  PermitWant,
  PlaceWant,
  Want,
} from "./authority.ts";

/** What an authority in this process needs. */
export interface NearAuthorityOptions {
  readonly clock: Clock;
  /** Requests per second that it may give of each credential; asked with each request. */
  readonly perSecond: () => number;
  /** Turns of the requests that have passed its buckets: who has the say over those need not be this one. */
  readonly turns: (credential: string) => Turns;
  /** What it makes of an answer. Default: what it says. */
  readonly read?: (report: Report) => Report;
  /** Discord refuses a credential's requests for so long; 0: not any more. */
  readonly told?: (credential: string, forMs: number) => void;
}

/** Credentials whose pace is kept though nothing of it is spent. */
const MOST_IDLE = 1_024;
/** What slows down whoever asks is its own host's business. */
const NO_BRAKE: Brake = { waitMs: () => 0, take() {} };
const NEVER = new AbortController().signal;

/** An authority in this process. */
export class NearAuthority implements Authority {
  /** It forgets nothing. */
  readonly epoch = 0;
  readonly #options: NearAuthorityOptions;
  readonly #credentials: Credentials;
  readonly #paces = new Map<string, PaceTurns>();
  /** Credentials of which a pause was told. */
  readonly #paused = new Set<string>();

  constructor(options: NearAuthorityOptions) {
    this.#options = options;
    this.#credentials = new Credentials(options);
  }

  /** Of the limits that are kept here, whoever the requests are of. */
  get snapshot(): LimitsSnapshot {
    return this.#credentials.snapshot;
  }

  /** See {@linkcode Authority.ask}. */
  ask(want: Want, answer: Answer): Claim {
    return want.kind === "place" ? this.#askPlace(want, answer) : this.#askPermit(want, answer);
  }

  /** See {@linkcode Authority.adopt}. */
  adopt(want: Want): Claim {
    if (want.kind === "place") return this.#ofPlace(want, this.#pace(want.credential).beside());
    return this.#known(() => this.#ofPermit(this.#credentials.adopt(this.#asked(want, NEVER)))) ??
      NOTHING;
  }

  /** See {@linkcode Authority.recall}. */
  recall(want: PermitWant, report: Report): void {
    const { read = asItIs } = this.#options;
    this.#known(() => this.#credentials.recall(this.#asked(want, NEVER), read(report)));
  }

  /** A route counts in the bucket of this name, as somebody else has seen. */
  learnName(credential: string, route: string, hash: string): void {
    this.#known(() => this.#credentials.learnName(credential, route, hash));
  }

  /** See {@linkcode Authority.pause}. */
  pause(credential: string, forMs: number): void {
    this.#pace(credential).pause(forMs);
    this.#paused.add(credential);
    this.#options.told?.(credential, forMs);
  }

  #askPermit(want: PermitWant, answer: Answer): Claim {
    const leaving = new AbortController();
    let own: Claim | null = null;
    this.#credentials.acquire(this.#asked(want, leaving.signal)).then((permit) => {
      own = this.#ofPermit(permit);
      if (leaving.signal.aborted) own.leave();
      else answer.given();
    }, (error: unknown) => {
      if (leaving.signal.aborted) return;
      const { why, retryAfterMs } = error instanceof TooLong ? error : UNKNOWN;
      answer.refused(why, retryAfterMs);
    });
    return {
      leave() {
        leaving.abort();
        own?.leave();
      },
      over: (outcome) => own?.over(outcome),
    };
  }

  #ofPermit(permit: Permit): Claim {
    const { read = asItIs } = this.#options;
    return {
      leave: () => permit.giveBack(),
      over(outcome) {
        if (typeof outcome === "object") permit.settle(read(outcome));
        else if (outcome === "unused") permit.giveBack();
        else permit.lose();
      },
    };
  }

  #askPlace(want: PlaceWant, answer: Answer): Claim {
    const pace = this.#pace(want.credential);
    let own: Claim | null = null;
    let isLeft = false;
    const turn: Turn = {
      ...want,
      brake: NO_BRAKE,
      isCurrent: () => true,
      stale() {},
      go: (taken) => {
        own = this.#ofPlace(want, taken);
        // Not within the call that asks.
        queueMicrotask(() => void (isLeft || answer.given()));
      },
    };
    pace.enter(turn);
    return {
      leave() {
        isLeft = true;
        if (own) own.leave();
        else pace.leave(turn);
      },
      over: (outcome) => own?.over(outcome),
    };
  }

  #ofPlace({ credential }: PlaceWant, taken: Taken): Claim {
    return {
      leave: () => taken.end(),
      over: (outcome: Outcome) => {
        if (outcome === "passed") taken.pass();
        taken.end();
        if (outcome === "passed") this.#tellOfEnd(credential);
      },
    };
  }

  /** One has gone ahead in a pause, and was not refused. */
  #tellOfEnd(credential: string): void {
    if (!this.#paused.has(credential)) return;
    if (this.#pace(credential).foresee().waitMs > WINDOW_MS) return;
    this.#paused.delete(credential);
    this.#options.told?.(credential, 0);
  }

  #pace(credential: string): PaceTurns {
    const { clock, perSecond } = this.#options;
    const found = this.#paces.get(credential);
    const pace = found ?? new PaceTurns(clock, perSecond);
    if (!found && this.#paces.size >= MOST_IDLE) this.#forgetOne();
    this.#paces.delete(credential);
    this.#paces.set(credential, pace);
    return pace;
  }

  /** Forgets the one that was not used for the longest time, of those that can be forgotten. */
  #forgetOne(): void {
    const [credential] = [...this.#paces].find(([, pace]) => pace.isIdle()) ?? [];
    if (credential === undefined) return;
    this.#paces.delete(credential);
    this.#paused.delete(credential);
  }

  #asked(want: PermitWant, signal: AbortSignal): Ask {
    const { credential, route, lane, shape, arrival, untilMs } = want;
    const patienceMs = Math.max(0, untilMs - this.#options.clock.now());
    return { credential, route, lane, shape, arrival, patienceMs, signal, brake: NO_BRAKE };
  }

  /** Does it, unless there are too many credentials: then nothing of it is kept. */
  #known<Value>(act: () => Value): Value | null {
    try {
      return act();
    } catch (error) {
      if (error instanceof TooLong) return null;
      throw error;
    }
  }
}

const NOTHING: Claim = { leave() {}, over() {} };
const UNKNOWN = new TooLong("its limits could not be looked at", 1_000);

function asItIs(report: Report): Report {
  return report;
}
