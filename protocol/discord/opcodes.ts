/**
 * Gateway opcodes. See [Discord Docs/Opcodes](https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-opcodes).
 *
 * @module
 */

/** Gateway opcodes by name, in the words of Discord's documentation. */
export const OP = {
  DISPATCH: 0,
  HEARTBEAT: 1,
  IDENTIFY: 2,
  PRESENCE_UPDATE: 3,
  VOICE_STATE_UPDATE: 4,
  RESUME: 6,
  RECONNECT: 7,
  REQUEST_GUILD_MEMBERS: 8,
  INVALID_SESSION: 9,
  HELLO: 10,
  HEARTBEAT_ACK: 11,
  REQUEST_SOUNDBOARD_SOUNDS: 31,
  REQUEST_CHANNEL_INFO: 43,
} as const;

/** Opcodes of a bot's commands that we know. */
export const COMMAND_OPS: ReadonlySet<number> = new Set([
  OP.PRESENCE_UPDATE,
  OP.VOICE_STATE_UPDATE,
  OP.REQUEST_GUILD_MEMBERS,
  OP.REQUEST_SOUNDBOARD_SOUNDS,
  OP.REQUEST_CHANNEL_INFO,
]);

/** Those that belong to the session itself, or that only Discord sends. */
const SESSION_OPS: ReadonlySet<number> = new Set([
  OP.DISPATCH,
  OP.HEARTBEAT,
  OP.IDENTIFY,
  OP.RESUME,
  OP.RECONNECT,
  OP.INVALID_SESSION,
  OP.HELLO,
  OP.HEARTBEAT_ACK,
]);

/**
 * Whether an opcode may be sent up through a shard: all but the session's own. What it means Discord
 * knows, whose next one we need not know.
 *
 * @example
 * ```ts
 * import { isCommandOp } from "./opcodes.ts";
 * console.assert(isCommandOp(4) && isCommandOp(77) && !isCommandOp(2) && !isCommandOp(1.5));
 * ```
 */
export function isCommandOp(op: number): boolean {
  return Number.isSafeInteger(op) && op >= 0 && !SESSION_OPS.has(op);
}

/**
 * Discord closes a connection (4002) that sends more bytes than this in one payload. It has been seen to
 * take 15 KiB; what it documents is what we count on. See
 * [Discord Docs/Sending Events](https://discord.com/developers/docs/events/gateway#sending-events).
 */
export const MAX_COMMAND_BYTES = 4096;
