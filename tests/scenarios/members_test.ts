/** All members of all guilds, where they are to be cached, in virtual time. */

import assert from "node:assert/strict";
import { memoryStore } from "../../ports/store.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { botJoins, botLeaves, guildComesBack, guildGoesDown } from "../../sim/mod.ts";
import { createRig, type Rig, type RigOptions } from "../support/rig.ts";

/** Two shards with 30 guilds each, of two chunks each. */
const TWO: RigOptions = {
  shards: 2,
  cacheAllMembers: true,
  sim: { guilds: 60, membersPerGuild: 1_200, maxConcurrency: 2 },
};

async function started(options: RigOptions): Promise<Rig> {
  const rig = await createRig(options);
  rig.start();
  await rig.ready();
  return rig;
}

/** Times that Discord was asked for the members of each guild, by any session of a shard. */
const asked = (rig: Rig, shardId?: number) =>
  rig.sim.ledger.sends.filter((send) =>
    send.op === OP.REQUEST_GUILD_MEMBERS && (shardId ?? send.shardId) === send.shardId
  ).length;

/** Guild id → chunks that the bot got, of a shard. */
function chunks(rig: Rig, shardId?: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const event of rig.got) {
    if (event.t !== "GUILD_MEMBERS_CHUNK" || (shardId ?? event.shardId) !== event.shardId) continue;
    const { guild_id } = event.d as { guild_id: string };
    counts.set(guild_id, (counts.get(guild_id) ?? 0) + 1);
  }
  return counts;
}

const limits = (rig: Rig) => rig.got.filter(({ t }) => t === "RATE_LIMITED").length;

Deno.test("a shard is cached when the last chunk of its last guild is with the bot, not before", async () => {
  const rig = await createRig({ ...TWO, sim: { ...TWO.sim, memberChunkStepMs: 700 } });
  rig.start();
  await rig.clock.runUntil(() => rig.cached.length > 0, 120_000);
  const [first] = rig.cached;
  const complete = [...chunks(rig, first).values()].filter((count) => count === 2);
  assert.equal(complete.length, 30);
  await rig.clock.runUntil(() => rig.cached.length > 1, 120_000);
  assert.deepEqual(rig.cached.toSorted(), [0, 1]);
  assert.deepEqual([...chunks(rig).values()], Array(60).fill(2));
  await rig.clock.advance(300_000);
  assert.deepEqual([rig.cached.length, asked(rig), limits(rig)], [2, 60, 0]);
  rig.assertNothingLost();
  rig.assertNoViolations();
});

Deno.test("nothing is asked for without the setting, nor before the shard is ready", async () => {
  const off = await started({ ...TWO, cacheAllMembers: false });
  await off.clock.advance(60_000);
  assert.deepEqual([asked(off), off.cached], [0, []]);
  const slow = await createRig({ ...TWO, sim: { ...TWO.sim, guildCreateStepMs: 1_000 } });
  slow.start();
  await slow.ready();
  assert.equal(asked(slow), 0);
  await slow.clock.runUntil(() => slow.cached.length === 2, 120_000);
});

Deno.test("hundreds of guilds keep the send limit, heartbeats go on, and the bot's commands do not wait", async () => {
  const rig = await started({ cacheAllMembers: true, sim: { guilds: 300, membersPerGuild: 5 } });
  await rig.clock.advance(20_000);
  const before = asked(rig);
  assert.ok(before > 50 && before < 90, `${before} guilds were asked for at once`);
  const sent = rig.clock.now();
  const d = { since: null, activities: [], status: "idle", afk: false };
  const command = rig.gateway.pool.sendPayload(0, { op: OP.PRESENCE_UPDATE, d });
  await rig.clock.runUntil(() => rig.sim.ledger.sends.at(-1)!.op === OP.PRESENCE_UPDATE, 1_000);
  await command;
  assert.ok(rig.clock.now() - sent < 100);
  await rig.clock.runUntil(() => rig.cached.length === 1, 600_000);
  assert.deepEqual([asked(rig), limits(rig)], [300, 0]);
  const beats = rig.sim.ledger.heartbeats.map(({ atMs }) => atMs);
  for (let i = 1; i < beats.length; i++) assert.ok(beats[i]! - beats[i - 1]! < 41_300);
  assert.ok(beats.length >= 4);
  rig.assertNoViolations();
});

