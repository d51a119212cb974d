import assert from "node:assert/strict";
import { logTo } from "../../../ports/log.ts";
import { type Estate, NO_ESTATE } from "../../../protocol/estate.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import { openGuildDir } from "../../../store/guild_files.ts";
import { WorkerGuilds, type WorkerGuildsOptions } from "../../../workers/guilds/shards.ts";
import { type FakeDisk, fakeDisk } from "../../support/fake_disk.ts";
import { WORKER } from "../../support/fake_threads.ts";

const TERMS = { intents: 0xffff, largeThreshold: 50 };

function setUp(disk: FakeDisk | null = fakeDisk(), options: Partial<WorkerGuildsOptions> = {}) {
  const clock = createVirtualClock();
  const logged: { event: string; fields: Record<string, unknown> }[] = [];
  const guilds = new WorkerGuilds({
    clock,
    log: logTo((_, event, fields) => logged.push({ event, fields })),
    worker: { ...WORKER, queueDiskBytes: 1e9 },
    extras: [],
    intents: () => 0xffff,
    ...(disk ? { openGuilds: openGuildDir("d", { fs: disk }) } : {}),
    ...options,
  });
  const see = (shardId: number, cursor: number, t: string, d: unknown) =>
    guilds.see(shardId, cursor, t, new TextEncoder().encode(JSON.stringify({ t, s: 1, op: 0, d })));
  /** A session begins, with a guild that is called after its shard. */
  const ready = (shardId: number) => {
    see(shardId, 1, "READY", { session_id: `s${shardId}`, user: { id: "7" }, guilds: [] });
    see(shardId, 2, "GUILD_CREATE", { id: `${shardId}1`, name: `of ${shardId}`, members: [] });
    guilds.acknowledged(shardId, 2);
  };
  const names = async (shardId: number, cursor: number) => {
    const question = { shardId, cursor, terms: TERMS, after: 0, limitBytes: 1 << 20 };
    const asked = guilds.piece(question);
    await clock.advance(10);
    const bodies = (await asked)?.bodies.map((body) => JSON.parse(new TextDecoder().decode(body)));
    return bodies?.map(({ name }) => name) ?? null;
  };
  return { clock, logged, guilds, see, ready, names, disk };
}

function estateOf(shardId: number, acknowledged: number, readers = {}): Estate {
  const terms = { shardId, totalShards: WORKER.totalShards, intents: 0xffff, resumeUrl: null };
  const session = { ...terms, sessionId: `s${shardId}`, seq: acknowledged, base: 0 };
  return { ...NO_ESTATE, acknowledged, readers, session };
}

/** A disk with the guilds of shards 0 and 1, that were stopped. */
async function lived(): Promise<FakeDisk> {
  const { guilds, ready, clock, disk } = setUp();
  for (const shardId of [0, 1]) {
    assert.equal(await guilds.begin(shardId, NO_ESTATE, 0), 0);
    ready(shardId);
  }
  await clock.advance(1_000);
  assert.ok(guilds.diskBytes(0) > 100);
  await guilds.close();
  return disk!;
}

Deno.test("WorkerGuilds gives each shard the guilds that an earlier life has left of it", async () => {
  const { guilds, names } = setUp(await lived());
  for (const shardId of [0, 1]) {
    assert.equal(await guilds.begin(shardId, estateOf(shardId, 2), 2), 2);
    assert.equal(guilds.newest(shardId), 2);
    assert.deepEqual(await names(shardId, 2), [`of ${shardId}`]);
  }
});

Deno.test("WorkerGuilds has Discord go on where the log of the guilds ends", async () => {
  const { guilds, names, see } = setUp(await lived());
  assert.equal(await guilds.begin(0, estateOf(0, 4), 5), 2);
  const asked = names(0, 4);
  see(0, 3, "GUILD_UPDATE", { id: "01", name: "renamed" });
  see(0, 4, "MESSAGE_CREATE", {});
  assert.deepEqual(await asked, ["renamed"]);
});

