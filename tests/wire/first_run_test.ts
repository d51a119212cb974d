import assert from "node:assert/strict";
import { startFirstRun } from "../../app/terminal/first_run.ts";
import { CONFIG_DEFAULTS } from "../../config/config.ts";
import { logTo } from "../../ports/log.ts";

function setUp(changed: Partial<typeof CONFIG_DEFAULTS> = {}) {
  const lines: { level: string; event: string; fields: Record<string, unknown> }[] = [];
  const log = logTo((level, event, fields) => lines.push({ level, event, fields }));
  return { lines, run: startFirstRun({ ...CONFIG_DEFAULTS, ...changed }, log) };
}

Deno.test("startFirstRun() gives a Discord to play against, a bot, and says that it is none", async () => {
  const { lines, run } = setUp({ logLevel: "debug" });
  const { discordApiUrl, discordToken, botModule, logLevel } = run.config;
  const answer = await fetch(`${discordApiUrl}/v10/gateway/bot`, {
    headers: { authorization: `Bot ${discordToken}`, "user-agent": "DiscordBot (test, 1)" },
  });
  assert.equal((await answer.json()).shards, 4);
  assert.match(botModule!, /^file:.*\/examples\/bot\.ts$/);
  assert.equal(logLevel, "debug");
  assert.match(lines[0]!.event, /simulator, not Discord/);
  assert.match(String(lines[0]!.fields.nextStep), /DISCORD_TOKEN/);
  await run.stop();
  await assert.rejects(fetch(discordApiUrl));
  assert.deepEqual(lines.filter(({ level }) => level === "error"), []);
});

Deno.test("startFirstRun() keeps the shards and the bot that were set", async () => {
  const { run } = setUp({ totalShards: 2, botModule: "file:///srv/bot.ts" });
  assert.deepEqual([run.config.totalShards, run.config.botModule], [2, "file:///srv/bot.ts"]);
  await run.stop();
});

Deno.test("stop() tells which rules of Discord were broken", async () => {
  const { lines, run } = setUp();
  const { discordApiUrl, discordToken } = run.config;
  const gateway = await (await fetch(`${discordApiUrl}/v10/gateway/bot`, {
    headers: { authorization: `Bot ${discordToken}`, "user-agent": "DiscordBot (test, 1)" },
  })).json();
  const socket = new WebSocket(`${gateway.url}?v=10&encoding=json`);
  socket.onopen = () => socket.send("this is no payload");
  await new Promise((resolve) => socket.onclose = resolve);
  await run.stop();
  const { level, event, fields } = lines.at(-1)!;
  assert.deepEqual([level, event], ["error", "rules of Discord were broken"]);
  assert.equal((fields.violations as unknown[]).length, 1);
});
