import assert from "node:assert/strict";
import { Feed } from "../../unit/feed.ts";

Deno.test("Feed gives each reader everything from the moment it began", async () => {
  const feed = new Feed<number>();
  feed.publish(1);
  const early = feed.read();
  feed.publish(2);
  const late = feed.read();
  feed.publish(3);
  feed.end();
  assert.deepEqual(await Array.fromAsync(early), [2, 3]);
  assert.deepEqual(await Array.fromAsync(late), [3]);
});

Deno.test("Feed wakes a reader that waits, and forgets one that left", async () => {
  const feed = new Feed<string>();
  const reader = feed.read();
  const first = reader.next();
  feed.publish("now");
  assert.equal((await first).value, "now");
  await reader.return(undefined);
  feed.publish("later");
  assert.equal((await reader.next()).done, true);
});

Deno.test("Feed costs little where a reader sleeps: the oldest are dropped", async () => {
  const feed = new Feed<number>();
  const reader = feed.read();
  for (let i = 0; i < 10_005; i++) feed.publish(i);
  assert.equal((await reader.next()).value, 5);
});
