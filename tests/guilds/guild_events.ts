/**
 * Events of a shard's guilds at random, in whatever way JSON may be written.
 *
 * @module
 */

import type { Random } from "../../ports/random.ts";
import type { Json } from "./guild_model.ts";

/** Draws of one course of events. */
export class Draws {
  readonly random: Random;
  #number = 0;

  constructor(random: Random) {
    this.random = random;
  }

  any<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)]!;
  }

  some<Item>(items: readonly Item[], share = 0.5): Item[] {
    return items.filter(() => this.random() < share);
  }

  /** A text that was not there before, with what is hard to carry. */
  text(): string {
    return `${this.any(["", '"', "\\", "ä", "\ud800", "\udc00x", "💥", "\u2028", "\u0007"])}${this
      .#number++}`;
  }

  maybe(fields: Json): Json {
    return this.random() < 0.5 ? fields : {};
  }
}

const GUILDS = ["100", "101", "1002"];
/** The bot's own is the first. */
const USERS = ["900", "901", "902", "903", "904"];
export const BOT_ID = USERS[0]!;
const CHANNELS = ["300", "301"];
const THREADS = ["400", "401"];
const ROLES = ["100", "501", "502"];
const THINGS = ["601", "602"];

const user = (draws: Draws, id: string) => ({ id, username: draws.text(), avatar: null });
const member = (draws: Draws, id: string) => ({
  user: user(draws, id),
  nick: draws.text(),
  roles: draws.some(ROLES),
  joined_at: "2024",
  ...draws.maybe({ flags: { deep: [draws.text(), { "]}": '"' }] } }),
});
const presence = (draws: Draws, id: string) => ({
  user: { id },
  status: draws.any(["online", "idle", "offline"]),
  activities: draws.maybe({ name: draws.text() }),
});
const channel = (draws: Draws, id: string) => ({
  id,
  type: 0,
  name: draws.text(),
  ...draws.maybe({ topic: null }),
});
const thread = (draws: Draws, id: string) => ({
  id,
  type: 11,
  parent_id: draws.any(CHANNELS),
  name: draws.text(),
  thread_metadata: { archived: draws.random() < 0.2 },
  ...draws.maybe({ member: threadMember(draws, id) }),
});
const threadMember = (draws: Draws, id: string) => ({ id, user_id: BOT_ID, flags: draws.text() });
const role = (draws: Draws, id: string) => ({ id, name: draws.text(), colors: {} });
const thing = (draws: Draws, id: string) => ({ id, name: draws.text() });
const sound = (draws: Draws, id: string) => ({ sound_id: id, name: draws.text() });
const event = (draws: Draws, id: string) => ({
  id,
  name: draws.text(),
  status: draws.any([1, 2, 3, 4]),
  ...draws.maybe({ user_count: 3 }),
});
const voice = (draws: Draws, id: string) => ({
  user_id: id,
  channel_id: "300",
  session_id: draws.text(),
});

function guild(draws: Draws, id: string): Json {
  const active = draws.some(THREADS).map((each) => ({
    ...thread(draws, each),
    thread_metadata: { archived: false },
  }));
  const events = draws.some(THINGS).map((each) => ({ ...event(draws, each), status: 1 }));
  return {
    id,
    name: draws.text(),
    ...draws.maybe({ future: { list: [draws.text()], n: 1e21 } }),
    roles: draws.some(ROLES).map((each) => role(draws, each)),
    emojis: draws.some(THINGS).map((each) => thing(draws, each)),
    stickers: draws.some(THINGS).map((each) => thing(draws, each)),
    joined_at: "2020",
    large: draws.random() < 0.5,
    ...draws.maybe({ unavailable: false }),
    member_count: draws.any([2, 4, 60]),
    voice_states: draws.some(USERS, 0.3).map((each) => voice(draws, each)),
    members: [BOT_ID, ...draws.some(USERS.slice(1))].map((each) => member(draws, each)),
    channels: draws.some(CHANNELS).map((each) => channel(draws, each)),
    threads: active,
    presences: draws.some(USERS).map((each) => presence(draws, each)),
    stage_instances: draws.some(THINGS).map((each) => thing(draws, each)),
    guild_scheduled_events: events,
    soundboard_sounds: draws.some(THINGS).map((each) => sound(draws, each)),
    "odd name": draws.text(),
  };
}

/** Makes the body of an event in a guild. */
type Make = (draws: Draws, guild_id: string) => Json;