Deno.test("a RESUME in the middle does not fetch again what is done, and goes on with the rest", async () => {
  const rig = await started({ ...TWO, sim: { ...TWO.sim, memberChunkStepMs: 300 } });
  await rig.clock.advance(3_000);
  const done = asked(rig);
  assert.ok(done > 10 && done < 60, `${done} guilds were asked for`);
  rig.sim.faults.cut();
  await rig.clock.runUntil(() => rig.cached.length === 2, 300_000);
  assert.equal(rig.identifies(), 2);
  assert.deepEqual([...chunks(rig).values()].filter((count) => count < 2), []);
  assert.ok(asked(rig) <= 60 + 8, "more was asked for again than was under way");
  rig.assertNothingLost();
  rig.assertNoViolations();
});

Deno.test("a shard that was complete and resumes asks for nothing and is not told again", async () => {
  const rig = await started(TWO);
  await rig.clock.runUntil(() => rig.cached.length === 2, 120_000);
  rig.sim.faults.reconnect();
  await rig.clock.advance(120_000);
  assert.deepEqual([asked(rig), rig.cached.length], [60, 2]);
});

Deno.test("a new session fetches everything again, at the pace that Discord allows", async () => {
  const rig = await started(TWO);
  await rig.clock.runUntil(() => rig.cached.length === 2, 120_000);
  rig.sim.faults.invalidate(false, { shardId: 1 });
  await rig.clock.runUntil(() => rig.cached.length === 3, 300_000);
  assert.deepEqual([rig.cached[2], asked(rig, 0), asked(rig, 1)], [1, 30, 60]);
  assert.deepEqual([...chunks(rig, 1).values()], Array(30).fill(4));
  assert.equal(limits(rig), 0);
  rig.assertNoViolations();
});

Deno.test("what somebody else has asked for a moment ago is RATE_LIMITED, and asked for again then", async () => {
  const rig = await createRig({ cacheAllMembers: true, sim: { guilds: 12, membersPerGuild: 5 } });
  for (const { id } of rig.sim.world.guilds.values()) {
    // A session of the same bot in another process.
    rig.sim.gateway.memberRequests.set(id, rig.clock.now());
  }
  rig.start();
  await rig.clock.runUntil(() => rig.cached.length === 1, 60_000);
  assert.deepEqual([asked(rig), limits(rig)], [24, 12]);
  assert.ok(rig.clock.now() >= 30_000);
  rig.assertNoViolations();
});

Deno.test("a guild that is down is left out and fetched when it comes, one that is joined is fetched, too", async () => {
  const rig = await createRig({ cacheAllMembers: true, sim: { guilds: 5, membersPerGuild: 5 } });
  const { world } = rig.sim;
  const [down, away, left, ...rest] = [...world.guilds.values()];
  down!.state = "down";
  away!.state = "left";
  rig.start();
  await rig.clock.runUntil(() => rig.cached.length === 1, 60_000);
  assert.deepEqual([...chunks(rig).keys()].toSorted(), [left!, ...rest].map(({ id }) => id));
  guildComesBack(world, down!);
  botJoins(world, away!);
  guildGoesDown(world, rest[0]!);
  guildComesBack(world, rest[0]!);
  botLeaves(world, left!);
  await rig.clock.advance(5_000);
  assert.deepEqual([...chunks(rig)].toSorted(), [...world.guilds.keys()].map((id) => [id, 1]));
  assert.equal(rig.cached.length, 1);
});

