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

import type { Wanted } from "../protocol/wanted.ts";
import { isRecord } from "../protocol/record.ts";
import { type Fields, GuildMemory, isText, recordsIn } from "./guild_memory.ts";

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

  /** @param options `members`: whether members and users are kept as well. */
  constructor(options: { readonly members: boolean }) {
    this.#memory = new GuildMemory(options.members);
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
   * those that have not the form expected change nothing.
   *
   * @param payload The whole payload, in UTF-8.
   * @throws {SyntaxError} When it is not JSON.
   */
  see(shardId: number, t: string, payload: Uint8Array): void {
    const take = TAKES.get(t) ?? (this.#memory.keepsMembers ? MEMBER_TAKES.get(t) : undefined);
    if (!take) return;
    const value: unknown = JSON.parse(decoder.decode(payload));
    if (isRecord(value) && isRecord(value.d)) take(this.#memory, value.d, shardId);
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
