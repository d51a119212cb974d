import assert from "node:assert/strict";
import { SessionBook } from "../../gateway/session_book.ts";
import type { SessionPoint } from "../../protocol/session_point.ts";

function pointOf(changed: Partial<SessionPoint> = {}): SessionPoint {
  return {
    shardId: 3,
    totalShards: 4,
    intents: 1,
    sessionId: "abc",
    resumeUrl: "wss://resume.test",
    seq: 0,
    base: 0,
    ...changed,
  };
}

function setUp() {
  const counted = { changes: 0 };
  const book = new SessionBook("stream-1", () => counted.changes++);
  return { book, counted };
}

/** Saved and read back, as a file would. */
function written(book: SessionBook): unknown {
  return JSON.parse(JSON.stringify(book.save()));
}

Deno.test("a shard that never lived starts with nothing, from cursor 0", () => {
  const { book } = setUp();
  assert.deepEqual(book.resumePoint(3), { session: null, cursorFloor: 0, acknowledged: 0 });
});

Deno.test("what the bot acknowledged moves the point on, in the numbers of Discord", () => {
  const { book } = setUp();
  book.session(3, pointOf({ base: 100 }));
  book.acknowledged(3, 107);
  assert.equal(book.resumePoint(3).session!.seq, 7);
  book.acknowledged(3, 105);
  assert.equal(book.resumePoint(3).session!.seq, 7, "the point went back");
});

Deno.test("the point does not go back where less is known to be acknowledged than it says", () => {
  const { book } = setUp();
  const shards = { 3: { session: pointOf({ seq: 7 }), acknowledged: "?" } };
  book.load({ stream: "stream-0", shards }, () => true);
  book.acknowledged(3, 5);
  assert.equal(book.resumePoint(3).session!.seq, 7);
});

Deno.test("an acknowledgement of an earlier session leaves the point of this one alone", () => {
  const { book } = setUp();
  book.session(3, pointOf());
  book.acknowledged(3, 40);
  book.session(3, pointOf({ sessionId: "def", base: 60 }));
  book.acknowledged(3, 50);
  assert.deepEqual(book.resumePoint(3).session, pointOf({ sessionId: "def", base: 60 }));
  book.acknowledged(3, 60);
  assert.equal(book.resumePoint(3).session!.seq, 0, "the GAP is no event of Discord's");
});

Deno.test("a shard that lived begins a new session far above what may have been given out", () => {
  const { book } = setUp();
  book.session(3, pointOf());
  book.acknowledged(3, 1_000);
  book.session(3, null);
  const { session, cursorFloor } = book.resumePoint(3);
  assert.equal(session, null);
  assert.ok(cursorFloor >= 1_000 + 1_000_000, `floor ${cursorFloor}`);
});

Deno.test("the floor is above the base of a session of which nothing was acknowledged", () => {
  const { book } = setUp();
  book.session(3, pointOf({ base: 5_000_000 }));
  assert.ok(book.resumePoint(3).cursorFloor > 5_000_000);
});

Deno.test("an acknowledgement alone shows that a shard lived", () => {
  const { book } = setUp();
  book.acknowledged(3, 9);
  assert.ok(book.resumePoint(3).cursorFloor > 9);
});

Deno.test("what is on disk moves the point on, and is not taken for acknowledged", () => {
  const { book } = setUp();
  book.session(3, pointOf({ base: 100 }));
  book.acknowledged(3, 102);
  book.stored(3, 107);
  const { session, acknowledged } = book.resumePoint(3);
  assert.deepEqual([session!.seq, acknowledged], [7, 102]);
  book.stored(3, 105);
  assert.equal(book.resumePoint(3).session!.seq, 7, "the point went back");
});

Deno.test("the floor is above every cursor that was given out, safe or not", () => {
  const { book } = setUp();
  book.session(3, pointOf());
  book.acknowledged(3, 9);
  book.newest(3, 5_000_000);
  assert.ok(book.resumePoint(3).cursorFloor > 5_000_000);
  const again = new SessionBook("stream-2", () => {});
  again.load(written(book), () => true);
  assert.ok(again.resumePoint(3).cursorFloor > 5_000_000);
});

Deno.test("only what changes something is worth writing down", () => {
  const { book, counted } = setUp();
  book.session(3, pointOf());
  book.acknowledged(3, 5);
  assert.equal(counted.changes, 2);
  book.acknowledged(3, 5);
  book.acknowledged(3, 4);
  assert.equal(counted.changes, 2);
});

Deno.test("a book that was written down is the same when it is read, its stream included", () => {
  const { book } = setUp();
  book.session(3, pointOf({ base: 100 }));
  book.acknowledged(3, 107);
  book.session(1, null);
  book.acknowledged(1, 55);
  const again = new SessionBook("stream-2", () => {});
  assert.deepEqual(again.load(written(book), () => true), { usable: 1, other: 1 });
  assert.equal(again.stream, "stream-1");
  for (const shardId of [1, 3]) {
    assert.deepEqual(again.resumePoint(shardId), book.resumePoint(shardId));
  }
});

Deno.test("load() drops a session that does not fit, and keeps its cursors", () => {
  const { book } = setUp();
  book.session(3, pointOf());
  book.acknowledged(3, 77);
  const again = new SessionBook("stream-2", () => {});
  const found = again.load(written(book), (point) => point.totalShards === 5);
  assert.deepEqual(found, { usable: 0, other: 1 });
  const { session, cursorFloor } = again.resumePoint(3);
  assert.equal(session, null);
  assert.ok(cursorFloor > 77);
});

for (
  const other of [undefined, null, 7, "text", {}, { shards: {} }, { stream: 1, shards: {} }, {
    stream: "s",
    shards: null,
  }]
) {
  Deno.test(`load() takes nothing from ${JSON.stringify(other)}`, () => {
    const { book } = setUp();
    assert.deepEqual(book.load(other, () => true), { usable: 0, other: 0 });
    assert.equal(book.stream, "stream-1");
    assert.deepEqual(book.resumePoint(3), { session: null, cursorFloor: 0, acknowledged: 0 });
  });
}

Deno.test("load() takes a shard whose words are garbled as one that lived without a session", () => {
  const { book } = setUp();
  const shards = { 3: null, 4: { session: { shardId: "4" }, acknowledged: 1.5 } };
  const found = book.load({ stream: "stream-0", shards }, () => true);
  assert.deepEqual(found, { usable: 0, other: 2 });
  for (const shardId of [3, 4]) {
    assert.equal(book.resumePoint(shardId).session, null);
    assert.ok(book.resumePoint(shardId).cursorFloor > 0);
  }
});
