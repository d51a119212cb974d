/**
 * Calls over the event link, in either direction: commands between clusters, services and the unit,
 * what the unit tells them, what it asks them for. Who takes calls says so in its `hello`.
 *
 * @module
 */

import { isTimeout, TIMEOUT_WANTED } from "./command.ts";
import { isRecord } from "./record.ts";
import type { WireValue } from "./value.ts";
import type { WireError } from "./wire_error.ts";

/** Whom a command is for. */
export type CommandTarget =
  /** Every cluster. */
  | { readonly all: true }
  | { readonly clusterId: number }
  /** The cluster that gets the events of this guild. */
  | { readonly guildId: string }
  | { readonly service: string };

/**
 * What is called.
 *
 * - consumer → unit: `command` (for somebody else), `unit` (a method of the unit);
 * - unit → consumer: `command` (from somebody), `stats`, `find`, `allClustersReady`,
 *   `allMembersCached`, and to who takes it `late`.
 */
export const VERBS = [
  "command",
  "unit",
  "stats",
  "find",
  "allClustersReady",
  "allMembersCached",
  "late",
] as const;

/** One of {@linkcode VERBS}. */
export type Verb = typeof VERBS[number];

/** Value of a call of `stats` for which memory and processor are enough. Default: none. */
export const BARE_FIGURES = "figures";

/** Value of a call of `late`: events of which a GAP has said that they are missing, and that were found. */
export interface LateValue {
  readonly totalShards: number;
  readonly shardId: number;
  /** Records one after another, as in a batch, in base64. */
  readonly records: string;
}

/** What is looked for with `find`: see {@linkcode Ipc.fetchGuild}. */
export type Wanted =
  | { readonly kind: "guild"; readonly guildId: string }
  | { readonly kind: "channel"; readonly channelId: string }
  | { readonly kind: "user"; readonly userId: string }
  | { readonly kind: "member"; readonly guildId: string; readonly userId: string };

/** Asks the other side to do something. */
export interface LinkCall {
  readonly op: "call";
  /** The caller's number for it; a `reply` has the same. */
  readonly id: number;
  readonly verb: Verb;
  /** Whether a reply is wanted. Without it none is sent. */
  readonly receptive: boolean;
  readonly value: WireValue;
  /** Consumer → unit, with `command`: whom it is for. */
  readonly to?: CommandTarget;
  /** Consumer → unit, with `command`: how long the unit waits for the answer. */
  readonly timeoutMs?: number;
}

/** The answer to a call. */
export type LinkReply =
  | { readonly op: "reply"; readonly id: number; readonly value: WireValue }
  | { readonly op: "reply"; readonly id: number; readonly error: WireError };

/** What is wrong with a call, in words that follow "it"; `null` where nothing is. */
export function problemOfCall(message: Record<string, unknown>): string | null {
  const { id, verb, receptive, value, to, timeoutMs } = message;
  if (!Number.isSafeInteger(id)) return "has no id that is a whole number";
  if (!VERBS.includes(verb as Verb)) {
    return `has verb ${JSON.stringify(verb)}, expected ${VERBS.join(", ")}`;
  }
  if (typeof receptive !== "boolean") return "has no receptive that is true or false";
  if (!isWireValue(value)) return "has no value of the form {json} or {clone}";
  if (to !== undefined && targetOf(to) === null) {
    return "has a to that is none of {all}, {clusterId}, {guildId}, {service}";
  }
  return timeoutMs === undefined || isTimeout(timeoutMs)
    ? null
    : `has a timeoutMs that is no number of ${TIMEOUT_WANTED}`;
}

/** The same for a reply. */
export function problemOfReply({ id, value, error }: Record<string, unknown>): string | null {
  if (!Number.isSafeInteger(id)) return "has no id that is a whole number";
  if (isWireValue(value)) return null;
  const isError = isRecord(error) &&
    [error.name, error.message].every((it) => typeof it === "string");
  return isError
    ? null
    : "has neither a value, {json} or {clone}, nor an error with name and message";
}

/** What somebody gave as a target, or `null` where it is none. */
export function targetOf(value: unknown): CommandTarget | null {
  if (!isRecord(value)) return null;
  const { all, clusterId, guildId, service } = value;
  if (all === true) return { all };
  // What JSON cannot carry must not get as far as the wire: the other side would close the link.
  if (Number.isInteger(clusterId)) return { clusterId: clusterId as number };
  if (["bigint", "string"].includes(typeof guildId) && /^\d+$/.test(String(guildId))) {
    return { guildId: String(guildId) };
  }
  return typeof service === "string" ? { service } : null;
}

function isWireValue(value: unknown): value is WireValue {
  return isRecord(value) && ("json" in value || "clone" in value);
}
