import assert from "node:assert/strict";
import { logTo } from "../../ports/log.ts";
import { eventRecord, eventRecords, plain, readAll, SHARD } from "./spool_conformance.ts";
import { filledDisk, openOn, pathOf } from "./spool_disk.ts";

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
  content[7] = 9;
  const before = content.slice();
  await assert.rejects(openOn(disk)(SHARD), {
    code: "bad_config",
    message: /it has version 9, this Gatehouse knows 1; start the newer Gatehouse/,
  });
  assert.deepEqual(disk.files.get(pathOf(18))!.content, before);
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
