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
 * A presence as a library may write it, as Discord can read it: `activities` that are `null` are none, as
 * discordgo has them. `null` for what cannot be read.
 *
 * @example
 * ```ts
 * import { readPresence } from "./presence.ts";
 * const presence = readPresence({ status: "idle", activities: null });
 * console.assert(presence?.activities instanceof Array);
 * ```
 */
export function readPresence(value: unknown): Presence | null {
  const tidy = isRecord(value) && value.activities === null ? { ...value, activities: [] } : value;
  return isPresence(tidy) ? tidy : null;
}

/**
 * The presence that an IDENTIFY asks for; `null` where it asks for none. Discord takes an empty status
 * there, and the one `game` of older versions, both of which discordgo sends unless it is told otherwise.
 */
export function presenceOfIdentify(value: unknown): Presence | null {
  if (!isRecord(value)) return null;
  const { game, status, ...rest } = value;
  const isGame = isActivity(game) && game.name !== "";
  const activities = rest.activities ?? (isGame ? [game] : []);
  const isWish = status || !Array.isArray(activities) || activities.length > 0 || rest.afk;
  if (!isWish) return null;
  return {
    ...rest,
    since: rest.since ?? null,
    activities,
    status: status || "online",
    afk: rest.afk ?? false,
  };
}

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

function isActivity(value: unknown): value is Presence {
  return isRecord(value) && typeof value.name === "string" && isCount(value.type);
}
