/**
 * A place where a worker, cluster or service is kept running: it is started, and started again when it
 * ends, later each time. What follows from what is a table, `step(state, input) → [state, effect]`;
 * {@linkcode Supervision} does what the effects say.
 *
 * @module
 */

import type { Cancel, Clock } from "../clock.ts";

/** When what ended is started again, and when it is given up. */
export interface Policy {
  /** Delay of the start after the 1st, 2nd, … end that counts; the last one is for all that follow. */
  readonly delaysMs: readonly number[];
  /** An end counts for so long. */
  readonly windowMs: number;
  /** The end of what ran for so long makes those before it count no more. */
  readonly stableMs: number;
  /** So many ends that count are forgiven; one more, and the place is given up. */
  readonly budget: number;
}

/** A place at one moment. */
export interface State {
  /**
   * Nothing runs (`stopped`, or `failed`: it was given up). It runs and has not been heard of
   * (`starting`), is well (`up`), is out of reach (`away`) or is being ended (`stopping`). It has ended
   * and is about to be started again (`backing off`).
   */
  readonly kind: "stopped" | "starting" | "up" | "away" | "stopping" | "backing off" | "failed";
  /** In a person's words: why. */
  readonly reason: string;
  /** How often it was started again, since it was last stopped. */
  readonly restarts: number;
  /** What runs here could be loaded once: where that fails now, it may be mended. */
  readonly wasLoaded: boolean;
  readonly startedMs: number;
  /** When it ended, as far as that counts. */
  readonly endsMs: readonly number[];
}

/** What happens to a place. */
export type Input =
  /** Somebody wants it to run, or its pause is over. */
  | { readonly kind: "start" }
  /** What it runs has been loaded. */
  | { readonly kind: "loaded" }
  /** It says that it is well, or its link is up. */
  | { readonly kind: "up"; readonly reason: string }
  | { readonly kind: "down"; readonly reason: string }
  /** What ran has ended, whoever wanted it. `isUnloadable`: because it could not be loaded. */
  | { readonly kind: "ended"; readonly reason: string; readonly isUnloadable?: boolean }
  /** Somebody wants it to end, by force when `deadlineMs` have passed. */
  | { readonly kind: "stop"; readonly reason: string; readonly deadlineMs: number };

/** What is to be done. Leaving a state ends its pause. */
export type Effect =
  | { readonly do: "start" }
  /** `ended` follows. */
  | { readonly do: "end"; readonly deadlineMs: number }
  /** `start` follows. */
  | { readonly do: "pause"; readonly delayMs: number }
  /** Starting it again does not help. */
  | { readonly do: "give up" }
  /** It has never been loaded, and cannot be: nor would it be the next time. */
  | { readonly do: "refuse" };

/** The next state and what entering it asks for. */
export type Step = readonly [State, Effect?];

/** A place at the beginning. */
export const NOT_STARTED: State = {
  kind: "stopped",
  reason: "not started",
  restarts: 0,
  wasLoaded: false,
  startedMs: 0,
  endsMs: [],
};

/** What follows from `input` in `state`. Every pair has its cell. */
export function step(state: State, input: Input, at: Moment): Step {
  const cell = CELLS[state.kind][input.kind] as Cell<Input>;
  return cell(state, input, at);
}

/** What else a step depends on. */
export type Moment = { readonly policy: Policy; readonly nowMs: number };

type Cell<It extends Input> = (state: State, input: It, at: Moment) => Step;
type Cells = { readonly [Kind in Input["kind"]]: Cell<Extract<Input, { kind: Kind }>> };

const stay = (state: State): Step => [state];

/** Something runs. */
const RUNS: Cells = {
  start: stay,
  loaded: (s) => [s.wasLoaded ? s : { ...s, wasLoaded: true }],
  up: (s, { reason }) => [{ ...s, kind: "up", reason, wasLoaded: true }],
  down: stay,
  ended: (s, { reason, isUnloadable }, at) =>
    isUnloadable && !s.wasLoaded
      ? [{ ...s, kind: "failed", reason }, { do: "refuse" }]
      : again({ ...s, reason }, at),
  stop: (s, { reason, deadlineMs }) => [
    { ...s, kind: "stopping", reason },
    { do: "end", deadlineMs },
  ],
};

