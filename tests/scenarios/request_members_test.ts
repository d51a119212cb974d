/** What becomes of requests for members, in virtual time: each one settles. */

import assert from "node:assert/strict";
import type { MembersAnswer, MembersRequest } from "../../protocol/discord/members.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { createRig, type Rig, type RigOptions } from "../support/rig.ts";

async function started(options: RigOptions): Promise<Rig> {
  const rig = await createRig(options);
  rig.start();
  await rig.ready();
  return rig;
}

const asked = (rig: Rig) =>
  rig.sim.ledger.sends.filter(({ op }) => op === OP.REQUEST_GUILD_MEMBERS).length;
const came = (rig: Rig, name: string) => rig.got.filter(({ t }) => t === name).length;
const firstGuild = (rig: Rig) => rig.sim.world.guilds.values().next().value!;

/** What a request comes to, once it does. */
function request(rig: Rig, wanted: Partial<MembersRequest>, shardId = 0) {
  const outcome: { answer?: MembersAnswer; error?: { code: string; message: string } } = {};
  rig.gateway.pool.requestMembers(shardId, { guildId: firstGuild(rig).id, ...wanted })
    .then((answer) => outcome.answer = answer, (error) => outcome.error = error);
  return outcome;
}

async function settled(rig: Rig, outcome: ReturnType<typeof request>, limitMs: number) {
  await rig.clock.runUntil(() => !!(outcome.answer ?? outcome.error), limitMs);
  return outcome;
}

Deno.test("requestMembers() gives all members when the last chunk has come; the bot gets the chunks, too", async () => {
  const rig = await started({ sim: { guilds: 1, membersPerGuild: 2_500, memberChunkStepMs: 400 } });
  const outcome = request(rig, {});
  await rig.clock.advance(1_000);
  assert.deepEqual(outcome, {});
  const { answer } = await settled(rig, outcome, 5_000);
  assert.equal(answer!.members.length, 2_501);
  assert.deepEqual(Object.keys(answer!), ["members", "notFound"]);
  await rig.clock.advance(100);
  assert.equal(came(rig, "GUILD_MEMBERS_CHUNK"), 3);
  rig.assertNothingLost();
  rig.assertNoViolations();
});

Deno.test("requestMembers() finds by name and by id, with presences, and says who is not there", async () => {
  const rig = await started({ sim: { guilds: 1, membersPerGuild: 50 } });
  const [, known] = [...firstGuild(rig).members.values()];
  const byId = request(rig, { userIds: [known!.user.id, "1"], presences: true });
  const { answer } = await settled(rig, byId, 1_000);
  assert.deepEqual([answer!.members, answer!.notFound], [[known], ["1"]]);
  assert.equal(answer!.presences!.length, 1);
  const byName = request(rig, { query: known!.user.username, limit: 1 });
  assert.deepEqual((await settled(rig, byName, 1_000)).answer!.members, [known]);
});

Deno.test("requestMembers() for a whole guild twice waits for its time, without a refusal by Discord", async () => {
  const rig = await started({ sim: { guilds: 1 } });
  const [first, second] = [request(rig, {}), request(rig, {})];
  await settled(rig, first, 1_000);
  assert.equal((await settled(rig, second, 40_000)).answer!.members.length, 11);
  assert.ok(rig.clock.now() > 30_000);
  assert.equal(came(rig, "RATE_LIMITED"), 0);
});

Deno.test("requestMembers() waits as long as RATE_LIMITED says, or fails with its deadline", async () => {
  const rig = await started({ sim: { guilds: 1 } });
  rig.sim.gateway.memberRequests.set(firstGuild(rig).id, rig.clock.now() - 10_000);
  const [short, long] = [request(rig, { deadlineMs: 15_000 }), request(rig, {})];
  const { error } = await settled(rig, short, 16_000);
  assert.equal(error!.code, "deadline");
  assert.match(error!.message, /once in 30 s/);
  assert.equal((await settled(rig, long, 6_000)).answer!.members.length, 11);
});

Deno.test("requestMembers() survives a RESUME, also where its op 8 was swallowed by the dying connection", async () => {
  const rig = await started({ sim: { guilds: 1, membersPerGuild: 2_500, memberChunkStepMs: 500 } });
  const half = request(rig, {});
  await rig.clock.advance(700);
  rig.sim.faults.cut();
  assert.equal((await settled(rig, half, 10_000)).answer!.members.length, 2_501);
  assert.equal(asked(rig), 1);
  const swallowed = request(rig, { query: "k", limit: 5 });
  rig.sim.faults.cut();
  assert.equal((await settled(rig, swallowed, 20_000)).answer!.members.length, 5);
  assert.equal(rig.identifies(), 1);
});

Deno.test("requestMembers() is sent again where the session ended before the last chunk", async () => {
  const rig = await started({ sim: { guilds: 1, membersPerGuild: 2_500, memberChunkStepMs: 500 } });
  const outcome = request(rig, { presences: true });
  await rig.clock.advance(700);
  rig.sim.faults.invalidate(false);
  const { answer } = await settled(rig, outcome, 60_000);
  assert.equal(rig.identifies(), 2);
  assert.deepEqual([answer!.members.length, answer!.presences!.length], [2_501, 2_501]);
  rig.assertNoViolations();
});

Deno.test("requestMembers() fails in time where the shard is not ready, has stopped, or is nobody's", async () => {
  const rig = await started({ shards: 2, sim: { guilds: 2, maxConcurrency: 2 } });
  const home = firstGuild(rig).id;
  assert.equal((await settled(rig, request(rig, {}, 7), 10)).error!.code, "no_shard");
  const elsewhere = await settled(rig, request(rig, { guildId: home }, 1), 10);
  assert.match(elsewhere.error!.message, /on shard 0, not on 1/);
  const over = rig.sim.faults.refuse();
  rig.sim.faults.cut();
  await rig.clock.advance(100);
  const waiting = request(rig, { deadlineMs: 5_000 });
  const { error } = await settled(rig, waiting, 6_000);
  assert.equal(error!.code, "not_ready");
  over();
  await rig.ready();
  const stopped = request(rig, { query: "nobody" });
  rig.sim.faults.close(4004);
  await rig.clock.advance(10);
  const after = await settled(rig, request(rig, {}), 1_000);
  for (const { error } of [await settled(rig, stopped, 1_000), after]) {
    assert.equal(error?.code, "not_ready");
  }
});

Deno.test("requestMembers() fails with its deadline where Discord does not answer, and with its worker", async () => {
  const rig = await started({ sim: { guilds: 1 } });
  const nobodys = String(BigInt(firstGuild(rig).id) + 1n);
  const silent = await settled(rig, request(rig, { guildId: nobodys }), 121_000);
  assert.equal(silent.error!.code, "deadline");
  assert.match(silent.error!.message, /after 120000 ms Discord has not answered/);
  const lost = request(rig, { guildId: nobodys });
  await rig.clock.advance(10);
  rig.gateway.pool.restart(0);
  assert.equal((await settled(rig, lost, 100)).error!.code, "worker_lost");
});