Deno.test("WorkerGuilds keeps guilds as of whoever has come least far", async () => {
  const { guilds, see, names, clock } = setUp(await lived());
  assert.equal(await guilds.begin(0, estateOf(0, 4, { logger: 2 }), 2), 2);
  see(0, 3, "GUILD_UPDATE", { id: "01", name: "renamed" });
  see(0, 4, "MESSAGE_CREATE", {});
  await clock.advance(10);
  assert.deepEqual([await names(0, 2), await names(0, 4)], [["of 0"], ["renamed"]]);
});

Deno.test("WorkerGuilds begins a shard once", async () => {
  const { guilds, names } = setUp(await lived());
  await guilds.begin(0, estateOf(0, 2), 2);
  assert.equal(await guilds.begin(0, estateOf(0, 9), 9), 9);
  assert.deepEqual(await names(0, 2), ["of 0"]);
});

Deno.test("WorkerGuilds keeps guilds in memory where there is no disk", async () => {
  const { guilds, ready, names } = setUp(null);
  assert.equal(await guilds.begin(0, NO_ESTATE, 0), 0);
  ready(0);
  assert.deepEqual(await names(0, 2), ["of 0"]);
  assert.equal(guilds.diskBytes(0), 0);
  await guilds.close();
});

Deno.test("WorkerGuilds knows nothing of a shard that was not begun", async () => {
  const { guilds, names } = setUp();
  assert.equal(await names(5, 1), null);
  assert.equal(await guilds.find({ kind: "guild", guildId: "1" }), null);
  assert.equal(guilds.newest(5), 0);
});

Deno.test("WorkerGuilds finds what any of its shards has", async () => {
  const { guilds, ready, clock } = setUp();
  for (const shardId of [0, 1]) {
    await guilds.begin(shardId, NO_ESTATE, 0);
    ready(shardId);
  }
  const asked = guilds.find({ kind: "guild", guildId: "11" });
  await clock.advance(10);
  assert.equal((await asked as { name: string }).name, "of 1");
});

Deno.test("WorkerGuilds has the shards of a worker share QUEUE_DISK_BYTES", async () => {
  const { guilds, ready, clock, logged } = setUp(fakeDisk(), {
    worker: { ...WORKER, queueDiskBytes: 250 },
  });
  for (const shardId of [0, 1]) await guilds.begin(shardId, NO_ESTATE, 0);
  ready(0);
  await clock.advance(1_000);
  assert.deepEqual(logged, [], "the first has found room");
  ready(1);
  await clock.advance(1_000);
  assert.deepEqual(logged.map(({ fields }) => fields), [
    { shardId: 1, reason: "QUEUE_DISK_BYTES are used up" },
  ]);
});

Deno.test("WorkerGuilds tells when the guilds of a shard are not known any more", async () => {
  const { guilds, ready, clock, logged, see, names } = setUp(null, {
    worker: { ...WORKER, queueMemoryBytes: 8 * 10_000 },
  });
  await guilds.begin(0, NO_ESTATE, 0);
  ready(0);
  await clock.advance(10);
  see(0, 3, "GUILD_UPDATE", { id: "01", name: "x".repeat(20_000) });
  assert.deepEqual(logged.map(({ event, fields }) => [event, fields.shardId]), [
    ["guilds of a shard are not known any more", 0],
  ]);
  assert.equal(await names(0, 3), null);
});

Deno.test("WorkerGuilds gives up the guilds of a shard that is gone, on disk too, and of none beside it", async () => {
  for (const isBegun of [true, false]) {
    const disk = await lived();
    const { guilds, names, see, clock } = setUp(disk);
    await guilds.begin(1, estateOf(1, 2), 2);
    if (isBegun) {
      await guilds.begin(0, estateOf(0, 2), 2);
      see(0, 3, "GUILD_DELETE", { id: "01" });
    }
    await guilds.giveUp(0);
    await clock.advance(5_000);
    assert.deepEqual([...disk.files.keys()].filter((path) => path.startsWith("d/0/")), []);
    assert.equal(await names(0, 2), null);
    assert.deepEqual([guilds.memoryBytes(0), guilds.diskBytes(0)], [0, 0]);
    assert.deepEqual(await names(1, 2), ["of 1"]);
    assert.equal(await guilds.begin(0, NO_ESTATE, 0), 0, "it can begin anew");
  }
});
