import assert from "node:assert/strict";
import { gatewayHelpers, type GatewayWorld } from "../../bot/gateway_helpers.ts";

function setUp(changed: Partial<GatewayWorld> = {}) {
  const sent: unknown[] = [];
  const asked: unknown[] = [];
  const helpers = gatewayHelpers({
    totalShards: () => 4,
    shardIds: () => Promise.resolve([1, 3]),
    sendPayload: (shardId, { op, d }) => (sent.push([shardId, op, d]), Promise.resolve()),
    requestMembers(shardId, request) {
      asked.push([shardId, request]);
      return Promise.resolve({ members: [], notFound: [] });
    },
    ...changed,
  });
  return { helpers, sent, asked };
}

/** A guild of shard 2 of 4. */
const GUILD = String((6n << 22n) + 99n);

Deno.test("a guild's shard is what Discord prescribes, whatever its id is written as", () => {
  const { helpers } = setUp();
  assert.equal(helpers.calculateShardId(GUILD), 2);
  assert.equal(helpers.calculateShardId(BigInt(GUILD)), 2);
});

Deno.test("a presence goes to every shard of the unit, or to one, with all that Discord wants", async () => {
  const { helpers, sent } = setUp();
  await helpers.editBotStatus({ status: "idle", activities: [] });
  const idle = { since: null, afk: false, status: "idle", activities: [] };
  assert.deepEqual(sent.splice(0), [[1, 3, idle], [3, 3, idle]]);
  const away = {
    status: "dnd",
    activities: [{ name: "x", type: 0 }],
    since: 5,
    afk: true,
  } as const;
  await helpers.editShardStatus(0, away);
  assert.deepEqual(sent, [[0, 3, away]]);
});

Deno.test("voice commands go to the guild's shard", async () => {
  const { helpers, sent } = setUp();
  await helpers.joinVoiceChannel(BigInt(GUILD), 5n);
  await helpers.joinVoiceChannel(GUILD, "6", { selfMute: true, selfDeaf: true });
  await helpers.leaveVoiceChannel(GUILD);
  const voice = (channel_id: string | null, self: boolean) => [2, 4, {
    guild_id: GUILD,
    channel_id,
    self_mute: self,
    self_deaf: self,
  }];
  assert.deepEqual(sent, [voice("5", false), voice("6", true), voice(null, false)]);
});

Deno.test("any payload goes to the shard named", async () => {
  const { helpers, sent } = setUp();
  await helpers.sendPayload(3, { op: 31, d: { guild_ids: [GUILD] } });
  assert.deepEqual(sent, [[3, 31, { guild_ids: [GUILD] }]]);
});

Deno.test("members are asked for on the guild's shard, with ids as texts", async () => {
  const { helpers, asked } = setUp();
  await helpers.requestMembers(BigInt(GUILD));
  await helpers.requestMembers(GUILD, { userIds: [1n, "2"], presences: true });
  await helpers.requestMembers(GUILD, { query: "a", limit: 5 });
  assert.deepEqual(asked, [
    [2, { guildId: GUILD }],
    [2, { guildId: GUILD, userIds: ["1", "2"], presences: true }],
    [2, { guildId: GUILD, query: "a", limit: 5 }],
  ]);
});

Deno.test("a payload that is not sent rejects what sent it, on whichever shard it was", async () => {
  const { helpers } = setUp({
    sendPayload: (shardId) =>
      shardId === 3 ? Promise.reject(new Error("shard 3 is away")) : Promise.resolve(),
  });
  const away = /shard 3 is away/;
  await assert.rejects(helpers.editBotStatus({ status: "online", activities: [] }), away);
  await assert.rejects(helpers.editShardStatus(3, { status: "online", activities: [] }), away);
  await helpers.editShardStatus(1, { status: "online", activities: [] });
});

Deno.test("helpers reject, and never throw, where the unit is not there yet", async () => {
  const notThere = (): never => {
    throw new Error("not there");
  };
  const { helpers } = setUp({
    totalShards: notThere,
    shardIds: notThere,
    sendPayload: notThere,
    requestMembers: notThere,
  });
  const status = { status: "online", activities: [] } as const;
  const calls = [
    () => helpers.sendPayload(0, { op: 3, d: {} }),
    () => helpers.editBotStatus(status),
    () => helpers.editShardStatus(0, status),
    () => helpers.joinVoiceChannel(GUILD, "1"),
    () => helpers.leaveVoiceChannel(GUILD),
    () => helpers.requestMembers(GUILD),
  ];
  for (const call of calls) {
    const settled = call().then(() => "resolved", (error) => error.message);
    assert.equal(await settled, "not there", String(call));
  }
});

Deno.test("a helper calls the others as they are then", async () => {
  const { helpers, sent, asked } = setUp();
  const seen: unknown[] = [];
  helpers.sendPayload = (shardId, { op }) => (seen.push([shardId, op]), Promise.resolve());
  await helpers.editBotStatus({ status: "idle", activities: [] });
  await helpers.leaveVoiceChannel(GUILD);
  helpers.calculateShardId = () => 7;
  await helpers.joinVoiceChannel(GUILD, "1");
  await helpers.requestMembers(GUILD);
  helpers.editShardStatus = (shardId) => (seen.push(shardId), Promise.resolve());
  await helpers.editBotStatus({ status: "idle", activities: [] });
  assert.deepEqual(seen, [[1, 3], [3, 3], [2, 4], [7, 4], 1, 3]);
  assert.deepEqual(sent, []);
  assert.deepEqual(asked, [[7, { guildId: GUILD }]]);
});