/** Nothing runs: what is still heard of a link is no news. */
const RESTS: Cells = {
  start: (s, _, at) => begin({ ...s, restarts: s.restarts + 1 }, `restarted: ${s.reason}`, at),
  loaded: stay,
  up: stay,
  down: stay,
  ended: stay,
  stop: (s, { reason }) => [{ ...s, kind: "stopped", reason }],
};

const CELLS: Readonly<Record<State["kind"], Cells>> = {
  stopped: {
    ...RESTS,
    start: ({ wasLoaded }, _, at) => begin({ ...NOT_STARTED, wasLoaded }, "started", at),
    stop: stay,
  },
  starting: RUNS,
  up: { ...RUNS, down: (s, { reason }) => [{ ...s, kind: "away", reason }] },
  away: RUNS,
  stopping: {
    ...RUNS,
    loaded: stay,
    up: stay,
    ended: (s) => [{ ...s, kind: "stopped" }],
    stop: stay,
  },
  "backing off": RESTS,
  failed: RESTS,
};

function begin(s: State, reason: string, { nowMs }: Moment): Step {
  return [{ ...s, kind: "starting", reason, startedMs: nowMs }, { do: "start" }];
}

/** It has ended without being asked to. */
function again(s: State, { policy, nowMs }: Moment): Step {
  const { delaysMs, windowMs, stableMs, budget } = policy;
  const isForgiven = nowMs - s.startedMs >= stableMs;
  const endsMs = isForgiven ? [] : s.endsMs.filter((endMs) => nowMs - endMs < windowMs);
  if (endsMs.length >= budget) return [{ ...s, kind: "failed", endsMs }, { do: "give up" }];
  return [
    { ...s, kind: "backing off", endsMs: [...endsMs, nowMs] },
    { do: "pause", delayMs: delaysMs[Math.min(endsMs.length, delaysMs.length - 1)]! },
  ];
}

/** What is supervised. Its functions are called when the state is the new one already. */
export interface Supervised {
  readonly clock: Clock;
  readonly policy: Policy;
  /** Starts it. Whoever does says when it has `ended`. */
  readonly start: () => void;
  readonly end: (reason: string, deadlineMs: number) => void;
  /** It has ended without being asked to, and is started again after so long; `null`: never. */
  readonly lost: (reason: string, restartInMs: number | null) => void;
  /** It cannot be loaded, and never could: it is not started again. */
  readonly refused: (reason: string) => void;
  readonly changed?: (state: State, before: State) => void;
}

/** Keeps one place. Nothing runs there before the input `start`. */
export class Supervision {
  readonly #supervised: Supervised;
  #state = NOT_STARTED;
  #cancelPause: Cancel = () => {};

  constructor(supervised: Supervised) {
    this.#supervised = supervised;
  }

  /** How the place stands. */
  get state(): State {
    return this.#state;
  }

  /** Something happens to it. */
  take(input: Input): void {
    const { policy, clock, changed } = this.#supervised;
    const before = this.#state;
    const [state, effect] = step(before, input, { policy, nowMs: clock.now() });
    if (state === before) return;
    this.#cancelPause();
    this.#state = state;
    changed?.(state, before);
    if (effect) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    const { clock, start, end, lost, refused } = this.#supervised;
    const { reason } = this.#state;
    switch (effect.do) {
      case "start":
        return start();
      case "end":
        return end(reason, effect.deadlineMs);
      case "pause":
        this.#cancelPause = clock.after(effect.delayMs, () => this.take({ kind: "start" }));
        return lost(reason, effect.delayMs);
      case "give up":
        return lost(reason, null);
      case "refuse":
        return refused(reason);
    }
  }
}
