import assert from "node:assert/strict";
import { GuildCache, GuildMemory } from "../../intake/guild_cache.ts";
import type { Wanted } from "../../protocol/link_call.ts";

type Fields = Record<string, unknown>;

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const see = (cache: GuildCache, t: string, d: unknown, shardId = 0) =>
  cache.see(shardId, t, encode({ op: 0, t, s: 1, d }));

const NOTHING = { guilds: 0, channels: 0, members: 0, users: 0 };
const guild = (guildId: string): Wanted => ({ kind: "guild", guildId });
const channel = (channelId: string): Wanted => ({ kind: "channel", channelId });
const user = (userId: string): Wanted => ({ kind: "user", userId });
const member = (guildId: string, userId: string): Wanted => ({ kind: "member", guildId, userId });
const memberBody = (id: string, name = "Ada") => ({
  user: { id, username: name },
  roles: [],
  joined_at: "2024-01-01",
  deaf: false,
});

/** What only the gateway has in a guild. */
const GATEWAY_ONLY = {
  joined_at: "2024-01-01",
  large: false,
  unavailable: false,
  member_count: 2,
  presences: [{ user: { id: "u1" } }],
  voice_states: [],
  stage_instances: [],
  guild_scheduled_events: [],
  soundboard_sounds: [],
};

function guildBody(id: string, more: Fields = {}): Fields {
  return {
    ...GATEWAY_ONLY,
    id,
    name: "Harbour",
    roles: [{ id: "r1", name: "all" }],
    emojis: [],
    stickers: [],
    channels: [{ id: `${id}c`, type: 0, name: "general" }],
    threads: [{ id: `${id}t`, type: 11, parent_id: `${id}c`, member: {}, newly_created: true }],
    members: [memberBody("u1"), memberBody("u2")],
    ...more,
  };
}

function known(members = true): GuildCache {
  const cache = new GuildCache({ members });
  see(cache, "GUILD_CREATE", guildBody("g"));
  return cache;
}

const ownFields = { id: "g", name: "Harbour", roles: [{ id: "r1", name: "all" }] };

Deno.test("GUILD_CREATE is kept as REST has it, with what is in it", () => {
  const cache = known();
  assert.deepEqual(cache.find(guild("g")), { ...ownFields, emojis: [], stickers: [] });
  assert.deepEqual(cache.find(channel("gc")), {
    id: "gc",
    type: 0,
    name: "general",
    guild_id: "g",
  });
  assert.deepEqual(cache.find(channel("gt")), {
    id: "gt",
    type: 11,
    parent_id: "gc",
    guild_id: "g",
  });
  assert.deepEqual(cache.find(member("g", "u1")), memberBody("u1"));
  assert.deepEqual(cache.find(user("u2")), memberBody("u2").user);
  assert.deepEqual(cache.size, { guilds: 1, channels: 2, members: 2, users: 2 });
  for (const wanted of [guild("x"), channel("x"), user("x"), member("g", "x"), member("x", "u1")]) {
    assert.equal(cache.find(wanted), null);
  }
});

Deno.test("without members, guilds and channels only are kept", () => {
  const cache = known(false);
  see(cache, "GUILD_MEMBER_ADD", { guild_id: "g", ...memberBody("u3") });
  see(cache, "GUILD_MEMBER_UPDATE", { guild_id: "g", ...memberBody("u3") });
  assert.deepEqual(cache.size, { guilds: 1, channels: 2, members: 0, users: 0 });
});

Deno.test("GUILD_CREATE replaces all that was known; one that is down leaves nothing", () => {
  const cache = known();
  see(cache, "GUILD_CREATE", { id: "g", name: "Port", channels: [], members: [memberBody("u3")] });
  assert.deepEqual(cache.find(guild("g")), { id: "g", name: "Port" });
  assert.deepEqual(cache.size, { guilds: 1, channels: 0, members: 1, users: 1 });
  see(cache, "GUILD_CREATE", { id: "g", unavailable: true });
  assert.deepEqual(cache.size, NOTHING);
});

