import assert from "node:assert/strict";
import { type DiscordMessage, type EventPayload, INTENTS, type Settings } from "../mod.ts";

Deno.test("mod.ts has the types that a user meets, Discord's own among them", () => {
  const message: Pick<DiscordMessage, "content"> = { content: "hello" };
  const payload: Pick<EventPayload, "t"> = { t: "MESSAGE_CREATE" };
  const settings: Partial<Settings> = { totalShards: INTENTS.GUILDS };
  assert.ok(message && payload && settings);
});
