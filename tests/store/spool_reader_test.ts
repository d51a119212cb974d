import assert from "node:assert/strict";
import { RECORD, RECORD_HEADER_BYTES } from "../../protocol/event_frame.ts";
import { logTo } from "../../ports/log.ts";
import { segmentName } from "../../store/segment.ts";
import { openSpoolDir } from "../../store/spool_files.ts";
import { fakeDisk } from "../support/fake_disk.ts";
import { eventRecord, eventRecords, plain, readAll, SHARD } from "./spool_conformance.ts";
import { filledDisk, openOn, pathOf } from "./spool_disk.ts";

Deno.test("a backlog is read once, whatever the size of the pieces", async () => {
  const disk = fakeDisk();
  const spool = await openSpoolDir("d", { fs: disk, segmentBytes: 300_000 })(SHARD);
  for (let i = 0; i < 20; i++) await spool.append(eventRecords(i * 100, i * 100 + 99, 1000));
  const before = disk.readBytes;
  assert.equal((await readAll(spool, -1, 130_000)).length, 2000);
  const share = (disk.readBytes - before) / spool.bytes;
  assert.ok(share < 1.6, `read ${share} times what there is`);
});

Deno.test("a damaged file gives what lies before the damage, a GAP, and what comes after the file", async () => {
  const disk = await filledDisk();
  const frameBytes = 8 + RECORD_HEADER_BYTES + eventRecord(6, 80).body.length;
  disk.files.get(pathOf(6))!.content[8 + 2 * frameBytes + 30]! ^= 1;
  const lines: string[] = [];
  const log = logTo((level, event, { from, to }) => lines.push(`${level} ${event} ${from}-${to}`));
  const spool = await openOn(disk, { log })(SHARD);
  const found = await readAll(spool);
  const gap = found.find(({ kind }) => kind === RECORD.GAP)!;
  assert.deepEqual(
    found.map(({ cursor }) => cursor),
    [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
  );
  assert.deepEqual(JSON.parse(new TextDecoder().decode(gap.body)), {
    from: 8,
    to: 11,
    count: null,
    reason: `the disk lost events: ${segmentName(6)} is damaged at byte ${8 + 2 * frameBytes}`,
  });
  assert.equal(gap.shardId, SHARD);
  assert.deepEqual(lines, ["error a file of spilled events is damaged 8-11"]);
});

Deno.test("a file that is damaged from its start is a GAP as a whole", async () => {
  const disk = await filledDisk();
  disk.files.get(pathOf(6))!.content.fill(7, 8);
  const spool = await openOn(disk)(SHARD);
  const [gap] = await spool.read(5, 1);
  assert.equal(gap!.cursor, 11);
  assert.match(new TextDecoder().decode(gap!.body), /"from":6,"to":11/);
  assert.deepEqual(plain(await readAll(spool, 11)), plain(eventRecords(12, 20, 80)));
});

Deno.test("a file that was cut short meanwhile is a GAP from there on", async () => {
  const disk = await filledDisk();
  const spool = await openOn(disk)(SHARD);
  const entry = disk.files.get(pathOf(18))!;
  entry.content = entry.content.subarray(0, entry.content.length - 1);
  const found = await readAll(spool, 17);
  assert.deepEqual(found.map(({ cursor, kind }) => [cursor, kind]), [
    [18, RECORD.DISPATCH],
    [19, RECORD.DISPATCH],
    [20, RECORD.GAP],
  ]);
});

Deno.test("a disk that cannot be read is told with the cursors that wait, and read again later", async () => {
  const disk = await filledDisk();
  const spool = await openOn(disk)(SHARD);
  disk.failNext("read");
  await assert.rejects(spool.read(7, 1), (error: Error & { data: unknown }) => {
    assert.match(
      error.message,
      /Cannot read events of shard 3 from .*006\.spool from byte 8: read/,
    );
    assert.deepEqual(error.data, { shardId: SHARD, path: pathOf(6), at: 8, from: 8, to: 11 });
    return true;
  });
  assert.deepEqual(plain(await readAll(spool, 7)), plain(eventRecords(8, 20, 80)));
});

Deno.test("reading begins in the file that holds the next record", async () => {
  const disk = await filledDisk();
  const spool = await openOn(disk)(SHARD);
  const before = disk.readBytes;
  await spool.read(5, 1);
  assert.equal(disk.readBytes - before, disk.files.get(pathOf(6))!.content.length - 8);
});

Deno.test("a GAP is told again when what comes before it is read again", async () => {
  const disk = await filledDisk();
  disk.files.get(pathOf(6))!.content.fill(7, 300);
  const spool = await openOn(disk)(SHARD);
  const [, , gap] = await readAll(spool, 5);
  assert.equal(gap!.kind, RECORD.GAP);
  for (const cursor of [7, 9]) {
    await spool.read(5, 1);
    const [again] = await spool.read(cursor, 1);
    assert.deepEqual([again!.kind, again!.cursor], [RECORD.GAP, 11], `after ${cursor}`);
  }
});

Deno.test("a GAP does not tell of what was trimmed", async () => {
  const disk = await filledDisk();
  disk.files.get(pathOf(6))!.content.fill(7, 8);
  const spool = await openOn(disk)(SHARD);
  await spool.trim(5);
  const [gap] = await spool.read(-1, 1);
  assert.match(new TextDecoder().decode(gap!.body), /"from":6,"to":11/);
});
