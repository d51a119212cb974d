/**
 * What single dispatches change, where the reasons are not plain. That all of them change what Discord says
 * is shown at random, in `shard_guilds_random_test.ts`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { CHANGES } from "../../guilds/changes.ts";
import { Guilds } from "../../guilds/guilds.ts";
import type { Kept } from "../../guilds/kept.ts";
import { WarmPages } from "../../guilds/page.ts";

const ALL = { members: true, presences: true, voice: true };

const BODY = {
  id: "1",
  name: "Harbour",
  member_count: 2,
  roles: [{ id: "1" }, { id: "5" }],
  channels: [{ id: "3" }],
  threads: [{ id: "4", parent_id: "3", member: { flags: 1 } }],
  members: [
    { user: { id: "7" }, roles: ["5", "6"], joined_at: "x" },
    { user: { id: "8" }, roles: ["6"], joined_at: "x" },
  ],
  presences: [],
  voice_states: [],
  guild_scheduled_events: [{ id: "2", user_count: 1 }],
};

function setUp(kept: Kept = ALL) {
  const guilds = new Guilds(new WarmPages(1 << 20));
  const apply = (t: string, d: object) => {
    const body = t === "GUILD_CREATE" ? d : { guild_id: "1", ...d };
    const work = guilds.apply(t, JSON.stringify(body), kept);
    while (!work.next().done);
  };
  apply("READY", { user: { id: "7" }, guilds: [] });
  apply("GUILD_CREATE", BODY);
  const guild = () => guilds.all.get("1")!;
  const get = (list: Parameters<ReturnType<typeof guild>["get"]>[0], id: string) => {
    const raw = guild().get(list, id);
    return raw === undefined ? null : JSON.parse(raw);
  };
  return { apply, guild, get };
}

Deno.test("a role that is gone is taken from every member of its guild, the members stay", () => {
  const { apply, get } = setUp();
  apply("GUILD_ROLE_DELETE", { role_id: "6" });
  assert.deepEqual([get("members", "7").roles, get("members", "8").roles], [["5"], []]);
});

Deno.test("a channel's threads go with it, those of others do not", () => {
  const { apply, get } = setUp();
  apply("CHANNEL_DELETE", { id: "9" });
  assert.ok(get("threads", "4"));
  apply("CHANNEL_DELETE", { id: "3" });
  assert.deepEqual([get("channels", "3"), get("threads", "4")], [null, null]);
});

Deno.test("a thread keeps the bot's membership where an update does not tell of it, and goes when archived", () => {
  const { apply, get } = setUp();
  apply("THREAD_UPDATE", { id: "4", parent_id: "3", name: "new" });
  assert.deepEqual(get("threads", "4"), {
    id: "4",
    parent_id: "3",
    name: "new",
    member: { flags: 1 },
  });
  apply("THREAD_MEMBERS_UPDATE", { id: "4", member_count: 2, removed_member_ids: ["7"] });
  assert.deepEqual([get("threads", "4").member, get("threads", "4").member_count], [undefined, 2]);
  apply("THREAD_UPDATE", { id: "4", thread_metadata: { archived: true } });
  assert.equal(get("threads", "4"), null);
});

Deno.test("THREAD_LIST_SYNC tells the threads of its channels anew", () => {
  const { apply, get } = setUp();
  apply("THREAD_LIST_SYNC", {
    channel_ids: ["9"],
    threads: [{ id: "6", parent_id: "9" }],
    members: [],
  });
  assert.ok(get("threads", "4") && get("threads", "6"));
  apply("THREAD_LIST_SYNC", {
    channel_ids: ["3"],
    threads: [{ id: "5", parent_id: "3" }],
    members: [{ id: "5", flags: 2 }],
  });
  assert.deepEqual([get("threads", "4"), get("threads", "5").member], [null, {
    id: "5",
    flags: 2,
  }]);
});

Deno.test("members are counted; one that is told once more is not", () => {
  const { apply, guild } = setUp();
  apply("GUILD_MEMBER_ADD", { user: { id: "9" } });
  apply("GUILD_MEMBER_ADD", { user: { id: "9" } });
  assert.equal(guild().memberCount, 3);
  for (const id of ["9", "8", "7", "6"]) apply("GUILD_MEMBER_REMOVE", { user: { id } });
  assert.equal(guild().memberCount, 0);
  assert.ok(!guild().has("members", "8"));
});

Deno.test("a member's update goes over what is known, or must be complete", () => {
  const { apply, get } = setUp();
  apply("GUILD_MEMBER_UPDATE", { user: { id: "7" }, nick: "N" });
  assert.deepEqual(get("members", "7"), { ...BODY.members[0], nick: "N" });
  apply("GUILD_MEMBER_UPDATE", { user: { id: "9" }, nick: "N" });
  assert.equal(get("members", "9"), null);
  apply("GUILD_MEMBER_UPDATE", { user: { id: "9" }, roles: [], joined_at: "x" });
  assert.deepEqual(get("members", "9"), { user: { id: "9" }, roles: [], joined_at: "x" });
});

Deno.test("without members the bot is kept, and who is in voice for as long", () => {
  const { apply, get } = setUp({ members: false, presences: false, voice: true });
  assert.deepEqual([get("members", "7").user.id, get("members", "8")], ["7", null]);
  const member = { user: { id: "8" }, roles: [] };
  apply("VOICE_STATE_UPDATE", { user_id: "8", channel_id: "3", member });
  assert.deepEqual(get("members", "8"), member);
  assert.deepEqual(get("voice_states", "8"), { user_id: "8", channel_id: "3" });
  apply("GUILD_MEMBER_UPDATE", { user: { id: "8" }, nick: "N" });
  assert.equal(get("members", "8").nick, "N");
  apply("VOICE_STATE_UPDATE", { user_id: "8", channel_id: null, member });
  assert.deepEqual([get("members", "8"), get("voice_states", "8")], [null, null]);
});

Deno.test("GUILD_UPDATE changes what it has, and leaves what only GUILD_CREATE has", () => {
  const { apply, guild, get } = setUp();
  apply("GUILD_UPDATE", {
    id: "1",
    name: "Port",
    roles: [{ id: "1" }],
    channels: [],
    member_count: 9,
  });
  assert.equal(guild().field("name"), '"Port"');
  assert.deepEqual([get("roles", "5"), get("channels", "3"), guild().memberCount], [null, {
    id: "3",
  }, 2]);
  assert.equal(guild().field("guild_id"), undefined);
});

Deno.test("a scheduled event keeps its count, and is not listed when it is over", () => {
  const { apply, get } = setUp();
  apply("GUILD_SCHEDULED_EVENT_USER_ADD", { guild_scheduled_event_id: "2" });
  apply("GUILD_SCHEDULED_EVENT_UPDATE", { id: "2", status: 2 });
  assert.equal(get("guild_scheduled_events", "2").user_count, 2);
  apply("GUILD_SCHEDULED_EVENT_UPDATE", { id: "2", status: 3 });
  assert.equal(get("guild_scheduled_events", "2"), null);
});

Deno.test("what a dispatch concerns is said where it is not always", () => {
  const none = { members: false, presences: false, voice: false };
  const some = [...CHANGES].filter(([, { concerns }]) => concerns && !concerns(none));
  assert.deepEqual(some.map(([t]) => t).toSorted(), [
    "GUILD_MEMBERS_CHUNK",
    "PRESENCE_UPDATE",
    "VOICE_STATE_UPDATE",
  ]);
});
