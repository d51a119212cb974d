import assert from "node:assert/strict";
import { noteGuild, parseSavedGuilds, renameLoaded } from "../../../protocol/discord/guild_note.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const payload = encode('{"t":"GUILD_CREATE","s":2,"op":0,"d":{"id":"1"}}');

Deno.test("noteGuild() says in the body what the event means", () => {
  assert.deepEqual(JSON.parse(decode(noteGuild(payload, "joined"))), {
    t: "GUILD_CREATE",
    s: 2,
    op: 0,
    d: { id: "1", gatehouse: { guild: "joined" } },
  });
});

Deno.test("renameLoaded() gives a guild that loads Discordeno's name, and no other", () => {
  assert.equal(
    decode(renameLoaded(payload, "loaded")),
    '{"t":"GUILD_LOADED_DD","s":2,"op":0,"d":{"id":"1"}}',
  );
  for (const arrival of ["available", "joined"] as const) {
    assert.equal(renameLoaded(payload, arrival), payload);
  }
});

Deno.test("parseSavedGuilds() takes what was saved and nothing else", () => {
  const saved = { guildIds: ["1"], loadingGuildIds: [] };
  assert.deepEqual(parseSavedGuilds({ ...saved, more: 1, membersCached: 1 }), saved);
  const cached = { ...saved, membersCached: true };
  assert.deepEqual(parseSavedGuilds(cached), cached);
  for (const other of [undefined, null, 3, {}, { guildIds: [1], loadingGuildIds: [] }, [saved]]) {
    assert.equal(parseSavedGuilds(other), null);
  }
});
