/**
 * How we name ourselves, to Discord and to people.
 * See [Discord Docs/User Agent](https://discord.com/developers/docs/reference#user-agent).
 *
 * @module
 */

/** Of Gatehouse, as in `deno.json`. */
export const VERSION = "0.1.0";

/** Where Gatehouse is from. */
export const REPOSITORY = "https://github.com/gatehouse/gatehouse";

/** Sent with every REST request that names no client of its own. */
export const USER_AGENT = `DiscordBot (${REPOSITORY}, ${VERSION})`;
