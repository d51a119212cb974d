/**
 * One connection on `/gateway`, as a table: `step(phase, input) → [phase, ...effects]`. Pure: who may
 * identify is `downstream_terms.ts`, and `downstream_connection.ts` does what the effects say.
 *
 * Follows [Discord Docs/Gateway](https://discord.com/developers/docs/events/gateway#connections), seen
 * from Discord's side.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import { LINK_CLOSE } from "../protocol/event_frame.ts";
import type { Refusal } from "./refusal.ts";
import type { Effect, Input, InputOf, Phase, Step } from "./words.ts";

/** "Unknown error": a client resumes after it. */
const UNKNOWN_ERROR = 4000;
/** Closes with which a client ends its session for good. */
const ENDS_SESSION: ReadonlySet<number> = new Set([1000, 1001]);

/**
 * What follows from `input` in `phase`.
 *
 * @throws {GatehouseError} `illegal_step` when the table has no such pair.
 *
 * @example
 * ```ts
 * import { step } from "./step.ts";
 * const [phase, effect] = step("waiting", { kind: "heartbeat", seq: null });
 * console.assert(phase === "waiting" && effect?.do === "answer heartbeat");
 * ```
 */
export function step(phase: Phase, input: Input): Step {
  if (phase === "closed") return [phase];
  const cells = CELLS[phase] as Partial<Record<string, (input: Input) => Step>>;
  const cell = cells[input.kind];
  if (cell) return cell(input);
  throw new GatehouseError(
    "illegal_step",
    "host",
    `Cannot step consumer connection: ${input.kind} is not expected while ${phase}`,
    { phase, input: input.kind },
  );
}

type Cells = { readonly [Kind in Input["kind"]]?: (input: InputOf<Kind>) => Step };

/** What ends a connection in every phase. */
const ENDINGS = {
  refused: ({ code, reason }) => close({ code, reason }),
  failed: ({ reason }) => close({ code: UNKNOWN_ERROR, reason }),
  silent: () => close({ code: 4009, reason: "Session timed out: no heartbeat came." }),
  gone: ({ code }) => ["closed", leave(ENDS_SESSION.has(code) ? "end" : "keep")],
} as const satisfies Cells;

/** A shard is claimed, so that another connection can claim it too. */
const CLAIMED = {
  ...ENDINGS,
  identify: () => close(TWICE),
  resume: () => close(TWICE),
  // Without `leave`: shard and session are the newer connection's by now.
  replaced: () => ["closed", { do: "close", ...REPLACED }],
} as const satisfies Cells;

const TWICE: Refusal = { code: 4005, reason: "Already authenticated." };
const REPLACED: Refusal = {
  code: LINK_CLOSE.TAKEN_OVER,
  reason: "A newer connection took over this shard.",
};

const CELLS = {
  waiting: {
    ...ENDINGS,
    heartbeat: () => ["waiting", { do: "answer heartbeat" }],
    identify: ({ d }) => ["starting", { do: "identify", d }],
    resume: ({ d }) => ["starting", { do: "resume", d }],
    command: () => close({ code: 4003, reason: "Not authenticated." }),
  },
  starting: {
    ...CLAIMED,
    heartbeat: () => ["starting", { do: "answer heartbeat" }],
    command: () => close({ code: 4003, reason: "Not authenticated." }),
    begun: () => ["live"],
    invalid: () => ["waiting", leave("end"), { do: "invalidate" }],
  },
  live: {
    ...CLAIMED,
    heartbeat: ({ seq }) =>
      seq === null
        ? ["live", { do: "answer heartbeat" }]
        : ["live", { do: "acknowledge", seq }, { do: "answer heartbeat" }],
    command: ({ payload }) => ["live", { do: "pass up", payload }],
  },
} as const satisfies Record<Exclude<Phase, "closed">, Cells>;

/** Closing is never the end of a session: the client may come back and resume. */
function close(refusal: Refusal): Step {
  return ["closed", { do: "close", ...refusal }, leave("keep")];
}

function leave(session: "keep" | "end"): Effect {
  return { do: "leave", session };
}
