import assert from "node:assert/strict";
import fc from "fast-check";
import { type EventRecord, RECORD, RECORD_HEADER_BYTES } from "../../protocol/event_frame.ts";
import { logTo } from "../../ports/log.ts";
import { seededRandom } from "../../ports/random.ts";
import { segmentName } from "../../store/segment.ts";
import { openSpoolDir } from "../../store/spool_files.ts";
import { type DiskCall, type FakeDisk, fakeDisk } from "../support/fake_disk.ts";
import {
  eventRecord,
  eventRecords,
  plain,
  readAll,
  SHARD,
  spoolConformance,
} from "./spool_conformance.ts";

/** Small segments, so that every test has several. */
const SEGMENT_BYTES = 600;

const openOn = (fs: FakeDisk, log?: Parameters<typeof openSpoolDir>[1]) =>
  openSpoolDir("d", { fs, segmentBytes: SEGMENT_BYTES, ...log });

spoolConformance(
  "openSpoolDir() on a disk in memory",
  () => ({ open: openOn(fakeDisk()) }),
);

spoolConformance("openSpoolDir() on a disk", () => {
  const dir = Deno.makeTempDirSync();
  return {
    open: openSpoolDir(`${dir}/spool`, { segmentBytes: SEGMENT_BYTES }),
    end: () => Deno.removeSync(dir, { recursive: true }),
  };
});

/** Path of a segment, by its first cursor. */
const pathOf = (first: number) => `d/${SHARD}/${segmentName(first)}`;
const firsts = (disk: FakeDisk) =>
  [...disk.files.keys()].map((path) => Number(/(\d+)\.spool$/.exec(path)![1]));

/** A disk with records of 100 bytes in several segments, one append each. */
async function filledDisk(to = 20): Promise<FakeDisk> {
  const disk = fakeDisk();
  const spool = await openOn(disk)(SHARD);
  for (const record of eventRecords(0, to, 80)) await spool.append([record]);
  await spool.close();
  return disk;
}

Deno.test("openSpoolDir() writes whole segments one after another, each named by its first cursor", async () => {
  const disk = await filledDisk();
  assert.deepEqual(firsts(disk), [0, 6, 12, 18]);
  for (const { content } of disk.files.values()) {
    assert.equal(new TextDecoder().decode(content.subarray(0, 7)), "GHSPOOL");
  }
});

Deno.test("appends that come while the disk is busy share one write", async () => {
  const disk = fakeDisk();
  const spool = await openSpoolDir("d", { fs: disk })(SHARD);
  await Promise.all(eventRecords(0, 999).map((record) => spool.append([record])));
  assert.equal(disk.calls.sync, 1);
  await Promise.all(eventRecords(1000, 1999, 5000).map((record) => spool.append([record])));
  assert.equal(disk.calls.sync, 6, "a group is about a MiB");
});

