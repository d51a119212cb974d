/**
 * What each dispatch changes in its guild. See
 * [Discord Docs/Gateway Events](https://discord.com/developers/docs/events/gateway-events).
 *
 * @module
 */

import {
  checked,
  edited,
  elementsOf,
  fieldOf,
  fieldsOf,
  isObject,
  ObjectReader,
  without,
  wordIn,
  wordOf,
} from "./fragments.ts";
import { asListed, type Guild, idIn, isList, isOnline, type ListName, userIdOf } from "./guild.ts";
import type { Kept } from "./kept.ts";
import type { Work } from "./slices.ts";

/** What a change has to know beside its event. */
export interface Around {
  readonly kept: Kept;
  readonly botId: string | null;
}

/** Changes a guild by the body of an event. */
type Apply = (guild: Guild, d: string, around: Around) => Work<void> | void;

/** What a dispatch changes. */
export interface Change {
  /** The field of the body that says in which guild; all but GUILD_UPDATE have `guild_id`. */
  readonly guildField?: "id";
  /** Whether it changes anything that is kept; without it it always does. */
  readonly concerns?: (kept: Kept) => boolean;
  readonly apply: Apply;
}

/** Puts the element that the body is, or that stands in a field of it, into a list. */
function put(list: ListName, field?: string): Change {
  return {
    apply(guild, d) {
      const element = field === undefined ? d : fieldOf(d, field);
      if (isObject(element)) putInto(guild, list, element);
    },
  };
}

/** Takes the element out whose id stands in a field. */
function remove(list: ListName, field = "id"): Change {
  return {
    apply(guild, d) {
      const id = wordOf(d, field);
      if (id !== undefined) guild.delete(list, id);
    },
  };
}

/** The whole list is told anew. */
function replace(list: ListName): Change {
  return {
    apply(guild, d) {
      const raw = fieldOf(d, list);
      if (raw?.startsWith("[") !== true) return;
      const elements = elementsOf(raw);
      guild.clear(list);
      for (const element of elements) putInto(guild, list, element);
    },
  };
}

/** Some of a list are told anew. */
function merge(list: ListName): Change {
  return {
    apply(guild, d) {
      for (const element of elementsOf(fieldOf(d, list))) putInto(guild, list, element);
    },
  };
}

function putInto(guild: Guild, list: ListName, element: string): void {
  const id = idIn(list, element);
  if (id !== undefined) guild.set(list, id, asListed(list, element));
}

/** Sets a field of a channel or thread, which another field names. */
function ofChannel(idField: string, field: string): Change {
  return {
    apply(guild, d) {
      const id = wordOf(d, idField);
      if (id === undefined) return;
      const change = new Map([[field, fieldOf(d, field) ?? "null"]]);
      for (const list of ["channels", "threads"] as const) changeElement(guild, list, id, change);
    },
  };
}

/** Changes fields of an element, if it is there. */
function changeElement(
  guild: Guild,
  list: ListName,
  id: string,
  changes: ReadonlyMap<string, string | null>,
): void {
  const known = guild.get(list, id);
  if (known !== undefined) guild.set(list, id, edited(known, changes));
}

/** A field of an element that an update may leave out stays as it was. */
function keepField(guild: Guild, list: ListName, id: string, element: string, field: string) {
  const known = guild.get(list, id);
  const value = known === undefined ? undefined : fieldOf(known, field);
  if (value === undefined || fieldOf(element, field) !== undefined) return element;
  return edited(element, new Map([[field, value]]));
}

/** An archived thread is not listed. A thread of which nobody says whether the bot is in it stays as it was. */
const thread: Apply = (guild, d) => {
  const id = wordOf(d, "id");
  if (id === undefined) return;
  const metadata = fieldOf(d, "thread_metadata");
  if (isObject(metadata) && fieldOf(metadata, "archived") === "true") {
    return guild.delete("threads", id);
  }
  guild.set("threads", id, keepField(guild, "threads", id, asListed("threads", d), "member"));
};

/** Its threads go with a channel: no dispatch tells of them. */
const deleteChannel: Apply = function* (guild, d) {
  const id = wordOf(d, "id");
  if (id === undefined) return;
  guild.delete("channels", id);
  yield* deleteThreads(guild, (parentId) => parentId === id);
};

function* deleteThreads(guild: Guild, isOf: (parentId: string | undefined) => boolean): Work<void> {
  for (const page of guild.pages("threads")) {
    for (const [id, each] of page) {
      if (isOf(wordOf(each, "parent_id"))) guild.delete("threads", id);
    }
    yield;
  }
}

/** Of the channels that it names, or of all, the threads are told anew. */
const syncThreads: Apply = function* (guild, d) {
  const threads = fieldOf(d, "threads");
  if (threads?.startsWith("[") !== true) return;
  const named = fieldOf(d, "channel_ids");
  const parents = named?.startsWith("[") ? new Set(elementsOf(named).map(wordIn)) : null;
  yield* deleteThreads(guild, (parentId) => parents?.has(parentId) ?? true);
  for (const each of elementsOf(threads)) putInto(guild, "threads", each);
  for (const member of elementsOf(fieldOf(d, "members"))) {
    const id = isObject(member) ? wordOf(member, "id") : undefined;
    if (id !== undefined) changeElement(guild, "threads", id, new Map([["member", member]]));
  }
};

