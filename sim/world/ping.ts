/**
 * Somebody who asks the bot something: posts `!ping` in a guild, and hears what it answers.
 *
 * @module
 */

import { type Cancel, type Clock, every } from "../../ports/clock.ts";
import { postMessage } from "./post.ts";
import type { World } from "./world.ts";

/** What is asked. */
export const PING = "!ping";

/** What it takes to ask. */
export interface PingOptions {
  readonly clock: Clock;
  readonly world: World;
  readonly everyMs: number;
  /** Called with the text of each message that the bot posts where it was asked, once per question. */
  readonly answered?: (text: string) => void;
}

/** Posts `!ping` again and again, in one guild after another that is up, until cancelled. */
export function startPinging({ clock, world, everyMs, answered }: PingOptions): Cancel {
  let turn = 0;
  let askedIn: string | null = null;
  const hangUp = world.listen((t, guildId, { head, tail }) => {
    if (t !== "MESSAGE_CREATE" || guildId === null || guildId !== askedIn) return;
    const { author, content } = JSON.parse(head + tail.text);
    if (author?.id !== world.user.id) return;
    askedIn = null;
    answered?.(content);
  });
  const stop = every(clock, everyMs, () => {
    const guilds = [...world.guilds.values()].filter(({ state }) => state === "up");
    const guild = guilds[turn++ % guilds.length];
    if (!guild) return;
    postMessage({ clock, world }, guild, PING);
    askedIn = guild.id;
  });
  return () => {
    stop();
    hangUp();
  };
}
