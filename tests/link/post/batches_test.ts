import assert from "node:assert/strict";
import { Batches, type PostBatch } from "../../../link/post/batches.ts";
import { postedBytes } from "../../../link/post/body.ts";
import { encodeBatch, RECORD } from "../../../protocol/event_frame.ts";

const ALL = { events: 100, bytes: 100_000 };

/** Records of `[shardId, cursor]`, of `bytes` each. */
function batchOf(records: [shardId: number, cursor: number][], { total = 4, bytes = 10 } = {}) {
  return encodeBatch(
    total,
    records.map(([shardId, cursor]) => (
      { shardId, kind: RECORD.DISPATCH, cursor, body: new Uint8Array(bytes) }
    )),
  );
}

/** Of a record with so long a payload. */
function bytesOf(payloadBytes: number): number {
  return postedBytes({ body: new Uint8Array(payloadBytes) });
}

function setUp() {
  let ids = 0;
  return new Batches(() => `batch ${++ids}`);
}

function shown(batch: PostBatch | null) {
  return batch?.events.map(({ record }) => [record.shardId, record.cursor]);
}

Deno.test("Batches has at most one batch of a shard under way", () => {
  const batches = setUp();
  batches.take(batchOf([[0, 1], [1, 1], [0, 2]]));
  const first = batches.next(ALL)!;
  assert.deepEqual(shown(first), [[0, 1], [0, 2], [1, 1]]);
  batches.take(batchOf([[0, 3], [2, 1]]));
  const second = batches.next(ALL)!;
  assert.deepEqual(shown(second), [[2, 1]]);
  assert.equal(batches.next(ALL), null);
  assert.notEqual(first.id, second.id);
  assert.deepEqual(batches.delivered(first), [{ totalShards: 4, cursors: { "0": 2, "1": 1 } }]);
  assert.deepEqual(shown(batches.next(ALL)), [[0, 3]]);
});

Deno.test("Batches keeps to the bounds, and lets a record that is larger go by itself", () => {
  const batches = setUp();
  batches.take(batchOf([[0, 1], [0, 2], [0, 3]]));
  batches.take(batchOf([[1, 1]], { bytes: 5_000 }));
  assert.equal(batches.waitingBytes, 3 * bytesOf(10) + bytesOf(5_000));
  const first = batches.next({ events: 2, bytes: 1_000 })!;
  assert.deepEqual(shown(first), [[0, 1], [0, 2]]);
  assert.deepEqual(shown(batches.next({ events: 2, bytes: 1_000 })), [[1, 1]]);
  batches.delivered(first);
  assert.deepEqual(shown(batches.next({ events: 2, bytes: 1_000 })), [[0, 3]]);
  assert.equal(batches.waitingBytes, 0);
});

Deno.test("Batches drops what is here already, and acknowledges again what was delivered", () => {
  const batches = setUp();
  batches.take(batchOf([[0, 1], [0, 2]]));
  const first = batches.next(ALL)!;
  assert.equal(batches.take(batchOf([[0, 1], [0, 2], [0, 3]])), null);
  batches.delivered(first);
  assert.deepEqual(batches.take(batchOf([[0, 1], [0, 2], [0, 3], [0, 4]])), {
    totalShards: 4,
    cursors: { "0": 2 },
  });
  assert.deepEqual(shown(batches.next(ALL)), [[0, 3], [0, 4]]);
});

Deno.test("Batches puts what was too much back in its place, before what came later", () => {
  const batches = setUp();
  batches.take(batchOf([[0, 1], [0, 2], [1, 1]]));
  const first = batches.next(ALL)!;
  batches.take(batchOf([[0, 3], [1, 2]]));
  batches.dissolve(first);
  assert.equal(batches.waitingBytes, 5 * bytesOf(10));
  assert.deepEqual(shown(batches.next({ events: 1, bytes: 1_000 })), [[0, 1]]);
  assert.deepEqual(shown(batches.next({ events: 9, bytes: 1_000 })), [[1, 1], [1, 2]]);
});

Deno.test("Batches forgets all but what is kept, and takes the rest when it comes again", () => {
  const batches = setUp();
  batches.take(batchOf([[0, 1], [1, 1]]));
  const kept = batches.next(ALL)!;
  batches.take(batchOf([[0, 2], [2, 1]]));
  batches.forgetAllBut([kept]);
  assert.equal(batches.hasNext, false);
  batches.take(batchOf([[0, 1], [0, 2], [1, 1], [2, 1]]));
  assert.deepEqual(shown(batches.next(ALL)), [[2, 1]]);
  batches.delivered(kept);
  assert.deepEqual(shown(batches.next(ALL)), [[0, 2]]);
});

Deno.test("Batches knows what was delivered also where it was forgotten before", () => {
  const batches = setUp();
  batches.take(batchOf([[0, 1], [0, 2]]));
  const first = batches.next(ALL)!;
  batches.forgetAllBut([]);
  batches.delivered(first);
  batches.take(batchOf([[0, 1], [0, 2], [0, 3]]));
  assert.deepEqual(shown(batches.next(ALL)), [[0, 3]]);
});

Deno.test("Batches takes queues of no shard of Discord's for others, however they are numbered", () => {
  const batches = setUp();
  batches.take(batchOf([[1, 5]], { total: 4 }));
  batches.take(batchOf([[4 * 2 ** 20 + 1, 5], [2 ** 32 - 1, 5]], { total: 0 }));
  assert.equal(batches.next(ALL)!.events.length, 3);
});

Deno.test("Batches takes shards of two totals for two", () => {
  const batches = setUp();
  batches.take(batchOf([[1, 5]], { total: 2 }));
  batches.take(batchOf([[1, 3]], { total: 4 }));
  const batch = batches.next(ALL)!;
  assert.equal(batch.events.length, 2);
  assert.deepEqual(batches.delivered(batch), [
    { totalShards: 2, cursors: { "1": 5 } },
    { totalShards: 4, cursors: { "1": 3 } },
  ]);
});
