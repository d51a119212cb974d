/**
 * Bodies of live traffic, in Discord's shapes and about its sizes: a head that is written per event
 * and tails that are made once, a few dozen of each kind.
 *
 * @module
 */

import { type Body, preparedTail, type Tail } from "./body.ts";
import type { SimGuild } from "./guilds.ts";
import { makeUser, seededId } from "./make_guilds.ts";
import type { World } from "./world.ts";

/** Kinds of live traffic. */
export type TrafficEvent =
  | "GUILD_MEMBER_UPDATE"
  | "INTERACTION_CREATE"
  | "MESSAGE_CREATE"
  | "MESSAGE_REACTION_ADD"
  | "MESSAGE_UPDATE"
  | "PRESENCE_UPDATE"
  | "TYPING_START"
  | "VOICE_STATE_UPDATE";

/** Makes the next body of one kind; `null` is a direct message. */
export type MakeBody = (guild: SimGuild | null) => Body;

/**
 * One maker per kind. A MESSAGE_CREATE has an `id` greater than any before and a `nonce` that counts
 * up by one, so that a consumer can tell loss and disorder.
 */
export function createBodies(world: World, messageBytes: number): Record<TrafficEvent, MakeBody> {
  const place = (guild: SimGuild | null) => placeOf(world, guild);
  let nonces = 0;
  return {
    MESSAGE_CREATE: rotating((i, direct) => messageTails(i, messageBytes, direct), (guild) => {
      const id = world.nextId();
      return { key: id, head: `{"id":"${id}","nonce":"${++nonces}",${place(guild)}` };
    }),
    MESSAGE_UPDATE: rotating((i, direct) => messageTails(i, messageBytes, direct), (guild) => {
      const id = world.nextId();
      return { key: id, head: `{"id":"${id}",${place(guild)}` };
    }),
    INTERACTION_CREATE: rotating((i) => ({ tail: tailOf(interaction(world, i)) }), (guild) => {
      const id = world.nextId();
      const token = btoa(`interaction:${id}:sim`);
      return {
        key: id,
        head: `{"id":"${id}","token":"${token}",${place(guild)}${shownOf(world, guild)}`,
      };
    }),
    TYPING_START: rotating(
      (i, direct) => ({ tail: tailOf(typing(i, direct)) }),
      (guild) => unnamed(place(guild)),
    ),
    PRESENCE_UPDATE: rotating(
      (i) => ({ tail: tailOf(presence(i)) }),
      (guild) => unnamed(`"guild_id":"${guild?.id}",`),
    ),
    GUILD_MEMBER_UPDATE: rotating(
      (i) => ({ tail: tailOf(member(i)) }),
      (guild) => unnamed(`"guild_id":"${guild?.id}",`),
    ),
    VOICE_STATE_UPDATE: rotating(
      (i) => ({ tail: tailOf(voice(i)) }),
      (guild) => unnamed(`"guild_id":"${guild?.id}","channel_id":"${voiceChannelOf(guild)}",`),
    ),
    MESSAGE_REACTION_ADD: rotating(
      (i) => ({ tail: tailOf(reaction(i)) }),
      (guild) => unnamed(`"message_id":"${world.nextId()}",${place(guild)}`),
    ),
  };
}

const VARIANTS = 32;
const SENT_AT = "2026-01-01T12:34:56.789000+00:00";
const WORDS =
  "the queue moved again and nobody noticed because every event was already where it should be"
    .split(" ");

type Tails = Pick<Body, "tail" | "bareTail">;

/** Takes the prepared tails in turn. */
function rotating(
  prepare: (variant: number, direct: boolean) => Tails,
  begin: (guild: SimGuild | null) => Pick<Body, "key" | "head">,
): MakeBody {
  const prepared = (direct: boolean) =>
    Array.from({ length: VARIANTS }, (_, i) => prepare(i, direct));
  const inGuilds = prepared(false);
  const inDirect = prepared(true);
  let turn = 0;
  return (guild) => {
    const { key, head } = begin(guild);
    return { key, head, ...(guild ? inGuilds : inDirect)[turn++ % VARIANTS]! };
  };
}

function unnamed(fields: string): Pick<Body, "key" | "head"> {
  return { key: "", head: `{${fields}` };
}

function placeOf(world: World, guild: SimGuild | null): string {
  if (!guild) return `"channel_id":"${world.directChannel.id}",`;
  const channel = guild.channels[0]?.id ?? guild.id;
  return `"guild_id":"${guild.id}","channel_id":"${channel}",`;
}

