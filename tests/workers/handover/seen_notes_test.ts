import assert from "node:assert/strict";
import type { Seen } from "../../../protocol/reshard.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { SEEN_AFTER_MS, SeenNotes } from "../../../workers/handover/seen_notes.ts";

function setUp() {
  const clock = createVirtualClock();
  const told: { shardId: number; seen: readonly Seen[] }[] = [];
  let read = 0;
  const notes = new SeenNotes({
    clock,
    identityOf: (t, payload) => {
      read++;
      if (payload.length === 0) throw new SyntaxError("it is empty");
      return { guildId: "1", key: t };
    },
    post: ({ type: _, ...words }) => told.push(words),
  });
  const see = (shardId: number, cursor: number, bytes = 1) =>
    notes.see(shardId, cursor, "X", new Uint8Array(bytes));
  const cursors = () => told.map(({ shardId, seen }) => [shardId, ...seen.map((it) => it.cursor)]);
  return { clock, notes, told, see, cursors, read: () => read };
}

Deno.test("SeenNotes looks at nothing of a shard that nobody watches", async () => {
  const { clock, notes, told, see, read } = setUp();
  see(0, 1);
  notes.watch(1, true);
  see(0, 2);
  await clock.advance(SEEN_AFTER_MS);
  assert.deepEqual([told, read()], [[], 0]);
});

Deno.test("SeenNotes tells what came on each shard within a moment together, with when it came", async () => {
  const { clock, notes, told, see } = setUp();
  for (const shardId of [0, 1]) notes.watch(shardId, true);
  const atMs = clock.epochMs();
  see(0, 1);
  await clock.advance(20);
  see(1, 7);
  see(0, 2);
  await clock.advance(SEEN_AFTER_MS - 21);
  assert.deepEqual(told, []);
  await clock.advance(1);
  const of = (cursor: number, afterMs: number) => (
    { cursor, guildId: "1", key: "X", atMs: atMs + afterMs }
  );
  assert.deepEqual(told, [
    { shardId: 0, seen: [of(1, 0), of(2, 20)] },
    { shardId: 1, seen: [of(7, 20)] },
  ]);
});

Deno.test("SeenNotes tells what comes again again, and of what cannot be read that it came", async () => {
  const { clock, notes, told, see } = setUp();
  notes.watch(0, true);
  see(0, 5);
  see(0, 5);
  see(0, 6, 0);
  await clock.advance(SEEN_AFTER_MS);
  assert.deepEqual(told[0]!.seen.map(({ cursor, key }) => [cursor, key]), [
    [5, "X"],
    [5, "X"],
    [6, null],
  ]);
});

Deno.test("SeenNotes tells at once where it is asked to, and when nobody watches any more", () => {
  const { notes, see, cursors } = setUp();
  notes.watch(0, true);
  see(0, 1);
  notes.watch(0, true);
  notes.flush(0);
  notes.flush(0);
  see(0, 2);
  notes.watch(0, false);
  see(0, 3);
  notes.flush(0);
  assert.deepEqual(cursors(), [[0, 1], [0, 2]]);
});
