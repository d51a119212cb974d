import assert from "node:assert/strict";
import {
  asListed,
  buildGuild,
  Guild,
  idIn,
  isList,
  isOnline,
  LISTS,
  userIdOf,
} from "../../guilds/guild.ts";
import { WarmPages } from "../../guilds/page.ts";

const BODY = JSON.stringify({
  name: "Harbour",
  id: "1",
  members: [{ user: { id: "7" } }, { user: { id: "8" } }, { user: { id: "9" } }, { user: {} }, 7],
  voice_states: [{ user_id: "8", channel_id: "3" }],
  channels: [{ id: "3" }],
  presences: [{ user: { id: "8" }, status: "idle" }, { user: { id: "9" }, status: "offline" }],
  roles: null,
  member_count: 3,
  "new": [1],
});
const ALL = { members: true, presences: true, voice: true };

function built(kept = ALL, body = BODY): Guild {
  const work = buildGuild(body, { kept, botId: "7" }, {}, new WarmPages(1 << 20));
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}

const idsIn = (guild: Guild, list: "members" | "presences" | "voice_states") =>
  [...guild.pages(list)].flatMap((page) => [...page.keys()]);

Deno.test("a guild has its own fields in their order, and its lists by id", () => {
  const guild = built();
  const names = [...guild.fields.open().keys()];
  assert.deepEqual(names, Object.keys(JSON.parse(BODY)));
  assert.deepEqual([guild.field("new"), guild.field("channels"), guild.field("roles")], [
    "[1]",
    "",
    "null",
  ]);
  assert.deepEqual(idsIn(guild, "members"), ["7", "8", "9"]);
  assert.equal(guild.get("channels", "3"), '{"id":"3"}');
  assert.deepEqual([guild.has("channels", "3"), guild.has("channels", "4")], [true, false]);
  assert.equal(guild.memberCount, 3);
});

Deno.test("who is offline has no presence", () => {
  assert.deepEqual(idsIn(built(), "presences"), ["8"]);
  assert.ok(isOnline('{"status":"dnd"}') && !isOnline('{"status":"offline"}'));
});

Deno.test("what is not kept is left out; the bot, and who is in voice, are members all the same", () => {
  const none = built({ members: false, presences: false, voice: false });
  const idsOf = (guild: Guild) =>
    (["members", "presences", "voice_states"] as const).map((list) => idsIn(guild, list));
  assert.deepEqual(idsOf(none), [["7"], [], []]);
  assert.equal(none.field("presences"), "", "but the list is there");
  assert.deepEqual(idsOf(built({ ...ALL, members: false })), [["7", "8"], ["8"], ["8"]]);
});

Deno.test("a guild that goes on by itself leaves the other as it was", () => {
  const guild = built();
  const other = new Guild({}, new WarmPages(1 << 20), guild);
  other.setField("name", '"Port"');
  other.set("channels", "3", '{"id":"3","n":1}');
  other.set("threads", "4", "{}");
  other.delete("members", "8");
  other.clear("presences");
  assert.deepEqual([guild.field("name"), other.field("name")], ['"Harbour"', '"Port"']);
  assert.equal(guild.get("channels", "3"), '{"id":"3"}');
  assert.deepEqual([guild.has("threads", "4"), other.has("threads", "4")], [false, true]);
  assert.deepEqual([guild.has("members", "8"), other.has("members", "8")], [true, false]);
  assert.deepEqual([idsIn(guild, "presences"), idsIn(other, "presences")], [["8"], []]);
});

Deno.test("elements are known by their ids, in whatever list", () => {
  assert.ok(isList("channels") && !isList("name") && LISTS.length === 11);
  assert.equal(idIn("soundboard_sounds", '{"id":"1","sound_id":"2"}'), "2");
  assert.equal(idIn("members", '{"user":{"id":"2"}}'), "2");
  assert.equal(idIn("roles", '{"id":2}'), undefined);
  assert.equal(idIn("roles", "[]"), undefined);
  assert.equal(userIdOf('{"user":7}'), undefined);
  assert.equal(asListed("threads", '{"id":"1","guild_id":"2","newly_created":true}'), '{"id":"1"}');
});

Deno.test("a long GUILD_CREATE is taken apart in steps", () => {
  const channels = Array.from(
    { length: 5_000 },
    (_, i) => ({ id: String(i), topic: "x".repeat(200) }),
  );
  const body = JSON.stringify({ id: "1", channels });
  const work = buildGuild(body, { kept: ALL, botId: null }, {}, new WarmPages(1 << 30));
  let steps = 0;
  while (!work.next().done) steps++;
  assert.ok(steps >= Math.floor(body.length / 70_000), `${steps} steps`);
});
