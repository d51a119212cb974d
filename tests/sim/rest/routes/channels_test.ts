import assert from "node:assert/strict";
import { refused, restApi } from "../api.ts";

Deno.test("reactions are told and shown, and share one bucket per channel", async () => {
  const { call, channel, clock, dispatches } = restApi();
  const path = `/channels/${channel.id}/messages`;
  const { json: sent } = await call("POST", path, { json: { content: "x" } });
  const reactions = `${path}/${sent.id}/reactions`;
  const fire = `${reactions}/${encodeURIComponent("🔥")}`;
  const put = await call("PUT", `${fire}/@me`);
  assert.equal(put.status, 204);
  assert.equal((await call("DELETE", `${fire}/@me`)).status, 429);
  await clock.advance(250);
  await call("PUT", `${reactions}/gate%3A41771983423143937/@me`);
  const { json } = await call("GET", `${path}/${sent.id}`);
  assert.deepEqual(json.reactions.map((each: { emoji: unknown }) => each.emoji), [
    { name: "🔥", id: null },
    { name: "gate", id: "41771983423143937" },
  ]);
  assert.equal((await call("GET", fire)).json.length, 1);
  for (const one of [`${fire}/@me`, `${reactions}/gate%3A41771983423143937`, reactions]) {
    await clock.advance(250);
    assert.equal((await call("DELETE", one)).status, 204);
  }
  assert.deepEqual(dispatches.slice(1).map(({ t }) => t), [
    "MESSAGE_REACTION_ADD",
    "MESSAGE_REACTION_ADD",
    "MESSAGE_REACTION_REMOVE",
    "MESSAGE_REACTION_REMOVE_EMOJI",
    "MESSAGE_REACTION_REMOVE_ALL",
  ]);
  await clock.advance(250);
  refused(await call("PUT", `${reactions}/nonsense/@me`), 400, 10014);
});

Deno.test("pins work under their new and old paths, told with CHANNEL_PINS_UPDATE", async () => {
  const { call, channel, dispatches, clock } = restApi();
  const path = `/channels/${channel.id}`;
  const { json: one } = await call("POST", `${path}/messages`, { json: { content: "1" } });
  const { json: two } = await call("POST", `${path}/messages`, { json: { content: "2" } });
  assert.equal((await call("PUT", `${path}/messages/pins/${one.id}`)).status, 204);
  assert.equal((await call("PUT", `${path}/pins/${two.id}`)).status, 204);
  assert.ok(dispatches.some(({ t }) => t === "CHANNEL_PINS_UPDATE"));
  const { json: pins } = await call("GET", `${path}/messages/pins`);
  assert.deepEqual(pins.items.map((each: { message: { id: string } }) => each.message.id), [
    two.id,
    one.id,
  ]);
  assert.match(pins.items[0].pinned_at, /^2026-01-01T/);
  assert.equal(pins.items[0].message.edited_timestamp, null);
  await call("DELETE", `${path}/messages/pins/${two.id}`);
  await clock.advance(5000);
  const { json: old } = await call("GET", `${path}/pins`);
  assert.deepEqual(old.map((message: { id: string }) => message.id), [one.id]);
});

Deno.test("the 251st pin of a channel is 30003", async () => {
  const { call, channel, clock } = restApi();
  const pin = async () => {
    await clock.advance(1000);
    const { json } = await call("POST", `/channels/${channel.id}/messages`, {
      json: { content: "x" },
    });
    return call("PUT", `/channels/${channel.id}/messages/pins/${json.id}`);
  };
  for (let i = 0; i < 250; i++) assert.equal((await pin()).status, 204);
  refused(await pin(), 400, 30003);
});

Deno.test("typing is told as TYPING_START", async () => {
  const { call, channel, guild, dispatches } = restApi();
  assert.equal((await call("POST", `/channels/${channel.id}/typing`)).status, 204);
  assert.deepEqual(dispatches.map(({ t, guildId }) => [t, guildId]), [["TYPING_START", guild.id]]);
});

Deno.test("a channel's edit is told as CHANNEL_UPDATE and audited with its reason", async () => {
  const { call, channel, guild, dispatches } = restApi();
  const { json } = await call("PATCH", `/channels/${channel.id}`, {
    json: { name: "renamed" },
    headers: { "x-audit-log-reason": encodeURIComponent("weil es schöner ist") },
  });
  assert.equal(json.name, "renamed");
  assert.equal((await call("GET", `/channels/${channel.id}`)).json.name, "renamed");
  assert.deepEqual(dispatches.map(({ t, guildId }) => [t, guildId]), [
    ["CHANNEL_UPDATE", guild.id],
    ["GUILD_AUDIT_LOG_ENTRY_CREATE", guild.id],
  ]);
  assert.equal(dispatches[1]!.d.reason, "weil es schöner ist");
  const bad = { json: {}, headers: { "x-audit-log-reason": "%E0%A4%A" } };
  refused(await call("PATCH", `/channels/${channel.id}`, bad), 400, 50035);
});