Deno.test("READY forgets the guilds of its shard, those of others stay", () => {
  const cache = known();
  see(cache, "GUILD_CREATE", guildBody("h"), 1);
  see(cache, "READY", { guilds: [{ id: "g", unavailable: true }] });
  assert.equal(cache.find(guild("g")), null);
  assert.deepEqual(cache.size, { guilds: 1, channels: 2, members: 2, users: 2 });
  see(cache, "READY", { guilds: [] }, 1);
  assert.deepEqual(cache.size, NOTHING);
});

for (const more of [{}, { unavailable: true }, { unavailable: false }]) {
  Deno.test(`GUILD_DELETE ${JSON.stringify(more)} forgets the guild and what is in it`, () => {
    const cache = known();
    see(cache, "GUILD_DELETE", { id: "g", ...more });
    assert.deepEqual(cache.size, NOTHING);
    assert.equal(cache.find(channel("gc")), null);
    assert.equal(cache.find(user("u1")), null);
  });
}

Deno.test("GUILD_UPDATE replaces the guild's own fields, and is kept where it is news", () => {
  const cache = known();
  see(cache, "GUILD_UPDATE", { id: "g", name: "Port", roles: [], member_count: 9 });
  assert.deepEqual(cache.find(guild("g")), { id: "g", name: "Port", roles: [] });
  assert.deepEqual(cache.size, { guilds: 1, channels: 2, members: 2, users: 2 });
  see(cache, "GUILD_UPDATE", { id: "h", name: "Quay" });
  assert.deepEqual(cache.find(guild("h")), { id: "h", name: "Quay" });
});

Deno.test("roles, emojis and stickers change where the guild is known, and only there", () => {
  const cache = known();
  const find = () => cache.find(guild("g")) as Fields;
  see(cache, "GUILD_ROLE_CREATE", { guild_id: "g", role: { id: "r2", name: "new" } });
  see(cache, "GUILD_ROLE_UPDATE", { guild_id: "g", role: { id: "r1", name: "every" } });
  assert.deepEqual(find().roles, [{ id: "r1", name: "every" }, { id: "r2", name: "new" }]);
  see(cache, "GUILD_ROLE_DELETE", { guild_id: "g", role_id: "r1" });
  assert.deepEqual(find().roles, [{ id: "r2", name: "new" }]);
  see(cache, "GUILD_EMOJIS_UPDATE", { guild_id: "g", emojis: [{ id: "e" }] });
  see(cache, "GUILD_STICKERS_UPDATE", { guild_id: "g", stickers: [{ id: "s" }] });
  assert.deepEqual([find().emojis, find().stickers], [[{ id: "e" }], [{ id: "s" }]]);
  see(cache, "CHANNEL_CREATE", { id: "hc", guild_id: "h" });
  see(cache, "GUILD_ROLE_CREATE", { guild_id: "h", role: { id: "r2" } });
  see(cache, "GUILD_EMOJIS_UPDATE", { guild_id: "h", emojis: [] });
  assert.equal(cache.find(guild("h")), null);
  assert.equal(cache.size.guilds, 1);
});

for (const kind of ["CHANNEL", "THREAD"]) {
  Deno.test(`a ${kind} is kept, changed and forgotten, also where its guild is not known`, () => {
    const cache = new GuildCache({ members: true });
    const body = { id: "c", guild_id: "g", name: "old" };
    see(cache, `${kind}_CREATE`, { ...body, newly_created: true, member: { id: "c" } });
    assert.deepEqual(cache.find(channel("c")), body);
    see(cache, `${kind}_UPDATE`, { ...body, name: "new" });
    assert.deepEqual(cache.find(channel("c")), { ...body, name: "new" });
    see(cache, `${kind}_CREATE`, { id: "direct" });
    assert.deepEqual(cache.size, { ...NOTHING, channels: 1 });
    see(cache, `${kind}_DELETE`, body);
    assert.equal(cache.find(channel("c")), null);
    assert.deepEqual(cache.size, NOTHING);
  });
}

