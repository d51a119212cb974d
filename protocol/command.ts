/**
 * How commands between clusters, services and the unit are sent, and what all have answered.
 *
 * @module
 */

import { cannot } from "./errors.ts";
import { encodeError } from "./wire_error.ts";

/** The error of a command that cannot be sent. */
export const cannotSend = cannot("send a command", "bad_message", "caller");

/** How long an answer may take, where nobody says. */
export const COMMAND_TIMEOUT_MS = 30_000;

/** A longer wait is a mistake: whoever asks does better to ask again. */
const LONGEST_TIMEOUT_MS = 24 * 3_600_000;

/** What a time that somebody says has to be, as the end of "expected …". */
export const TIMEOUT_WANTED = `milliseconds from 0 to ${LONGEST_TIMEOUT_MS}`;

/** Whether a value from outside is a time that something may take. */
export function isTimeout(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= LONGEST_TIMEOUT_MS;
}

/** How a command is sent. */
export interface CommandOptions {
  /** Whether an answer is waited for. Default false. */
  readonly receptive?: boolean;
  /** How long, ms, a day at most. Default 30,000. */
  readonly timeout?: number;
}

/** What all clusters have answered, each list in the order of the clusters. */
export interface CommandResults {
  readonly results: unknown[];
  /** Each with the `clusterId` of who it is from. */
  readonly errors: (Error & { clusterId?: number })[];
}

/**
 * Options with what holds where nothing is said.
 *
 * @throws {GatehouseError} `bad_message` for what the wire does not carry: it would end the link.
 */
export function readOptions(
  { receptive = false, timeout = COMMAND_TIMEOUT_MS }: CommandOptions,
): Required<CommandOptions> {
  if (typeof receptive !== "boolean") {
    throw cannotSend(`receptive is ${receptive}, expected true or false`);
  }
  if (isTimeout(timeout)) return { receptive, timeout };
  throw cannotSend(`timeout is ${timeout}, expected ${TIMEOUT_WANTED}`);
}

/** What all clusters have answered, for who takes JSON only: errors as they are on the wire. */
export function plainResults({ results, errors }: CommandResults): object {
  const plain = errors.map((error) => ({ ...encodeError(error), clusterId: error.clusterId }));
  return { results, errors: plain };
}
