import assert from "node:assert/strict";
import { ANSWERED_MS, ToldOfGuilds } from "../../../unit/reshard/told.ts";

const join = (channel_id: string | null) => ({ op: 4, d: { guild_id: "1", channel_id } });
const ask = { op: 8, d: { guild_id: "1", query: "", limit: 0 } };
const all = () => true;

Deno.test("ToldOfGuilds knows where the bot is in voice, for good, and forgets what it has left", () => {
  const told = new ToldOfGuilds();
  told.note("1", join("7"), 0);
  told.note("1", join("8"), 0);
  told.note("2", join("9"), 0);
  assert.deepEqual(told.of(all, 1_000_000), [
    { guildId: "1", payload: join("8") },
    { guildId: "2", payload: join("9") },
  ]);
  told.note("1", join(null), 0);
  assert.deepEqual(told.of((id) => id === "1", 0), []);
});

Deno.test("ToldOfGuilds knows what was asked of late, and not for ever", () => {
  const told = new ToldOfGuilds();
  told.note("1", ask, 1_000);
  told.note("2", ask, 2_000);
  assert.deepEqual(told.of(all, 1_500), [{ guildId: "2", payload: ask }]);
  assert.equal(told.of(all, 0).length, 2);
  told.note("3", ask, 3 * ANSWERED_MS);
  assert.deepEqual(told.of(all, 0).map(({ guildId }) => guildId), ["3"]);
});
