/**
 * What a client on `/gateway` sends, read as far as anybody may send it, and how much: what Discord
 * takes, so that a bot that is too fast for Discord learns it here and not in production. See
 * [Discord Docs/Sending Events](https://discord.com/developers/docs/events/gateway#sending-events).
 *
 * @module
 */

import { COMMAND_OPS, isCommandOp, MAX_COMMAND_BYTES, OP } from "../protocol/discord/opcodes.ts";
import { readId } from "../protocol/ids.ts";
import { parseExact } from "../protocol/json.ts";
import { isRecord } from "../protocol/record.ts";
import type { ShardPayload } from "../protocol/worker_message.ts";
import type { Message, Refusal } from "./step.ts";

/** A message that cannot be accepted. */
export type Refused = Refusal & { readonly kind: "refused" };
/** Messages in one window; one more is close 4008. */
export const MESSAGES_PER_WINDOW = 120;
/** Length of the window. */
export const MESSAGE_WINDOW_MS = 60_000;

/**
 * Reads one message: JSON in a text frame, or in a binary one, which Discord takes as well.
 *
 * @returns The message, or the refusal: 4002 for what is not a payload or is over 4096 bytes, 4001
 * for an opcode that no bot sends. One that we do not know is passed up: Discord may.
 */
export function readMessage(data: string | Uint8Array): Message | Refused {
  // The first comparison spares a giant from being encoded.
  if (data.length > MAX_COMMAND_BYTES || bytesOf(data) > MAX_COMMAND_BYTES) {
    return refused(4002, `Payload is over ${MAX_COMMAND_BYTES} bytes.`);
  }
  let payload: unknown;
  try {
    payload = parseExact(typeof data === "string" ? data : strict.decode(data));
  } catch {
    const isEtf = data[0] === ETF_VERSION;
    return refused(4002, isEtf ? "ETF is not spoken, send JSON." : "Payload is not JSON.");
  }
  if (!isRecord(payload)) return refused(4002, "Payload is not an object.");
  const { op, d } = payload;
  if (typeof op !== "number") return refused(4002, "Payload has no op.");
  if (op === OP.HEARTBEAT) return heartbeat(d);
  if (op === OP.IDENTIFY) return { kind: "identify", d };
  if (op === OP.RESUME) return { kind: "resume", d };
  if (COMMAND_OPS.has(op) && !(isRecord(d) && NEEDS[op]!(d))) {
    return refused(4002, `The data of op ${op} is not what Discord takes.`);
  }
  // Of one that we know, a body that is missing is told by who knows what it should be.
  if (COMMAND_OPS.has(op)) return { kind: "command", payload: { op, d } };
  if (isCommandOp(op)) return { kind: "command", payload: { op, d: d ?? null } };
  return refused(4001, `Opcode ${op} is not one that a bot sends.`);
}

/**
 * What a command needs at least: without it Discord closes the connection, which is that of the whole
 * shard.
 */
const NEEDS: Readonly<Record<number, (d: Readonly<Record<string, unknown>>) => boolean>> = {
  [OP.PRESENCE_UPDATE]: ({ status, activities }) =>
    ["string", "undefined"].includes(typeof status) && (activities ?? []) instanceof Array,
  [OP.VOICE_STATE_UPDATE]: hasGuild,
  [OP.REQUEST_GUILD_MEMBERS]: hasGuild,
  [OP.REQUEST_SOUNDBOARD_SOUNDS]: ({ guild_ids }) => Array.isArray(guild_ids),
  [OP.REQUEST_CHANNEL_INFO]: hasGuild,
};

function hasGuild({ guild_id }: Readonly<Record<string, unknown>>): boolean {
  return readId(guild_id) !== null;
}

/** What is answered to an opcode that Discord does not know either. */
export function unknownOpcode({ op }: ShardPayload): Refused {
  return refused(4001, `Discord does not know opcode ${op}.`);
}

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

function bytesOf(data: string | Uint8Array): number {
  return typeof data === "string" ? new TextEncoder().encode(data).length : data.length;
}

const strict = new TextDecoder("utf-8", { fatal: true });
/** What every message in Erlang's external term format begins with. */
const ETF_VERSION = 131;
