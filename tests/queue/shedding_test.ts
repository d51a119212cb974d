import assert from "node:assert/strict";
import fc from "fast-check";
import { keptBytes, type Overflow, shed } from "../../queue/shedding.ts";
import { type EventRecord, gapRecord, readGap, RECORD } from "../../protocol/event_frame.ts";

const CHEAP = ["TYPING_START", "PRESENCE_UPDATE"];

function dispatch(cursor: number, t = "MESSAGE_CREATE", bytes = 300): EventRecord {
  const text = JSON.stringify({ t, s: cursor, op: 0, d: "x".repeat(bytes) });
  return { shardId: 3, kind: RECORD.DISPATCH, cursor, body: new TextEncoder().encode(text) };
}

const total = (records: readonly EventRecord[]) =>
  records.reduce((sum, record) => sum + keptBytes(record), 0);
const isGap = (record: EventRecord) => record.kind === RECORD.GAP;
const nameOf = (record: EventRecord) => JSON.parse(new TextDecoder().decode(record.body)).t;
const isCheap = (record: EventRecord) => !isGap(record) && CHEAP.includes(nameOf(record));

/** `3` is an event, `3-5 (2)` a GAP that tells of two. */
function words(records: readonly EventRecord[]): string[] {
  return records.map((record) => {
    if (!isGap(record)) return `${record.cursor}`;
    const { from, to, count } = readGap(record);
    return `${from}-${to} (${count})`;
  });
}

Deno.test("shed() drops nothing where nothing has to go", () => {
  const records = [1, 2, 3].map((cursor) => dispatch(cursor));
  for (const overflow of ["drop-oldest", "drop-cheap"] as const) {
    assert.deepEqual(shed(records, 0, overflow), { kept: records, dropped: 0, gone: [] });
  }
});

Deno.test("shed() drops the oldest, and tells of neighbours in one GAP of their shard", () => {
  const records = [1, 2, 3, 4, 5].map((cursor) => dispatch(cursor));
  const { kept, dropped } = shed(records, 2 * keptBytes(records[0]!));
  assert.deepEqual([words(kept), dropped], [["1-3 (3)", "4", "5"], 3]);
  assert.equal(kept[0]!.shardId, 3);
  assert.match(readGap(kept[0]!).reason, /QUEUE_MEMORY_BYTES.*QUEUE_DISK_BYTES/);
});

Deno.test("shed() lets typing and presence go first, each told where it was", () => {
  const records = [
    dispatch(1),
    dispatch(2, "TYPING_START", 2_000),
    dispatch(3, "PRESENCE_UPDATE", 2_000),
    dispatch(4),
    dispatch(5, "TYPING_START", 2_000),
    dispatch(6),
  ];
  const { kept, dropped } = shed(records, 5_000, "drop-cheap");
  assert.deepEqual([words(kept), dropped], [["1", "2-3 (2)", "4", "5-5 (1)", "6"], 3]);
});

Deno.test("shed() drops others, oldest first, when the cheap ones are not enough", () => {
  const records = [
    dispatch(1, "INTERACTION_CREATE", 2_000),
    dispatch(2, "TYPING_START", 2_000),
    dispatch(3, "GUILD_CREATE", 2_000),
    dispatch(4, "TYPING_START", 2_000),
    dispatch(5),
  ];
  const { kept, dropped } = shed(records, 5_500, "drop-cheap");
  assert.deepEqual([words(kept), dropped], [["1-2 (2)", "3", "4-4 (1)", "5"], 3]);
});

Deno.test("shed() spares every other event while a cheap one is left, however little they free", () => {
  const records = Array.from(
    { length: 400 },
    (_, i) => dispatch(i + 1, i % 2 === 0 ? "MESSAGE_CREATE" : "TYPING_START", 250),
  );
  const { kept } = shed(records, 10_000, "drop-cheap");
  assert.equal(kept.filter((record) => !isGap(record) && !isCheap(record)).length, 200);
  assert.ok(kept.some(isCheap), "more went than had to");
});

Deno.test("shed() makes one GAP of neighbours, never across an event that is kept", () => {
  const earlier = gapRecord(3, { from: 2, to: 4, count: 3, reason: "the disk lost them" });
  const records = [dispatch(1), earlier, dispatch(5), dispatch(6)];
  assert.deepEqual(words(shed(records, 700).kept), ["1-5 (5)", "6"]);
  const cheap = [dispatch(1), earlier, dispatch(5, "TYPING_START"), dispatch(6)];
  assert.deepEqual(words(shed(cheap, 10, "drop-cheap").kept), ["1", "2-5 (4)", "6"]);
});

