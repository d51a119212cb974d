/**
 * The words of the session table: states, inputs, effects.
 *
 * @module
 */

import type { ResumableSession } from "../../protocol/discord/gateway_frame.ts";
import type { SessionPoint } from "../../protocol/estate.ts";
import type { Cause, ShardState } from "../../protocol/status.ts";

/** What Discord gave us to come back with. */
export type Session = ResumableSession;

/** What a shard carries from one connection to the next. */
export interface Memory {
  readonly session: Session | null;
  /** Pauses in a row after connections that did not last; the back-off grows with it. */
  readonly attempt: number;
  /** Connections in a row that came to nothing: no HELLO, no answer to RESUME. The host alternates with it. */
  readonly fruitless: number;
  /** Compression is not asked for: what came could not be inflated, and no connection has been stable since. */
  readonly isPlain: boolean;
  /** RESUMEs in a row that were sent and never answered. */
  readonly refusals: number;
  /** Number of the connection; everything that a socket says carries it. */
  readonly connection: number;
}

/** What a connection is for. */
export type Goal = "identify" | "resume";

/** Where to open a connection: the host that READY named, or the one of `/gateway/bot`. */
export type Host = "resume" | "generic";

/** How long a pause is: grows with the attempts, 1 to 5 s more after an invalid session, or none at all. */
export type Pause = "back off" | "invalid session" | "other host";

interface Common<Kind extends ShardState> {
  readonly kind: Kind;
  readonly memory: Memory;
  /** In a person's words: why the shard is here. */
  readonly reason: string;
}

/** A shard's session at one moment. */
export type State =
  | Common<"idle">
  | Common<"queued">
  | Common<"connecting"> & { readonly goal: Goal; readonly host: Host }
  | Common<"hello"> & { readonly goal: Goal }
  | Common<"identifying">
  /** `replayed`: events have come. */
  | Common<"resuming"> & { readonly replayed: boolean }
  | Common<"ready">
  | Common<"closing"> & { readonly then: Pause | "stop" }
  | Common<"backing off"> & { readonly pause: Pause }
  | Common<"stopped">;

/** The state of one kind. */
export type StateOf<Kind extends ShardState> = Extract<State, { kind: Kind }>;

/** What a socket tells; stale when `connection` is not the current one. */
export type SocketInput =
  | { readonly kind: "opened" }
  /** It never opened. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "closed"; readonly code: number }
  | { readonly kind: "hello" }
  /** `null`: this session cannot be resumed. */
  | { readonly kind: "ready"; readonly session: Session | null }
  /** An event came after RESUME. Told once per connection. */
  | { readonly kind: "replayed" }
  | { readonly kind: "resumed" }
  /** Op 7. */
  | { readonly kind: "reconnect" }
  /** Op 9. */
  | { readonly kind: "invalid"; readonly resumable: boolean }
  /** A frame that cannot be inflated (`stream`), or that says nothing readable. */
  | { readonly kind: "corrupt"; readonly of: "stream" | "payload"; readonly reason: string }
  /** The numbers of its events say how the session can be resumed no more (`null`), or again. */
  | { readonly kind: "numbers"; readonly session: Session | null }
  /** Beats go unanswered. */
  | { readonly kind: "zombie" };

/** Where a shard begins: at a point of its session, or above every cursor that was given out. */
export interface Start {
  readonly point: SessionPoint | null;
  readonly cursorFloor: number;
}

/** What happens to a session. */
export type Input =
  | { readonly kind: "start" } & Start
  /** The identify queue allows this shard to identify now. */
  | { readonly kind: "permit" }
  /** The deadline or pause of the state ran out. `progress`: events came meanwhile. */
  | { readonly kind: "timeout"; readonly progress: boolean }
  /** An operator wants a new connection, with the session or without it. */
  | { readonly kind: "restart"; readonly session: "keep" | "end" }
  | { readonly kind: "stop"; readonly session: "keep" | "end" }
  | SocketInput & { readonly connection: number };

/** The input of one kind. */
export type InputOf<Kind extends Input["kind"]> = Extract<Input, { kind: Kind }>;

/**
 * What the shell is to do. Entering a state ends the deadline of the one before, but HELLO is waited
 * for within that of the connection.
 */
export type Effect =
  /** Number the events from here on. */
  | { readonly do: "pick up" } & Start
  | { readonly do: "ask to identify" }
  /** Give back a permit that was not used, or take back the request for one. */
  | { readonly do: "release permit" }
  | { readonly do: "open"; readonly host: Host; readonly isPlain: boolean }
  | { readonly do: "send identify" }
  | { readonly do: "send resume" }
  | { readonly do: "close"; readonly code: number }
  /** End the connection at once, whatever the peer does. */
  | { readonly do: "destroy" }
  /** `timeout` follows unless the state is left before. */
  | { readonly do: "deadline"; readonly afterMs: number }
  /** `timeout` follows after a pause with jitter. */
  | { readonly do: "pause"; readonly pause: Pause; readonly attempt: number }
  /** A session began: it can be written down, where it can be resumed. */
  | { readonly do: "keep session" }
  /** The session is gone; events may be missing. */
  | { readonly do: "forget session"; readonly reason: string; readonly isAsked: boolean }
  /** The session lives, and could not be resumed. */
  | { readonly do: "set session aside" }
  | { readonly do: "count reconnect"; readonly cause: Cause }
  | { readonly do: "count stale" }
  /** Discord closed the shard for what it is, and it has stopped: trying the same again cannot help. */
  | { readonly do: "give up"; readonly reason: string; readonly code: number | null };

/** A state and what entering it asks for. */
export type Step = readonly [State, ...Effect[]];