const EVENTS: readonly (readonly [t: string, make: Make])[] = [
  ["GUILD_CREATE", guild],
  ["GUILD_CREATE", guild],
  ["GUILD_CREATE", (_, id) => ({ id, unavailable: true })],
  ["GUILD_DELETE", (draws, id) => ({ id, ...draws.maybe({ unavailable: true }) })],
  ["GUILD_UPDATE", (draws, id) => ({
    ...draws.maybe({ emojis: [], member_count: 7, channels: [] }),
    ...draws.maybe({ roles: ROLES.map((each) => role(draws, each)) }),
    id,
    name: draws.text(),
    new_field: draws.text(),
  })],
  ["GUILD_ROLE_CREATE", (draws, guild_id) => ({ guild_id, role: role(draws, draws.any(ROLES)) })],
  ["GUILD_ROLE_UPDATE", (draws, guild_id) => ({ guild_id, role: role(draws, draws.any(ROLES)) })],
  ["GUILD_ROLE_DELETE", (draws, guild_id) => ({ guild_id, role_id: draws.any(ROLES) })],
  [
    "GUILD_EMOJIS_UPDATE",
    (draws, guild_id) => ({ guild_id, emojis: draws.some(THINGS).map((id) => thing(draws, id)) }),
  ],
  [
    "GUILD_STICKERS_UPDATE",
    (draws, guild_id) => ({ guild_id, stickers: draws.some(THINGS).map((id) => thing(draws, id)) }),
  ],
  ["CHANNEL_CREATE", (draws, guild_id) => ({ ...channel(draws, draws.any(CHANNELS)), guild_id })],
  ["CHANNEL_UPDATE", (draws, guild_id) => ({ ...channel(draws, draws.any(CHANNELS)), guild_id })],
  ["CHANNEL_DELETE", (draws, guild_id) => ({ ...channel(draws, draws.any(CHANNELS)), guild_id })],
  ["CHANNEL_PINS_UPDATE", (draws, guild_id) => ({
    guild_id,
    channel_id: draws.any([...CHANNELS, ...THREADS]),
    ...draws.maybe({ last_pin_timestamp: draws.text() }),
  })],
  [
    "VOICE_CHANNEL_STATUS_UPDATE",
    (draws, guild_id) => ({ guild_id, id: draws.any(CHANNELS), status: draws.text() }),
  ],
  [
    "THREAD_CREATE",
    (draws, guild_id) => ({ ...thread(draws, draws.any(THREADS)), guild_id, newly_created: true }),
  ],
  ["THREAD_UPDATE", (draws, guild_id) => ({ ...thread(draws, draws.any(THREADS)), guild_id })],
  ["THREAD_DELETE", (draws, guild_id) => ({ id: draws.any(THREADS), guild_id })],
  ["THREAD_LIST_SYNC", (draws, guild_id) => ({
    guild_id,
    ...draws.maybe({ channel_ids: draws.some(CHANNELS) }),
    threads: draws.some(THREADS).map((id) => thread(draws, id)),
    members: draws.some(THREADS).map((id) => threadMember(draws, id)),
  })],
  [
    "THREAD_MEMBER_UPDATE",
    (draws, guild_id) => ({ ...threadMember(draws, draws.any(THREADS)), guild_id }),
  ],
  ["THREAD_MEMBERS_UPDATE", (draws, guild_id) => ({
    id: draws.any(THREADS),
    guild_id,
    member_count: 3,
    ...draws.maybe({ removed_member_ids: draws.some(USERS) }),
    ...draws.maybe({
      added_members: draws.some(USERS).map((user_id) => ({ user_id, member: {}, presence: null })),
    }),
  })],
  [
    "STAGE_INSTANCE_CREATE",
    (draws, guild_id) => ({ guild_id, ...thing(draws, draws.any(THINGS)) }),
  ],
  [
    "STAGE_INSTANCE_DELETE",
    (draws, guild_id) => ({ guild_id, ...thing(draws, draws.any(THINGS)) }),
  ],
  [
    "GUILD_SCHEDULED_EVENT_CREATE",
    (draws, guild_id) => ({ guild_id, ...event(draws, draws.any(THINGS)) }),
  ],
  [
    "GUILD_SCHEDULED_EVENT_UPDATE",
    (draws, guild_id) => ({ guild_id, ...event(draws, draws.any(THINGS)) }),
  ],
  [
    "GUILD_SCHEDULED_EVENT_DELETE",
    (draws, guild_id) => ({ guild_id, ...event(draws, draws.any(THINGS)) }),
  ],
  ...["ADD", "REMOVE"].map((
    how,
  ): [string, Make] => [`GUILD_SCHEDULED_EVENT_USER_${how}`, (draws, guild_id) => ({
    guild_id,
    guild_scheduled_event_id: draws.any(THINGS),
    user_id: draws.any(USERS),
  })]),
  [
    "GUILD_SOUNDBOARD_SOUND_CREATE",
    (draws, guild_id) => ({ ...sound(draws, draws.any(THINGS)), guild_id }),
  ],
  [
    "GUILD_SOUNDBOARD_SOUND_DELETE",
    (draws, guild_id) => ({ sound_id: draws.any(THINGS), guild_id }),
  ],
  ["GUILD_SOUNDBOARD_SOUNDS_UPDATE", (draws, guild_id) => ({
    guild_id,
    soundboard_sounds: draws.some(THINGS).map((id) => sound(draws, id)),
  })],
  ["SOUNDBOARD_SOUNDS", (draws, guild_id) => ({
    guild_id,
    soundboard_sounds: draws.some(THINGS).map((id) => sound(draws, id)),
  })],
  ["GUILD_MEMBER_ADD", (draws, guild_id) => ({ guild_id, ...member(draws, draws.any(USERS)) })],
  ["GUILD_MEMBER_UPDATE", (draws, guild_id) => ({ guild_id, ...member(draws, draws.any(USERS)) })],
  ["GUILD_MEMBER_UPDATE", (draws, guild_id) => ({
    guild_id,
    user: user(draws, draws.any(USERS)),
    nick: draws.text(),
  })],
  [
    "GUILD_MEMBER_REMOVE",
    (draws, guild_id) => ({ guild_id, user: user(draws, draws.any(USERS.slice(1))) }),
  ],
  ["GUILD_MEMBERS_CHUNK", (draws, guild_id) => ({
    guild_id,
    members: draws.some(USERS).map((id) => member(draws, id)),
    ...draws.maybe({ presences: draws.some(USERS).map((id) => presence(draws, id)) }),
  })],
  ["PRESENCE_UPDATE", (draws, guild_id) => ({ ...presence(draws, draws.any(USERS)), guild_id })],
  ["VOICE_STATE_UPDATE", (draws, guild_id) => {
    const id = draws.any(USERS);
    const member_ = member(draws, id);
    return { ...voice(draws, id), guild_id, member: member_, ...draws.maybe({ channel_id: null }) };
  }],
  ["USER_UPDATE", (draws) => ({ ...user(draws, draws.any(USERS)), email: null })],
  ["MESSAGE_CREATE", (draws, guild_id) => ({ id: "1", guild_id, channel_id: draws.any(CHANNELS) })],
];