Deno.test("shed() leaves a GAP as it is where its neighbours stay", () => {
  const earlier = gapRecord(3, { from: 2, to: 4, count: null, reason: "the session was lost" });
  const records = [dispatch(1), earlier, dispatch(5), dispatch(6, "TYPING_START", 2_000)];
  assert.equal(shed(records, 500, "drop-cheap").kept[1], earlier);
});

Deno.test("shed() keeps what a swallowed GAP did not know", () => {
  const earlier = gapRecord(3, { from: null, to: 4, count: null, reason: "the session was lost" });
  assert.deepEqual(words(shed([earlier, dispatch(5), dispatch(6)], 1_000).kept), [
    "null-6 (null)",
  ]);
  assert.deepEqual(words(shed([dispatch(1), earlier, dispatch(5)], 1_000).kept), [
    "null-5 (null)",
  ]);
});

Deno.test("shed() says where the events were that have gone, and holds on to nobody knows what", () => {
  const poison = (cursor: number, kind: number): EventRecord => ({
    shardId: 3,
    kind,
    cursor,
    body: Uint8Array.of(0xff, ...Array(300).fill(0x7b)),
  });
  const gap = poison(2, RECORD.GAP);
  const records = [dispatch(1, "TYPING_START"), gap, poison(3, RECORD.DISPATCH), dispatch(4)];
  assert.deepEqual(shed(records, 10, "drop-cheap").gone, [{ from: 1, to: 2 }]);
  const all = shed(records, 10_000, "drop-cheap");
  assert.deepEqual(words(all.kept), ["null-4 (null)"]);
  assert.deepEqual(all.gone.at(-1), { from: 2, to: 4 });
});

Deno.test("shed() copes with as many events as memory holds", () => {
  const [body] = [dispatch(1).body];
  const records = Array.from(
    { length: 400_000 },
    (_, i) => ({ shardId: 3, kind: RECORD.DISPATCH, cursor: i + 1, body: body! }),
  );
  const { kept, dropped } = shed(records, 1_000);
  assert.equal(kept.length, 400_000 - dropped + 1);
});

/** A shard's records: events of all kinds, with GAPs among them that tell what is missing. */
const RECORDS = fc.array(
  fc.record({
    kind: fc.constantFrom("MESSAGE_CREATE", "GUILD_CREATE", ...CHEAP, "GAP"),
    n: fc.nat(900),
  }),
  { maxLength: 60 },
).map((plan) => {
  let cursor = 0;
  return plan.map(({ kind, n }) => {
    if (kind !== "GAP") return dispatch(++cursor, kind, n);
    const from = cursor + 1;
    cursor += 1 + n % 5;
    return gapRecord(3, { from, to: cursor, count: cursor - from + 1, reason: "earlier" });
  });
});

Deno.test("shed() keeps or tells of every event, in order, and no GAP covers one that is kept", () => {
  fc.assert(
    fc.property(
      RECORDS,
      fc.nat(40_000),
      fc.constantFrom<Overflow>("drop-oldest", "drop-cheap"),
      (records, bytes, overflow) => checkShed(records, shed(records, bytes, overflow)),
    ),
    { numRuns: 1_000 },
  );
});

function checkShed(
  records: readonly EventRecord[],
  { kept, dropped }: { readonly kept: EventRecord[]; readonly dropped: number },
): void {
  const events = records.filter((record) => !isGap(record));
  assert.equal(kept.filter((record) => !isGap(record)).length, events.length - dropped);
  // Cursors are without holes, so that each record must begin where the one before it ended.
  let cursor = 0;
  for (const record of kept) {
    const from = isGap(record) ? readGap(record).from : record.cursor;
    assert.equal(from, cursor + 1);
    if (isGap(record)) assert.equal(readGap(record).count, record.cursor - cursor);
    else assert.ok(records.includes(record), "a kept event was changed");
    cursor = record.cursor;
  }
  assert.equal(cursor, records.at(-1)?.cursor ?? 0);
}

Deno.test("shed() frees what is asked, as far as there is something, and cheap ones first", () => {
  fc.assert(
    fc.property(RECORDS, fc.nat(40_000), (records, bytes) => {
      for (const overflow of ["drop-oldest", "drop-cheap"] as const) {
        const { kept } = shed(records, bytes, overflow);
        const freed = total(records) - total(kept);
        if (kept.some((record) => !isGap(record))) {
          assert.ok(freed >= bytes, `${overflow}: ${freed} of ${bytes} bytes`);
        }
        if (overflow === "drop-oldest" || !kept.some(isCheap)) continue;
        const others = (list: readonly EventRecord[]) =>
          list.filter((record) => !isGap(record) && !isCheap(record)).length;
        assert.equal(others(kept), others(records), "another went while a cheap one was left");
      }
    }),
    { numRuns: 500 },
  );
});
