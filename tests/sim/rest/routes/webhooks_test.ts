import assert from "node:assert/strict";
import { refused, restApi } from "../api.ts";

async function withWebhook(...args: Parameters<typeof restApi>) {
  const api = restApi(...args);
  const { json } = await api.call("POST", `/channels/${api.channel.id}/webhooks`, {
    json: { name: "news" },
  });
  return { ...api, webhook: json, path: `/webhooks/${json.id}/${json.token}` };
}

Deno.test("a webhook speaks without a credential: 204, or the message with wait", async () => {
  const { call, path, dispatches, webhook, guild } = await withWebhook();
  const json = { content: "news", username: "Reporter" };
  const silent = await call("POST", path, { auth: null, json });
  assert.deepEqual([silent.status, silent.text], [204, ""]);
  const told = await call("POST", `${path}?wait=true`, { auth: null, json });
  assert.equal(told.status, 200);
  assert.equal(told.json.webhook_id, webhook.id);
  assert.equal(told.json.author.username, "Reporter");
  assert.deepEqual(dispatches.map(({ t, guildId }) => [t, guildId]), [
    ["WEBHOOKS_UPDATE", guild.id],
    ["MESSAGE_CREATE", guild.id],
    ["MESSAGE_CREATE", guild.id],
  ]);
});

Deno.test("a webhook changes its own messages only", async () => {
  const { call, path, channel } = await withWebhook();
  const { json } = await call("POST", `${path}?wait=1`, { auth: null, json: { content: "a" } });
  const own = `${path}/messages/${json.id}`;
  const edited = await call("PATCH", own, { auth: null, json: { content: "b" } });
  assert.equal(edited.json.content, "b");
  assert.equal((await call("GET", own, { auth: null })).json.content, "b");
  assert.equal((await call("DELETE", own, { auth: null })).status, 204);
  refused(await call("GET", own, { auth: null }), 404, 10008);
  const { json: ofBot } = await call("POST", `/channels/${channel.id}/messages`, {
    json: { content: "mine" },
  });
  refused(await call("GET", `${path}/messages/${ofBot.id}`, { auth: null }), 404, 10008);
});

Deno.test("a wrong webhook token is 401 with code 50027, and the bot's token goes on working", async () => {
  const { call, webhook } = await withWebhook();
  const json = { content: "x" };
  refused(await call("POST", `/webhooks/${webhook.id}/wrong`, { json }), 401, 50027);
  assert.equal((await call("GET", "/users/@me")).status, 200);
});

Deno.test("asking again for a webhook that is gone counts as invalid", async () => {
  const { call, path, webhook, rest } = await withWebhook();
  assert.equal((await call("DELETE", `/webhooks/${webhook.id}`)).status, 204);
  refused(await call("POST", path, { json: { content: "x" } }), 404, 10015);
  assert.equal(rest.invalid.counted("192.0.2.1"), 0);
  refused(await call("POST", path, { json: { content: "x" } }), 404, 10015);
  assert.equal(rest.invalid.counted("192.0.2.1"), 1);
});

Deno.test("all webhooks of a channel share a hidden limit", async () => {
  const { call, path, clock, channel, ledger } = await withWebhook();
  const other = await call("POST", `/channels/${channel.id}/webhooks`, { json: { name: "two" } });
  const paths = [path, `/webhooks/${other.json.id}/${other.json.token}`];
  for (let i = 0; i < 30; i++) {
    await clock.advance(400);
    const { status } = await call("POST", paths[i % 2]!, { auth: null, json: { content: "x" } });
    assert.equal(status, 204);
  }
  const { status, headers } = await call("POST", path, { auth: null, json: { content: "x" } });
  assert.equal(status, 429);
  assert.equal(headers.get("x-ratelimit-scope"), "shared");
  assert.notEqual(headers.get("x-ratelimit-remaining"), "0");
  assert.deepEqual(ledger.violations, []);
});

Deno.test("the 16th webhook of a channel is 30007", async () => {
  const { call, channel } = await withWebhook();
  const create = () => call("POST", `/channels/${channel.id}/webhooks`, { json: { name: "more" } });
  for (let i = 0; i < 14; i++) assert.equal((await create()).status, 200);
  refused(await create(), 400, 30007);
  assert.equal((await call("GET", `/channels/${channel.id}/webhooks`)).json.length, 15);
});
