import assert from "node:assert/strict";
import { readGap, RECORD, RECORD_HEADER_BYTES } from "../../protocol/event_frame.ts";
import { logTo } from "../../ports/log.ts";
import { encodeFrames, segmentName } from "../../store/segment.ts";
import { openSpoolDir } from "../../store/spool_files.ts";
import { fakeDisk } from "../support/fake_disk.ts";
import { eventRecord, eventRecords, plain, readAll, SHARD } from "./spool_conformance.ts";
import { filledDisk, openOn, pathOf } from "./spool_disk.ts";

Deno.test("reading again from the middle does not begin at the start of a segment", async () => {
  const disk = fakeDisk();
  const spool = await openOn(disk, { segmentBytes: 8 * 1024 * 1024 })(SHARD);
  for (let cursor = 0; cursor < 60; cursor++) {
    await spool.append([eventRecord(cursor, 64 * 1024)]);
  }
  await readAll(spool, -1, Infinity);
  for (const after of [-1, 0, 5, 30, 58]) {
    const before = disk.readBytes;
    const [first] = await spool.read(after, 1);
    assert.equal(first!.cursor, after + 1);
    assert.ok(disk.readBytes - before < 512 * 1024, `${disk.readBytes - before} bytes`);
  }
  assert.deepEqual((await readAll(spool, 20, 300_000)).map(({ cursor }) => cursor).at(-1), 59);
});

Deno.test("a backlog is read once, whatever the size of the pieces", async () => {
  const disk = fakeDisk();
  const spool = await openSpoolDir("d", { fs: disk, segmentBytes: 300_000 })(SHARD);
  for (let i = 0; i < 20; i++) await spool.append(eventRecords(i * 100, i * 100 + 99, 1000));
  const before = disk.readBytes;
  assert.equal((await readAll(spool, -1, 130_000)).length, 2000);
  const share = (disk.readBytes - before) / spool.bytes;
  assert.ok(share < 1.6, `read ${share} times what there is`);
});

Deno.test("a damaged file gives what lies before the damage, a GAP, and what lies behind it", async () => {
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
    Array.from({ length: 21 }, (_, i) => i),
  );
  assert.deepEqual(JSON.parse(new TextDecoder().decode(gap.body)), {
    from: 8,
    to: 8,
    count: null,
    reason: `the disk lost events: ${segmentName(6)} is damaged at byte ${8 + 2 * frameBytes}`,
  });
  assert.equal(gap.shardId, SHARD);
  assert.deepEqual(lines, ["error a file of spilled events is damaged 8-8"]);
});

Deno.test("behind damage whose length cannot be believed, what comes after the file is given", async () => {
  const frameBytes = 8 + RECORD_HEADER_BYTES + eventRecord(6, 80).body.length;
  for (const byte of [0, 2, 3]) {
    const found = await filledDisk();
    found.files.get(pathOf(6))!.content[8 + 2 * frameBytes + byte]! ^= 5;
    const all = await readAll(await openOn(found)(SHARD));
    const gaps = all.filter(({ kind }) => kind === RECORD.GAP).map(readGap);
    assert.deepEqual(gaps.map(({ from, to }) => [from, to]), [[8, 11]]);
    assert.deepEqual(
      plain(all.filter(({ cursor }) => cursor > 11)),
      plain(eventRecords(12, 20, 80)),
    );
  }
});

