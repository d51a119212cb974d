/**
 * What each close code means for a session.
 * See [Discord Docs/Gateway Close Event Codes](https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes).
 *
 * @module
 */

/**
 * What to do after a close: `resume` the session, `identify` anew because the session is gone, or
 * `fatal`: this shard stops and says why, since trying again cannot help.
 */
export type CloseVerdict = "resume" | "identify" | "fatal";

/** Meaning and verdict of one close code. */
export interface CloseCode {
  readonly meaning: string;
  readonly verdict: CloseVerdict;
}

/** Every close code that Discord documents or has been seen to send. */
export const CLOSE_CODES: Readonly<Record<number, CloseCode>> = {
  1000: { meaning: "closed by Discord", verdict: "resume" },
  1001: { meaning: "Discord is going away", verdict: "resume" },
  1006: { meaning: "connection lost", verdict: "resume" },
  4000: { meaning: "unknown error", verdict: "resume" },
  4001: { meaning: "unknown opcode", verdict: "resume" },
  4002: { meaning: "payload could not be decoded", verdict: "resume" },
  4003: { meaning: "not authenticated", verdict: "identify" },
  4004: { meaning: "the token is wrong: check DISCORD_TOKEN", verdict: "fatal" },
  4005: { meaning: "already authenticated", verdict: "resume" },
  4006: { meaning: "session no longer valid", verdict: "identify" },
  4007: { meaning: "invalid seq in resume", verdict: "identify" },
  4008: { meaning: "sent too fast", verdict: "resume" },
  4009: { meaning: "session timed out", verdict: "resume" },
  4010: { meaning: "invalid shard: check TOTAL_SHARDS", verdict: "fatal" },
  4011: { meaning: "sharding required: too many guilds for TOTAL_SHARDS", verdict: "fatal" },
  4012: { meaning: "invalid API version", verdict: "fatal" },
  4013: { meaning: "invalid intents: check INTENTS", verdict: "fatal" },
  4014: {
    meaning: "disallowed intents: enable them in the developer portal, or change INTENTS",
    verdict: "fatal",
  },
};

/**
 * The meaning and verdict of a close code. A code that nobody has documented keeps the session:
 * a RESUME that was wrong costs nothing, an IDENTIFY that was not needed does.
 */
export function closeCode(code: number): CloseCode {
  return CLOSE_CODES[code] ?? { meaning: `unknown close code ${code}`, verdict: "resume" };
}

/** Discord closes with this code when an intent is not granted: fewer intents may pass. */
export const DISALLOWED_INTENTS = 4014;
/** Discord closes with this code when it does not take a shard of this total. */
export const INVALID_SHARD = 4010;
/** Discord closes with this code when a shard has more guilds than it may. */
export const SHARDING_REQUIRED = 4011;
/** We close with this code when the session is to be resumed (anything but 1000 and 1001 keeps it). */
export const KEEP_SESSION = 4900;
/** We close with this code when the session is meant to end. */
export const END_SESSION = 1000;
