import assert from "node:assert/strict";
import { type EventRecord, RECORD } from "../../protocol/event_frame.ts";
import { DiskSide } from "../../queue/disk_side.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { range } from "./shard_queue_stage.ts";

const records = (from: number, to: number): EventRecord[] =>
  range(from, to).map((cursor) => (
    { shardId: 0, kind: RECORD.DISPATCH, cursor, body: new Uint8Array(84) }
  ));

async function setUp() {
  const spool = await memorySpool()(0);
  const told: string[] = [];
  const may = { write: true };
  const disk = new DiskSide(spool, {
    mayWrite: () => may.write,
    shareBytes: () => 200,
    stored: (cursor) => told.push(`stored ${cursor}`),
    failed: (reason, isFull) => told.push(`${isFull ? "full" : "failed"}: ${reason}`),
  });
  return { spool, told, may, disk };
}

Deno.test("DiskSide writes in pieces, nothing twice, and says how far it has come", async () => {
  const { disk, told } = await setUp();
  assert.equal(await disk.appendAll(records(1, 5)), true);
  assert.equal(await disk.append(records(4, 6)), true);
  assert.equal(await disk.append(records(6, 6)), true);
  assert.deepEqual(told, ["stored 2", "stored 4", "stored 5", "stored 6"]);
  assert.deepEqual((await disk.read(2, 1 << 20)).map(({ cursor }) => cursor), [3, 4, 5, 6]);
  assert.deepEqual([disk.newest, disk.bytes], [6, 600]);
  await disk.empty();
  assert.equal(disk.bytes, 0);
});

Deno.test("DiskSide says why something is not written, and writes nothing behind it", async () => {
  const { disk, told, may, spool } = await setUp();
  may.write = false;
  assert.equal(await disk.appendAll(records(1, 5)), false);
  may.write = true;
  await spool.close();
  assert.equal(await disk.append(records(1, 1)), false);
  assert.equal(disk.newest, 0);
  assert.deepEqual(told, [
    "full: QUEUE_DISK_BYTES are used up",
    "failed: Cannot append events of shard 0: the spool is closed",
  ]);
});
