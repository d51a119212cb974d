/**
 * What one shard worker remembers of guilds, channels, members and users, so that whoever looks for
 * one need not ask Discord over REST. It is kept as REST gives it. See
 * [Discord Docs/Gateway Events](https://discord.com/developers/docs/events/gateway-events).
 *
 * A worker that takes over a session hears no GUILD_CREATE. Whatever comes complete is kept all the
 * same, also of a guild that is not known itself.
 *
 * @module
 */

import type { Wanted } from "../protocol/link_call.ts";
import { isRecord, parseRecord } from "../protocol/record.ts";

/** Keeps what a dispatch tells. */
type Take = (memory: GuildMemory, d: Fields, shardId: number) => void;

/**
 * Remembers guilds and channels, and members with their users if asked to: they need an intent, and
 * most of the memory.
 *
 * @example
 * ```ts
 * import { GuildCache } from "./guild_cache.ts";
 * const cache = new GuildCache({ members: false });
 * const payload = { op: 0, t: "GUILD_UPDATE", s: 1, d: { id: "7", name: "Harbour" } };
 * cache.see(0, payload.t, new TextEncoder().encode(JSON.stringify(payload)));
 * const guild = cache.find({ kind: "guild", guildId: "7" });
 * console.assert(JSON.stringify(guild) === '{"id":"7","name":"Harbour"}');
 * console.assert(cache.find({ kind: "channel", channelId: "8" }) === null);
 * ```
 */
export class GuildCache {
  readonly #memory: GuildMemory;

  /**
   * @param options `members`: whether members and users are kept as well; `isTold`: whether Discord tells
   * how the members of a shard change. Those of another shard would be remembered as they once were.
   */
  constructor(
    { members, isTold = () => true }: {
      readonly members: boolean;
      readonly isTold?: (shardId: number) => boolean;
    },
  ) {
    this.#memory = new GuildMemory((shardId) => members && isTold(shardId));
  }

  /** How much is remembered; a member counts once for every guild. */
  get size(): Record<"guilds" | "channels" | "members" | "users", number> {
    const { rooms, channels, users } = this.#memory;
    let [guilds, members] = [0, 0];
    for (const room of rooms.values()) {
      if (room.guild) guilds++;
      members += room.members.size;
    }
    return { guilds, channels: channels.size, members, users: users.size };
  }

