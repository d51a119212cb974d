import assert from "node:assert/strict";
import { Guilds, isChange } from "../../guilds/guilds.ts";
import { WarmPages } from "../../guilds/page.ts";
import type { Work } from "../../guilds/slices.ts";

const ALL = { members: true, presences: true, voice: true };
const NONE = { members: false, presences: false, voice: false };

function run(work: Work<void>): void {
  while (!work.next().done);
}

function setUp() {
  const guilds = new Guilds(new WarmPages(1 << 20));
  const apply = (t: string, d: unknown, to = guilds) => run(to.apply(t, JSON.stringify(d), ALL));
  apply("READY", { user: { id: "7" }, guilds: [{ id: "1", unavailable: true }, { id: "2" }] });
  const create = (id: string) =>
    apply("GUILD_CREATE", {
      id,
      members: [{ user: { id: "7", username: "bot", bot: true }, roles: [] }],
      channels: [{ id: `${id}0` }],
    });
  const shown = (of = guilds) => [...of.all].map(([id, guild]) => [id, guild !== null]);
  return { guilds, apply, create, shown };
}

Deno.test("what changes guilds is known by its type, and by what is kept", () => {
  for (
    const t of ["READY", "GUILD_CREATE", "CHANNEL_UPDATE", "GUILD_MEMBER_REMOVE", "USER_UPDATE"]
  ) {
    assert.ok(isChange(t, NONE), t);
  }
  for (const t of ["PRESENCE_UPDATE", "VOICE_STATE_UPDATE", "GUILD_MEMBERS_CHUNK"]) {
    assert.deepEqual([isChange(t, NONE), isChange(t, ALL)], [false, true], t);
  }
  for (const t of ["MESSAGE_CREATE", "TYPING_START", "RESUMED"]) assert.ok(!isChange(t, ALL), t);
});

Deno.test("a guild comes, is down, comes again and is left", () => {
  const { apply, create, shown, guilds } = setUp();
  assert.deepEqual([guilds.botId, shown()], ["7", [["1", false], ["2", false]]]);
  create("1");
  create("3");
  assert.deepEqual(shown(), [["1", true], ["2", false], ["3", true]]);
  apply("GUILD_DELETE", { id: "1", unavailable: true });
  apply("GUILD_DELETE", { id: "2" });
  assert.deepEqual(shown(), [["1", false], ["3", true]]);
  apply("GUILD_CREATE", { id: "3", unavailable: true });
  apply("CHANNEL_CREATE", { guild_id: "3", id: "5" });
  assert.deepEqual(shown(), [["1", false], ["3", false]]);
  apply("READY", { user: { id: "7" }, guilds: [{ id: "9" }] });
  assert.deepEqual(shown(), [["9", false]]);
});

Deno.test("another state of the same guilds goes its own way", () => {
  const { guilds, apply, create, shown } = setUp();
  create("1");
  const other = guilds.fork();
  apply("CHANNEL_UPDATE", { guild_id: "1", id: "10", name: "new" }, other);
  apply("GUILD_DELETE", { id: "2" }, other);
  apply("CHANNEL_DELETE", { guild_id: "1", id: "10" });
  assert.equal(other.all.get("1")!.get("channels", "10"), '{"id":"10","name":"new"}');
  assert.equal(guilds.all.get("1")!.get("channels", "10"), undefined);
  assert.deepEqual([shown(), shown(other)], [[["1", true], ["2", false]], [["1", true]]]);
});

Deno.test("the bot's user is changed in all its members, in what they have of it", () => {
  const { guilds, apply, create } = setUp();
  for (const id of ["1", "2"]) create(id);
  apply("USER_UPDATE", { id: "7", username: "new", email: "a@b" });
  apply("USER_UPDATE", { id: "8", username: "other" });
  for (const id of ["1", "2"]) {
    assert.equal(
      guilds.all.get(id)!.get("members", "7"),
      '{"user":{"id":"7","username":"new","bot":true},"roles":[]}',
    );
  }
});

Deno.test("a dispatch of another form changes nothing, or is told", () => {
  const { guilds, apply, create, shown } = setUp();
  create("1");
  const types = "GUILD_CREATE GUILD_UPDATE GUILD_DELETE GUILD_ROLE_CREATE GUILD_ROLE_DELETE " +
    "GUILD_EMOJIS_UPDATE CHANNEL_CREATE CHANNEL_DELETE THREAD_LIST_SYNC GUILD_MEMBER_ADD " +
    "GUILD_MEMBERS_CHUNK GUILD_MEMBER_UPDATE GUILD_MEMBER_REMOVE USER_UPDATE VOICE_STATE_UPDATE " +
    "PRESENCE_UPDATE THREAD_MEMBERS_UPDATE GUILD_SCHEDULED_EVENT_USER_ADD CHANNEL_PINS_UPDATE";
  const odd = { guild_id: "1", user: 7, members: [1, {}], threads: {}, role: [], emojis: {} };
  const channel = guilds.all.get("1")!.get("channels", "10");
  for (const t of types.split(" ")) {
    for (const d of [null, 7, [], {}, odd, { ...odd, id: 7, guild_id: 7 }]) {
      try {
        apply(t, d);
      } catch (error) {
        assert.ok(error instanceof SyntaxError, `${t}: ${error}`);
      }
    }
    assert.throws(() => run(guilds.apply(t, "{", ALL)), SyntaxError, t);
  }
  assert.deepEqual(shown(), [["1", true], ["2", false]]);
  assert.equal(guilds.all.get("1")!.get("channels", "10"), channel);
  assert.deepEqual([...guilds.all.get("1")!.pages("emojis")], []);
});
