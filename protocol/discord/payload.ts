/**
 * A gateway command of the bot, read as anybody may have written it. See
 * [Discord Docs/Send Events](https://discord.com/developers/docs/events/gateway-events#send-events).
 *
 * @module
 */

import { GatehouseError } from "../errors.ts";
import { shown } from "../record.ts";
import type { ShardPayload } from "../worker_message.ts";

/**
 * Reads a payload that came from outside; fields that do not belong to it are left out. Whether its op
 * is a command, and how long it may be, the shard knows.
 *
 * @throws {GatehouseError} `bad_message` with the name of what is wrong.
 */
export function parsePayload(value: unknown): ShardPayload {
  const { op, d } = (value ?? {}) as Record<string, unknown>;
  if (typeof op !== "number") throw bad(`op is ${shown(op)}, expected a number`);
  if (d === undefined) throw bad(`d is undefined, expected the data of op ${op}`);
  return { op, d };
}

function bad(what: string): GatehouseError {
  return new GatehouseError("bad_message", "caller", `Cannot send payload: ${what}`);
}
