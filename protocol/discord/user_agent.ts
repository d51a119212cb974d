/**
 * How we name ourselves, to Discord and to people.
 * See [Discord Docs/User Agent](https://discord.com/developers/docs/reference#user-agent).
 *
 * @module
 */

/** Of Gatehouse, as in `deno.json`. */
export const VERSION = "0.1.0";

/** Sent with every REST request that names no client of its own. */
export const USER_AGENT = `DiscordBot (https://github.com/gatehouse/gatehouse, ${VERSION})`;
