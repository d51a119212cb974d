/**
 * The table of lots: where each input leads from each phase. One cell per pair; a missing cell is an illegal
 * pair. What entering and leaving a phase asks for is the same whatever led there, and stands in `step.ts`.
 *
 * Until it is written down that the new shards serve, every way leads back; from then on none does, but the whole
 * way in the other direction.
 *
 * @module
 */

import type { LotPhase } from "../../../protocol/reshard.ts";
import type { Input, InputOf, State, Way } from "./words.ts";

type Cells = { readonly [I in Input["kind"]]?: (state: State, input: InputOf<I>) => State };

/** The old shards serve. */
const OLD_SERVE = {
  turn: (s) => to({ ...s, way: other(s.way), isTurned: false }, "ending", "what had risen ends"),
  // What had risen keeps its session: whoever goes on with it resumes it.
  left: (s) => to(s, "waiting", "another unit is to go on with it"),
} as const satisfies Cells;

/** What each input does in each phase. */
export const CELLS = {
  waiting: {
    ...OLD_SERVE,
    begin: (s) => to(s, "rising", "the new shards come up"),
    broken: stay,
  },

  rising: {
    ...OLD_SERVE,
    whole: (s) => to(s, "comparing", "both sides have all events"),
    alone: (s) => to(s, "holding", "the old shards have stopped for good"),
    broken: (s, { reason }) => to(s, "rising", reason),
  },

  comparing: {
    ...OLD_SERVE,
    armed: (s) => to(s, "holding", "the old shards serve nothing more"),
    broken: (s, { reason }) => to(s, "rising", reason),
  },

  holding: {
    ...OLD_SERVE,
    cut: (s) => to(s, "writing", "that the new shards serve is being written down"),
    doubted: (s) => to(s, "comparing", "both sides are compared for longer"),
    // Nobody waits for the shards of a lot for as long as the units cannot reach each other.
    shut: (s, { reason }) => to(s, "comparing", reason),
    broken: (s, { reason }) => to(s, "rising", reason),
  },

  // Nobody knows whether it is on disk already: there is no way back from here, but where it surely is not.
  writing: {
    written: (s) => to(s, "ending", "the new shards serve, the old ones end"),
    unwritten: (s, { reason }) => to(s, "writing", `it could not be written down: ${reason}`),
    shut: (s, { reason }) => s.isTurned ? OLD_SERVE.turn(s) : to(s, "rising", reason),
    turn,
    left: stay,
    broken: stay,
  },

  ending: {
    ended: (s) =>
      s.isTurned ? back(s) : to(s, "moved", "the new shards serve, the old ones are gone"),
    unended: (s, { reason }) => to(s, "ending", `the old shards have not ended: ${reason}`),
    turn,
    left: stay,
    broken: stay,
  },

  moved: {
    turn: back,
    left: stay,
    broken: stay,
  },
} as const satisfies { readonly [P in LotPhase]: Cells };

function to(state: State, kind: LotPhase, reason: string): State {
  return { ...state, kind, reason };
}

function stay(state: State): State {
  return state;
}

/** What cannot be stopped goes on; turned twice it is as it was. */
function turn(state: State): State {
  return { ...state, isTurned: !state.isTurned };
}

/** Those that serve now are the old ones of the way in the other direction. */
function back({ way }: State): State {
  return { kind: "waiting", way: other(way), isTurned: false, reason: "it is to go back" };
}

function other(way: Way): Way {
  return way === "there" ? "back" : "there";
}
