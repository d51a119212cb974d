/**
 * The one error class: what went wrong, whose fault it is, and the facts a program can act on.
 *
 * @module
 */

import { isError, readError, textOf } from "./error_parts.ts";

/** Whose fault an error is: who has to act on it. */
export type Blame = "caller" | "peer" | "discord" | "host";

/** Stable names of errors. Match on these, never on the message. */
export type ErrorCode =
  | "away"
  | "bad_config"
  | "bad_frame"
  | "bad_message"
  | "bad_state"
  | "deadline"
  | "disk_full"
  | "illegal_step"
  | "no_shard"
  | "no_target"
  | "not_ready"
  | "refused"
  | "state_locked"
  | "too_large"
  | "unauthorized"
  | "worker_lost";

/**
 * An error of Gatehouse.
 *
 * @example
 * ```ts
 * import { GatehouseError } from "./errors.ts";
 * const error = new GatehouseError("no_shard", "caller", "Cannot send to shard 9: this unit runs 0 to 7");
 * console.assert(error.code === "no_shard" && error.blame === "caller");
 * ```
 */
export class GatehouseError extends Error {
  override readonly name = "GatehouseError";
  /**
   * @param code Stable name of the condition.
   * @param blame Who has to act.
   * @param message `Cannot <do>: <state found>, <state wanted>`; never holds a secret.
   * @param data Facts for programs: shard, setting, value.
   */
  constructor(
    readonly code: ErrorCode,
    readonly blame: Blame,
    message: string,
    readonly data: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Makes the errors of one thing that cannot be done: `Cannot <what>: <why>`. */
export function cannot(what: string, code: ErrorCode, blame: Blame) {
  return (why: string, options?: ErrorOptions): GatehouseError =>
    new GatehouseError(code, blame, `Cannot ${what}: ${why}`, {}, options);
}

/**
 * Who was asked is away, and has surely not heard of it: somebody else can be asked. Any other `away` may come after it
 * was done, with the answer lost.
 *
 * @example
 * ```ts
 * import { isUnheard, unheard } from "./errors.ts";
 * console.assert(isUnheard(unheard("Cannot reach unit b: it is away")));
 * ```
 */
export function unheard(message: string, data: GatehouseError["data"] = {}): GatehouseError {
  return new GatehouseError("away", "peer", message, { ...data, isUnheard: true });
}

/** Whether it is an {@linkcode unheard}, also of another unit. */
export function isUnheard(thrown: unknown): boolean {
  return thrown instanceof GatehouseError && thrown.code === "away" &&
    thrown.data.isUnheard === true;
}

/** Causes below this are not told: somebody's chain may have no end. */
const DEEPEST_CAUSE = 8;

/**
 * What anything that was thrown says, and all that caused it: for a person, in log fields and in replies
 * across threads. What has been said already is left out.
 *
 * @example
 * ```ts
 * import { messageOf } from "./errors.ts";
 * const error = new TypeError("fetch failed", { cause: new Error("connection refused") });
 * console.assert(messageOf(error) === "fetch failed: connection refused");
 * ```
 */
export function messageOf(thrown: unknown): string {
  return joined(messages(thrown, DEEPEST_CAUSE)) || (isError(thrown) ? readError(thrown).name : "");
}

/** The message of an error, then those of its causes; some may be empty. */
function messages(thrown: unknown, depth: number): string[] {
  if (depth === 0) return [];
  if (!isError(thrown)) return [textOf(thrown)];
  const { message, properties } = readError(thrown);
  const { code, cause, errors } = Object.fromEntries(properties);
  const parts = Array.isArray(errors)
    ? errors.map((each) => joined(messages(each, depth - 1)))
    : [];
  const below = cause === undefined ? [] : messages(cause, depth - 1);
  const own = message || (parts.length + below.length === 0 && code ? String(code) : "");
  return [own, parts.join("; "), ...below];
}

function joined(texts: readonly string[]): string {
  return texts.reduce(
    (said, text) => said.includes(text) ? said : said === "" ? text : `${said}: ${text}`,
    "",
  );
}
