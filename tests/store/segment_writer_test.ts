import assert from "node:assert/strict";
import { RECORD } from "../../protocol/event_frame.ts";
import { logTo } from "../../ports/log.ts";
import { seededRandom } from "../../ports/random.ts";
import { openSpoolDir } from "../../store/spool_files.ts";
import { fakeDisk } from "../support/fake_disk.ts";
import { eventRecord, eventRecords, plain, readAll, SHARD } from "./spool_conformance.ts";
import { filledDisk, firstsOn, openOn, pathOf } from "./spool_disk.ts";

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
  disk.files.get(pathOf(0))!.content[100]! ^= 1;
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