Deno.test("what is from before its file began does not hide what was damaged in front of it", async () => {
  const disk = await filledDisk();
  const frameBytes = 8 + RECORD_HEADER_BYTES + eventRecord(6, 80).body.length;
  const file = disk.files.get(pathOf(6))!;
  const damaged = file.content.slice(0, 8 + 3 * frameBytes);
  damaged[8 + 2 * frameBytes + 30]! ^= 1;
  const content = new Uint8Array([...damaged, ...encodeFrames([eventRecord(0, 80)])]);
  Object.assign(file, { content, durable: content });
  const all = await readAll(await openOn(disk)(SHARD));
  const gaps = all.filter(({ kind }) => kind === RECORD.GAP).map(readGap);
  assert.deepEqual(gaps.map(({ from, to }) => [from, to]), [[8, 11]]);
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

Deno.test("whatever is left of the last file, what lies before its end is there and nothing else", async () => {
  const disk = await filledDisk();
  const records = eventRecords(0, 20, 80);
  const path = pathOf(18);
  const whole = disk.files.get(path)!.content;
  const frameBytes = (whole.length - 8) / 3;
  for (let length = 0; length <= whole.length; length++) {
    const torn = await filledDisk();
    torn.files.get(path)!.content = whole.slice(0, length);
    const left = 18 + Math.max(0, Math.floor((length - 8) / frameBytes));
    const spool = await openOn(torn)(SHARD);
    assert.equal(spool.last, left - 1, `${length} bytes left`);
    assert.equal(torn.files.has(path), left > 18);
    assert.deepEqual(plain(await readAll(spool)), plain(records.slice(0, left)));
    await spool.append([eventRecord(21)]);
    assert.deepEqual(plain(await readAll(spool, left - 1)), plain([eventRecord(21)]));
    await spool.close();
    const again = await openOn(torn)(SHARD);
    assert.equal(again.last, 21);
  }
});

Deno.test("a torn end is told in the log, and zeros are one", async () => {
  const disk = await filledDisk();
  const lines: unknown[] = [];
  const entry = disk.files.get(pathOf(18))!;
  const good = entry.content.length;
  entry.content = new Uint8Array([...entry.content, ...new Uint8Array(50)]);
  const log = logTo((level, event, fields) => lines.push([level, event, fields.tornBytes]));
  const spool = await openOn(disk, { log })(SHARD);
  assert.equal(spool.last, 20);
  assert.equal(entry.content.length, good);
  assert.deepEqual(lines, [["warn", "cut off a torn end", 50]]);
});

Deno.test("a file of a newer version is refused in words, and left as it is", async () => {
  const disk = await filledDisk();
  const { content } = disk.files.get(pathOf(18))!;
  content.fill(9, 7);
  const before = content.slice();
  await assert.rejects(openOn(disk)(SHARD), {
    code: "bad_config",
    message: /it has version 9, this Gatehouse knows 1; start the newer Gatehouse/,
  });
  assert.deepEqual(disk.files.get(pathOf(18))!.content, before);
});

Deno.test("a version that no checksum bears out is damage to one byte, and the file is read", async () => {
  const disk = await filledDisk();
  disk.files.get(pathOf(6))!.content[7] = 9;
  const spool = await openOn(disk)(SHARD);
  assert.equal((await readAll(spool)).length, 21);
});

Deno.test("a file that is gone, or shorter than it was, is told by a GAP, and reading goes on", async () => {
  for (const bytes of [null, 0, 8, 100]) {
    const disk = await filledDisk();
    const spool = await openOn(disk)(SHARD);
    const entry = disk.files.get(pathOf(6))!;
    if (bytes === null) disk.files.delete(pathOf(6));
    else entry.content = entry.content.slice(0, bytes);
    const found = await readAll(spool);
    const gap = found.find(({ kind }) => kind === RECORD.GAP)!;
    assert.equal(readGap(gap).to, 11);
    const cursors = found.map(({ cursor }) => cursor);
    assert.deepEqual(cursors.filter((it) => it < 6 || it > 11).length, 15, `${cursors}`);
    assert.equal(spool.damaged, 1);
  }
});

Deno.test("whole records of another shard, or of no cursor that can be, are left out and told", async () => {
  for (const strange of [{ shardId: SHARD + 1 }, { cursor: 2 ** 48 - 1 }]) {
    const disk = await filledDisk();
    const entry = disk.files.get(pathOf(18))!;
    const frame = encodeFrames([{ ...eventRecord(19), ...strange }]);
    entry.content = Uint8Array.of(...entry.content, ...frame);
    const lines: string[] = [];
    const log = logTo((level, event) => lines.push(`${level} ${event}`));
    const spool = await openOn(disk, { log })(SHARD);
    assert.equal(spool.last, 20);
    const cursors = (await readAll(spool)).map(({ cursor }) => cursor);
    assert.deepEqual(cursors, Array.from({ length: 21 }, (_, i) => i));
    assert.ok(lines.includes("error a file of spilled events has others in it"), `${lines}`);
  }
});

Deno.test("of the files that were complete only the headers are read", async () => {
  const disk = await filledDisk();
  await openOn(disk)(SHARD);
  assert.equal(disk.readBytes, 4 * 8 + disk.files.get(pathOf(18))!.content.length - 8);
});

Deno.test("what else lies in the folder is left alone", async () => {
  const disk = await filledDisk();
  const stranger = await disk.open(`d/${SHARD}/notes.txt`, 0);
  await stranger.write(new TextEncoder().encode("mine"));
  const spool = await openOn(disk)(SHARD);
  await spool.trim(20);
  assert.deepEqual([...disk.files.keys()], [`d/${SHARD}/notes.txt`]);
});

Deno.test("a folder that cannot be read is told in words", async () => {
  const disk = await filledDisk();
  disk.failNext("list");
  await assert.rejects(openOn(disk)(SHARD), {
    code: "bad_state",
    message: "Cannot open the events of shard 3 on disk: list failed",
  });
});