Deno.test("a guild of which nothing comes is not waited for for ever", async () => {
  const rig = await createRig({ cacheAllMembers: true, sim: { guilds: 3, membersPerGuild: 5 } });
  const [silent] = rig.sim.world.guilds.values();
  rig.start();
  await rig.clock.runUntil(() => rig.identifies() === 1, 60_000);
  // READY has named it, but there is neither a GUILD_CREATE nor a GUILD_DELETE.
  silent!.state = "left";
  await rig.clock.advance(25_000);
  assert.deepEqual(rig.cached, []);
  await rig.clock.advance(10_000);
  assert.deepEqual([rig.cached, asked(rig)], [[0], 2]);
});

Deno.test("a worker that dies in the middle fetches what its session has not, and tells it once", async () => {
  const rig = await started({ ...TWO, sim: { ...TWO.sim, memberChunkStepMs: 300 } });
  await rig.clock.advance(3_000);
  rig.gateway.pool.restart(0);
  await rig.clock.advance(5_000);
  assert.deepEqual(rig.cached, [], "a shard whose guilds were not fetched is not complete");
  await rig.clock.runUntil(() => rig.cached.length === 2, 300_000);
  assert.equal(rig.identifies(), 2);
  assert.deepEqual([...chunks(rig).values()].filter((count) => count < 2), []);
  rig.assertNoViolations();
});

Deno.test("a shard that was complete stays complete after its worker died and the unit was restarted", async () => {
  const store = memoryStore();
  const first = await started({ ...TWO, store });
  await first.clock.runUntil(() => first.cached.length === 2, 120_000);
  await first.clock.advance(1_000);
  first.gateway.pool.restart(0);
  await first.clock.runUntil(() => first.cached.length === 4, 30_000);
  await first.clock.advance(1_000);
  await first.stop();
  const second = await started({ ...TWO, store, earlier: first });
  await second.clock.runUntil(() => second.cached.length === 2, 30_000);
  await second.clock.advance(120_000);
  assert.deepEqual([asked(second), second.identifies()], [60, 2]);
});

Deno.test("all members wait for the bot: a shard is cached when the bot is done with the chunks", async () => {
  const small = { ...TWO.sim, membersPerGuild: 5 };
  const rig = await createRig({ ...TWO, sim: small, handlerMs: 10_000 });
  rig.start();
  await rig.ready();
  await rig.clock.runUntil(() => chunks(rig).size === 60, 60_000);
  await rig.clock.advance(9_000);
  assert.deepEqual(rig.cached, []);
  await rig.clock.advance(3_000);
  assert.equal(rig.cached.length, 2);
});

for (const seed of [1, 2, 3, 4, 5, 6]) {
  Deno.test(`whatever befalls the connections, all members come and every request settles (seed ${seed})`, async () => {
    const sim = { ...TWO.sim, seed, memberChunkStepMs: 150, ringEvents: 20_000 };
    const rig = await started({ ...TWO, workers: 2, sim });
    const calm = rig.sim.faults.chaos({ everyMs: 2_500 });
    const ends = [...rig.sim.world.guilds.keys()].map((guildId, index) =>
      rig.gateway.pool.requestMembers(index % 2, { guildId, deadlineMs: 20_000 + 1_000 * index })
        .then(({ members }) => members.length, (error) => error.code as string)
    );
    await rig.clock.advance(20_000);
    rig.gateway.pool.restart(0);
    if (seed % 2) rig.sim.faults.forgetSessions({ shardId: 1 });
    await rig.clock.advance(40_000);
    calm();
    await rig.clock.runUntil(() => new Set(rig.cached).size === 2, 600_000);
    const settled = await Promise.all(ends);
    assert.deepEqual(
      settled.filter((end) => ![1_201, "deadline", "worker_lost", "not_ready"].includes(end)),
      [],
    );
    assert.ok(settled.filter((end) => end === 1_201).length >= 15, settled.join());
    for (const [guildId, count] of chunks(rig)) assert.ok(count >= 2, `${guildId}: ${count}`);
    assert.equal(chunks(rig).size, 60);
    rig.assertNoViolations();
  });
}
