/** Live sessions that get no events of one type any more, in virtual time: api-docs#8162. */

import assert from "node:assert/strict";
import { calculateShardId } from "../../protocol/ids.ts";
import { createRig, type Rig, type RigOptions } from "../support/rig.ts";

const SHARDS = 2;

/** A guild of each shard hears one event of each type every 20 s. */
async function live({ sim, clock }: Rig, minutes: number, types: readonly string[] = TYPES) {
  const guilds = [0, 1].map((shardId) =>
    [...sim.world.guilds.keys()].find((id) => calculateShardId(id, SHARDS) === shardId)!
  );
  for (let i = 0; i < minutes * 3; i++) {
    for (const guildId of guilds) {
      for (const t of types) sim.world.emit(t, guildId, { id: "1", guild_id: guildId });
    }
    await clock.advance(20_000);
  }
}

const TYPES = ["TYPING_START", "MESSAGE_CREATE", "INTERACTION_CREATE"];

async function setUp(config: RigOptions["config"] = {}) {
  const sim = { maxConcurrency: 1, guilds: 12, membersPerGuild: 0 };
  const rig = await createRig({ shards: SHARDS, sim, config });
  rig.start();
  await rig.ready();
  // Two hours in which each type came in every minute: enough is known.
  await live(rig, 130);
  const told = () => rig.logged.filter(({ event }) => /type/.test(event));
  const interactions = () => rig.got.filter(({ t }) => t === "INTERACTION_CREATE").length;
  return { ...rig, rig, told, interactions };
}

Deno.test("sessions that lost a type are told of, and nothing else is done by itself", async () => {
  const { rig, told, sim, gateway, identifies } = await setUp();
  assert.deepEqual(told(), []);
  sim.faults.deafen(["INTERACTION_CREATE"]);
  await live(rig, 9);
  assert.deepEqual(told(), []);
  await live(rig, 3);
  assert.deepEqual(told().map(({ level, event, fields }) => [level, event, fields.type]), [
    ["error", "events of a type have stopped while others flow", "INTERACTION_CREATE"],
  ]);
  assert.deepEqual(gateway.deafTypes.map(({ type }) => type), ["INTERACTION_CREATE"]);
  // A RESUME does not cure it.
  sim.faults.reconnect();
  await live(rig, 30);
  assert.deepEqual([told().length, identifies()], [1, SHARDS]);
});

Deno.test("with DEAF_IDENTIFY sessions that lost a type are replaced, one after another, and hear it", async () => {
  const { rig, told, sim, clock, interactions, gateway } = await setUp({ deafIdentify: true });
  sim.faults.deafen(["INTERACTION_CREATE"]);
  const before = interactions();
  await live(rig, 10);
  assert.equal(interactions(), before);
  const fromMs = clock.now();
  // Nobody uses the bot meanwhile: what helps is not that the type comes.
  await live(rig, 2, ["TYPING_START", "MESSAGE_CREATE"]);
  const renewed = sim.ledger.identifies.filter(({ atMs }) => atMs >= fromMs - 60_000);
  assert.deepEqual(renewed.map(({ shardId }) => shardId), [0, 1]);
  assert.ok(renewed[1]!.atMs - renewed[0]!.atMs >= 5_000);
  await live(rig, 2);
  assert.ok(interactions() > before);
  assert.deepEqual(gateway.deafTypes, []);
  assert.deepEqual(told().map(({ level, event }) => `${level} ${event}`), [
    "error events of a type have stopped while others flow",
    "info events of a type come again",
  ]);
  assert.equal(rig.sim.ledger.identifies.length, 2 * SHARDS);
  rig.assertNoViolations();
});