/** The bot's own membership of a thread. */
const threadMember: Apply = (guild, d) => {
  const id = wordOf(d, "id");
  if (id === undefined) return;
  changeElement(guild, "threads", id, new Map([["member", without(d, "guild_id")]]));
};

const threadMembers: Apply = (guild, d, { botId }) => {
  const id = wordOf(d, "id");
  if (id === undefined) return;
  const changes = new Map<string, string | null>();
  const count = fieldOf(d, "member_count");
  if (count !== undefined) changes.set("member_count", count);
  const removed = elementsOf(fieldOf(d, "removed_member_ids"));
  if (removed.some((each) => wordIn(each) === botId)) changes.set("member", null);
  for (const added of elementsOf(fieldOf(d, "added_members"))) {
    if (isObject(added) && wordOf(added, "user_id") === botId) {
      changes.set("member", without(added, "guild_id", "member", "presence"));
    }
  }
  changeElement(guild, "threads", id, changes);
};

/** One that is over is not listed. An update does not say how many are interested. */
const scheduledEvent: Apply = (guild, d) => {
  const id = wordOf(d, "id");
  if (id === undefined) return;
  const list = "guild_scheduled_events";
  if (["3", "4"].includes(fieldOf(d, "status") ?? "")) return guild.delete(list, id);
  guild.set(list, id, keepField(guild, list, id, asListed(list, d), "user_count"));
};

function interested(by: 1 | -1): Change {
  return {
    apply(guild, d) {
      const id = wordOf(d, "guild_scheduled_event_id");
      const known = id === undefined ? undefined : guild.get("guild_scheduled_events", id);
      const count = known === undefined ? NaN : Number(fieldOf(known, "user_count") ?? "none");
      if (!Number.isFinite(count)) return;
      const counted = new Map([["user_count", String(Math.max(0, count + by))]]);
      changeElement(guild, "guild_scheduled_events", id!, counted);
    },
  };
}

const voiceState: Apply = (guild, d, { kept, botId }) => {
  const userId = wordOf(d, "user_id");
  if (userId === undefined) return;
  if (wordOf(d, "channel_id") === undefined) {
    guild.delete("voice_states", userId);
    if (!kept.members && userId !== botId) guild.delete("members", userId);
    return;
  }
  guild.set("voice_states", userId, asListed("voice_states", d));
  const member = fieldOf(d, "member");
  if (isObject(member)) putMember(guild, userId, member);
};

/** Fields that did not change may be absent. */
function putMember(guild: Guild, userId: string, member: string): void {
  const known = guild.get("members", userId);
  const told = asListed("members", member);
  guild.set("members", userId, known === undefined ? told : edited(known, fieldsOf(told)));
}

/** Whether a member is among those that are kept. */
function isMemberKept(guild: Guild, userId: string, { kept, botId }: Around): boolean {
  return kept.members || userId === botId || guild.has("voice_states", userId);
}

const addMember: Apply = (guild, d, around) => {
  const userId = userIdOf(d);
  if (userId === undefined) return;
  // Discord tells of one that is here already once more.
  if (!guild.has("members", userId)) count(guild, 1);
  if (isMemberKept(guild, userId, around)) guild.set("members", userId, asListed("members", d));
};

const updateMember: Apply = (guild, d, around) => {
  const userId = userIdOf(d);
  if (userId === undefined || !isMemberKept(guild, userId, around)) return;
  const isComplete = fieldOf(d, "roles") !== undefined && fieldOf(d, "joined_at") !== undefined;
  if (isComplete || guild.has("members", userId)) putMember(guild, userId, d);
};

const removeMember: Apply = (guild, d) => {
  const userId = userIdOf(d);
  if (userId === undefined) return;
  count(guild, -1);
  guild.delete("members", userId);
  guild.delete("presences", userId);
};

function count(guild: Guild, by: 1 | -1): void {
  const { memberCount } = guild;
  if (memberCount !== null) guild.setField("member_count", String(Math.max(0, memberCount + by)));
}

/** How many of a chunk are taken before others may have their turn: each may be in another page. */
const STEP_ELEMENTS = 8;

/** It is read element by element: there may be a thousand, with a presence for each. */
const chunk: Apply = function* (guild, d, around) {
  const reader = new ObjectReader(d);
  let taken = 0;
  for (let name = reader.next(); name !== undefined; name = reader.next()) {
    if (!reader.isList || (name !== "members" && name !== "presences")) {
      reader.skip();
      continue;
    }
    for (const element of reader.elements()) {
      if (++taken % STEP_ELEMENTS === 0) yield;
      const userId = idIn(name, checked(element));
      if (userId === undefined) continue;
      if (name === "presences") {
        if (around.kept.presences) presence(guild, element);
      } else if (isMemberKept(guild, userId, around)) {
        guild.set("members", userId, asListed("members", element));
      }
    }
  }
};

