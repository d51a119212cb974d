import assert from "node:assert/strict";
import { refused, restApi } from "../api.ts";

const OLD_ID = "300000000000000000";

Deno.test("a posted message comes back as MESSAGE_CREATE of its guild, with nonce and member", async () => {
  const { call, channel, guild, dispatches, world } = restApi();
  const { status, json } = await call("POST", `/channels/${channel.id}/messages`, {
    json: { content: "hello", nonce: "n-1" },
  });
  assert.equal(status, 200);
  assert.equal(json.guild_id, undefined);
  assert.equal(json.nonce, "n-1");
  const [{ t, guildId, d }] = dispatches as [typeof dispatches[0]];
  assert.equal(t, "MESSAGE_CREATE");
  assert.equal(guildId, guild.id);
  const { guild_id, member, channel_type, ...message } = d;
  assert.deepEqual(message, json);
  assert.equal(guild_id, guild.id);
  assert.equal(channel_type, 0);
  assert.ok(Array.isArray(member.roles));
  assert.equal(message.author.id, world.user.id);
});

Deno.test("a message in a direct channel comes back without a guild", async () => {
  const { call, world, dispatches } = restApi();
  await call("POST", `/channels/${world.directChannel.id}/messages`, { json: { content: "hi" } });
  assert.equal(dispatches[0]!.guildId, null);
  assert.ok(!("guild_id" in dispatches[0]!.d));
});

Deno.test("an empty message is 50006, a long one 50035, one for no channel 10003", async () => {
  const { call, channel } = restApi();
  const path = `/channels/${channel.id}/messages`;
  refused(await call("POST", path, { json: {} }), 400, 50006);
  const long = await call("POST", path, { json: { content: "x".repeat(2001) } });
  refused(long, 400, 50035);
  assert.equal(long.json.errors.content._errors[0].code, "BASE_TYPE_MAX_LENGTH");
  refused(await call("POST", "/channels/1/messages", { json: { content: "x" } }), 404, 10003);
});

Deno.test("a body that is not JSON is 50109, one of another type 50035", async () => {
  const { call, channel } = restApi();
  const path = `/channels/${channel.id}/messages`;
  const headers = { "content-type": "application/json" };
  refused(await call("POST", path, { body: "{", headers }), 400, 50109);
  refused(await call("POST", path, { body: "x" }), 400, 50035);
});

Deno.test("a form field counts as JSON does", async () => {
  const { call, channel } = restApi();
  const body = new URLSearchParams({ content: "from a form" });
  const { json } = await call("POST", `/channels/${channel.id}/messages`, { body });
  assert.equal(json.content, "from a form");
});

Deno.test("an upload is echoed as the metadata of its files", async () => {
  const { call, channel } = restApi();
  const body = new FormData();
  const attachments = [{ id: 1, description: "second" }];
  body.set("payload_json", JSON.stringify({ content: "files", attachments }));
  body.set("files[0]", new File(["abc"], "a b.txt", { type: "text/plain" }));
  body.set("files[1]", new File([new Uint8Array(5)], "b.bin"));
  const { json } = await call("POST", `/channels/${channel.id}/messages`, { body });
  assert.equal(json.content, "files");
  assert.deepEqual(
    json.attachments.map((it: Record<string, unknown>) => [it.filename, it.size, it.description]),
    [["a b.txt", 3, undefined], ["b.bin", 5, "second"]],
  );
  assert.match(json.attachments[0].url, /a%20b\.txt$/);
});

Deno.test("a file or a request that is too large is 413 with code 40005", async () => {
  const { call, channel } = restApi({}, { maxFileBytes: 10, maxRequestBytes: 1000 });
  const upload = (size: number) => {
    const body = new FormData();
    body.set("files[0]", new File([new Uint8Array(size)], "a.bin"));
    return call("POST", `/channels/${channel.id}/messages`, { body });
  };
  assert.equal((await upload(10)).status, 200);
  refused(await upload(11), 413, 40005);
  refused(await upload(1000), 413, 40005);
});

Deno.test("files that share a number are 50035", async () => {
  const { call, channel } = restApi();
  const body = new FormData();
  body.append("files[0]", new File(["a"], "a"));
  body.append("files[0]", new File(["b"], "b"));
  refused(await call("POST", `/channels/${channel.id}/messages`, { body }), 400, 50035);
});

Deno.test("enforce_nonce makes a second post give the first message", async () => {
  const { call, channel, dispatches, clock } = restApi();
  const post = (enforce_nonce: boolean) =>
    call("POST", `/channels/${channel.id}/messages`, {
      json: { content: "once", nonce: "7", enforce_nonce },
    });
  const first = await post(true);
  assert.equal((await post(true)).json.id, first.json.id);
  assert.equal(dispatches.length, 1);
  const second = await post(false);
  assert.notEqual(second.json.id, first.json.id);
  await clock.advance(300_001);
  assert.ok(![first.json.id, second.json.id].includes((await post(true)).json.id));
});

