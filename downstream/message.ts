/**
 * What a client on `/gateway` sends, read as far as anybody may send it. See
 * [Discord Docs/Sending Events](https://discord.com/developers/docs/events/gateway#sending-events).
 *
 * @module
 */

import { COMMAND_OPS, MAX_COMMAND_BYTES, OP } from "../protocol/discord/opcodes.ts";
import { isRecord } from "../protocol/record.ts";
import type { Refusal } from "./refusal.ts";
import type { Message } from "./words.ts";

/** A message that cannot be accepted. */
export type Refused = Refusal & { readonly kind: "refused" };

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
    payload = JSON.parse(text);
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
