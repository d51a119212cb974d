/**
 * A presence: what others see of the bot on the guilds of one shard. See
 * [Discord Docs/Update Presence](https://discord.com/developers/docs/events/gateway-events#update-presence).
 *
 * @module
 */

import { isCount, isRecord } from "../record.ts";

/** A presence, as op 3 and IDENTIFY have it. */
export type Presence = Readonly<Record<string, unknown>>;

/**
 * Whether Discord can read a value as a presence. What is missing it fills in; what is of a wrong type
 * closes the connection, and an IDENTIFY with it would do so each time.
 *
 * @example
 * ```ts
 * import { isPresence } from "./presence.ts";
 * console.assert(isPresence({ status: "idle", activities: [{ name: "chess", type: 0 }] }));
 * console.assert(!isPresence({ status: "idle", activities: ["chess"] }));
 * ```
 */
export function isPresence(value: unknown): value is Presence {
  if (!isRecord(value)) return false;
  const { status = "online", activities = [], since = null, afk = false } = value;
  return typeof status === "string" && typeof afk === "boolean" &&
    (since === null || Number.isFinite(since)) &&
    Array.isArray(activities) && activities.every(isActivity);
}

function isActivity(value: unknown): boolean {
  return isRecord(value) && typeof value.name === "string" && isCount(value.type);
}
