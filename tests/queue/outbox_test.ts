import assert from "node:assert/strict";
import { Outbox } from "../../queue/outbox.ts";
import {
  type EventRecord,
  gapRecord,
  readGap,
  RECORD,
  RECORD_HEADER_BYTES,
} from "../../protocol/event_frame.ts";

const BODY_BYTES = 1_000;

function dispatch(cursor: number): EventRecord {
  return { shardId: 3, kind: RECORD.DISPATCH, cursor, body: new Uint8Array(BODY_BYTES) };
}

function lostUpTo(cursor: number): EventRecord {
  return gapRecord(3, { from: null, to: cursor, count: null, reason: "the session was lost" });
}

function outboxWith(...cursors: number[]): Outbox {
  const outbox = new Outbox();
  for (const cursor of cursors) outbox.push(dispatch(cursor));
  return outbox;
}

function take(outbox: Outbox, limitBytes = Infinity): EventRecord[] {
  const batch: EventRecord[] = [];
  outbox.takeUnsent(batch, limitBytes);
  return batch;
}

const cursors = (records: readonly EventRecord[]) => records.map((record) => record.cursor);

Deno.test("Outbox gives each event once, in order, as much as is asked for", () => {
  const outbox = outboxWith(1, 2, 3);
  const size = RECORD_HEADER_BYTES + BODY_BYTES;
  assert.equal(outbox.takeUnsent([], size), size);
  assert.equal(outbox.hasUnsent, true);
  assert.deepEqual(cursors(take(outbox, 0)), []);
  assert.deepEqual(cursors(take(outbox, 1)), [2], "an event larger than the rest goes whole");
  assert.deepEqual(cursors(take(outbox)), [3]);
  assert.equal(outbox.hasUnsent, false);
  assert.equal(outbox.forwarded, 3);
});

Deno.test("Outbox keeps what is sent until it is acknowledged, and says what was under way", () => {
  const outbox = outboxWith(1, 2, 3);
  const sent = outbox.takeUnsent([], Infinity);
  assert.equal(outbox.queued, 3);
  const first = outbox.acknowledge(2);
  assert.equal(first, sent * 2 / 3);
  assert.deepEqual([outbox.queued, outbox.acknowledged], [1, 2]);
  assert.equal(outbox.acknowledge(2), 0, "twice is once");
  assert.equal(outbox.acknowledge(3), sent / 3);
  assert.deepEqual([outbox.queued, outbox.queuedBytes], [0, 0]);
});

Deno.test("Outbox takes no acknowledgement for what it has not sent", () => {
  const outbox = outboxWith(1, 2, 3);
  take(outbox, 1);
  outbox.acknowledge(99);
  assert.deepEqual([outbox.queued, outbox.acknowledged], [2, 1]);
  assert.deepEqual(cursors(take(outbox)), [2, 3]);
});

Deno.test("Outbox takes an acknowledgement between two cursors", () => {
  const outbox = outboxWith(10, 20, 30);
  take(outbox);
  outbox.acknowledge(25);
  assert.equal(outbox.queued, 1);
});

Deno.test("Outbox sends everything again that was not acknowledged, and nothing else", () => {
  const outbox = outboxWith(1, 2, 3);
  take(outbox);
  outbox.acknowledge(1);
  outbox.rewind();
  assert.deepEqual(cursors(take(outbox)), [2, 3]);
  assert.equal(outbox.forwarded, 5);
});

Deno.test("Outbox puts a GAP in its place among the events", () => {
  const outbox = outboxWith(1);
  outbox.push(lostUpTo(2));
  outbox.push(dispatch(3));
  const records = take(outbox);
  assert.deepEqual(cursors(records), [1, 2, 3]);
  assert.deepEqual(records[1], lostUpTo(2));
});

Deno.test("shed() drops the oldest that is not sent, and tells which in one GAP", () => {
  const outbox = outboxWith(1, 2, 3, 4, 5, 6);
  take(outbox, 1);
  outbox.shed(2_500);
  const records = take(outbox);
  assert.deepEqual(cursors(records), [4, 5, 6]);
  const { from, to, reason } = readGap(records[0]!);
  assert.deepEqual([from, to], [2, 4]);
  assert.match(reason, /QUEUE_MEMORY_BYTES/);
  assert.equal(outbox.dropped, 3);
});

Deno.test("shed() gives the bytes freed, as queuedBytes tells them", () => {
  const outbox = outboxWith(...Array.from({ length: 100 }, (_, i) => i));
  const before = outbox.queuedBytes;
  const freed = outbox.shed(5_000);
  assert.equal(outbox.queuedBytes, before - freed);
  assert.ok(freed >= 5_000, `${freed} bytes`);
});

Deno.test("shed() leaves alone what is under way: it may have arrived", () => {
  const outbox = outboxWith(1, 2);
  take(outbox);
  assert.equal(outbox.shed(1_000_000), 0);
  assert.deepEqual([outbox.queued, outbox.dropped], [2, 0]);
});

