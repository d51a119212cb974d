/**
 * Messages that people post: in a guild, by somebody who is in it.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { SimGuild } from "./guilds.ts";
import type { World } from "./world.ts";

/** Where it happens. */
export interface Place {
  readonly clock: Clock;
  readonly world: World;
}

/**
 * Posts a message in a guild's first channel. Who may see it gets a MESSAGE_CREATE.
 *
 * @param turn Who posts: the members take turns, the bot left out.
 * @returns The message's id.
 */
export function postMessage(
  { clock, world }: Place,
  guild: SimGuild,
  content: string,
  turn = 0,
): string {
  const people = [...guild.members.values()].filter(({ user }) => !user.bot);
  const { user: author, ...member } = people[turn % people.length] ?? { user: undefined };
  const id = world.nextId();
  world.emit("MESSAGE_CREATE", guild.id, {
    id,
    channel_id: guild.channels[0]!.id,
    guild_id: guild.id,
    channel_type: 0,
    author,
    member,
    content,
    timestamp: new Date(clock.epochMs()).toISOString().replace("Z", "000+00:00"),
    edited_timestamp: null,
    tts: false,
    mention_everyone: false,
    mentions: [],
    mention_roles: [],
    attachments: [],
    embeds: [],
    components: [],
    flags: 0,
    pinned: false,
    type: 0,
  });
  return id;
}
