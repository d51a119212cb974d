import assert from "node:assert/strict";
import fc from "fast-check";
import { viewFor } from "../../downstream/intents_filter.ts";
import { readEnvelope } from "../../protocol/discord/envelope.ts";
import { ALL_INTENTS, INTENTS } from "../../protocol/discord/intents.ts";
import { withoutContent } from "../../sim/world/message_content.ts";

const BOT = "7";
const encode = (text: string) => new TextEncoder().encode(text);
const payloadOf = (t: string, d: unknown) =>
  encode(`{"t":"${t}","s":3,"op":0,"d":${JSON.stringify(d)}}`);

/** What a client with these intents gets of a payload, as text; `null`: nothing. */
function seen(intents: number, payload: Uint8Array, ofShard = ALL_INTENTS): string | null {
  const view = viewFor(intents, ofShard, BOT)!;
  const given = view(payload, readEnvelope(payload));
  return given && new TextDecoder().decode(given);
}

const isSeen = (intents: number, t: string, d: object = {}) =>
  seen(intents, payloadOf(t, d)) !== null;

Deno.test("a client with all intents of its shard sees everything, without a look at it", () => {
  assert.equal(viewFor(ALL_INTENTS, ALL_INTENTS, BOT), null);
  assert.equal(viewFor(INTENTS.GUILDS, INTENTS.GUILDS, BOT), null);
  assert.notEqual(viewFor(0, INTENTS.GUILDS, BOT), null);
});

Deno.test("an event comes by its intent, and one that nobody knows comes by any", () => {
  assert.ok(isSeen(INTENTS.GUILDS, "CHANNEL_CREATE"));
  assert.ok(!isSeen(INTENTS.GUILD_MEMBERS, "CHANNEL_CREATE"));
  assert.ok(!isSeen(INTENTS.GUILDS, "PRESENCE_UPDATE"));
  for (const t of ["INTERACTION_CREATE", "GUILD_MEMBERS_CHUNK", "VOICE_SERVER_UPDATE", "NEW"]) {
    assert.ok(isSeen(0, t), t);
  }
});

Deno.test("what is of a guild and what is direct comes by its own intent", () => {
  for (const t of ["MESSAGE_CREATE", "MESSAGE_DELETE", "TYPING_START", "MESSAGE_REACTION_ADD"]) {
    const inGuilds = INTENTS.GUILD_MESSAGES | INTENTS.GUILD_MESSAGE_TYPING |
      INTENTS.GUILD_MESSAGE_REACTIONS;
    const direct = INTENTS.DIRECT_MESSAGES | INTENTS.DIRECT_MESSAGE_TYPING |
      INTENTS.DIRECT_MESSAGE_REACTIONS;
    assert.ok(isSeen(inGuilds, t, { guild_id: "1" }) && !isSeen(inGuilds, t, { id: "2" }), t);
    assert.ok(!isSeen(direct, t, { guild_id: "1" }) && isSeen(direct, t, { id: "2" }), t);
  }
});

Deno.test("of members a client without GUILD_MEMBERS hears what is about the bot itself", () => {
  const { GUILDS, GUILD_MEMBERS } = INTENTS;
  const update = (id: string) => ({ guild_id: "1", user: { id } });
  assert.ok(isSeen(0, "GUILD_MEMBER_UPDATE", update(BOT)));
  assert.ok(!isSeen(GUILDS, "GUILD_MEMBER_UPDATE", update("8")));
  assert.ok(isSeen(GUILD_MEMBERS, "GUILD_MEMBER_UPDATE", update("8")));
  const added = (id: string) => ({ id: "5", added_members: [{ user_id: id }] });
  const removed = (id: string) => ({ id: "5", removed_member_ids: [id] });
  for (const about of [added, removed]) {
    assert.ok(isSeen(GUILDS, "THREAD_MEMBERS_UPDATE", about(BOT)));
    assert.ok(!isSeen(GUILDS, "THREAD_MEMBERS_UPDATE", about("8")));
    assert.ok(!isSeen(0, "THREAD_MEMBERS_UPDATE", about(BOT)));
    assert.ok(isSeen(GUILD_MEMBERS, "THREAD_MEMBERS_UPDATE", about("8")));
  }
});

const BARE = ALL_INTENTS & ~INTENTS.MESSAGE_CONTENT;

