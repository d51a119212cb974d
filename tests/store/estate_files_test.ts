import assert from "node:assert/strict";
import { memoryStore } from "../../ports/store.ts";
import { NO_ESTATE } from "../../protocol/estate.ts";
import type { ShardKeyText } from "../../protocol/ids.ts";
import { fileOf, isFiledSame, writeFiles } from "../../store/estate_files.ts";

const FACTS = { user: null, application: null, guildIds: ["1"] };

Deno.test("writeFiles() writes a file of each shard, a few at a time, and says which it could not", async () => {
  const store = memoryStore();
  let [open, most] = [0, 0];
  const slow = {
    async save(name: string, value: unknown) {
      most = Math.max(most, ++open);
      await Promise.resolve();
      open--;
      if (name === fileOf("7/40")) throw new Error("disk is full");
      await store.save(name, value);
    },
  };
  const keys = Array.from({ length: 40 }, (_, id) => `${id}/40` as ShardKeyText);
  const estates = keys.map((key) => [key, { ...NO_ESTATE, highest: 5, facts: FACTS }] as const);
  const failed = await writeFiles(slow, "a", estates);
  assert.deepEqual([...failed.keys()], ["7/40"]);
  assert.match(String(failed.get("7/40")), /disk is full/);
  assert.equal(most, 16);
  const file = { stream: "a", session: null, guilds: null, facts: FACTS };
  assert.deepEqual(await store.load("estate-39-of-40"), file);
});

Deno.test("isFiledSame() looks at what is in the file of a shard", () => {
  assert.ok(isFiledSame(NO_ESTATE, { ...NO_ESTATE, highest: 7, acknowledged: 7 }));
  assert.ok(!isFiledSame(NO_ESTATE, { ...NO_ESTATE, facts: FACTS }));
});
