import assert from "node:assert/strict";
import fc from "fast-check";
import type { EventRecord } from "../../protocol/event_frame.ts";
import { seededRandom } from "../../ports/random.ts";
import { openSpoolDir } from "../../store/spool_files.ts";
import { type DiskCall, fakeDisk } from "../support/fake_disk.ts";
import {
  eventRecord,
  eventRecords,
  plain,
  readAll,
  SHARD,
  spoolConformance,
} from "./spool_conformance.ts";
import { filledDisk, openOn } from "./spool_disk.ts";

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
