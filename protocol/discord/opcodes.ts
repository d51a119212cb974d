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

/** Opcodes that a bot may send up through a shard (ops 1, 2 and 6 belong to the session itself). */
export const COMMAND_OPS: ReadonlySet<number> = new Set([
  OP.PRESENCE_UPDATE,
  OP.VOICE_STATE_UPDATE,
  OP.REQUEST_GUILD_MEMBERS,
  OP.REQUEST_SOUNDBOARD_SOUNDS,
  OP.REQUEST_CHANNEL_INFO,
]);

/** Discord closes a connection (4002) that sends more bytes than this in one payload. */
export const MAX_COMMAND_BYTES = 4096;
