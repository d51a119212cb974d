/**
 * One connection on `/gateway`, as a table: `step(phase, input) → [phase, ...effects]`. Pure: who may
 * identify is `terms.ts`, and `connection.ts` does what the effects say.
 *
 * Follows [Discord Docs/Gateway](https://discord.com/developers/docs/events/gateway#connections), seen
 * from Discord's side.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import { LINK_CLOSE } from "../protocol/event_frame.ts";
import type { ShardPayload } from "../protocol/worker_message.ts";

/** Why a connection is closed, with a code of Discord's. */
export interface Refusal {
  /** See [Discord Docs/Gateway Close Event Codes](https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes). */
  readonly code: number;
  readonly reason: string;
}

/**
 * Where a connection stands: HELLO is sent and nobody has identified (`waiting`), an IDENTIFY or
 * RESUME is being seen to (`starting`), it has a session (`live`), or it is over (`closed`).
 */
export type Phase = "waiting" | "starting" | "live" | "closed";

/** What a client says. The bodies of IDENTIFY and RESUME are not read yet. */
export type Message =
  | { readonly kind: "heartbeat"; readonly seq: number | null }
  | { readonly kind: "identify"; readonly d: unknown }
  | { readonly kind: "resume"; readonly d: unknown }
  | { readonly kind: "command"; readonly payload: ShardPayload };

/** What happens to a connection. */
export type Input =
  | Message
  /** What the client said cannot be accepted. */
  | Refusal & { readonly kind: "refused" }
  /** The session is there, and the shard's events are held for it. */
  | { readonly kind: "begun" }
  /** There can be no session: IDENTIFY anew. */
  | { readonly kind: "invalid" }
  /** The unit cannot do its part, or stops; to try again later may help. */
  | { readonly kind: "failed"; readonly reason: string }
  /** A newer connection has taken the shard. */
  | { readonly kind: "replaced" }
  /** No heartbeat came for too long. */
  | { readonly kind: "silent" }
  /** Nobody has identified for too long. */
  | { readonly kind: "late" }
  /** The client closed with this code, or the connection broke (1006). */
  | { readonly kind: "gone"; readonly code: number };

/** What the shell is to do. */
export type Effect =
  | { readonly do: "answer heartbeat" }
  /** The client has every event up to this number of its session. */
  | { readonly do: "acknowledge"; readonly seq: number }
  /** The client needs nothing again of what was sent. */
  | { readonly do: "count as received" }
  | { readonly do: "identify"; readonly d: unknown }
  | { readonly do: "resume"; readonly d: unknown }
  | { readonly do: "pass up"; readonly payload: ShardPayload }
  /** Op 9, false. */
  | { readonly do: "invalidate" }
  | Refusal & { readonly do: "close" }
  /** Let go of the shard: `keep` the session to be resumed, or `end` it. */
  | { readonly do: "leave"; readonly session: "keep" | "end" };

/** The next phase and what entering it asks for. */
export type Step = readonly [Phase, ...Effect[]];

/** "Unknown error": a client resumes after it. */
const UNKNOWN_ERROR = 4000;
/** Closes with which a client ends its session for good. */
const ENDS_SESSION: ReadonlySet<number> = new Set([1000, 1001]);
/** No close frame came: what was sent last may be lost. */
const BROKEN = 1006;

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
  const { kind } = input;
  const message = `Cannot step consumer connection: ${kind} is not expected while ${phase}`;
  throw new GatehouseError("illegal_step", "host", message, { phase, input: kind });
}

type Cells = { readonly [Kind in Input["kind"]]?: (input: Extract<Input, { kind: Kind }>) => Step };

/** What ends a connection in every phase. */
const ENDINGS = {
  refused: ({ code, reason }) => close({ code, reason }),
  failed: ({ reason }) => close({ code: UNKNOWN_ERROR, reason }),
  silent: () => close({ code: 4009, reason: "Session timed out: no heartbeat came." }),
  gone: ({ code }) => ["closed", leaveAfter(code)],
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
    late: () => close({ code: 4009, reason: "Session timed out: no IDENTIFY or RESUME came." }),
  },
  starting: {
    ...CLAIMED,
    heartbeat: () => ["starting", { do: "answer heartbeat" }],
    command: () => close({ code: 4003, reason: "Not authenticated." }),
    begun: () => ["live"],
    invalid,
  },
  live: {
    ...CLAIMED,
    heartbeat: ({ seq }) =>
      seq === null
        ? ["live", { do: "answer heartbeat" }]
        : ["live", { do: "acknowledge", seq }, { do: "answer heartbeat" }],
    command: ({ payload }) => ["live", { do: "pass up", payload }],
    invalid,
    gone: ({ code }) =>
      code === BROKEN
        ? ["closed", leaveAfter(code)]
        : ["closed", { do: "count as received" }, leaveAfter(code)],
  },
} as const satisfies Record<Exclude<Phase, "closed">, Cells>;

/** Closing is never the end of a session: the client may come back and resume. */
function close(refusal: Refusal): Step {
  return ["closed", { do: "close", ...refusal }, leave("keep")];
}

function invalid(): Step {
  return ["waiting", leave("end"), { do: "invalidate" }];
}

function leaveAfter(code: number): Effect {
  return leave(ENDS_SESSION.has(code) ? "end" : "keep");
}

function leave(session: "keep" | "end"): Effect {
  return { do: "leave", session };
}
