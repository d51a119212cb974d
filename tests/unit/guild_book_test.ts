import assert from "node:assert/strict";
import { GuildBook } from "../../unit/guild_book.ts";
import { silentLog } from "../../ports/log.ts";
import { memoryStore } from "../../ports/store.ts";

const GUILDS = { guildIds: ["1", "2"], loadingGuildIds: ["2"] };

Deno.test("GuildBook gives a later life what this one has kept, shard by shard", async () => {
  const store = memoryStore();
  const book = new GuildBook(store, silentLog);
  assert.equal(book.of(3), null);
  book.keep(3, GUILDS);
  assert.deepEqual(book.of(3), GUILDS);
  const later = new GuildBook(store, silentLog);
  await later.load([2, 3]);
  assert.deepEqual([later.of(2), later.of(3)], [null, GUILDS]);
});

Deno.test("GuildBook does not take over what is something else", async () => {
  const store = memoryStore();
  await store.save("guilds-0", { guildIds: "all" });
  const book = new GuildBook(store, silentLog);
  await book.load([0]);
  assert.equal(book.of(0), null);
});
