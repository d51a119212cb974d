import assert from "node:assert/strict";
import { isSessionNote, parseSavedGuilds } from "../../../protocol/discord/guild_note.ts";

Deno.test("parseSavedGuilds() takes what was saved and nothing else", () => {
  const saved = { guildIds: ["1"], loadingGuildIds: [] };
  assert.deepEqual(parseSavedGuilds({ ...saved, more: 1, membersCached: 1 }), saved);
  const cached = { ...saved, membersCached: true };
  assert.deepEqual(parseSavedGuilds(cached), cached);
  for (const other of [undefined, null, 3, {}, { guildIds: [1], loadingGuildIds: [] }, [saved]]) {
    assert.equal(parseSavedGuilds(other), null);
  }
});

Deno.test("isSessionNote() knows the note of a READY from anything else", () => {
  assert.ok(isSessionNote({ left: ["1"], joined: [] }));
  for (const other of [undefined, null, "x", {}, { left: ["1"] }, { left: [1], joined: [] }]) {
    assert.ok(!isSessionNote(other));
  }
});