Deno.test("without MESSAGE_CONTENT a message has none, and not another byte is changed", () => {
  const head = '{"t":"MESSAGE_CREATE","s":3,"op":0,"d":{"id": "1","odd":"\\ud800é","guild_id":"2",';
  const tail = '"poll":{"q":"}"},"author":{"id":"8"},"new":[ 1.50 ],"mentions":[]}}';
  const came = `${head}"content":"hi \\" é","embeds":[{"a":[]}],"attachments":[1],${tail}`;
  const left = `${head}"content":"","embeds":[],"attachments":[],${
    tail.replace('"poll":{"q":"}"},', "")
  }`;
  assert.equal(seen(BARE, encode(came)), left);
});

Deno.test("content stays in direct messages, in the bot's own, and where the bot is mentioned", () => {
  const message = { id: "1", guild_id: "2", author: { id: "8" }, content: "x", mentions: [] };
  const kept = [
    { ...message, guild_id: undefined },
    { ...message, author: { id: BOT } },
    { ...message, mentions: [{ id: "9" }, { id: BOT }] },
  ];
  for (const d of kept) {
    const payload = payloadOf("MESSAGE_UPDATE", d);
    assert.equal(seen(BARE, payload), new TextDecoder().decode(payload));
  }
  assert.equal(JSON.parse(seen(BARE, payloadOf("MESSAGE_UPDATE", message))!).d.content, "");
});

Deno.test("a message that is answered or forwarded is hidden like any other", () => {
  const other = { id: "0", author: { id: "9" }, content: "secret", poll: {}, components: [1] };
  const own = { ...other, author: { id: BOT } };
  const message = {
    id: "1",
    guild_id: "2",
    author: { id: BOT },
    content: "mine",
    message_snapshots: [{ message: { content: "mine" } }],
  };
  const given = (referenced_message: unknown, more = {}) =>
    JSON.parse(
      seen(BARE, payloadOf("MESSAGE_CREATE", { ...message, ...more, referenced_message }))!,
    )
      .d;
  const { poll: _, ...bare } = other;
  assert.deepEqual(given(other), {
    ...message,
    referenced_message: { ...bare, content: "", components: [] },
  });
  assert.deepEqual(given(own).referenced_message, own);
  assert.equal(given(null).referenced_message, null);
  assert.deepEqual(given(null, { author: { id: "8" } }).message_snapshots, []);
});

Deno.test("what auto moderation matched is content, too", () => {
  const d = { guild_id: "1", content: "x", matched_content: "x", matched_keyword: "k" };
  const given = JSON.parse(seen(BARE, payloadOf("AUTO_MODERATION_ACTION_EXECUTION", d))!).d;
  assert.deepEqual(given, { ...d, content: "", matched_content: "" });
});

Deno.test("a shard that has no content itself has nothing to hide", () => {
  const payload = payloadOf("MESSAGE_CREATE", { guild_id: "1", content: "x" });
  const intents = INTENTS.GUILD_MESSAGES;
  assert.ok(seen(intents, payload, BARE)!.includes('"content":"x"'));
});

Deno.test("whatever a message is like, and however it is written, it is hidden as by parsing it", () => {
  const user = fc.record({ id: fc.constantFrom(BOT, "8", "9") });
  const message = fc.record({
    guild_id: fc.constant("2"),
    author: user,
    mentions: fc.array(user, { maxLength: 3 }),
    content: fc.string(),
    embeds: fc.array(fc.jsonValue(), { maxLength: 2 }),
    attachments: fc.array(fc.jsonValue(), { maxLength: 2 }),
    components: fc.array(fc.jsonValue(), { maxLength: 2 }),
    poll: fc.jsonValue(),
    unknown: fc.jsonValue(),
  }, { requiredKeys: ["content"] });
  fc.assert(fc.property(message, fc.boolean(), (d, isUnusual) => {
    const plain = JSON.parse(JSON.stringify({ t: "MESSAGE_CREATE", s: 3, op: 0, d }));
    const text = isUnusual
      ? JSON.stringify({ d, op: 0, t: "MESSAGE_CREATE", s: 3 }, null, 1)
      : null;
    const payload = text ? encode(text) : payloadOf("MESSAGE_CREATE", d);
    const expected = withoutContent(BOT, "MESSAGE_CREATE", plain.d) ?? plain.d;
    assert.deepEqual(JSON.parse(seen(BARE, payload)!), { ...plain, d: expected });
  }));
});
