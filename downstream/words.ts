/**
 * The words of a connection on `/gateway`: what a library that speaks Discord's own protocol may say
 * to us, what happens to its connection, and what follows.
 *
 * @module
 */

import type { ShardPayload } from "../protocol/worker_message.ts";
import type { Refusal } from "./refusal.ts";

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
  /** The client closed, or the connection broke. */
  | { readonly kind: "gone"; readonly code: number };

/** The input of one kind. */
export type InputOf<Kind extends Input["kind"]> = Extract<Input, { kind: Kind }>;

/** What the shell is to do. */
export type Effect =
  | { readonly do: "answer heartbeat" }
  /** The client has every event up to this number of its session. */
  | { readonly do: "acknowledge"; readonly seq: number }
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
