import assert from "node:assert/strict";
import { Outbox } from "../../events/outbox.ts";
import {
  type EventRecord,
  type Gap,
  RECORD,
  RECORD_HEADER_BYTES,
} from "../../protocol/event_frame.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function outboxWith(...cursors: number[]): Outbox {
  const outbox = new Outbox(3);
  for (const cursor of cursors) outbox.accept(cursor, bytes(`event ${cursor}`));
  return outbox;
}

function take(outbox: Outbox, limitBytes = Infinity): EventRecord[] {
  const batch: EventRecord[] = [];
  outbox.takeUnsent(batch, limitBytes);
  return batch;
}

const cursors = (records: readonly EventRecord[]) => records.map((record) => record.cursor);

function gapOf(record: EventRecord): Gap {
  assert.equal(record.kind, RECORD.GAP);
  return JSON.parse(new TextDecoder().decode(record.body));
}

Deno.test("Outbox keeps a copy: the socket's bytes are reused", () => {
  const outbox = new Outbox(3);
  const shared = bytes("first");
  outbox.accept(1, shared);
  shared.set(bytes("other"));
  const [record] = take(outbox);
  assert.equal(new TextDecoder().decode(record!.body), "first");
  assert.deepEqual([record!.shardId, record!.kind, record!.cursor], [3, RECORD.DISPATCH, 1]);
});

Deno.test("Outbox gives each event once, in order, as much as is asked for", () => {
  const outbox = outboxWith(1, 2, 3);
  const size = RECORD_HEADER_BYTES + "event 1".length;
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
  outbox.gap({ from: null, to: 2, reason: "the session was lost" });
  outbox.accept(3, bytes("x"));
  const records = take(outbox);
  assert.deepEqual(cursors(records), [1, 2, 3]);
  assert.deepEqual(gapOf(records[1]!), { from: null, to: 2, reason: "the session was lost" });
});

Deno.test("shed() drops the oldest that is not sent, and tells which in one GAP", () => {
  const outbox = outboxWith(1, 2, 3, 4, 5, 6);
  take(outbox, 1);
  outbox.shed(3 * 130);
  const records = take(outbox);
  assert.deepEqual(cursors(records), [4, 5, 6]);
  const { from, to, reason } = gapOf(records[0]!);
  assert.deepEqual([from, to], [2, 4]);
  assert.match(reason, /QUEUE_MEMORY_BYTES/);
  assert.equal(outbox.dropped, 3);
});

Deno.test("shed() gives the bytes freed, as queuedBytes tells them", () => {
  const outbox = outboxWith(...Array.from({ length: 100 }, (_, i) => i));
  const before = outbox.queuedBytes;
  const freed = outbox.shed(5_000);
  assert.equal(outbox.queuedBytes, before - freed);
  assert.ok(freed > 4_500, `${freed} bytes`);
});

Deno.test("shed() leaves alone what is under way: it may have arrived", () => {
  const outbox = outboxWith(1, 2);
  take(outbox);
  assert.equal(outbox.shed(1_000_000), 0);
  assert.deepEqual([outbox.queued, outbox.dropped], [2, 0]);
});

Deno.test("shed() makes one GAP of two, and counts no event twice", () => {
  const outbox = outboxWith(1, 2, 3, 4);
  outbox.shed(2 * 130);
  outbox.shed(300);
  const records = take(outbox);
  const { from, to } = gapOf(records[0]!);
  assert.deepEqual([from, to], [1, 3]);
  assert.deepEqual([outbox.dropped, cursors(records)], [3, [3, 4]]);
});

Deno.test("shed() keeps what a swallowed GAP did not know", () => {
  const outbox = new Outbox(3);
  outbox.gap({ from: null, to: 9, reason: "the session was lost" });
  outbox.accept(10, bytes("x"));
  outbox.shed(1_000);
  const { from, to } = gapOf(take(outbox)[0]!);
  assert.deepEqual([from, to], [null, 10]);
});

Deno.test("Outbox forgets what is done with, however long it lives", () => {
  const outbox = new Outbox(3);
  for (let cursor = 1; cursor <= 10_000; cursor++) {
    outbox.accept(cursor, bytes("x"));
    if (cursor % 3 !== 0) continue;
    take(outbox);
    outbox.acknowledge(cursor - 1);
    assert.equal(outbox.queued, 1);
  }
  outbox.rewind();
  assert.deepEqual(cursors(take(outbox)), [9_999, 10_000]);
});
