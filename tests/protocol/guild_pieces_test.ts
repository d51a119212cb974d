import assert from "node:assert/strict";
import { CACHED } from "../../protocol/guild_pieces.ts";
import { isIntentName } from "../../protocol/discord/intents.ts";

Deno.test("whatever is kept of guilds, there is an intent by which Discord tells how it changes", () => {
  for (const [name, intent] of Object.entries(CACHED)) assert.ok(isIntentName(intent), name);
});
