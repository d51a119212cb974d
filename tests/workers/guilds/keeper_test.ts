import assert from "node:assert/strict";
import { MOST_REPLAYED } from "../../../workers/guilds/keeper.ts";
import { lived, SHARD, Shard } from "./stage.ts";

Deno.test("after a stop the next worker has the guilds, and Discord goes on where it was", async () => {
  const shard = await lived();
  shard.change("2");
  for (let i = 0; i < 5; i++) shard.other();
  await shard.acknowledge(shard.newest - 2);
  await shard.stop();
  shard.die();
  assert.equal(await shard.live(), shard.acknowledged);
  assert.equal(shard.guilds.known?.get("2"), 6);
  assert.deepEqual(shard.guilds.known, shard.wanted);
});

Deno.test("after a kill Discord goes on where the log ends, and the guilds miss nothing", async () => {
  const shard = await lived();
  await shard.clock.advance(3_000);
  const { newest } = shard;
  shard.change("2");
  shard.change("4");
  await shard.acknowledge();
  shard.die();
  assert.equal(await shard.live(), newest);
  await shard.acknowledge();
  assert.deepEqual(shard.guilds.known, shard.wanted);
  assert.equal(shard.guilds.known?.size, 4);
});

Deno.test("guilds are written anew when much has changed, and what has changed before is deleted", async () => {
  const shard = await lived();
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 10; i++) shard.change(`${i}`, 100);
    await shard.acknowledge();
    await shard.clock.advance(5_000);
    assert.ok(shard.keeper.bytes < 8_000, `${shard.keeper.bytes}`);
  }
  const written = [...shard.disk.files.keys()].filter((path) => path.endsWith(".guilds"));
  assert.equal(written.length, 1);
  shard.die();
  await shard.live();
  assert.deepEqual(shard.guilds.known, shard.wanted);
});

Deno.test("nothing is written anew where nobody has dealt with anything since", async () => {
  const shard = await lived();
  for (let i = 0; i < 50; i++) shard.change(`${i}`, 100);
  await shard.clock.advance(120_000);
  const { open } = shard.disk.calls;
  await shard.clock.advance(600_000);
  assert.equal(shard.disk.calls.open, open);
});

Deno.test("guilds that are ahead of what is acknowledged are of use once everybody has come so far", async () => {
  const shard = await lived();
  const { acknowledged } = shard;
  for (let i = 0; i < 50; i++) shard.change(`${i}`, 100);
  await shard.acknowledge();
  await shard.clock.advance(60_000);
  assert.ok([...shard.disk.files.keys()].some((path) => path.endsWith(".guilds")));
  shard.die();
  await shard.live({ acknowledged });
  assert.equal(shard.guilds.known, null);
  await shard.acknowledge(shard.newest - 1);
  assert.equal(shard.guilds.known, null);
  await shard.acknowledge();
  assert.deepEqual(shard.guilds.known, shard.wanted);
});

Deno.test("guilds of another session, of another total or of no session are of no use, and go from the disk", async () => {
  const strangers: Record<string, (shard: Shard) => void> = {
    session: (shard) => shard.sessionId = "other",
    total: (shard) => shard.totalShards = 32,
    none: (shard) => shard.sessionId = "",
  };
  for (const [what, change] of Object.entries(strangers)) {
    const shard = await lived();
    for (let i = 0; i < 50; i++) shard.change(`${i}`, 100);
    await shard.acknowledge();
    await shard.clock.advance(60_000);
    await shard.stop();
    shard.die();
    change(shard);
    await shard.live();
    assert.equal(shard.guilds.known, null, what);
    shard.other();
    await shard.clock.advance(2_000);
    assert.ok(shard.keeper.bytes < 100, what);
    // A session that begins afterwards is kept as any other, wherever its cursors are.
    shard.begin();
    shard.change("9");
    await shard.acknowledge();
    await shard.clock.advance(1_000);
    shard.die();
    await shard.live();
    assert.deepEqual(shard.guilds.known, new Map([["9", shard.newest]]), what);
  }
});

Deno.test("guilds that are too far behind are of no use: Discord may not have all of it", async () => {
  for (const [others, isKnown] of [[MOST_REPLAYED, true], [MOST_REPLAYED + 1, false]] as const) {
    const shard = await lived();
    await shard.clock.advance(3_000);
    for (let i = 0; i < others; i++) shard.other();
    await shard.acknowledge();
    shard.die();
    await shard.live();
    assert.equal(shard.guilds.known !== null, isKnown);
    assert.deepEqual(
      shard.logged.map(({ fields }) => fields.reason),
      isKnown ? [] : [
        "they are 1001 events behind, at most 1000 are asked for again",
      ],
    );
    if (isKnown) assert.deepEqual(shard.guilds.known, shard.wanted);
  }
});