Deno.test("reading goes on while much is written", async () => {
  const spool = await openSpoolDir("d", { fs: fakeDisk() })(SHARD);
  await spool.append([eventRecord(0)]);
  const many = Promise.all(eventRecords(1, 999, 5000).map((record) => spool.append([record])));
  await spool.read(-1, 1);
  assert.ok(spool.last! < 999, "the reader waited for all writes");
  await many;
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

Deno.test("what is trimmed is deleted by whole segments, and the last file with the last record", async () => {
  const disk = await filledDisk();
  const spool = await openOn(disk)(SHARD);
  for (const [cursor, left] of [[4, 4], [5, 3], [16, 2], [17, 1], [19, 1], [20, 0]]) {
    await spool.trim(cursor!);
    assert.equal(disk.files.size, left, `after ${cursor}`);
  }
  assert.deepEqual([spool.first, spool.last, spool.bytes], [null, null, 0]);
});

Deno.test("a file that cannot be deleted is tried again by the next trim", async () => {
  const disk = await filledDisk();
  const spool = await openOn(disk)(SHARD);
  disk.failNext("remove");
  await assert.rejects(spool.trim(20), { code: "bad_state", message: /Cannot delete/ });
  assert.deepEqual(plain(await readAll(spool)), plain(eventRecords(0, 20, 80)));
  await spool.trim(20);
  assert.equal(disk.files.size, 0);
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

Deno.test("damage in the file that is being written: what comes later is written to another", async () => {
  const disk = fakeDisk();
  const spool = await openSpoolDir("d", { fs: disk })(SHARD);
  for (const record of eventRecords(0, 9)) await spool.append([record]);
  disk.files.get(pathOf(0))!.content[100]! ^= 1;
  const found = await readAll(spool);
  assert.equal(found.at(-1)!.kind, RECORD.GAP);
  assert.equal(found.at(-1)!.cursor, 9);
  disk.failNext("sync");
  await assert.rejects(spool.append([eventRecord(10)]));
  await spool.append([eventRecord(10)]);
  assert.deepEqual(plain(await readAll(spool, 9)), plain([eventRecord(10)]));
  assert.deepEqual(firsts(disk), [0, 10]);
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

Deno.test("a full disk refuses what does not fit, keeps the rest, and goes on when there is room", async () => {
  const disk = fakeDisk();
  const spool = await openOn(disk)(SHARD);
  await spool.append(eventRecords(0, 3, 80));
  const { bytes } = spool;
  disk.capacityBytes = bytes + 150;
  await spool.append([eventRecord(4, 80)]);
  await assert.rejects(spool.append([eventRecord(5, 80)]), {
    code: "disk_full",
    message: /Cannot write events of shard 3 to disk: No space left/,
  });
  assert.equal(disk.files.get(pathOf(0))!.content.length, spool.bytes, "no half a record is left");
  assert.deepEqual(plain(await readAll(spool)), plain(eventRecords(0, 4, 80)));
  disk.capacityBytes = Infinity;
  await spool.append([eventRecord(5, 80)]);
  assert.deepEqual(plain(await readAll(spool)), plain(eventRecords(0, 5, 80)));
});

Deno.test("a disk that is full when a file is begun is left without that file", async () => {
  const disk = fakeDisk();
  disk.capacityBytes = 50;
  const spool = await openOn(disk)(SHARD);
  await assert.rejects(spool.append(eventRecords(0, 3, 80)), { code: "disk_full" });
  assert.deepEqual([disk.files.size, spool.last, spool.bytes], [0, null, 0]);
});

Deno.test("a write that fails rejects what waits behind it: there are no holes", async () => {
  const disk = fakeDisk();
  const spool = await openOn(disk)(SHARD);
  disk.failNext("sync");
  const answers = await Promise.allSettled([
    spool.append([eventRecord(0, 2_000_000)]),
    spool.append([eventRecord(1)]),
  ]);
  assert.deepEqual(answers.map(({ status }) => status), ["rejected", "rejected"]);
  await spool.append(eventRecords(0, 1));
  assert.deepEqual(plain(await readAll(spool)), plain(eventRecords(0, 1)));
});

for (const call of ["makeDir", "open", "write", "sync", "syncDir"] as const) {
  Deno.test(`when ${call} fails nothing was appended, also after a power cut`, async () => {
    for (let seed = 0; seed < 20; seed++) {
      const disk = fakeDisk();
      const spool = await openOn(disk)(SHARD);
      disk.failNext(call, 60);
      await assert.rejects(spool.append([eventRecord(0, 90)]), { code: "bad_state" });
      if (seed % 2) disk.crash(seededRandom(seed));
      const again = seed % 2 ? await openOn(disk)(SHARD) : spool;
      assert.equal(again.last, null);
      await again.append([eventRecord(0)]);
      assert.deepEqual(plain(await readAll(again)), plain([eventRecord(0)]));
    }
  });
}

Deno.test("a file of a newer version is refused in words, and left as it is", async () => {
  const disk = await filledDisk();
  const { content } = disk.files.get(pathOf(18))!;
  content[7] = 9;
  const before = content.slice();
  await assert.rejects(openOn(disk)(SHARD), {
    code: "bad_config",
    message: /it has version 9, this Gatehouse knows 1; start the newer Gatehouse/,
  });
  assert.deepEqual(disk.files.get(pathOf(18))!.content, before);
});

const STEP = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("append"), size: fc.nat(5) }) },
  fc.record({ kind: fc.constantFrom("trim", "crash", "fail", "fail"), size: fc.nat(30) }),
);

Deno.test("whatever fails and whenever power is cut, what was acknowledged is there, in order, and nothing is invented", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 40, size: "max" }), fc.nat(), checkCrashes),
    { numRuns: 400 },
  );
});

async function checkCrashes(
  steps: readonly { kind: string; size: number }[],
  seed: number,
): Promise<void> {
  const random = seededRandom(seed);
  const disk = fakeDisk();
  let spool = await openOn(disk)(SHARD);
  let kept: EventRecord[] = [];
  let trimmed = -1;
  for (const { kind, size } of steps) {
    const next = Math.max(trimmed, kept.at(-1)?.cursor ?? -1) + 1;
    const fails: DiskCall[] = ["write", "sync", "syncDir", "open", "remove", "makeDir"];
    if (kind === "fail") disk.failNext(fails[size % fails.length]!, size);
    if (kind === "trim") {
      const to = Math.max(trimmed, next - size);
      const done = await spool.trim(to).then(() => true, () => false);
      if (done) kept = kept.filter(({ cursor }) => cursor > to);
      if (done) trimmed = to;
    }
    if (kind === "append") {
      const calls = Array.from({ length: size }, (_, i) => [eventRecord(next + i, 30 * i)]);
      const answers = calls.map((records) => spool.append(records));
      const settled = await Promise.allSettled(answers);
      kept.push(...calls.filter((_, i) => settled[i]!.status === "fulfilled").flat());
    }
    if (kind === "crash") {
      const calls = Array.from({ length: 3 }, (_, i) => [eventRecord(next + i, size)]);
      const answers = calls.map((records) => spool.append(records).then(() => true, () => false));
      // Power is cut in the middle of a write: after a few turns of the event loop.
      for (let turn = 0; turn < size; turn++) await Promise.resolve();
      disk.crash(random);
      const acked = (await Promise.all(answers)).filter(Boolean).length;
      spool = await openOn(disk)(SHARD);
      const found = await readAll(spool, trimmed);
      assert.ok(found.length >= kept.length + acked, "what was acknowledged is gone");
      const possible = [...kept, ...calls.flat()];
      assert.deepEqual(plain(found), plain(possible.slice(0, found.length)));
      kept = found;
    }
    assert.deepEqual(plain(await readAll(spool, trimmed, size * 30)), plain(kept));
  }
}
