import assert from "node:assert/strict";
import { memoryStore } from "../../ports/store.ts";

Deno.test("memoryStore() gives back what was saved last, by name", async () => {
  const store = memoryStore();
  assert.equal(await store.load("a"), undefined);
  await store.save("a", { n: 1 });
  await store.save("b", [2]);
  await store.save("a", { n: 3 });
  assert.deepEqual(await store.load("a"), { n: 3 });
  assert.deepEqual(await store.load("b"), [2]);
});

Deno.test("memoryStore() keeps the value of the moment: later changes do not reach it", async () => {
  const store = memoryStore();
  const value = { n: 1 };
  await store.save("a", value);
  value.n = 2;
  const loaded = await store.load("a") as { n: number };
  assert.equal(loaded.n, 1);
  loaded.n = 3;
  assert.deepEqual(await store.load("a"), { n: 1 });
});

Deno.test("memoryStore() forgets what is removed", async () => {
  const store = memoryStore();
  await store.save("a", 1);
  await store.remove("a");
  await store.remove("b");
  assert.equal(await store.load("a"), undefined);
});

Deno.test("memoryStore() tells a saved null from nothing", async () => {
  const store = memoryStore();
  await store.save("a", null);
  assert.equal(await store.load("a"), null);
});
