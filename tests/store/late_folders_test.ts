import assert from "node:assert/strict";
import { type EventRecord, RECORD } from "../../protocol/event_frame.ts";
import { lateFolders, NOTHING_ASIDE } from "../../store/late_folders.ts";
import { openSpoolDir } from "../../store/spool_files.ts";

const of = (id: number, total = 16) => ({ total, id });

async function write(dir: string, shardId: number, cursors: number[], reader?: string) {
  const spool = await openSpoolDir(dir)(shardId, reader);
  await spool.append(cursors.map((cursor): EventRecord => (
    { shardId, kind: RECORD.DISPATCH, cursor, body: new Uint8Array(3) }
  )));
  await spool.close();
}

async function inFolder(task: (dir: string) => Promise<void>) {
  const dir = await Deno.makeTempDir();
  try {
    await task(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("what waits of a shard is put aside, found there, and deleted; of its readers nothing is kept", () =>
  inFolder(async (dir) => {
    await write(`${dir}/of-16`, 3, [1, 2]);
    await write(`${dir}/of-16`, 3, [1, 2], "logger");
    await write(`${dir}/of-16`, 13, [1]);
    await write(`${dir}/of-4`, 3, [7]);
    const aside = lateFolders(dir);
    assert.deepEqual(await aside.list(), []);
    await aside.put(of(3));
    await aside.put(of(5));
    assert.deepEqual(await aside.list(), [of(3)]);
    const queued = (await aside.queued()).map(({ id, total }) => `${id}/${total}`).sort();
    assert.deepEqual(queued, ["13/16", "3/4"]);
    const spool = await aside.open(of(3));
    assert.deepEqual((await spool.read(0, 1_000)).map(({ cursor }) => cursor), [1, 2]);
    await spool.close();
    await aside.remove(of(3));
    await aside.remove(of(3));
    assert.deepEqual(await aside.list(), []);
  }));

Deno.test("what is put aside twice is all there, in order", () =>
  inFolder(async (dir) => {
    const aside = lateFolders(dir);
    for (const cursors of [[1, 2], [5, 6]]) {
      await write(`${dir}/of-16`, 3, cursors);
      await aside.put(of(3));
    }
    const spool = await aside.open(of(3));
    assert.deepEqual((await spool.read(0, 1_000)).map(({ cursor }) => cursor), [1, 2, 5, 6]);
    await spool.close();
  }));

Deno.test("without a folder there is nothing to put aside", async () => {
  await NOTHING_ASIDE.put(of(3));
  await NOTHING_ASIDE.remove(of(3));
  assert.deepEqual([await NOTHING_ASIDE.list(), await NOTHING_ASIDE.queued()], [[], []]);
  await assert.rejects(NOTHING_ASIDE.open(of(3)), /there is no disk with 3\/16/);
  await inFolder(async (dir) => {
    await lateFolders(`${dir}/none`).put(of(3));
    assert.deepEqual(await lateFolders(`${dir}/none`).list(), []);
  });
});
