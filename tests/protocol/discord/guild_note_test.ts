import assert from "node:assert/strict";
import { parseSavedGuilds } from "../../../protocol/discord/guild_note.ts";

Deno.test("parseSavedGuilds() takes what was saved and nothing else", () => {
  const saved = { guildIds: ["1"], loadingGuildIds: [] };
  assert.deepEqual(parseSavedGuilds({ ...saved, more: 1, membersCached: 1 }), saved);
  const cached = { ...saved, membersCached: true };
  assert.deepEqual(parseSavedGuilds(cached), cached);
  for (const other of [undefined, null, 3, {}, { guildIds: [1], loadingGuildIds: [] }, [saved]]) {
    assert.equal(parseSavedGuilds(other), null);
  }
});
