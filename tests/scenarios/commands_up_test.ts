/** What a library, an operator and a program send up to Discord arrives as they wrote it. */

import assert from "node:assert/strict";
import { connect, type Library } from "../support/library.ts";
import { createRig, type Rig } from "../support/rig.ts";

async function library(options: Parameters<typeof createRig>[0] = {}): Promise<[Rig, Library]> {
  const rig = await createRig({ sim: { guilds: 1, membersPerGuild: 3 }, ...options });
  rig.gateway.pool.spawnShards();
  await rig.ready();
  await rig.clock.advance(1_000);
  const client = connect(rig);
  client.identify();
  await rig.clock.advance(100);
  return [rig, client];
}

for (
  const [how, wrote] of [
    ["a number, as discord.py does", (id: string) => id],
    ["a text", (id: string) => `"${id}"`],
    ["a list of one, as Eris did", (id: string) => `["${id}"]`],
  ] as const
) {
  Deno.test(`a library that writes a guild's id as ${how} gets its members, and into voice`, async () => {
    const [rig, client] = await library();
    const [guild] = [...rig.sim.world.guilds.values()];
    const user = [...guild!.members.keys()][1]!;
    const id = wrote(guild!.id);
    assert.ok(!Number.isSafeInteger(Number(guild!.id)));
    client.raw(`{"op":8,"d":{"guild_id":${id},"user_ids":[${user}],"limit":0,"nonce":"n"}}`);
    const channel = guild!.channels[0]!.id;
    client.raw(
      `{"op":4,"d":{"guild_id":${id},"channel_id":${channel},"self_mute":false,"self_deaf":false}}`,
    );
    await rig.clock.advance(1_000);
    assert.equal(client.body("GUILD_MEMBERS_CHUNK")?.members[0]?.user.id, user);
    assert.equal(client.body("VOICE_STATE_UPDATE")?.channel_id, channel);
    assert.equal(client.body("VOICE_SERVER_UPDATE")?.guild_id, guild!.id);
    rig.assertNoViolations();
  });
}

Deno.test("a presence with ids that are numbers is shown, and kept across a restart of the unit", async () => {
  const [rig, client] = await library();
  const activity = '{"name":"chess","type":0,"application_id":1575987154213928974}';
  client.raw(`{"op":3,"d":{"since":null,"afk":false,"status":"idle","activities":[${activity}]}}`);
  await rig.clock.advance(1_000);
  const shown = () =>
    [...rig.sim.ledger.sessions.values()].at(-1)!.presence as { activities: object[] };
  assert.deepEqual(shown().activities, [{
    name: "chess",
    type: 0,
    application_id: 1575987154213928974n,
  }]);
  rig.sim.faults.invalidate(false);
  await rig.clock.advance(30_000);
  assert.equal(rig.sim.ledger.sessions.size, 2);
  assert.deepEqual(shown().activities, [{
    name: "chess",
    type: 0,
    application_id: 1575987154213928974n,
  }]);
  await rig.stop();
  const second = await createRig({ store: rig.store, earlier: rig });
  second.gateway.pool.spawnShards();
  await second.ready();
  rig.sim.faults.invalidate(false);
  await rig.clock.advance(30_000);
  assert.equal(rig.sim.ledger.sessions.size, 3);
  assert.deepEqual(shown().activities, [{
    name: "chess",
    type: 0,
    application_id: 1575987154213928974n,
  }]);
});

Deno.test("an opcode of tomorrow goes up and its answer comes down; one that Discord does not know is 4001, and costs one reconnect", async () => {
  const [rig, client] = await library({ sim: { guilds: 1, futureOps: [77] } });
  client.raw('{"op":77,"d":{"id":1575987154213928974}}');
  await rig.clock.advance(100);
  assert.ok(
    client.texts.some((text) => text.includes('"id":1575987154213928974')),
    "digit for digit",
  );
  for (let round = 0; round < 3; round++) {
    const other = connect(rig);
    other.identify();
    await rig.clock.advance(2_000);
    other.send(78, {});
    await rig.clock.advance(5_000);
    if (round > 0) assert.equal(other.closedWith, 4001);
  }
  const unknown = rig.sim.ledger.connections.filter(({ code }) => code === 4001);
  assert.equal(unknown.length, 1, "the shard was thrown out again and again");
  assert.equal(rig.identifies(), 1);
  assert.ok(rig.isReady());
});
