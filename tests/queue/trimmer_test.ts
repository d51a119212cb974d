import assert from "node:assert/strict";
import { Trimmer } from "../../queue/trimmer.ts";
import { RECORD } from "../../protocol/event_frame.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { ScriptedDisk } from "../support/scripted_disk.ts";

function setUp(...cursors: number[]) {
  const disk = new ScriptedDisk();
  const body = Uint8Array.of(1);
  disk.records = cursors.map((cursor) => ({ shardId: 0, kind: RECORD.DISPATCH, cursor, body }));
  const reasons: string[] = [];
  const trimmer = new Trimmer(disk.open(), (reason) => reasons.push(reason));
  const left = () => disk.records.map(({ cursor }) => cursor);
  const settle = () => createVirtualClock().advance(0);
  return { disk, trimmer, reasons, left, settle };
}

Deno.test("Trimmer deletes what is dealt with, and no more", () => {
  const { trimmer, left } = setUp(1, 2, 3);
  trimmer.trim(2);
  assert.deepEqual(left(), [3]);
});

Deno.test("Trimmer asks for one deletion at a time, then for the newest that was wanted", async () => {
  const { disk, trimmer, left, settle } = setUp(1, 2, 3, 4, 5);
  disk.isSlow = true;
  for (const cursor of [1, 2, 4, 3]) trimmer.trim(cursor);
  assert.deepEqual(disk.waiting, ["trim"]);
  disk.finish();
  await settle();
  assert.deepEqual([disk.waiting, left()], [["trim"], [2, 3, 4, 5]]);
  disk.finish();
  await settle();
  assert.deepEqual([disk.waiting, left()], [[], [5]]);
});

Deno.test("Trimmer asks for nothing where nothing is on disk, or it was asked before", async () => {
  const { disk, trimmer, settle } = setUp();
  trimmer.trim(7);
  assert.deepEqual(disk.done, []);
  const other = setUp(5, 9);
  for (let i = 0; i < 3; i++) {
    other.trimmer.trim(5);
    await settle();
  }
  assert.deepEqual(other.disk.done, ["trim"]);
});

Deno.test("Trimmer tells of a failure once, and the next deletion makes up for it", async () => {
  const { disk, trimmer, reasons, left, settle } = setUp(1, 2, 3);
  disk.failing.add("trim");
  trimmer.trim(2);
  await settle();
  assert.deepEqual([reasons, left()], [["the disk does not trim"], [1, 2, 3]]);
  disk.failing.clear();
  trimmer.trim(1);
  await settle();
  assert.deepEqual([reasons.length, left()], [1, [3]]);
});
