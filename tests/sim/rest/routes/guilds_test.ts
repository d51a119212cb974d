import assert from "node:assert/strict";
import { refused, restApi } from "../api.ts";

Deno.test("a guild is answered without its members, with counts on demand", async () => {
  const { call, guild } = restApi({ membersPerGuild: 9 });
  const plain = await call("GET", `/guilds/${guild.id}`);
  assert.equal(plain.json.id, guild.id);
  assert.equal(plain.json.members, undefined);
  assert.equal(plain.json.approximate_member_count, undefined);
  const counted = await call("GET", `/guilds/${guild.id}?with_counts=true`);
  assert.equal(counted.json.approximate_member_count, 10);
  refused(await call("GET", "/guilds/1"), 404, 10004);
});

Deno.test("where the bot is in voice is answered, and that it is nowhere", async () => {
  const { call, guild, world } = restApi();
  const path = `/guilds/${guild.id}/voice-states/@me`;
  refused(await call("GET", path), 404, 10065);
  const channelId = guild.channels[0]!.id;
  const state = { channel_id: channelId, user_id: world.user.id, session_id: "x" };
  guild.voice.set(world.user.id, { state: state as never, isOver: () => false });
  const { json } = await call("GET", path);
  assert.deepEqual([json.channel_id, json.guild_id], [channelId, guild.id]);
});

Deno.test("members are listed by id, page by page", async () => {
  const { call, guild } = restApi({ membersPerGuild: 4 });
  const ids = [...guild.members.keys()].sort((a, b) => BigInt(a) < BigInt(b) ? -1 : 1);
  const seen: string[] = [];
  for (let after = "0"; seen.length < 5; after = seen.at(-1)!) {
    const { json } = await call("GET", `/guilds/${guild.id}/members?limit=2&after=${after}`);
    assert.ok(json.length > 0);
    seen.push(...json.map((member: { user: { id: string } }) => member.user.id));
  }
  assert.deepEqual(seen, ids);
});

Deno.test("members are not listed to a bot without the privileged intent", async () => {
  const { call, guild } = restApi({ privilegedIntents: 0 });
  refused(await call("GET", `/guilds/${guild.id}/members`), 403, 50001);
});

Deno.test("a member is answered by id, and one that is not there is 10007", async () => {
  const { call, guild } = restApi();
  const id = [...guild.members.keys()].at(-1)!;
  assert.equal((await call("GET", `/guilds/${guild.id}/members/${id}`)).json.user.id, id);
  refused(await call("GET", `/guilds/${guild.id}/members/1`), 404, 10007);
});

Deno.test("a role given and taken is told as GUILD_MEMBER_UPDATE", async () => {
  const { call, guild, dispatches } = restApi();
  const id = [...guild.members.keys()].at(-1)!;
  const role = guild.roles[1]!.id;
  const path = `/guilds/${guild.id}/members/${id}/roles`;
  assert.equal((await call("PUT", `${path}/${role}`)).status, 204);
  assert.equal((await call("PUT", `${path}/${role}`)).status, 204);
  assert.deepEqual(dispatches[0], {
    t: "GUILD_MEMBER_UPDATE",
    guildId: guild.id,
    d: { guild_id: guild.id, ...guild.members.get(id) },
  });
  assert.deepEqual(guild.members.get(id)!.roles, [role]);
  await call("DELETE", `${path}/${role}`);
  assert.deepEqual(guild.members.get(id)!.roles, []);
  refused(await call("PUT", `${path}/1`), 404, 10011);
});

Deno.test("a member's roles are limited by a fixed window per guild", async () => {
  const { call, guild, clock } = restApi();
  const id = [...guild.members.keys()].at(-1)!;
  const path = `/guilds/${guild.id}/members/${id}/roles/${guild.roles[1]!.id}`;
  for (let i = 0; i < 10; i++) assert.equal((await call("PUT", path)).status, 204);
  await clock.advance(9000);
  assert.equal((await call("PUT", path)).json.retry_after, 1);
  await clock.advance(1000);
  assert.equal((await call("PUT", path)).headers.get("x-ratelimit-remaining"), "9");
});

Deno.test("a search finds the messages of a guild", async () => {
  const { call, guild, channel } = restApi();
  for (const content of ["a cat", "a dog", "two cats"]) {
    await call("POST", `/channels/${channel.id}/messages`, { json: { content } });
  }
  const { json } = await call("GET", `/guilds/${guild.id}/messages/search?content=cat`);
  assert.equal(json.total_results, 2);
  assert.deepEqual(json.messages.map(([it]: [{ content: string }]) => it.content), [
    "two cats",
    "a cat",
  ]);
});
