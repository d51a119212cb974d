/**
 * How we name ourselves to Discord.
 * See [Discord Docs/User Agent](https://discord.com/developers/docs/reference#user-agent).
 *
 * @module
 */

/** Sent with every REST request that names no client of its own. */
export const USER_AGENT = "DiscordBot (https://github.com/gatehouse/gatehouse, 0.1.0)";