Deno.test("THREAD_LIST_SYNC adds its threads", () => {
  const cache = known();
  const threads = [{ id: "t2", type: 11, member: {} }, { id: "t3", type: 11 }];
  see(cache, "THREAD_LIST_SYNC", { guild_id: "g", threads, members: [] });
  assert.deepEqual(cache.find(channel("t2")), { id: "t2", type: 11, guild_id: "g" });
  assert.equal(cache.size.channels, 4);
});

Deno.test("a channel's threads go with it, a category's channels do not", () => {
  const cache = known();
  see(cache, "CHANNEL_CREATE", { id: "cat", type: 4, guild_id: "g" });
  see(cache, "CHANNEL_UPDATE", { id: "gc", type: 0, parent_id: "cat", guild_id: "g" });
  see(cache, "CHANNEL_DELETE", { id: "cat", guild_id: "g" });
  assert.equal(cache.size.channels, 2);
  see(cache, "CHANNEL_DELETE", { id: "gc", guild_id: "g" });
  assert.equal(cache.size.channels, 0);
  see(cache, "THREAD_UPDATE", { id: "t", type: 11, parent_id: "unknown", guild_id: "g" });
  see(cache, "CHANNEL_DELETE", { id: "unknown", guild_id: "g" });
  assert.equal(cache.size.channels, 0);
});

Deno.test("a member's update goes over what is known, or must be complete", () => {
  const cache = known();
  const update = { guild_id: "g", user: { id: "u1", username: "Bea" }, nick: "B" };
  see(cache, "GUILD_MEMBER_UPDATE", update);
  assert.deepEqual(cache.find(member("g", "u1")), { ...memberBody("u1", "Bea"), nick: "B" });
  see(cache, "GUILD_MEMBER_UPDATE", {
    ...update,
    guild_id: "h",
    user: { id: "u1", username: "C" },
  });
  assert.equal(cache.find(member("h", "u1")), null);
  assert.deepEqual(cache.find(user("u1")), { id: "u1", username: "C" });
  see(cache, "GUILD_MEMBER_UPDATE", { guild_id: "h", ...memberBody("u1") });
  assert.deepEqual(cache.find(member("h", "u1")), memberBody("u1"));
});

Deno.test("one user is shared by all guilds, and forgotten with the last", () => {
  const cache = known();
  const chunk = [memberBody("u1", "Cleo"), memberBody("u3")];
  see(cache, "GUILD_MEMBERS_CHUNK", { guild_id: "h", members: chunk, presences: [{}] });
  assert.deepEqual(cache.find(member("g", "u1")), memberBody("u1", "Cleo"));
  see(cache, "GUILD_MEMBER_ADD", { guild_id: "h", ...memberBody("u1", "Dora") });
  assert.deepEqual(cache.size, { guilds: 1, channels: 2, members: 4, users: 3 });
  see(cache, "USER_UPDATE", { id: "u1", username: "Eve" });
  see(cache, "USER_UPDATE", { id: "u9", username: "Eve" });
  assert.deepEqual(cache.find(member("h", "u1")), memberBody("u1", "Eve"));
  assert.equal(cache.find(user("u9")), null);
  const left = { user: { id: "u1", username: "Fay" } };
  see(cache, "GUILD_MEMBER_REMOVE", { guild_id: "g", ...left });
  assert.deepEqual(cache.find(user("u1")), left.user);
  see(cache, "GUILD_MEMBER_REMOVE", { guild_id: "g", ...left });
  see(cache, "GUILD_MEMBER_REMOVE", { guild_id: "h", ...left });
  assert.equal(cache.find(user("u1")), null);
});

