/**
 * The one error class: what went wrong, whose fault it is, and the facts a program can act on.
 *
 * @module
 */

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

/** The message of anything that was thrown; for log fields and replies across threads. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
