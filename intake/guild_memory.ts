/**
 * The memory behind {@linkcode GuildCache}: what is kept of a guild, and what goes with it.
 *
 * @module
 */

import { isRecord } from "../protocol/record.ts";

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
export interface Room {
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
 * import { GuildMemory } from "./guild_memory.ts";
 * const memory = new GuildMemory(true);
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
  readonly keepsMembers: boolean;

  constructor(keepsMembers: boolean) {
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
    if (!this.keepsMembers || !isText(guildId)) return;
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
export function recordsIn(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function without(fields: Fields, names: ReadonlySet<string>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.has(name)));
}

/** Whether an id is one. */
export function isText(value: unknown): value is string {
  return typeof value === "string";
}
