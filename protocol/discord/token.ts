/**
 * What a bot's token tells without being told.
 * See [Discord Docs/Reference: Authentication](https://discord.com/developers/docs/reference#authentication).
 *
 * @module
 */

/** Ids of Discord: decimal, 64 bits. */
const SNOWFLAKE = /^\d{15,20}$/;

/**
 * The user id of the bot that a token belongs to: its first segment in base64. It is no secret and
 * stays the same when the token is made anew. `null` where a token is not of that shape.
 *
 * @param token With or without `Bot `.
 *
 * @example
 * ```ts
 * import { botIdOfToken } from "./token.ts";
 * console.assert(botIdOfToken("MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.x") === "123456789012345678");
 * console.assert(botIdOfToken("sim-token") === null);
 * ```
 */
export function botIdOfToken(token: string): string | null {
  const segments = token.replace(/^Bot\s+/i, "").split(".");
  const first = segments[0]!;
  // Base64 in an alphabet that a number's digits never leave; padding is not written.
  if (segments.length !== 3 || !/^[A-Za-z0-9]+$/.test(first) || first.length % 4 === 1) return null;
  const id = atob(first);
  return SNOWFLAKE.test(id) ? id : null;
}