Deno.test("a full disk is told of once; the guilds stay in memory, and survive again when there is room", async () => {
  const shard = await lived();
  shard.mayWrite = false;
  for (let i = 0; i < 50; i++) shard.change(`${i}`, 100);
  await shard.acknowledge();
  await shard.clock.advance(30_000);
  const told = shard.logged.filter(({ event }) => event === "guilds could not be kept on disk");
  assert.deepEqual(told.map(({ fields }) => fields), [
    { shardId: SHARD, reason: "QUEUE_DISK_BYTES are used up" },
  ]);
  assert.deepEqual(shard.guilds.known, shard.wanted);
  shard.mayWrite = true;
  await shard.clock.advance(70_000);
  shard.die();
  await shard.live();
  assert.deepEqual(shard.guilds.known, shard.wanted);
});

Deno.test("a disk that took nothing for too long has the guilds again once they are written anew", async () => {
  const shard = await lived();
  shard.mayWrite = false;
  for (let i = 0; i < 190; i++) shard.change(`${i}`, 100_000);
  await shard.acknowledge();
  assert.deepEqual(shard.logged.map(({ event }) => event), [
    "guilds come faster than the disk takes them, they are written later",
  ]);
  shard.mayWrite = true;
  await shard.clock.advance(1_000);
  shard.change("1");
  await shard.acknowledge();
  await shard.clock.advance(20_000);
  assert.deepEqual(shard.guilds.known, shard.wanted);
  shard.die();
  await shard.live();
  assert.equal(shard.guilds.known?.size, 190);
  assert.deepEqual(shard.guilds.known, shard.wanted);
});

Deno.test("guilds that are not known any more are none after a restart, and are again with a session", async () => {
  const shard = await lived();
  await shard.clock.advance(3_000);
  shard.guilds.lose();
  // What comes now is written by nobody.
  shard.change("1");
  await shard.acknowledge();
  await shard.clock.advance(3_000);
  shard.die();
  await shard.live();
  assert.equal(shard.guilds.known, null);
  shard.guilds.lose();
  shard.begin();
  shard.change("4");
  await shard.acknowledge();
  await shard.clock.advance(300);
  shard.die();
  await shard.live();
  assert.deepEqual(shard.guilds.known, new Map([["4", shard.newest]]));
});

Deno.test("guilds that are not known any more while they are written down are not written down", async () => {
  const shard = await lived();
  for (let i = 0; i < 50; i++) shard.change(`${i}`, 100);
  await shard.acknowledge();
  await shard.clock.advance(1_000);
  assert.ok([...shard.disk.files.keys()].some((path) => path.endsWith(".guilds")), "it has begun");
  shard.guilds.lose();
  await shard.clock.advance(30_000);
  assert.ok(![...shard.disk.files.keys()].some((path) => path.endsWith(".guilds")));
  assert.deepEqual(shard.logged, []);
});

Deno.test("a disk that cannot be read costs the guilds, and the unit goes on", async () => {
  for (const call of ["list", "read"] as const) {
    const shard = await lived();
    await shard.stop();
    shard.die();
    shard.disk.failNext(call);
    await shard.live();
    assert.equal(shard.guilds.known, null);
    assert.equal(shard.logged[0]?.event, "guilds on disk cannot be used");
    shard.begin();
    shard.change("1");
    await shard.acknowledge();
    assert.deepEqual(shard.guilds.known, shard.wanted);
  }
});

Deno.test("the first guilds of a shard are written soon after somebody is done with them, not at the next look in a minute", async () => {
  const shard = new Shard();
  await shard.live();
  shard.begin();
  for (let i = 0; i < 50; i++) shard.change(`${i}`, 100);
  await shard.clock.advance(2_000);
  await shard.acknowledge();
  await shard.clock.advance(10_000);
  assert.ok([...shard.disk.files.keys()].some((path) => path.endsWith(".guilds")));
});

Deno.test("guilds of a shard that is gone go from the disk, also while they are being written", async () => {
  for (const afterMs of [0, 250, 501, 1_500, 60_000]) {
    const shard = new Shard();
    await shard.live();
    shard.begin();
    for (let i = 0; i < 50; i++) shard.change(`${i}`, 100);
    await shard.acknowledge();
    await shard.clock.advance(afterMs);
    const discarded = shard.keeper.discard();
    await shard.clock.advance(60_000);
    await discarded;
    assert.deepEqual([...shard.disk.files.keys()], [], `after ${afterMs} ms`);
  }
});
