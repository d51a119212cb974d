import assert from "node:assert/strict";
import { ShardFactsBook } from "../../../unit/consumers/shard_facts.ts";

const FACTS = { user: { id: "1" }, application: { id: "2" }, guildIds: ["3"] };
const NEVER = new AbortController().signal;

Deno.test("ShardFactsBook gives what is known at once, and tells who waits when it comes", async () => {
  let changes = 0;
  const book = new ShardFactsBook(4, () => changes++);
  const waiting = book.of(1, NEVER);
  book.note(1, FACTS);
  assert.deepEqual([await waiting, await book.of(1, NEVER), changes], [FACTS, FACTS, 1]);
});

Deno.test("ShardFactsBook gives up waiting with the reason of the signal", async () => {
  const late = new AbortController();
  const waiting = new ShardFactsBook(4, () => {}).of(0, late.signal);
  late.abort(new Error("too late"));
  await assert.rejects(waiting, /too late/);
});

Deno.test("ShardFactsBook is taken over by a later life with as many shards, and by no other", async () => {
  const book = new ShardFactsBook(4, () => {});
  book.note(2, FACTS);
  const saved = JSON.parse(JSON.stringify(book.save()));
  const next = new ShardFactsBook(4, () => {});
  next.load(saved);
  assert.deepEqual(await next.of(2, NEVER), FACTS);
  const other = new ShardFactsBook(8, () => {});
  for (
    const value of [saved, undefined, null, { totalShards: 8 }, {
      totalShards: 8,
      shards: { 0: 1 },
    }]
  ) {
    other.load(value);
  }
  assert.deepEqual(other.save(), { totalShards: 8, shards: {} });
});
