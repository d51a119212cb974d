import assert from "node:assert/strict";
import type { GuildRecord } from "../../../ports/guild_log.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import { openSpoolDir } from "../../../store/spool_files.ts";
import { extentOf, GuildSpool, RETRY_MS, WRITE_AFTER_MS } from "../../../workers/guilds/spool.ts";
import { type FakeDisk, fakeDisk } from "../../support/fake_disk.ts";

const encoder = new TextEncoder();

function change(cursor: number, t = "GUILD_UPDATE", d: object = { id: "1" }): GuildRecord {
  return { cursor, payload: encoder.encode(JSON.stringify({ t, s: cursor, op: 0, d })) };
}

function ready(cursor: number, sessionId = "abc"): GuildRecord {
  return change(cursor, "READY", { session_id: sessionId });
}

async function stage({ disk = fakeDisk(), covered = 0, mayWrite = (): boolean => true } = {}) {
  const clock = createVirtualClock();
  const spool = await openSpoolDir("d", { fs: disk, segmentBytes: 300 })(3);
  const failures: string[] = [];
  const failed = (reason: string) => void failures.push(reason);
  const overruns: true[] = [];
  const overrun = () => void overruns.push(true);
  const open = () => Promise.resolve(spool);
  const log = new GuildSpool({ clock, shardId: 3, open, covered, mayWrite, failed, overrun });
  return { clock, disk, spool, log, failures, overruns };
}

const cursorsOf = (records: readonly GuildRecord[]) => records.map(({ cursor }) => cursor);

async function allOf(log: GuildSpool, after: number, limitBytes = 100): Promise<number[]> {
  const cursors: number[] = [];
  for (let at = after;;) {
    const piece = cursorsOf(await log.read(at, limitBytes));
    if (piece.length === 0) return cursors;
    cursors.push(...piece);
    at = piece.at(-1)!;
  }
}

/** How far a log on disk goes. */
async function found(disk: FakeDisk, after: number | null) {
  return await extentOf(await openSpoolDir("d", { fs: disk })(3), after);
}

Deno.test("changes are written together, a moment after the first", async () => {
  const { clock, disk, log } = await stage();
  for (let cursor = 1; cursor <= 5; cursor++) log.append(change(cursor));
  await clock.advance(WRITE_AFTER_MS - 1);
  assert.deepEqual([disk.calls.sync, log.covered], [0, 0]);
  await clock.advance(1);
  assert.deepEqual([disk.calls.sync, log.covered], [1, 5]);
  await clock.advance(60_000);
  assert.equal(disk.calls.sync, 1, "nothing is written where nothing has come");
});

Deno.test("what comes while the disk is at work is written a moment later", async () => {
  const { clock, log } = await stage();
  log.append(change(1));
  const marked = log.mark(1);
  log.append(change(2));
  await marked;
  assert.equal(log.covered, 1);
  await clock.advance(WRITE_AFTER_MS);
  assert.equal(log.covered, 2);
});

Deno.test("changes can be read at once, from memory, from disk and from both, in pieces", async () => {
  const { log } = await stage();
  for (let cursor = 10; cursor < 20; cursor++) log.append(change(cursor));
  const wanted = Array.from({ length: 10 }, (_, i) => i + 10);
  assert.deepEqual(await allOf(log, 0), wanted);
  await log.mark(15);
  await log.mark(25);
  log.append(change(30));
  assert.deepEqual(await allOf(log, 0, 1), [...wanted, 30]);
  assert.deepEqual(await allOf(log, 14), [15, 16, 17, 18, 19, 30]);
  assert.deepEqual(await allOf(log, 19), [30]);
  assert.deepEqual(await allOf(log, 30), []);
  const [first] = await log.read(9, 1);
  assert.deepEqual(first, change(10));
});

Deno.test("a change that is there already is not taken again", async () => {
  const { log } = await stage({ covered: 7 });
  for (const cursor of [6, 7, 8, 8, 9]) log.append(change(cursor));
  await log.mark(9);
  assert.deepEqual(await allOf(log, 7), [8, 9]);
});

Deno.test("a log tells how far it goes, by a mark where nothing has changed", async () => {
  const { disk, log } = await stage({ covered: 7 });
  assert.deepEqual(await found(disk, 7), {
    reached: 7,
    isWhole: true,
    sessions: [],
  });
  log.append(change(9));
  await log.mark(12);
  await log.mark(12);
  await log.mark(11);
  const { reached, isWhole } = await found(disk, 7);
  assert.deepEqual([reached, isWhole, disk.calls.sync], [12, true, 1]);
  assert.equal((await found(disk, 8)).isWhole, true);
  assert.equal((await found(disk, 6)).isWhole, false, "what is between 6 and 7?");
  assert.equal((await found(disk, null)).isWhole, false);
  assert.equal((await found(disk, 12)).isWhole, true);
});

Deno.test("a log with a READY is whole since then", async () => {
  const { disk, log } = await stage({ covered: 7 });
  for (const record of [change(9), ready(10, "first"), change(11), ready(20, "second")]) {
    log.append(record);
  }
  await log.mark(21);
  assert.deepEqual(await found(disk, null), {
    reached: 21,
    isWhole: false,
    sessions: [{ cursor: 10, sessionId: "first" }, { cursor: 20, sessionId: "second" }],
  });
});

