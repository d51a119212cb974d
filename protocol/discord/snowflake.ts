/**
 * Discord's ids, as far as they tell the time.
 * See [Discord Docs/Snowflakes](https://discord.com/developers/docs/reference#snowflakes).
 *
 * @module
 */

/** The first moment that an id can tell: 1 January 2015, ms since the Unix epoch. */
export const DISCORD_EPOCH_MS = 1_420_070_400_000;

/**
 * When the thing with this id was made, ms since the Unix epoch, by Discord's clock.
 *
 * @throws {SyntaxError} When it is not a whole number.
 *
 * @example
 * ```ts
 * import { snowflakeMs } from "./snowflake.ts";
 * console.assert(snowflakeMs("175928847299117063") === Date.UTC(2016, 3, 30, 11, 18, 25, 796));
 * ```
 */
export function snowflakeMs(id: string): number {
  return Number(BigInt(id) >> 22n) + DISCORD_EPOCH_MS;
}