Deno.test("an edit is told as MESSAGE_UPDATE and keeps only the attachments it lists", async () => {
  const { call, channel, dispatches } = restApi();
  const body = new FormData();
  body.set("files[0]", new File(["a"], "a.txt"));
  body.set("files[1]", new File(["b"], "b.txt"));
  const { json: sent } = await call("POST", `/channels/${channel.id}/messages`, { body });
  const { json } = await call("PATCH", `/channels/${channel.id}/messages/${sent.id}`, {
    json: { content: "changed", attachments: [{ id: sent.attachments[1].id }] },
  });
  assert.equal(json.content, "changed");
  assert.notEqual(json.edited_timestamp, null);
  assert.deepEqual(json.attachments.map((it: { filename: string }) => it.filename), ["b.txt"]);
  assert.deepEqual(dispatches.map(({ t }) => t), ["MESSAGE_CREATE", "MESSAGE_UPDATE"]);
  assert.equal(dispatches[1]!.d.content, "changed");
});

Deno.test("a message that live traffic brought can be read and deleted, not edited", async () => {
  const { call, channel, guild, world } = restApi();
  const id = world.nextId();
  world.emit("MESSAGE_CREATE", guild.id, {
    id,
    channel_id: channel.id,
    guild_id: guild.id,
    author: { id: "1" },
    content: "from a person",
  });
  const path = `/channels/${channel.id}/messages/${id}`;
  const { json } = await call("GET", path);
  assert.equal(json.content, "from a person");
  assert.equal(json.guild_id, undefined);
  refused(await call("PATCH", path, { json: { content: "x" } }), 403, 50005);
  assert.equal((await call("DELETE", path)).status, 204);
  refused(await call("GET", path), 404, 10008);
});

Deno.test("a delete is 204 with nothing, told as MESSAGE_DELETE, and 10008 the second time", async () => {
  const { call, channel, guild, dispatches } = restApi();
  const { json: sent } = await call("POST", `/channels/${channel.id}/messages`, {
    json: { content: "bye" },
  });
  const path = `/channels/${channel.id}/messages/${sent.id}`;
  const { status, text } = await call("DELETE", path);
  assert.deepEqual([status, text], [204, ""]);
  assert.deepEqual(dispatches.at(-1), {
    t: "MESSAGE_DELETE",
    guildId: guild.id,
    d: { id: sent.id, channel_id: channel.id, guild_id: guild.id },
  });
  refused(await call("DELETE", path), 404, 10008);
});

Deno.test("the bucket of a delete depends on the message's age", async () => {
  const { call, channel, clock } = restApi();
  const post = async () => {
    const { json } = await call("POST", `/channels/${channel.id}/messages`, {
      json: { content: "x" },
    });
    return `/channels/${channel.id}/messages/${json.id}`;
  };
  const limitOf = async (path: string) =>
    (await call("DELETE", path)).headers.get("x-ratelimit-limit");
  const [fresh, young, old] = [await post(), await post(), await post()];
  assert.equal(await limitOf(fresh), "5");
  await clock.advance(10_000);
  assert.equal(await limitOf(young), "3");
  await clock.advance(14 * 24 * 3_600_000);
  assert.equal(await limitOf(old), "30");
  assert.equal(await limitOf(`/channels/${channel.id}/messages/1`), "5");
});

Deno.test("a list is newest first, and can be cut before, after and around a message", async () => {
  const { call, channel, clock } = restApi();
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    const path = `/channels/${channel.id}/messages`;
    ids.push((await call("POST", path, { json: { content: String(i) } })).json.id);
    await clock.advance(2000);
  }
  const list = async (query: string) => {
    const { json } = await call("GET", `/channels/${channel.id}/messages?${query}`);
    return json.map((message: { content: string }) => message.content).join("");
  };
  assert.equal(await list(""), "43210");
  assert.equal(await list("limit=2"), "43");
  assert.equal(await list(`before=${ids[2]}`), "10");
  assert.equal(await list(`after=${ids[1]}&limit=2`), "32");
  assert.equal(await list(`around=${ids[2]}&limit=3`), "321");
  refused(await call("GET", `/channels/${channel.id}/messages?limit=101`), 400, 50035);
});

Deno.test("a bulk delete wants 2 to 100 different, young messages", async () => {
  const { call, channel, guild, dispatches, clock } = restApi();
  const path = `/channels/${channel.id}/messages`;
  const ids: string[] = [];
  for (let i = 0; i < 2; i++) {
    ids.push((await call("POST", path, { json: { content: "x" } })).json.id);
  }
  const bulk = async (messages: string[]) => {
    await clock.advance(1000);
    return call("POST", `${path}/bulk-delete`, { json: { messages } });
  };
  refused(await bulk(ids.slice(1)), 400, 50016);
  refused(await bulk(Array.from({ length: 101 }, (_, i) => String(i))), 400, 50016);
  refused(await bulk([ids[0]!, ids[0]!]), 400, 50035);
  refused(await bulk([ids[0]!, OLD_ID]), 400, 50034);
  assert.equal((await bulk(ids)).status, 204);
  assert.deepEqual(dispatches.at(-1)!.t, "MESSAGE_DELETE_BULK");
  assert.deepEqual(dispatches.at(-1)!.d, { ids, channel_id: channel.id, guild_id: guild.id });
});
