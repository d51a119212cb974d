/** A session that is open and deaf, in virtual time. */

import assert from "node:assert/strict";
import { calculateShardId } from "../../protocol/ids.ts";
import { createRig } from "../support/rig.ts";

Deno.test("a shard that stays open but quiet is reported, then resumed once", async () => {
  const rig = await createRig({ shards: 4, sim: { maxConcurrency: 4, guilds: 40 } });
  rig.start();
  await rig.ready();
  const busy = [...rig.sim.world.guilds.keys()].filter((id) => calculateShardId(id, 4) !== 0);
  // Everybody but shard 0 gets an event every few seconds, for twenty minutes.
  for (let i = 0; i < 600; i++) {
    const guildId = busy[i % busy.length]!;
    rig.sim.world.emit("TYPING_START", guildId, { guild_id: guildId, user_id: "1", timestamp: i });
    await rig.clock.advance(2_000);
  }
  const told = rig.logged.filter(({ event }) => /quiet/.test(event)).map(({ fields }) =>
    fields.shardId
  );
  assert.deepEqual(told, [0, 0]);
  assert.deepEqual(rig.sim.ledger.resumes.map(({ shardId, ok }) => [shardId, ok]), [[0, true]]);
  assert.equal(rig.identifies(), 4);
});
