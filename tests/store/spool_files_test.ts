import assert from "node:assert/strict";
import fc from "fast-check";
import { type EventRecord, RECORD } from "../../protocol/event_frame.ts";
import { seededRandom } from "../../ports/random.ts";
import { openSpoolDir } from "../../store/spool_files.ts";
import { type DiskCall, fakeDisk } from "../support/fake_disk.ts";
import { logTo } from "../../ports/log.ts";
import {
  eventRecord,
  eventRecords,
  plain,
  readAll,
  SHARD,
  spoolConformance,
} from "./spool_conformance.ts";
import { filledDisk, firstsOn, openOn, pathOf } from "./spool_disk.ts";

spoolConformance(
  "openSpoolDir() on a disk in memory",
  () => ({ open: openOn(fakeDisk()) }),
);

spoolConformance("openSpoolDir() on a disk", () => {
  const dir = Deno.makeTempDirSync();
  return {
    open: openSpoolDir(`${dir}/spool`, { segmentBytes: 600 }),
    end: () => Deno.removeSync(dir, { recursive: true }),
  };
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

Deno.test("closing waits for everything that was given before, however many writes it takes", async () => {
  const disk = fakeDisk();
  const spool = await openSpoolDir("d", { fs: disk })(SHARD);
  const answers: number[] = [];
  for (const record of eventRecords(0, 9, 400_000)) {
    void spool.append([record]).then(() => answers.push(record.cursor));
  }
  await spool.close();
  assert.equal(answers.length, 10);
  assert.ok(disk.calls.sync > 1);
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
  let disk = fakeDisk();
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
      disk = disk.crash(random);
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

Deno.test("openSpoolDir() writes whole segments one after another, each named by its first cursor", async () => {
  const disk = await filledDisk();
  assert.deepEqual(firstsOn(disk), [0, 6, 12, 18]);
  for (const { content } of disk.files.values()) {
    assert.equal(new TextDecoder().decode(content.subarray(0, 7)), "GHSPOOL");
  }
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
      const again = seed % 2 ? await openOn(disk.crash(seededRandom(seed)))(SHARD) : spool;
      assert.equal(again.last, null);
      await again.append([eventRecord(0)]);
      assert.deepEqual(plain(await readAll(again)), plain([eventRecord(0)]));
    }
  });
}

Deno.test("what could not be cut off at once is cut off before anything else is written", async () => {
  const disk = fakeDisk();
  const lines: unknown[] = [];
  const log = logTo((level, event) => lines.push([level, event]));
  const spool = await openOn(disk, { log })(SHARD);
  await spool.append([eventRecord(0)]);
  disk.failNext("sync");
  disk.failNext("truncate");
  await assert.rejects(spool.append([eventRecord(1, 100)]), { code: "bad_state" });
  assert.deepEqual(lines, [["warn", "could not cut off a failed write"]]);
  assert.ok(disk.files.get(pathOf(0))!.content.length > spool.bytes);
  assert.deepEqual(plain(await readAll(spool)), plain([eventRecord(0)]));
  await spool.append([eventRecord(1)]);
  assert.deepEqual(plain(await readAll(spool)), plain(eventRecords(0, 1)));
  assert.equal(disk.files.get(pathOf(0))!.content.length, spool.bytes);
});

Deno.test("damage in the file that is being written: what comes later is written to another", async () => {
  const disk = fakeDisk();
  const spool = await openSpoolDir("d", { fs: disk })(SHARD);
  for (const record of eventRecords(0, 9)) await spool.append([record]);
  disk.files.get(pathOf(0))!.content[73]! ^= 1;
  const found = await readAll(spool);
  assert.equal(found.at(-1)!.kind, RECORD.GAP);
  assert.equal(found.at(-1)!.cursor, 9);
  disk.failNext("sync");
  await assert.rejects(spool.append([eventRecord(10)]));
  await spool.append([eventRecord(10)]);
  assert.deepEqual(plain(await readAll(spool, 9)), plain([eventRecord(10)]));
  assert.deepEqual(firstsOn(disk), [0, 10]);
});

Deno.test("a new life writes to files of its own, so that a late write of the old one harms nothing", async () => {
  const disk = fakeDisk();
  const old = await openOn(disk)(SHARD);
  await old.append([eventRecord(0)]);
  const spool = await openOn(disk)(SHARD);
  const late = old.append([eventRecord(1, 50)]);
  await spool.append(eventRecords(1, 2));
  await late;
  assert.deepEqual(firstsOn(disk), [0, 1]);
  for (const life of [spool, await openOn(disk)(SHARD)]) {
    const found = await readAll(life);
    assert.deepEqual(found.map(({ cursor }) => cursor), [0, 1, 2]);
  }
});
