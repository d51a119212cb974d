import assert from "node:assert/strict";
import { annotate, rename } from "../../../protocol/discord/body.ts";
import {
  comesToEveryShard,
  identityOf,
  leavesGuild,
  recurs,
} from "../../../protocol/discord/identity.ts";

const payloadOf = (t: string, d: unknown, s = 1) =>
  new TextEncoder().encode(JSON.stringify({ t, s, op: 0, d }));
const identify = (t: string, d: unknown, s?: number) => identityOf(t, payloadOf(t, d, s));
const keyOf = (t: string, d: unknown) => identify(t, d).key;

Deno.test("identityOf() is the same for the same event of two sessions", () => {
  const d = { guild_id: "1", user: { id: "2" }, status: "idle" };
  assert.deepEqual(identify("PRESENCE_UPDATE", d, 7), identify("PRESENCE_UPDATE", d, 9_000));
  const turned = { status: "idle", user: { id: "2" }, guild_id: "1" };
  assert.equal(keyOf("PRESENCE_UPDATE", d), keyOf("PRESENCE_UPDATE", turned));
});

Deno.test("identityOf() knows what is made once by its id, whatever else is in it", () => {
  const id = "900000000000000001";
  const message = identify("MESSAGE_CREATE", { id, guild_id: "1", content: "a" });
  assert.deepEqual(message, { guildId: "1", key: `MESSAGE_CREATE ${id}` });
  assert.deepEqual(identify("MESSAGE_CREATE", { id, content: "" }), { ...message, guildId: "" });
  assert.notEqual(keyOf("MESSAGE_DELETE", { id }), message.key);
  assert.equal(keyOf("GUILD_ROLE_CREATE", { role: { id: "3" } }), "GUILD_ROLE_CREATE 3");
  assert.equal(keyOf("MESSAGE_DELETE_BULK", { ids: ["3", "4"] }), "MESSAGE_DELETE_BULK 3,4");
  const joins = ["2026-01-01", "2026-01-02"].map((joined_at) =>
    keyOf("GUILD_MEMBER_ADD", { user: { id: "3" }, joined_at })
  );
  assert.notEqual(joins[0], joins[1]);
});

Deno.test("identityOf() tells two versions of a thing apart, and says that one may recur", () => {
  const types = {
    MESSAGE_UPDATE: [{ id: "1", edited_timestamp: "a" }, { id: "1", edited_timestamp: "b" }],
    PRESENCE_UPDATE: [{ user: { id: "1" }, status: "a" }, { user: { id: "1" }, status: "b" }],
    VOICE_STATE_UPDATE: [{ user_id: "1", channel_id: null }, { user_id: "1", channel_id: "2" }],
    TYPING_START: [{ user_id: "1", timestamp: 1 }, { user_id: "1", timestamp: 2 }],
    GUILD_MEMBER_UPDATE: [{ user: { id: "1" }, roles: ["1"] }, { user: { id: "1" }, roles: [] }],
    MESSAGE_REACTION_ADD: [{ emoji: { id: null, name: "a" } }, { emoji: { id: null, name: "b" } }],
    WHATEVER_COMES: [{ a: [1, 2] }, { a: [2, 1] }],
  };
  for (const [t, [one, other]] of Object.entries(types)) {
    const key = keyOf(t, one)!;
    assert.notEqual(key, keyOf(t, other), t);
    assert.equal(key, keyOf(t, one), t);
    assert.ok(recurs(key), t);
  }
  assert.ok(!recurs(keyOf("MESSAGE_CREATE", { id: "1" })!));
});

Deno.test("identityOf() counts a type that should have an id and has none among those that recur", () => {
  assert.ok(recurs(keyOf("MESSAGE_CREATE", { content: "a" })!));
  assert.ok(recurs(keyOf("GUILD_MEMBER_ADD", { user: { id: "1" } })!));
});

Deno.test("identityOf() gives no key to what one session has for itself, but its guild", () => {
  for (const t of ["READY", "RESUMED", "RATE_LIMITED"]) {
    assert.deepEqual(identify(t, {}), { guildId: "", key: null });
  }
  for (const t of ["GUILD_MEMBERS_CHUNK", "VOICE_SERVER_UPDATE", "SOUNDBOARD_SOUNDS"]) {
    assert.deepEqual(identify(t, { guild_id: "1" }), { guildId: "1", key: null });
  }
});

