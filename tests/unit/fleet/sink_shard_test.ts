import assert from "node:assert/strict";
import fc from "fast-check";
import { silentLog } from "../../../ports/log.ts";
import { type EventRecord, RECORD } from "../../../protocol/event_frame.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { FakeStream } from "../../support/fleet/fake_stream.ts";
import { SinkShard } from "../../../unit/fleet/sink_shard.ts";

const SHARD = { id: 3, total: 16 };

const record = (cursor: number, kind: number = RECORD.DISPATCH, padding = ""): EventRecord => ({
  shardId: SHARD.id,
  kind,
  cursor,
  body: new TextEncoder().encode(JSON.stringify({ op: 0, t: "X", s: cursor, d: padding })),
});

/** A shard's queue as its worker has it: everything that is not acknowledged comes again to who takes it. */
function queue() {
  const waiting: EventRecord[] = [];
  let deliver: ((record: EventRecord) => void) | null = null;
  return {
    acknowledged: 0,
    failures: 0,
    add(record: EventRecord) {
      waiting.push(record);
      deliver?.(record);
    },
    /** The worker is another one: it knows what was written down of acknowledgements. */
    again() {
      for (const each of waiting) if (each.cursor > this.acknowledged) deliver?.(each);
    },
    hold() {
      return this.failures-- > 0 ? Promise.reject(new Error("no worker")) : Promise.resolve();
    },
    take(_: unknown, take: (record: EventRecord) => void) {
      deliver = take;
      this.again();
    },
    acknowledge(_: unknown, cursor: number) {
      assert.ok(cursor >= this.acknowledged, "it goes back");
      this.acknowledged = cursor;
    },
  };
}

function setUp() {
  const clock = createVirtualClock();
  const stream = new FakeStream();
  const shard = queue();
  const troubles: (string | null)[] = [];
  const open = (numbering = "n") =>
    new SinkShard({
      shard: SHARD,
      shards: shard,
      stream,
      numbering: () => numbering,
      lingerMs: () => 100,
      clock,
      log: silentLog,
      kept: () => {},
      troubled: (why) => troubles.push(why),
    });
  const cursors = () => stream.read(SHARD).map(({ cursor }) => cursor);
  return { clock, stream, shard, troubles, open, cursors };
}

Deno.test("SinkShard writes what comes within a moment as one batch, and acknowledges it then", async () => {
  const { clock, stream, shard, open } = setUp();
  open();
  await clock.advance(1);
  for (const cursor of [1, 2, 3]) shard.add(record(cursor));
  await clock.advance(50);
  assert.deepEqual([stream.read(SHARD).length, shard.acknowledged], [0, 0]);
  await clock.advance(60);
  assert.deepEqual(stream.read(SHARD)[2], { cursor: 3, event: { op: 0, t: "X", s: 3, d: "" } });
  assert.equal(stream.batches.get("3/16")!.length, 1);
  assert.equal(shard.acknowledged, 3);
});

Deno.test("SinkShard does not wait once a batch is full", async () => {
  const { clock, cursors, shard, open } = setUp();
  open();
  await clock.advance(1);
  for (const cursor of [1, 2, 3]) shard.add(record(cursor, RECORD.DISPATCH, "x".repeat(60_000)));
  await clock.advance(0);
  assert.deepEqual(cursors(), [1, 2, 3]);
});

Deno.test("SinkShard tells gaps and moves, and is silent of what others have brought", async () => {
  const { clock, stream, shard, open } = setUp();
  open();
  await clock.advance(1);
  shard.add(record(5, RECORD.GAP));
  shard.add(record(6, RECORD.MOVED));
  shard.add(record(7, RECORD.SERVED));
  await clock.advance(200);
  assert.deepEqual(stream.read(SHARD).map((item) => Object.keys(item)), [
    ["cursor", "gap"],
    ["cursor", "moved"],
  ]);
  shard.add(record(8, RECORD.SERVED));
  await clock.advance(200);
  assert.equal(shard.acknowledged, 8);
  assert.equal(stream.read(SHARD).length, 2);
});