Deno.test("a log that lacks any of its files is not whole, and cannot be read on there", async () => {
  const { disk, log } = await stage();
  log.append(ready(1));
  for (let cursor = 2; cursor < 30; cursor++) {
    log.append(change(cursor));
    await log.mark(cursor);
  }
  const paths = [...disk.files.keys()];
  assert.ok(paths.length > 5);
  for (const [i, path] of paths.entries()) {
    const files = new Map([...disk.files].filter(([each]) => each !== path));
    const isLast = i === paths.length - 1;
    const extent = await found(fakeDisk(files), 0);
    assert.deepEqual([extent.isWhole, extent.sessions.length], [isLast, isLast ? 1 : 0], path);
    const { log: other } = await stage({ disk: fakeDisk(files), covered: 29 });
    await assert.rejects(allOf(other, 0), { code: "bad_state", message: /some is missing after/ });
  }
});

Deno.test("a log with one byte that has changed is not whole, or goes less far", async () => {
  const { disk, log } = await stage();
  log.append(ready(1));
  for (let cursor = 2; cursor < 12; cursor++) {
    log.append(change(cursor));
    if (cursor % 3 === 0) await log.mark(cursor);
  }
  await log.mark(12);
  for (const [path, entry] of disk.files) {
    for (let at = 0; at < entry.content.length; at++) {
      const content = entry.content.slice();
      content[at]! ^= 0xff;
      const files = new Map(disk.files).set(path, { ...entry, content });
      const { reached, isWhole } = await found(fakeDisk(files), 0).catch((error) => {
        assert.equal(error.code, "bad_config");
        return { reached: 0, isWhole: false };
      });
      // The version byte and the magic are no part of what is read.
      assert.ok(!isWhole || reached! < 12 || at < 8, `${path} ${at}`);
    }
  }
});

Deno.test("a disk that fails is tried again, and nothing is missing when it works", async () => {
  const { clock, disk, log, failures } = await stage();
  for (let i = 0; i < 3; i++) disk.failNext("write");
  log.append(ready(1));
  log.append(change(2));
  await clock.advance(WRITE_AFTER_MS);
  log.append(change(3));
  assert.deepEqual(await allOf(log, 0), [1, 2, 3]);
  await clock.advance(3 * RETRY_MS);
  assert.equal(failures.length, 3);
  assert.match(failures[0]!, /Cannot write events of shard 3/);
  assert.deepEqual(await allOf(log, 0), [1, 2, 3]);
  const { reached, isWhole } = await found(disk, 0);
  assert.deepEqual([log.covered, reached, isWhole], [3, 3, true]);
});

Deno.test("a disk that may take no more is a disk that fails", async () => {
  let mayWrite = false;
  const { clock, log, failures } = await stage({ mayWrite: () => mayWrite });
  log.append(change(1));
  await clock.advance(WRITE_AFTER_MS);
  assert.deepEqual(failures, ["QUEUE_DISK_BYTES are used up"]);
  mayWrite = true;
  await clock.advance(RETRY_MS);
  assert.equal(log.covered, 1);
});

Deno.test("a log whose disk takes nothing for too long is given up: it cannot be read on", async () => {
  const { log, failures, overruns } = await stage({ mayWrite: () => false });
  log.append(ready(1));
  const large = { id: "1", name: "x".repeat(1024 * 1024) };
  for (let cursor = 2; cursor < 20; cursor++) log.append(change(cursor, "GUILD_UPDATE", large));
  assert.equal(log.isOver, true);
  assert.deepEqual([failures.length, overruns.length], [0, 1]);
  await assert.rejects(log.read(0, 100), { code: "bad_state" });
});

Deno.test("much that comes at once is written at once, a part at a time", async () => {
  const { clock, disk, log } = await stage();
  const large = { id: "1", name: "x".repeat(100_000) };
  for (let cursor = 1; cursor <= 60; cursor++) log.append(change(cursor, "GUILD_CREATE", large));
  await clock.advance(1);
  assert.equal(log.covered, 60 - 60 % 6);
  await clock.advance(WRITE_AFTER_MS);
  assert.equal(log.covered, 60);
  const largest = Math.max(...[...disk.files.values()].map(({ content }) => content.length));
  assert.ok(largest < 700_000, `${largest} bytes were written at once`);
  const { reached, isWhole } = await found(disk, 0);
  assert.deepEqual([reached, isWhole], [60, true]);
});

Deno.test("a disk that fails is left alone for a while, however much comes", async () => {
  const { clock, disk, log, failures } = await stage();
  for (let i = 0; i < 9; i++) disk.failNext("write");
  const large = { id: "1", name: "x".repeat(100_000) };
  for (let cursor = 1; cursor <= 60; cursor++) {
    log.append(change(cursor, "GUILD_CREATE", large));
    await clock.advance(10);
  }
  assert.equal(failures.length, 1);
});

Deno.test("what is dealt with elsewhere is deleted, the rest is whole all the same", async () => {
  const { disk, log } = await stage();
  for (let cursor = 1; cursor < 30; cursor++) {
    log.append(change(cursor));
    await log.mark(cursor);
  }
  const { bytes } = log;
  await log.trim(20);
  assert.ok(log.bytes < bytes / 2);
  assert.equal((await found(disk, 20)).isWhole, true);
  await log.trim(29);
  assert.equal(log.bytes, 0);
  log.append(change(31));
  await log.close();
  const { reached, isWhole } = await found(disk, 29);
  assert.deepEqual([reached, isWhole], [31, true]);
});
