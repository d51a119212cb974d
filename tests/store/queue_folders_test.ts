import assert from "node:assert/strict";
import { type EventRecord, RECORD } from "../../protocol/event_frame.ts";
import {
  dropGuilds,
  dropQueues,
  guildFolder,
  inheritQueues,
  queuedShards,
  queueFolder,
  queuesLeft,
} from "../../store/queue_folders.ts";
import { openSpoolDir } from "../../store/spool_files.ts";
import { readAll } from "./spool_conformance.ts";

async function inTempDir(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Leaves events of a shard in a folder, a segment for each cursor. */
async function leave(dir: string, shardId: number, ...cursors: number[]): Promise<void> {
  const spool = await openSpoolDir(dir, { segmentBytes: 1 })(shardId);
  for (const cursor of cursors) {
    await spool.append([record(shardId, cursor)]);
  }
  await spool.close();
}

function record(shardId: number, cursor: number): EventRecord {
  return {
    kind: RECORD.DISPATCH,
    shardId,
    cursor,
    body: new TextEncoder().encode(`event ${cursor}`),
  };
}

async function found(dir: string, shardId: number): Promise<number[]> {
  const spool = await openSpoolDir(dir)(shardId);
  const records = await readAll(spool, -1, 1_000_000);
  await spool.close();
  return records.map(({ cursor }) => cursor);
}

const namesIn = (dir: string) => [...Deno.readDirSync(dir)].map(({ name }) => name).sort();

Deno.test("queueFolder() keeps shards of two totals apart", () => {
  assert.equal(queueFolder("/state/queue", 16), "/state/queue/of-16");
});

Deno.test("inheritQueues() gives shards what e038c8e left in folders without a total", () =>
  inTempDir(async (dir) => {
    await leave(dir, 3, 1, 2, 3);
    await leave(dir, 16, 7);
    await inheritQueues(dir, 17, [3, 16]);
    assert.deepEqual(await found(queueFolder(dir, 17), 3), [1, 2, 3]);
    assert.deepEqual(await found(queueFolder(dir, 17), 16), [7]);
    assert.deepEqual(namesIn(dir), ["of-17"]);
  }));

Deno.test("inheritQueues() lets no folder that cannot be emptied keep others from theirs", () =>
  inTempDir(async (dir) => {
    for (const shardId of [1, 2, 3]) await leave(dir, shardId, shardId);
    await Deno.mkdir(`${dir}/1/stray`);
    await Deno.mkdir(`${dir}/2/stray`);
    await assert.rejects(inheritQueues(dir, 4, [1, 2, 3]), /not empty/i);
    for (const shardId of [1, 2, 3]) {
      assert.deepEqual(await found(queueFolder(dir, 4), shardId), [shardId]);
    }
  }));

Deno.test("inheritQueues() gives shards what those of their ids of other totals left, behind each other", () =>
  inTempDir(async (dir) => {
    await leave(dir, 3, 1, 2);
    await leave(queueFolder(dir, 16), 3, 5, 6);
    await leave(queueFolder(dir, 32), 3, 9);
    await inheritQueues(dir, 32, [3]);
    assert.deepEqual(await found(queueFolder(dir, 32), 3), [1, 2, 5, 6, 9]);
  }));

Deno.test("inheritQueues() gives what a reader has not read to the one of its name", () =>
  inTempDir(async (dir) => {
    for (const name of ["3@logger", "4@logger"]) {
      const spool = await openSpoolDir(queueFolder(dir, 16))(parseInt(name), "logger");
      await spool.append([record(parseInt(name), 1)]);
      await spool.close();
    }
    await inheritQueues(dir, 32, [3]);
    assert.deepEqual(namesIn(queueFolder(dir, 32)), ["3@logger"]);
    assert.deepEqual(namesIn(queueFolder(dir, 16)), ["4@logger"]);
  }));

Deno.test("inheritQueues() leaves alone what is another unit's, and what is no shard's", () =>
  inTempDir(async (dir) => {
    await leave(dir, 3, 1);
    await leave(queueFolder(dir, 16), 4, 2);
    await Deno.mkdir(`${dir}/lost+found`);
    await inheritQueues(dir, 32, [0, 1, 2]);
    assert.deepEqual(namesIn(dir), ["3", "lost+found", "of-16"]);
    assert.deepEqual(await found(dir, 3), [1]);
    assert.deepEqual(await found(queueFolder(dir, 16), 4), [2]);
  }));

Deno.test("inheritQueues() that is killed between any two moves loses nothing, and goes on the next time", () =>
  inTempDir(async (dir) => {
    for (let moves = 0; moves <= 4; moves++) {
      const queue = `${dir}/${moves}`;
      await leave(queue, 3, 1, 2);
      await leave(queueFolder(queue, 8), 3, 3, 4);
      let left = moves;
      const killed = inheritQueues(queue, 16, [3], async (from, to) => {
        if (left-- === 0) throw new Error("killed");
        await Deno.rename(from, to);
      });
      if (moves < 4) await assert.rejects(killed, /killed/);
      else await killed;
      await inheritQueues(queue, 16, [3]);
      assert.deepEqual(await found(queueFolder(queue, 16), 3), [1, 2, 3, 4]);
    }
  }));

Deno.test("inheritQueues() writes over nothing", () =>
  inTempDir(async (dir) => {
    await leave(dir, 3, 1, 2);
    await leave(queueFolder(dir, 16), 3, 2, 3);
    await inheritQueues(dir, 16, [3]);
    assert.deepEqual(await found(queueFolder(dir, 16), 3), [1, 2, 3]);
    assert.deepEqual(await found(dir, 3), [2]);
  }));

async function leaveGuilds(queue: string, total: number, ...shardIds: number[]): Promise<void> {
  for (const id of shardIds) {
    const folder = `${guildFolder(queueFolder(queue, total))}/${id}`;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(`${folder}/000000000000007.guilds`, "guilds");
  }
}

const guildsOf = (queue: string, total: number) => namesIn(guildFolder(queueFolder(queue, total)));

Deno.test("dropGuilds() deletes what shards of these ids left under other totals, and nothing else", () =>
  inTempDir(async (dir) => {
    for (const total of [8, 16, 32]) await leaveGuilds(dir, total, 2, 3, 4);
    await leave(queueFolder(dir, 8), 3, 1);
    await dropGuilds(dir, [16], [3, 4]);
    assert.deepEqual([8, 16, 32].map((total) => guildsOf(dir, total)), [["2"], ["2", "3", "4"], [
      "2",
    ]]);
    assert.deepEqual(await found(queueFolder(dir, 8), 3), [1]);
    await dropGuilds(dir, [], [2, 3, 4]);
    assert.deepEqual([8, 16, 32].map((total) => guildsOf(dir, total)), [[], [], []]);
  }));

Deno.test("dropGuilds() has nothing to do where there are none", () =>
  inTempDir(async (dir) => {
    await leave(queueFolder(dir, 8), 3, 1);
    await dropGuilds(dir, [16], [3]);
    await dropGuilds(`${dir}/none`, [], [3]);
    assert.deepEqual(await found(queueFolder(dir, 8), 3), [1]);
  }));

Deno.test("inheritQueues() takes no guilds along: they are of another session", () =>
  inTempDir(async (dir) => {
    await leaveGuilds(dir, 8, 3);
    await inheritQueues(dir, 16, [3]);
    assert.deepEqual(guildsOf(dir, 8), ["3"]);
    assert.deepEqual(namesIn(dir), ["of-8"]);
  }));

Deno.test("dropGuilds() leaves both of two totals alone that live side by side", () =>
  inTempDir(async (dir) => {
    for (const total of [2, 4, 8]) await leaveGuilds(dir, total, 1);
    await dropGuilds(dir, [4, 8], [0, 1, 2, 3]);
    assert.deepEqual([2, 4, 8].map((total) => guildsOf(dir, total)), [[], ["1"], ["1"]]);
  }));

Deno.test("dropQueues() deletes events, readers and guilds of shards that are over, and of no others", () =>
  inTempDir(async (dir) => {
    for (const total of [2, 4]) {
      for (const id of [0, 1]) await leave(queueFolder(dir, total), id, 5);
      await leaveGuilds(dir, total, 0, 1);
      const spool = await openSpoolDir(queueFolder(dir, total))(1, "logger");
      await spool.append([record(1, 5)]);
      await spool.close();
    }
    await dropQueues(dir, ({ total, id }) => total === 2 && id === 1);
    assert.deepEqual(namesIn(queueFolder(dir, 2)), ["0", "guilds"]);
    assert.deepEqual(namesIn(queueFolder(dir, 4)), ["0", "1", "1@logger", "guilds"]);
    assert.deepEqual([guildsOf(dir, 2), guildsOf(dir, 4)], [["0"], ["0", "1"]]);
    await dropQueues(`${dir}/none`, () => true);
  }));

Deno.test("queuedShards() tells of which shards events wait, once each, and of no empty folder", () =>
  inTempDir(async (dir) => {
    assert.deepEqual(await queuedShards(`${dir}/none`), []);
    await leave(queueFolder(dir, 2), 1, 5);
    await leave(queueFolder(dir, 4), 1, 5);
    await leaveGuilds(dir, 4, 0);
    Deno.mkdirSync(`${queueFolder(dir, 4)}/3`);
    for (const reader of ["logger", "mirror"]) {
      const spool = await openSpoolDir(queueFolder(dir, 4))(2, reader);
      await spool.append([record(2, 5)]);
      await spool.close();
    }
    assert.deepEqual(
      (await queuedShards(dir)).map(({ total, id }) => `${id}/${total}`).sort(),
      ["1/2", "1/4", "2/4"],
    );
  }));

Deno.test("queuesLeft() tells the queues of a folder that hold something", async () => {
  await inTempDir(async (dir) => {
    await leave(dir, 3, 1);
    await leave(dir, 2 ** 20, 1);
    await Deno.mkdir(`${dir}/7`);
    await Deno.mkdir(`${dir}/of-16`);
    assert.deepEqual((await queuesLeft(dir)).toSorted(), [2 ** 20, 3]);
    assert.deepEqual(await queuesLeft(`${dir}/none`), []);
  });
});