function presence(guild: Guild, told: string): void {
  const userId = userIdOf(told);
  if (userId === undefined) return;
  if (isOnline(told)) guild.set("presences", userId, asListed("presences", told));
  else guild.delete("presences", userId);
}

/** The role is taken from who has it: Discord does not tell of each. */
const deleteRole: Apply = function* (guild, d) {
  const roleId = wordOf(d, "role_id");
  if (roleId === undefined) return;
  guild.delete("roles", roleId);
  for (const page of guild.pages("members")) {
    for (const [userId, member] of page) {
      // Most have not: only who may have it is taken apart. An id may be written with escapes.
      if (!member.includes(roleId) && !member.includes("\\u")) continue;
      const roles = elementsOf(fieldOf(member, "roles"));
      const left = roles.filter((each) => wordIn(each) !== roleId);
      if (left.length === roles.length) continue;
      guild.set("members", userId, edited(member, new Map([["roles", `[${left.join(",")}]`]])));
    }
    yield;
  }
};

/** What GUILD_UPDATE has is new; what only GUILD_CREATE has stays. */
const updateGuild: Apply = (guild, d, around) => {
  for (const [name, value] of fieldsOf(d)) {
    if (isList(name)) {
      if (OF_UPDATE.has(name)) void replace(name).apply(guild, d, around);
    } else if (!NOT_OF_UPDATE.has(name)) guild.setField(name, value);
  }
};

const OF_UPDATE: ReadonlySet<ListName> = new Set(["roles", "emojis", "stickers"]);
/** The gateway alone counts these. */
const NOT_OF_UPDATE: ReadonlySet<string> = new Set([
  "guild_id",
  "joined_at",
  "large",
  "unavailable",
  "member_count",
]);

const ifMembers = ({ members, presences }: Kept) => members || presences;

/** By type of dispatch. What READY, GUILD_CREATE, GUILD_DELETE and USER_UPDATE change is not one guild. */
export const CHANGES: ReadonlyMap<string, Change> = new Map<string, Change>([
  ["GUILD_UPDATE", { guildField: "id", apply: updateGuild }],
  ["GUILD_ROLE_CREATE", put("roles", "role")],
  ["GUILD_ROLE_UPDATE", put("roles", "role")],
  ["GUILD_ROLE_DELETE", { apply: deleteRole }],
  ["GUILD_EMOJIS_UPDATE", replace("emojis")],
  ["GUILD_STICKERS_UPDATE", replace("stickers")],
  ["CHANNEL_CREATE", put("channels")],
  ["CHANNEL_UPDATE", put("channels")],
  ["CHANNEL_DELETE", { apply: deleteChannel }],
  ["CHANNEL_PINS_UPDATE", ofChannel("channel_id", "last_pin_timestamp")],
  ["VOICE_CHANNEL_STATUS_UPDATE", ofChannel("id", "status")],
  ["VOICE_CHANNEL_START_TIME_UPDATE", ofChannel("id", "voice_start_time")],
  ["THREAD_CREATE", { apply: thread }],
  ["THREAD_UPDATE", { apply: thread }],
  ["THREAD_DELETE", remove("threads")],
  ["THREAD_LIST_SYNC", { apply: syncThreads }],
  ["THREAD_MEMBER_UPDATE", { apply: threadMember }],
  ["THREAD_MEMBERS_UPDATE", { apply: threadMembers }],
  ["STAGE_INSTANCE_CREATE", put("stage_instances")],
  ["STAGE_INSTANCE_UPDATE", put("stage_instances")],
  ["STAGE_INSTANCE_DELETE", remove("stage_instances")],
  ["GUILD_SCHEDULED_EVENT_CREATE", { apply: scheduledEvent }],
  ["GUILD_SCHEDULED_EVENT_UPDATE", { apply: scheduledEvent }],
  ["GUILD_SCHEDULED_EVENT_DELETE", remove("guild_scheduled_events")],
  ["GUILD_SCHEDULED_EVENT_USER_ADD", interested(1)],
  ["GUILD_SCHEDULED_EVENT_USER_REMOVE", interested(-1)],
  ["GUILD_SOUNDBOARD_SOUND_CREATE", put("soundboard_sounds")],
  ["GUILD_SOUNDBOARD_SOUND_UPDATE", put("soundboard_sounds")],
  ["GUILD_SOUNDBOARD_SOUND_DELETE", remove("soundboard_sounds", "sound_id")],
  ["GUILD_SOUNDBOARD_SOUNDS_UPDATE", merge("soundboard_sounds")],
  ["SOUNDBOARD_SOUNDS", replace("soundboard_sounds")],
  ["GUILD_MEMBER_ADD", { apply: addMember }],
  ["GUILD_MEMBER_UPDATE", { apply: updateMember }],
  ["GUILD_MEMBER_REMOVE", { apply: removeMember }],
  ["GUILD_MEMBERS_CHUNK", { concerns: ifMembers, apply: chunk }],
  ["PRESENCE_UPDATE", {
    concerns: ({ presences }) => presences,
    apply: (guild, d) => presence(guild, d),
  }],
  ["VOICE_STATE_UPDATE", { concerns: ({ voice }) => voice, apply: voiceState }],
]);