Deno.test("shed() makes one GAP of two, and counts no event twice", () => {
  const outbox = outboxWith(1, 2, 3, 4);
  outbox.shed(1_000);
  outbox.shed(500);
  const records = take(outbox);
  const { from, to } = readGap(records[0]!);
  assert.deepEqual([from, to], [1, 3]);
  assert.deepEqual([outbox.dropped, cursors(records)], [3, [3, 4]]);
});

Deno.test("shed() keeps what a swallowed GAP did not know", () => {
  const outbox = new Outbox();
  outbox.push(lostUpTo(9));
  outbox.push(dispatch(10));
  outbox.shed(1_000);
  const { from, to } = readGap(take(outbox)[0]!);
  assert.deepEqual([from, to], [null, 10]);
});

Deno.test("forgetUnsent() keeps the next unsent records, and what is under way", () => {
  const outbox = outboxWith(1, 2, 3, 4, 5);
  take(outbox, 1);
  const before = outbox.queuedBytes;
  assert.equal(outbox.forgetUnsent(1_500), 2);
  assert.deepEqual([outbox.queued, outbox.lastCursor, outbox.dropped], [3, 3, 0]);
  assert.equal(outbox.queuedBytes, before * 3 / 5);
  assert.deepEqual(cursors(take(outbox)), [2, 3]);
});

Deno.test("forgetSent() keeps what acknowledgements need, and the memory of nothing else", () => {
  const outbox = outboxWith(1, 2, 3, 4);
  const sent = outbox.takeUnsent([], 2 * BODY_BYTES);
  const before = outbox.queuedBytes;
  for (let i = 0; i < 2; i++) outbox.forgetSent();
  assert.ok(outbox.queuedBytes < before / 2 + 200, `${outbox.queuedBytes} of ${before} bytes`);
  assert.deepEqual([outbox.queued, outbox.lastCursor], [4, 4]);
  assert.equal(outbox.acknowledge(1), sent / 2);
  assert.deepEqual([outbox.lastAcknowledged, outbox.queued], [1, 3]);
  assert.deepEqual(cursors(take(outbox)), [3, 4]);
  outbox.forgetSent();
  assert.equal(outbox.acknowledge(4), 3 * sent / 2);
  assert.equal(outbox.queuedBytes, 0);
});

Deno.test("clear() forgets everything, and gives what was under way", () => {
  const outbox = outboxWith(1, 2, 3, 4);
  const sent = outbox.takeUnsent([], 2 * BODY_BYTES);
  outbox.acknowledge(1);
  outbox.forgetSent();
  assert.equal(outbox.clear(), sent / 2);
  assert.deepEqual([outbox.queued, outbox.queuedBytes, outbox.unsentBytes], [0, 0, 0]);
  assert.deepEqual([outbox.lastAcknowledged, outbox.hasUnsent], [1, false]);
  outbox.push(dispatch(2));
  assert.deepEqual(cursors(take(outbox)), [2]);
});

Deno.test("Outbox tells of every byte that it takes and gives back", () => {
  let told = 0;
  const outbox = new Outbox((bytes) => told += bytes);
  const agrees = () => assert.equal(told, outbox.queuedBytes);
  for (let cursor = 1; cursor <= 9; cursor++) outbox.push(dispatch(cursor));
  agrees();
  take(outbox, 2_000);
  outbox.shed(2_000);
  agrees();
  outbox.acknowledge(1);
  agrees();
  outbox.forgetUnsent(1);
  agrees();
  outbox.rewind();
  take(outbox, 2_000);
  outbox.forgetSent();
  agrees();
  outbox.acknowledge(5);
  agrees();
  outbox.clear();
  agrees();
  agrees();
  assert.equal(told, 0);
});

Deno.test("Outbox that forgets what it sends counts right, however long it lives", () => {
  const outbox = new Outbox();
  for (let cursor = 1; cursor <= 10_000; cursor++) {
    outbox.push(dispatch(cursor));
    if (cursor % 3 !== 0) continue;
    assert.equal(outbox.takeUnsent([], Infinity), 3 * (RECORD_HEADER_BYTES + BODY_BYTES));
    outbox.forgetSent();
    outbox.acknowledge(cursor - 1);
    assert.ok(outbox.queued === 1 && outbox.queuedBytes < 100, `${outbox.queuedBytes} bytes`);
  }
});

Deno.test("Outbox forgets what is done with, however long it lives", () => {
  const outbox = new Outbox();
  for (let cursor = 1; cursor <= 10_000; cursor++) {
    outbox.push(dispatch(cursor));
    if (cursor % 3 !== 0) continue;
    take(outbox);
    outbox.acknowledge(cursor - 1);
    assert.equal(outbox.queued, 1);
  }
  outbox.rewind();
  assert.deepEqual(cursors(take(outbox)), [9_999, 10_000]);
});