/** What an interaction shows of its place: the channel, and the guild where it is in one. */
function shownOf(world: World, guild: SimGuild | null): string {
  const channel = `"channel":${JSON.stringify(guild?.channels[0] ?? world.directChannel)},`;
  if (!guild) return channel;
  return `${channel}"guild":{"id":"${guild.id}","locale":"en-US","features":[]},`;
}

function voiceChannelOf(guild: SimGuild | null): string | undefined {
  return guild?.channels.find(({ type }) => type === 2)?.id;
}

/** The rest of an object whose first fields stand in the head. */
function tailOf(rest: Record<string, unknown>): Tail {
  return preparedTail(JSON.stringify(rest).slice(1));
}

function messageTails(variant: number, bytes: number, direct: boolean): Tails {
  const { embeds, ...rest } = message(variant, direct);
  const bare = { ...rest, content: "", embeds: [], attachments: [], components: [] };
  const fixed = JSON.stringify({ ...rest, embeds }).length;
  const content = text(variant, Math.max(1, bytes - fixed - 120));
  return { tail: tailOf({ ...rest, embeds, content }), bareTail: tailOf(bare) };
}

function message(
  variant: number,
  direct: boolean,
): Record<string, unknown> & { embeds: unknown[] } {
  const { user, ...ofMember } = member(variant);
  return {
    type: 0,
    channel_type: direct ? 1 : 0,
    timestamp: SENT_AT,
    edited_timestamp: null,
    tts: false,
    pinned: false,
    mention_everyone: false,
    mentions: [],
    mention_roles: [],
    attachments: [],
    components: [],
    flags: 0,
    author: { ...user, clan: null },
    ...(direct ? {} : { member: { ...ofMember, nick: null, roles: [] } }),
    embeds: variant % 4 === 0 ? [{ type: "rich", title: text(variant, 40), color: variant }] : [],
  };
}

function interaction({ application }: World, variant: number): Record<string, unknown> {
  return {
    application_id: application.id,
    type: 2,
    version: 1,
    locale: "en-US",
    guild_locale: "en-US",
    app_permissions: "104324673",
    entitlements: [],
    authorizing_integration_owners: {},
    context: 0,
    attachment_size_limit: 10_485_760,
    member: { ...member(variant), permissions: "104324673" },
    data: { id: seededId(variant, 4), name: "ping", type: 1, options: [] },
  };
}

function typing(variant: number, direct: boolean): Record<string, unknown> {
  const { user, ...rest } = member(variant);
  return {
    user_id: person(variant).id,
    timestamp: 1_767_271_496 + variant,
    ...(direct ? {} : { member: { ...rest, user } }),
  };
}

function presence(variant: number): Record<string, unknown> {
  const status = ["online", "idle", "dnd", "offline"][variant % 4];
  return {
    user: { id: person(variant).id },
    status,
    activities: variant % 2 === 0
      ? []
      : [{ name: text(variant, 12), type: 0, id: "game", created_at: 1_767_271_496_789 }],
    client_status: status === "offline" ? {} : { desktop: status },
  };
}

function member(variant: number) {
  return {
    user: person(variant),
    nick: variant % 3 === 0 ? text(variant, 10) : null,
    roles: [seededId(0, 3, 1), seededId(0, 3, 2)].slice(variant % 3),
    avatar: null,
    banner: null,
    joined_at: SENT_AT,
    premium_since: null,
    deaf: false,
    mute: false,
    pending: false,
    flags: 0,
    communication_disabled_until: null,
  };
}

function voice(variant: number): Record<string, unknown> {
  return {
    user_id: person(variant).id,
    session_id: String(variant).padStart(32, "0"),
    deaf: false,
    mute: false,
    self_deaf: variant % 2 === 0,
    self_mute: variant % 3 === 0,
    self_video: false,
    suppress: false,
    request_to_speak_timestamp: null,
    member: member(variant),
  };
}

function reaction(variant: number): Record<string, unknown> {
  return {
    user_id: person(variant).id,
    emoji: { id: null, name: ["👍", "🎉", "👀", "❤️"][variant % 4] },
    member: member(variant),
    message_author_id: person(variant + 1).id,
    burst: false,
    type: 0,
  };
}

function person(variant: number) {
  return makeUser(seededId(variant, 2, variant), `speaker${variant}`);
}

function text(variant: number, length: number): string {
  let words = "";
  for (let i = variant; words.length < length; i++) words += `${WORDS[i % WORDS.length]} `;
  return words.slice(0, length);
}
