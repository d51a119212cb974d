import assert from "node:assert/strict";
import { botLeaves } from "../../../../sim/mod.ts";
import { refused, restApi } from "../api.ts";

Deno.test("the bot's guilds come in pages, forwards and backwards, without those it has left", async () => {
  const { call, world } = restApi({ guilds: 6 });
  const ids = [...world.guilds.keys()];
  botLeaves(world, world.guilds.get(ids[5]!)!);
  const page = async (query: string) =>
    (await call("GET", `/users/@me/guilds${query}`)).json.map(({ id }: { id: string }) => id);
  assert.deepEqual(await page(""), ids.slice(0, 5));
  assert.deepEqual(await page("?limit=2"), ids.slice(0, 2));
  assert.deepEqual(await page(`?limit=2&after=${ids[1]}`), ids.slice(2, 4));
  assert.deepEqual(await page(`?limit=2&before=${ids[4]}`), ids.slice(2, 4));
  assert.deepEqual(await page("?after=nonsense"), ids.slice(0, 5));
  const { json } = await call("GET", "/users/@me/guilds?limit=1&with_counts=true");
  assert.equal(json[0].approximate_member_count, 11);
});

Deno.test("a direct message channel is opened once, with people only", async () => {
  const { call, world, guild } = restApi();
  const open = (recipient_id: string) =>
    call("POST", "/users/@me/channels", { json: { recipient_id } });
  const [penpal] = world.directChannel.recipients!;
  assert.equal((await open(penpal!.id)).json.id, world.directChannel.id);
  const member = [...guild.members.keys()].at(-1)!;
  const { json } = await open(member);
  assert.equal(json.recipients[0].id, member);
  assert.equal((await open(member)).json.id, json.id);
  const sent = await call("POST", `/channels/${json.id}/messages`, { json: { content: "hi" } });
  assert.equal(sent.json.channel_id, json.id);
  refused(await open(world.user.id), 400, 50007);
  refused(await open("1"), 404, 10013);
});