/** A READY of this shard. */
export function ready(draws: Draws): [t: string, d: Json] {
  const guilds = draws.some(GUILDS, 0.9).map((id) => ({ id, unavailable: true }));
  return ["READY", { user: user(draws, BOT_ID), guilds }];
}

/** An event of this shard. */
export function anyEvent(draws: Draws): [t: string, d: Json] {
  if (draws.random() < 0.02) return ready(draws);
  const [t, make] = draws.any(EVENTS);
  return [t, make(draws, draws.any(GUILDS))];
}

/**
 * A payload, written as JSON may be: with spaces and escapes at random. What is written of each object in
 * a list of `d` is told to `written`.
 */
export function payloadOf(
  draws: Draws,
  t: string,
  d: Json,
  s: number,
  written: (element: Json, text: string) => void,
): Uint8Array {
  const body = write(draws, d, (value, text) => written(value, text));
  const envelope = draws.random() < 0.9
    ? `{"t":"${t}","s":${s},"op":0,"d":${body}}`
    : `{"op": 0, "d" :${body} , "s": ${s}, "t":"${t}"} `;
  return new TextEncoder().encode(envelope);
}

function write(draws: Draws, value: Json, told: (value: Json, text: string) => void): string {
  const space = () => draws.random() < 0.05 ? draws.any([" ", "\n", "\t "]) : "";
  if (Array.isArray(value)) {
    const elements = value.map((each) => {
      const text = write(draws, each, told);
      told(each, text);
      return space() + text + space();
    });
    return `[${elements.join(",")}${elements.length === 0 ? space() : ""}]`;
  }
  if (typeof value === "string") return writeText(draws, value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, each]) =>
    `${space()}${writeText(draws, name)}${space()}:${space()}${write(draws, each, told)}${space()}`
  );
  return `{${fields.join(",")}}`;
}

function writeText(draws: Draws, text: string): string {
  const plain = JSON.stringify(text);
  if (draws.random() > 0.05) return plain;
  return `"${
    Array.from({ length: text.length }, (_, i) =>
      `\\u${text.charCodeAt(i).toString(16).padStart(4, "0")}`).join("")
  }"`;
}
