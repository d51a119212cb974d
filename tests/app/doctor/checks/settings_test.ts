import assert from "node:assert/strict";
import { checkSecrets, checkSettings } from "../../../../app/doctor/checks/settings.ts";
import { unreadLines } from "../../../../config/env_lines.ts";
import { parseConfig } from "../../../../config/parse.ts";
import { factsOf, told } from "../../../support/doctor_facts.ts";

async function settingsTold(env: Record<string, string>): Promise<string[]> {
  const settings = await parseConfig(env);
  return told(checkSettings(factsOf({ rest: { settings, given: Object.keys(env) } })));
}

Deno.test("settings: every problem and every misspelt name is told, with what to do", async () => {
  const env = { DISCORD_TOKEN: "secret words here", TOTAL_SHARDS: "four", INTENT: "GUILDS" };
  const lines = await settingsTold(env);
  assert.equal(lines.length, 3);
  assert.match(lines[0]!, /^fail: DISCORD_TOKEN: expected .* → change it, in the environment or/);
  assert.match(lines[1]!, /^fail: TOTAL_SHARDS: expected a whole number .* received "four"/);
  assert.match(lines[2]!, /^warn: INTENT is no setting → write INTENTS/);
  assert.doesNotMatch(lines.join(), /secret words/);
});

Deno.test("settings: a line of .env that cannot be read is told by its number, never shown", async () => {
  const unread = unreadLines("INTENTS=GUILDS\nDISCORD_TOKEN: s3cret");
  const settings = await parseConfig({ INTENTS: "GUILDS" }, { unread });
  const lines = told(checkSettings(factsOf({ rest: { settings, given: ["INTENTS"] } })));
  assert.equal(
    lines[1],
    "warn: DISCORD_TOKEN: line 2, which has no = → write a line of .env as DISCORD_TOKEN=value; " +
      "docs/operations.md lists every setting",
  );
});

Deno.test("settings: with nothing set it says what would be played, and what to set", async () => {
  const [line] = await settingsTold({});
  assert.match(line!, /^ok: nothing is set: .* simulator → for Discord set DISCORD_TOKEN .*BOT/);
});

Deno.test("settings: those that are set are named, never shown", async () => {
  const [line] = await settingsTold({ DISCORD_TOKEN: "aaaa.bbbb.cccc", BOT_MODULE: "./bot.ts" });
  assert.equal(line, "ok: 2 set, all right: DISCORD_TOKEN, BOT_MODULE");
});

const secrets = (given: Parameters<typeof factsOf>[0]) => told(checkSecrets(factsOf(given)));

Deno.test("secrets: a file of settings is nobody else's to read", () => {
  assert.deepEqual(secrets({ host: { envFile: { path: ".env", mode: 0o100644 } } }), [
    "warn: .env can be read by other users of this computer (mode 644) → chmod 600 .env",
  ]);
  assert.match(secrets({ host: { envFile: { path: ".env", mode: 0o100600 } } })[0]!, /^ok: /);
});

Deno.test("secrets: short ones, events in the clear and faults for callers are told, no secret is", () => {
  const lines = secrets({
    config: {
      listenHost: "0.0.0.0",
      restAuthorization: "hunter2",
      eventHandlerUrls: ["ws://bot.example/", "wss://bot.example/", "ws://127.0.0.1:1/"],
      allowFaults: true,
    },
  });
  assert.equal(lines.length, 3);
  assert.match(lines[0]!, /REST_AUTHORIZATION has fewer than 16 characters/);
  assert.match(lines[1]!, /events go to bot\.example in the clear → use wss/);
  assert.match(lines[2]!, /ALLOW_FAULTS/);
  assert.doesNotMatch(lines.join(), /hunter2/);
});

Deno.test("secrets: who reaches the port is said as it is", () => {
  assert.deepEqual(secrets({}), [
    "ok: the port is reached from this computer only; no secret is needed: every program here is its operator",
  ]);
  const restAuthorization = "0123456789abcdef";
  assert.deepEqual(secrets({ config: { listenHost: "0.0.0.0", restAuthorization } }), [
    "ok: the port is reached from other computers too; who shows REST_AUTHORIZATION is its operator",
  ]);
});
