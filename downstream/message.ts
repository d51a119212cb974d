/**
 * What a client on `/gateway` sends, read as far as anybody may send it, and how much: what Discord
 * takes, so that a bot that is too fast for Discord learns it here and not in production. See
 * [Discord Docs/Sending Events](https://discord.com/developers/docs/events/gateway#sending-events).
 *
 * @module
 */

import { COMMAND_OPS, MAX_COMMAND_BYTES, OP } from "../protocol/discord/opcodes.ts";
import { parseExact } from "../protocol/json.ts";
import { isRecord } from "../protocol/record.ts";
import type { Message, Refusal } from "./step.ts";

/** A message that cannot be accepted. */
export type Refused = Refusal & { readonly kind: "refused" };
/** Messages in one window; one more is close 4008. */
export const MESSAGES_PER_WINDOW = 120;
/** Length of the window. */
export const MESSAGE_WINDOW_MS = 60_000;

/**
 * Reads one text message.
 *
 * @returns The message, or the refusal: 4002 for what is not a payload or is over 4096 bytes, 4001
 * for an opcode that no bot sends.
 */
export function readMessage(text: string): Message | Refused {
  // The first comparison spares a giant from being encoded.
  if (text.length > MAX_COMMAND_BYTES || bytesOf(text) > MAX_COMMAND_BYTES) {
    return refused(4002, `Payload is over ${MAX_COMMAND_BYTES} bytes.`);
  }
  let payload: unknown;
  try {
    payload = parseExact(text);
  } catch {
    return refused(4002, "Payload is not JSON.");
  }
  if (!isRecord(payload)) return refused(4002, "Payload is not an object.");
  const { op, d } = payload;
  if (typeof op !== "number") return refused(4002, "Payload has no op.");
  if (op === OP.HEARTBEAT) return heartbeat(d);
  if (op === OP.IDENTIFY) return { kind: "identify", d };
  if (op === OP.RESUME) return { kind: "resume", d };
  if (COMMAND_OPS.has(op)) return { kind: "command", payload: { op, d } };
  return refused(4001, `Opcode ${op} is not one that a bot sends.`);
}

/** The refusal of a binary message: ETF is not spoken, and clients never compress. */
export const BINARY_REFUSED: Refused = refused(
  4002,
  "Binary messages are not accepted: send JSON as text.",
);

/** The messages of one connection, in a window that slides. */
export class DownstreamPace {
  readonly #cameMs: number[] = [];

  /** Counts a message that came at `nowMs`; false where it is one too many. */
  allows(nowMs: number): boolean {
    while (this.#cameMs.length > 0 && this.#cameMs[0]! <= nowMs - MESSAGE_WINDOW_MS) {
      this.#cameMs.shift();
    }
    this.#cameMs.push(nowMs);
    return this.#cameMs.length <= MESSAGES_PER_WINDOW;
  }
}

function heartbeat(d: unknown): Message | Refused {
  if (d === null || d === undefined) return { kind: "heartbeat", seq: null };
  if (Number.isSafeInteger(d)) return { kind: "heartbeat", seq: d as number };
  return refused(4002, "Heartbeat's d is neither a number nor null.");
}

function refused(code: number, reason: string): Refused {
  return { kind: "refused", code, reason };
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
