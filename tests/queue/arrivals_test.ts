import assert from "node:assert/strict";
import { type EventRecord, RECORD } from "../../protocol/event_frame.ts";
import { Arrivals, type ArrivalsOptions } from "../../queue/arrivals.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { range } from "./shard_queue_stage.ts";

const records = (from: number, to: number, size = 84): EventRecord[] =>
  range(from, to).map((cursor) => (
    { shardId: 3, kind: RECORD.DISPATCH, cursor, body: new Uint8Array(size) }
  ));
const cursors = (of: readonly EventRecord[]) => of.map(({ cursor }) => cursor);

function setUp(changed: Partial<ArrivalsOptions> = {}) {
  return new Arrivals({ mayWrite: () => true, memoryBytes: 1_000, ...changed });
}

Deno.test("Arrivals are on disk, where their queue finds them, also with another worker", async () => {
  const openSpool = memorySpool();
  const arrivals = setUp({ openSpool });
  await arrivals.put(3, null, records(5, 6), true);
  await arrivals.put(3, "logger", records(2, 3), true);
  await arrivals.put(3, null, records(7, 8), false);
  const { spool, records: rest } = await arrivals.open(3, null);
  assert.deepEqual([spool!.last, cursors(await spool!.read(0, 1 << 20)), rest], [
    8,
    [5, 6, 7, 8],
    [],
  ]);
  const later = await setUp({ openSpool }).open(3, "logger");
  assert.deepEqual(cursors(await later.spool!.read(0, 1 << 20)), [2, 3]);
});

Deno.test("Arrivals begin anew with what is first: neither an earlier life's nor a try before it is left", async () => {
  const openSpool = memorySpool();
  const old = await openSpool(3);
  await old.append(records(90, 95));
  await old.close();
  const arrivals = setUp({ openSpool });
  await arrivals.put(3, null, records(5, 6), true);
  await arrivals.put(3, null, [], true);
  await arrivals.put(3, null, records(4, 4), false);
  const { spool } = await arrivals.open(3, null);
  assert.deepEqual(cursors(await spool!.read(0, 1 << 20)), [4]);
});

Deno.test("Arrivals stay in memory where there is no disk, as long as there is room", async () => {
  const arrivals = setUp();
  await arrivals.put(3, null, records(1, 5), true);
  await arrivals.put(4, null, [], true);
  await arrivals.put(3, "logger", records(1, 4), true);
  await assert.rejects(arrivals.put(3, null, records(6, 7), false), { code: "disk_full" });
  await arrivals.put(3, null, records(6, 6), false);
  assert.deepEqual(cursors((await arrivals.open(3, null)).records), range(1, 6));
  await arrivals.put(3, "logger", records(5, 10), false);
  assert.deepEqual(
    await arrivals.open(3, null),
    { spool: null, records: [] },
    "they are given once",
  );
});

Deno.test("Arrivals do not go beyond what the disk may take, and tell what it says", async () => {
  const full = setUp({ openSpool: memorySpool(), mayWrite: (bytes) => bytes <= 200 });
  await full.put(3, null, records(1, 2), true);
  await assert.rejects(full.put(3, null, records(3, 5), false), /Cannot take 300 bytes of shard 3/);
  await full.put(3, null, [], false);
  await assert.rejects(full.put(3, "logger", records(1, 1), true), { code: "disk_full" });
  const broken = setUp({ openSpool: () => Promise.reject(new Error("no such disk")) });
  await assert.rejects(broken.put(3, null, records(1, 2), true), /no such disk/);
});