Deno.test("identityOf() takes a guild that loads for the session's own, and one that is joined for an event", () => {
  const guild = payloadOf("GUILD_CREATE", { id: "1", joined_at: "2026", member_count: 5 });
  const of = (note: string) => identityOf("GUILD_CREATE", annotate(guild, { guild: note }));
  const own = { guildId: "1", key: null };
  assert.deepEqual(of("loaded"), own);
  assert.deepEqual(identityOf("GUILD_LOADED_DD", rename(guild, "GUILD_LOADED_DD")), own);
  const joined = identityOf("GUILD_CREATE", guild);
  assert.equal(joined.guildId, "1");
  assert.deepEqual(of("joined"), joined);
  assert.deepEqual(of("available"), joined);
  const grown = { id: "1", joined_at: "2026", member_count: 6 };
  assert.deepEqual(identify("GUILD_CREATE", grown), joined);
  assert.notEqual(keyOf("GUILD_CREATE", { ...grown, joined_at: "2027" }), joined.key);
});

Deno.test("identityOf() tells a guild that is left from one that is down", () => {
  const left = identify("GUILD_DELETE", { id: "1" });
  const down = identify("GUILD_DELETE", { id: "1", unavailable: true });
  assert.deepEqual([left.guildId, down.guildId], ["1", "1"]);
  assert.deepEqual([leavesGuild(left.key!), leavesGuild(down.key!)], [true, false]);
  assert.deepEqual(identify("GUILD_UPDATE", { id: "1", name: "a" }).guildId, "1");
});

Deno.test("identityOf() goes by the link and not by its signature", () => {
  const link = "https://cdn.discordapp.com/attachments/1/2/a.png";
  const of = (url: string) => keyOf("MESSAGE_UPDATE", { id: "1", attachments: [{ url }] });
  assert.equal(of(`${link}?ex=1&is=2&hm=3`), of(`${link}?ex=4&is=5&hm=6`));
  assert.notEqual(of("https://example.org/?a=1"), of("https://example.org/?a=2"));
});

Deno.test("identityOf() has neither guild nor key for what cannot be read", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const broken = [
    bytes(""),
    bytes('{"t":"MESSAGE_CREATE","s":1,"op":0,"d":{"id":"1"'),
    bytes('{"t":"MESSAGE_CREATE","s":1,"op":0,"d":null}'),
    bytes('{"t":"MESSAGE_CREATE","s":1,"op":0,"d":[]}'),
    Uint8Array.of(0x7b, 0xff, 0x7d),
    bytes(`{"t":"X","s":1,"op":0,"d":${"[".repeat(2_000)}${"]".repeat(2_000)}}`),
  ];
  for (const payload of broken) {
    assert.deepEqual(identityOf("MESSAGE_CREATE", payload), { guildId: "", key: null });
  }
  for (const guild_id of [5, "a", "-1", {}]) {
    const of = identify("MESSAGE_CREATE", { id: "1", guild_id });
    assert.deepEqual(of, { guildId: "", key: null });
  }
  assert.equal(identify("MESSAGE_CREATE", { id: "1", guild_id: null }).key, "MESSAGE_CREATE 1");
});

Deno.test("comesToEveryShard() is so of the bot's own user, and not of a direct message", () => {
  assert.ok(comesToEveryShard(keyOf("USER_UPDATE", { id: "1" })!));
  assert.ok(!comesToEveryShard(keyOf("MESSAGE_CREATE", { id: "1" })!));
});

Deno.test("an entitlement is of no guild, whichever it names: it comes to shard 0", () => {
  for (const t of ["ENTITLEMENT_CREATE", "ENTITLEMENT_UPDATE", "ENTITLEMENT_DELETE"]) {
    const payload = JSON.stringify({ t, s: 7, op: 0, d: { id: "5", guild_id: "1" } });
    assert.equal(identityOf(t, new TextEncoder().encode(payload)).guildId, "");
  }
});
