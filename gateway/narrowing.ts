/**
 * With which intents a shard identifies when Discord has refused some (4014), and when they are worth
 * another try. Which they are the close does not say; the flags of the application do, nearly always. Pure.
 *
 * @module
 */

import { grantedIntents, PRIVILEGED_INTENTS } from "../protocol/discord/intents.ts";

/**
 * The intents to ask for after `asked` were refused:
 *
 * - without those that the flags do not grant;
 * - where the flags grant all: the same once more, since one of the two may be behind the other; then
 *   without those that are granted to small bots only;
 * - where nobody can know: without any that is privileged.
 *
 * @param flags Of the application; `null`: Discord did not say.
 * @param isSecond Whether the same were refused before, though the flags granted them.
 * @returns `null` where nothing privileged was asked for: then nothing can be left out.
 *
 * @example
 * ```ts
 * import { APPLICATION_FLAGS, INTENTS } from "../protocol/discord/intents.ts";
 * import { narrower } from "./narrowing.ts";
 * const asked = INTENTS.GUILDS | INTENTS.GUILD_MEMBERS | INTENTS.MESSAGE_CONTENT;
 * const flags = APPLICATION_FLAGS.MESSAGE_CONTENT.full;
 * console.assert(narrower(asked, flags, false) === (INTENTS.GUILDS | INTENTS.MESSAGE_CONTENT));
 * console.assert(narrower(INTENTS.GUILDS, flags, false) === null);
 * ```
 */
export function narrower(asked: number, flags: number | null, isSecond: boolean): number | null {
  const privileged = asked & PRIVILEGED_INTENTS;
  if (privileged === 0) return null;
  if (flags !== null) {
    const kept = asked & ~privileged | privileged & grantedIntents(flags);
    if (kept !== asked) return kept;
    if (!isSecond) return asked;
    const inFull = asked & ~privileged | privileged & grantedIntents(flags, { full: true });
    if (inFull !== asked) return inFull;
  }
  return asked & ~privileged;
}

/** What is known of intents that are left out. */
export interface LeftOut {
  /** Intents that Discord refused. */
  readonly refused: number;
  /** Those of them that the flags granted when they were refused. */
  readonly doubted: number;
}

/**
 * Which refused intents are worth a try: those that the flags grant. Where they did so before, and Discord
 * refused all the same, only when `isTime`.
 */
export function worthTrying({ refused, doubted }: LeftOut, flags: number, isTime: boolean): number {
  return refused & grantedIntents(flags) & (isTime ? ~0 : ~doubted);
}
