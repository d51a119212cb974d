/**
 * The messages of all channels, and the events that writing them causes. Whoever may write, and how
 * often, is decided before.
 *
 * @module
 */

import type { Clock } from "../../ports/clock.ts";
import type { SimChannel } from "../world/guilds.ts";
import { unknown } from "./error.ts";
import { MESSAGE_FLAG, type SimMessage } from "./message.ts";
import { createRecent } from "./recent.ts";
import type { World } from "../world/world.ts";

/** Messages by channel, oldest first. */
export interface Messages {
  /** @throws {RestError} 10008 */
  get(channelId: string, id: string): SimMessage;
  find(channelId: string, id: string): SimMessage | undefined;
  /** Messages of a channel, oldest first. Traffic that nobody has asked for by id is not among them. */
  list(channelId: string): SimMessage[];
  /** Adds a message, by the bot unless `fields` says otherwise, and sends MESSAGE_CREATE. */
  create(channel: SimChannel, fields: Partial<SimMessage>): SimMessage;
  /** Changes a message and sends MESSAGE_UPDATE. */
  edit(channel: SimChannel, old: SimMessage, fields: Partial<SimMessage>): SimMessage;
  /** Changes a message without telling anybody: reactions have events of their own. */
  set(message: SimMessage): void;
  /** Removes messages, and sends MESSAGE_DELETE or, for `bulk`, MESSAGE_DELETE_BULK. */
  remove(channel: SimChannel, ids: readonly string[], as?: "bulk"): void;
}

/** Messages kept per channel, and of the live traffic; older ones are forgotten. */
const KEPT = 10_000;

/** No messages yet. From now on it also knows those that live traffic brings. */
export function createMessages({ clock, world }: { clock: Clock; world: World }): Messages {
  const { keep, find, list, drop } = createShelf(world);
  return {
    find,
    get(channelId, id) {
      const message = find(channelId, id);
      if (!message) throw unknown("Message");
      return message;
    },
    list,
    create(channel, fields) {
      const message = newMessage(world, clock, channel, fields);
      channel.last_message_id = message.id;
      send(world, "MESSAGE_CREATE", channel, message);
      // After the event, which the shelf has just heard: it must not count as somebody else's.
      keep(message);
      return message;
    },
    edit(channel, old, fields) {
      const message = { ...old, edited_timestamp: timestamp(clock), ...fields };
      keep(message);
      const { nonce: _, ...shown } = message;
      send(world, "MESSAGE_UPDATE", channel, shown);
      return message;
    },
    set: keep,
    remove(channel, ids, as) {
      const { guild_id } = channel;
      const found = ids.filter((id) => drop(channel.id, id));
      const where = { channel_id: channel.id, ...(guild_id && { guild_id }) };
      if (as === "bulk") {
        world.emit("MESSAGE_DELETE_BULK", guild_id ?? null, { ids: found, ...where });
      } else {for (const id of found) {
          world.emit("MESSAGE_DELETE", guild_id ?? null, { id, ...where });
        }}
    },
  };
}

/** Where messages are kept, and who hears of those that others write. */
function createShelf(world: World) {
  const channels = new Map<string, Map<string, SimMessage>>();
  // Parsed when somebody asks: a busy simulation must not pay for messages that nobody looks at.
  const heard = createRecent<() => SimMessage>(KEPT);
  world.listen((t, _guildId, { key, head, tail }) => {
    if (t === "MESSAGE_CREATE") heard.set(key, () => withoutPlace(head + tail.text));
  });
  function keep(message: SimMessage): void {
    const messages = channels.get(message.channel_id) ?? new Map<string, SimMessage>();
    channels.set(message.channel_id, messages.set(message.id, message));
    if (messages.size > KEPT) messages.delete(messages.keys().next().value!);
    heard.delete(message.id);
  }
  function find(channelId: string, id: string): SimMessage | undefined {
    const message = heard.get(id)?.();
    if (message?.channel_id === channelId) keep(message);
    return channels.get(channelId)?.get(id);
  }
  return {
    keep,
    find,
    list: (channelId: string) => [...channels.get(channelId)?.values() ?? []],
    drop: (channelId: string, id: string) =>
      find(channelId, id) !== undefined && channels.get(channelId)!.delete(id),
  };
}

/** A message of a dispatch as REST shows it. */
function withoutPlace(text: string): SimMessage {
  const { guild_id: _, member: __, channel_type: ___, ...message } = JSON.parse(text);
  return message;
}

/** Now, as Discord writes it. */
export function timestamp(clock: Clock): string {
  return new Date(clock.epochMs()).toISOString().replace("Z", "000+00:00");
}

function newMessage(
  world: World,
  clock: Clock,
  channel: SimChannel,
  fields: Partial<SimMessage>,
): SimMessage {
  return {
    id: world.nextId(),
    type: 0,
    channel_id: channel.id,
    author: world.user,
    content: "",
    timestamp: timestamp(clock),
    edited_timestamp: null,
    tts: false,
    mention_everyone: false,
    mentions: [],
    mention_roles: [],
    attachments: [],
    embeds: [],
    components: [],
    pinned: false,
    flags: 0,
    ...fields,
  };
}

/** A dispatch names guild and member; an ephemeral message names neither, as if it were direct. */
function send(world: World, t: string, channel: SimChannel, message: SimMessage): void {
  const guildId = message.flags & MESSAGE_FLAG.EPHEMERAL ? undefined : channel.guild_id;
  const member = guildId && world.guilds.get(guildId)?.members.get(message.author.id);
  const { user: _, ...ofAuthor } = member || { user: undefined };
  world.emit(t, guildId ?? null, {
    ...message,
    channel_type: channel.type,
    ...(guildId && { guild_id: guildId }),
    ...(member && { member: ofAuthor }),
  });
}
