/**
 * Discord's payloads, for those who write a bot: the types of `@discordeno/types`, which are erased.
 * Beside `deps.ts` because a door can pass on all of a file's types, and not all of another's but some.
 *
 * @module
 */

export type * from "npm:@discordeno/types@21.0.0";