Deno.test("a dispatch of another form changes nothing, nor does what is not JSON", () => {
  const cache = known();
  const size = cache.size;
  const types = "GUILD_CREATE GUILD_UPDATE GUILD_DELETE GUILD_ROLE_CREATE GUILD_ROLE_DELETE " +
    "GUILD_EMOJIS_UPDATE CHANNEL_CREATE CHANNEL_DELETE THREAD_LIST_SYNC GUILD_MEMBER_ADD " +
    "GUILD_MEMBERS_CHUNK GUILD_MEMBER_UPDATE GUILD_MEMBER_REMOVE USER_UPDATE";
  const odd = { guild_id: "g", user: 7, members: [1, {}], threads: {}, role: [], emojis: {} };
  for (const t of types.split(" ")) {
    for (const d of [null, 7, [], {}, odd, { ...odd, id: 7, guild_id: 7 }]) see(cache, t, d);
    cache.see(0, t, new Uint8Array([0x7b]));
  }
  assert.deepEqual(cache.size, size);
  assert.deepEqual(cache.find(guild("g")), { ...ownFields, emojis: [], stickers: [] });
});

const ada = { user: { id: "7", username: "Ada" }, roles: ["r1", "r2"] };
const bob = { user: { id: "8", username: "Bob" }, roles: ["r2"] };

Deno.test("a role that is gone is taken from every member of its guild, and from nobody else", () => {
  const memory = new GuildMemory(() => true);
  memory.keepMembers("1", 0, [ada, bob]);
  memory.keepMembers("2", 0, [ada]);
  memory.takeRole("1", "r2");
  memory.takeRole("3", "r2");
  const rolesIn = (guildId: string) =>
    [...memory.rooms.get(guildId)!.members].map(([id, { roles }]) => [id, roles]);
  assert.deepEqual(rolesIn("1"), [["7", ["r1"]], ["8", []]]);
  assert.deepEqual(rolesIn("2"), [["7", ["r1", "r2"]]]);
  assert.deepEqual(ada.roles, ["r1", "r2"], "what was told is not changed");
});

Deno.test("a user is one for all guilds, and forgotten with the last", () => {
  const memory = new GuildMemory(() => true);
  memory.keepMembers("1", 0, [ada]);
  memory.keepMembers("2", 1, [{ ...ada, user: { id: "7", username: "Adah" } }]);
  assert.deepEqual(memory.users.get("7"), { user: { id: "7", username: "Adah" }, guilds: 2 });
  memory.keepMembers("2", 1, [ada]);
  assert.equal(memory.users.get("7")!.guilds, 2, "told twice, it is still in two");
  memory.forgetShard(1);
  assert.equal(memory.users.get("7")!.guilds, 1);
  memory.forgetMember("1", ada.user);
  assert.deepEqual([memory.users.size, memory.rooms.size], [0, 0]);
});

Deno.test("without members nobody is kept", () => {
  const memory = new GuildMemory(() => false);
  memory.keepMembers("1", 0, [ada]);
  memory.keepChannels("1", 0, [{ id: "5" }]);
  assert.deepEqual([memory.users.size, memory.channels.size], [0, 1]);
});

Deno.test("members of a shard that Discord does not tell of are not remembered: they would grow old", () => {
  const told = new Set([0, 1]);
  const cache = new GuildCache({ members: true, isTold: (shardId) => told.has(shardId) });
  const bytes = (t: string, d: object) =>
    new TextEncoder().encode(JSON.stringify({ t, s: 1, op: 0, d }));
  const create = (shardId: number, guildId: string) => {
    const members = [{ user: { id: `u${shardId}` }, roles: [] }];
    const body = { id: guildId, members, channels: [], threads: [] };
    cache.see(shardId, "GUILD_CREATE", bytes("GUILD_CREATE", body));
  };
  for (const shardId of [0, 1]) create(shardId, `g${shardId}`);
  assert.equal(cache.size.members, 2);
  // Its next session lacks GUILD_MEMBERS.
  told.delete(0);
  cache.see(0, "READY", bytes("READY", { guilds: [] }));
  create(0, "g0");
  assert.deepEqual(cache.size, { guilds: 2, channels: 0, members: 1, users: 1 });
  const user = { id: "u9" };
  cache.see(0, "GUILD_MEMBER_ADD", bytes("GUILD_MEMBER_ADD", { guild_id: "g0", user, roles: [] }));
  assert.equal(cache.size.members, 1);
});