  /**
   * Every dispatch of a shard passes here, in order. Those that change nothing are not parsed, and
   * those that have not the form expected, or are no JSON, change nothing.
   *
   * @param payload The whole payload, in UTF-8.
   */
  see(shardId: number, t: string, payload: Uint8Array): void {
    const take = TAKES.get(t) ??
      (this.#memory.keepsMembers(shardId) ? MEMBER_TAKES.get(t) : undefined);
    if (!take) return;
    const { d } = parseRecord(decoder.decode(payload));
    if (isRecord(d)) take(this.#memory, d, shardId);
  }

  /** What is known; `null` where nothing is. It is not a copy: it must not be changed. */
  find(wanted: Wanted): unknown {
    const { rooms, channels, users } = this.#memory;
    if (wanted.kind === "guild") return rooms.get(wanted.guildId)?.guild ?? null;
    if (wanted.kind === "channel") return channels.get(wanted.channelId) ?? null;
    const user = users.get(wanted.userId)?.user ?? null;
    if (wanted.kind === "user") return user;
    const member = rooms.get(wanted.guildId)?.members.get(wanted.userId);
    return member ? { ...member, user } : null;
  }
}

const decoder = new TextDecoder();

const keepChannel: Take = (memory, d, shardId) => memory.keepChannels(d.guild_id, shardId, [d]);
const forgetChannel: Take = (memory, d) => memory.forgetChannel(d.guild_id, d.id);

const changeRole: Take = (memory, { guild_id, role }) => {
  if (!isRecord(role) || !isText(role.id)) return;
  memory.changeGuild(guild_id, ({ roles }) => {
    const known = recordsIn(roles);
    const isKnown = known.some(({ id }) => id === role.id);
    return { roles: isKnown ? known.map((it) => it.id === role.id ? role : it) : [...known, role] };
  });
};

/** Replaces one list of a guild. */
function changeList(name: "emojis" | "stickers"): Take {
  return (memory, d) => {
    const list = d[name];
    if (Array.isArray(list)) memory.changeGuild(d.guild_id, () => ({ [name]: list }));
  };
}

const TAKES: ReadonlyMap<string, Take> = new Map<string, Take>([
  // A new session tells everything again.
  ["READY", (memory, _d, shardId) => memory.forgetShard(shardId)],
  ["GUILD_CREATE", (memory, d, shardId) => {
    memory.forgetGuild(d.id);
    // One that is down while the bot joins it has nothing but its id.
    if (d.unavailable === true) return;
    memory.keepGuild(d.id, shardId, d);
    memory.keepChannels(d.id, shardId, d.channels);
    memory.keepChannels(d.id, shardId, d.threads);
    memory.keepMembers(d.id, shardId, d.members);
  }],
  ["GUILD_UPDATE", (memory, d, shardId) => memory.keepGuild(d.id, shardId, d)],
  // One that is only down comes again by a GUILD_CREATE.
  ["GUILD_DELETE", (memory, d) => memory.forgetGuild(d.id)],
  ["GUILD_ROLE_CREATE", changeRole],
  ["GUILD_ROLE_UPDATE", changeRole],
  ["GUILD_ROLE_DELETE", (memory, d) => {
    const isOther = ({ id }: Fields) => id !== d.role_id;
    memory.changeGuild(d.guild_id, ({ roles }) => ({ roles: recordsIn(roles).filter(isOther) }));
    memory.takeRole(d.guild_id, d.role_id);
  }],
  ["GUILD_EMOJIS_UPDATE", changeList("emojis")],
  ["GUILD_STICKERS_UPDATE", changeList("stickers")],
  ["CHANNEL_CREATE", keepChannel],
  ["CHANNEL_UPDATE", keepChannel],
  ["CHANNEL_DELETE", forgetChannel],
  ["THREAD_CREATE", keepChannel],
  ["THREAD_UPDATE", keepChannel],
  ["THREAD_DELETE", forgetChannel],
  ["THREAD_LIST_SYNC", (memory, d, shardId) => {
    memory.keepChannels(d.guild_id, shardId, d.threads);
  }],
]);

const MEMBER_TAKES: ReadonlyMap<string, Take> = new Map<string, Take>([
  ["GUILD_MEMBER_ADD", (memory, d, shardId) => memory.keepMembers(d.guild_id, shardId, [d])],
  ["GUILD_MEMBERS_CHUNK", (memory, d, shardId) => {
    memory.keepMembers(d.guild_id, shardId, d.members);
  }],
  ["GUILD_MEMBER_UPDATE", (memory, d, shardId) => memory.changeMember(d.guild_id, shardId, d)],
  ["GUILD_MEMBER_REMOVE", (memory, d) => memory.forgetMember(d.guild_id, d.user)],
  ["USER_UPDATE", (memory, d) => memory.changeUser(d)],
]);

/** An object of Discord's: no field is certain. */
export type Fields = Readonly<Record<string, unknown>>;

/** What the gateway alone has in a guild, or what is kept apart from it. */
const NOT_OF_GUILD: ReadonlySet<string> = new Set(
  ("channels threads members presences voice_states stage_instances guild_scheduled_events " +
    "soundboard_sounds joined_at large unavailable member_count").split(" "),
);
const NOT_OF_CHANNEL: ReadonlySet<string> = new Set(["newly_created", "member"]);
const NOT_OF_MEMBER: ReadonlySet<string> = new Set(["guild_id", "user"]);

/** Types of channels: announcement, public and private thread. */
const THREADS: ReadonlySet<unknown> = new Set([10, 11, 12]);

/** What is known of one guild. */
interface Room {
  /** The shard that told of it first. */
  readonly shardId: number;
  /** `null` where only something in it is known. */
  guild: Fields | null;
  readonly channelIds: Set<string>;
  /** Without `user`, by its id: the user is the same in all guilds. */
  readonly members: Map<string, Fields>;
}

/**
 * Guilds, channels, members and users as Discord's API has them. Keeps and forgets so that nothing
 * stays behind that nobody would forget.
 *
 * @example
 * ```ts
 * import { GuildMemory } from "./guild_cache.ts";
 * const memory = new GuildMemory(() => true);
 * memory.keepMembers("1", 0, [{ user: { id: "7" }, roles: [] }]);
 * memory.forgetGuild("1");
 * console.assert(memory.users.size === 0 && memory.rooms.size === 0);
 * ```
 */
export class GuildMemory {
  readonly rooms = new Map<string, Room>();
  readonly channels = new Map<string, Fields>();
  /** `guilds`: how many the user is in. */
  readonly users = new Map<string, { user: Fields; guilds: number }>();
  /** Whether members of a shard's guilds are kept. */
  readonly keepsMembers: (shardId: number) => boolean;

  constructor(keepsMembers: (shardId: number) => boolean) {
    this.keepsMembers = keepsMembers;
  }

  /** A guild as it is now, in whatever form it comes. */
  keepGuild(guildId: unknown, shardId: number, guild: Fields): void {
    if (isText(guildId)) this.#room(guildId, shardId).guild = without(guild, NOT_OF_GUILD);
  }

  /** Changes a guild's own fields, if it is known. */
  changeGuild(guildId: unknown, change: (guild: Fields) => Fields): void {
    const room = isText(guildId) ? this.rooms.get(guildId) : undefined;
    if (room?.guild) room.guild = { ...room.guild, ...change(room.guild) };
  }

  /** A guild, its channels and its members are not ours any more. */
  forgetGuild(guildId: unknown): void {
    if (!isText(guildId)) return;
    const room = this.rooms.get(guildId);
    for (const id of room?.channelIds ?? []) this.channels.delete(id);
    for (const id of room?.members.keys() ?? []) this.#leave(id);
    this.rooms.delete(guildId);
  }

  /** All guilds of a shard are told anew. */
  forgetShard(shardId: number): void {
    for (const [guildId, room] of this.rooms) {
      if (room.shardId === shardId) this.forgetGuild(guildId);
    }
  }

  /** Channels or threads as they are now. */
  keepChannels(guildId: unknown, shardId: number, channels: unknown): void {
    if (!isText(guildId)) return;
    for (const channel of recordsIn(channels)) {
      const { id } = channel;
      if (!isText(id)) continue;
      this.channels.set(id, { ...without(channel, NOT_OF_CHANNEL), guild_id: guildId });
      this.#room(guildId, shardId).channelIds.add(id);
    }
  }

  /** Forgets its threads as well: no dispatch tells of those that go with their channel. */
  forgetChannel(guildId: unknown, channelId: unknown): void {
    const room = isText(guildId) ? this.rooms.get(guildId) : undefined;
    if (!isText(guildId) || !room) return;
    for (const id of room.channelIds) {
      const { type, parent_id } = this.channels.get(id) ?? {};
      if (id !== channelId && !(THREADS.has(type) && parent_id === channelId)) continue;
      this.channels.delete(id);
      room.channelIds.delete(id);
    }
    this.#tidy(guildId, room);
  }

  /** Members as they are now; nothing where none are kept. */
  keepMembers(guildId: unknown, shardId: number, members: unknown): void {
    if (!this.keepsMembers(shardId) || !isText(guildId)) return;
    for (const member of recordsIn(members)) {
      const { user } = member;
      if (!isRecord(user) || !isText(user.id)) continue;
      const room = this.#room(guildId, shardId);
      const known = this.users.get(user.id) ?? { user, guilds: 0 };
      if (!room.members.has(user.id)) known.guilds++;
      known.user = user;
      this.users.set(user.id, known);
      room.members.set(user.id, without(member, NOT_OF_MEMBER));
    }
  }

  /** Fields that did not change may be absent. */
  changeMember(guildId: unknown, shardId: number, member: Fields): void {
    const { user, roles, joined_at } = member;
    if (!isText(guildId) || !isRecord(user) || !isText(user.id)) return;
    const known = this.rooms.get(guildId)?.members.get(user.id);
    const isComplete = Array.isArray(roles) && joined_at !== undefined;
    if (known || isComplete) this.keepMembers(guildId, shardId, [{ ...known, ...member }]);
    else this.changeUser(user);
  }

  /** A member has left; the user is forgotten with the last guild. */
  forgetMember(guildId: unknown, user: unknown): void {
    if (!isText(guildId) || !isRecord(user) || !isText(user.id)) return;
    this.changeUser(user);
    const room = this.rooms.get(guildId);
    if (!room?.members.delete(user.id)) return;
    this.#leave(user.id);
    this.#tidy(guildId, room);
  }

  /** A role is gone: Discord tells of it once, and not for each member. */
  takeRole(guildId: unknown, roleId: unknown): void {
    const room = isText(guildId) ? this.rooms.get(guildId) : undefined;
    for (const [userId, member] of room?.members ?? []) {
      const { roles } = member;
      if (!Array.isArray(roles) || !roles.includes(roleId)) continue;
      room!.members.set(userId, { ...member, roles: roles.filter((id) => id !== roleId) });
    }
  }

  /** A newer user, if it is one that is known. */
  changeUser(user: Fields): void {
    const known = isText(user.id) ? this.users.get(user.id) : undefined;
    if (known) known.user = user;
  }

  #room(guildId: string, shardId: number): Room {
    const known = this.rooms.get(guildId);
    if (known) return known;
    const room: Room = { shardId, guild: null, channelIds: new Set(), members: new Map() };
    this.rooms.set(guildId, room);
    return room;
  }

  #tidy(guildId: string, { guild, channelIds, members }: Room): void {
    if (!guild && channelIds.size + members.size === 0) this.rooms.delete(guildId);
  }

  #leave(userId: string): void {
    const known = this.users.get(userId);
    if (known && --known.guilds === 0) this.users.delete(userId);
  }
}

/** The objects of a list; none where it is no list. */
function recordsIn(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function without(fields: Fields, names: ReadonlySet<string>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.has(name)));
}

/** Whether an id is one. */
function isText(value: unknown): value is string {
  return typeof value === "string";
}