Deno.test("SinkShard goes on where another unit has come to, also one whose last word was not heard", async () => {
  const { clock, stream, shard, open, cursors } = setUp();
  const first = open();
  await clock.advance(1);
  stream.faults = ["unheard"];
  for (const cursor of [1, 2]) shard.add(record(cursor));
  await clock.advance(100);
  first.stop();
  assert.equal(shard.acknowledged, 0);
  open();
  shard.add(record(3));
  await clock.advance(1_000);
  assert.deepEqual(cursors(), [1, 2, 3]);
  assert.equal(shard.acknowledged, 3);
});

Deno.test("SinkShard never writes between another's batches what these have", async () => {
  const { clock, stream, shard, open, cursors } = setUp();
  open();
  await clock.advance(1);
  shard.add(record(1));
  await clock.advance(200);
  // Somebody who holds the shard for its own.
  const body = new TextEncoder().encode('[{"cursor":2},{"cursor":3}]');
  const { revision } = (await stream.last(SHARD))!;
  assert.ok(await stream.append(SHARD, { cursor: 3, numbering: "n", body }, revision));
  for (const cursor of [2, 3, 4]) shard.add(record(cursor));
  await clock.advance(200);
  assert.deepEqual(cursors(), [1, 2, 3, 4]);
});

Deno.test("SinkShard begins anew with another numbering", async () => {
  const { clock, shard, open, cursors } = setUp();
  const first = open("old");
  await clock.advance(1);
  shard.add(record(1_000));
  await clock.advance(200);
  first.stop();
  shard.acknowledged = 0;
  const next = setUp();
  assert.deepEqual([cursors(), next.cursors()], [[1_000], []]);
  open("new");
  await clock.advance(1);
  shard.add(record(1_001));
  await clock.advance(200);
  assert.deepEqual(cursors(), [1_000, 1_000, 1_001]);
});

Deno.test("SinkShard waits while nothing can be kept, says so, and loses nothing", async () => {
  const { clock, stream, shard, open, cursors, troubles } = setUp();
  stream.isAway = true;
  shard.failures = 2;
  open();
  shard.add(record(1));
  await clock.advance(60_000);
  assert.match(troubles.at(-1)!, /away/);
  stream.isAway = false;
  await clock.advance(20_000);
  assert.equal(troubles.at(-1), null);
  stream.isAway = true;
  for (const cursor of [2, 3]) shard.add(record(cursor));
  await clock.advance(60_000);
  assert.deepEqual([cursors(), shard.acknowledged], [[1], 1]);
  stream.isAway = false;
  shard.add(record(4));
  await clock.advance(20_000);
  assert.deepEqual(cursors(), [1, 2, 3, 4]);
});

Deno.test("SinkShard says which event is too large for the server, and goes on", async () => {
  const { clock, stream, shard, open } = setUp();
  stream.mostBytes = 1_000;
  open();
  await clock.advance(1);
  for (let cursor = 1; cursor <= 20; cursor++) {
    shard.add(record(cursor, RECORD.DISPATCH, cursor === 7 ? "x".repeat(2_000) : "x".repeat(100)));
  }
  await clock.advance(200);
  const items = stream.read(SHARD);
  assert.deepEqual(items.map(({ cursor }) => cursor), Array.from({ length: 20 }, (_, n) => n + 1));
  assert.deepEqual(items.filter((item) => item.tooLarge), [
    { cursor: 7, tooLarge: { bytes: record(7, 0, "x".repeat(2_000)).body.length } },
  ]);
  assert.equal(shard.acknowledged, 20);
});

Deno.test("whatever fails, each event is in the stream once, in order", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 2_000 }) }),
    fc.record({ kind: fc.constantFrom("away", "unheard", "restart", "worker", "gone") }),
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    const { clock, stream, shard, open, cursors } = setUp();
    let sink = open();
    let cursor = 0;
    for (const each of steps) {
      if (each.kind === "add" && "count" in each) {
        for (let n = 0; n < each.count; n++) shard.add(record(++cursor));
      } else if (each.kind === "pass" && "ms" in each) await clock.advance(each.ms);
      else if (each.kind === "away" || each.kind === "unheard") stream.faults.push(each.kind);
      else if (each.kind === "gone") stream.isAway = !stream.isAway;
      else if (each.kind === "worker") shard.again();
      else {
        sink.stop();
        sink = open();
      }
    }
    stream.isAway = false;
    await clock.advance(60_000);
    assert.deepEqual(cursors(), Array.from({ length: cursor }, (_, n) => n + 1));
    assert.equal(shard.acknowledged, cursor);
  }));
});
