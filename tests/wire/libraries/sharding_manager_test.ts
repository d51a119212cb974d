/** discord.js' ShardingManager may stay: it starts a process for each shard, and asks all of them. */

import assert from "node:assert/strict";
import { LACKS_NODE, npmBot } from "../../support/libraries/npm.ts";
import { openStage, SHARDS } from "../../support/libraries/stage.ts";

const title = LACKS_NODE === null
  ? "discord.js' ShardingManager runs unmodified, a process for each shard"
  : `discord.js' ShardingManager: SKIPPED, there is no ${LACKS_NODE} here`;

Deno.test({ name: title, ignore: LACKS_NODE !== null }, async () => {
  const command = await npmBot("sharding_manager.cjs");
  await using stage = await openStage();
  const wanted = [...stage.sim.world.guilds.values()].map(({ id, channels }) => [
    id,
    channels.map((channel) => channel.id).sort(),
  ]);
  for (let life = 0; life < 2; life++) {
    const bot = stage.bot(command);
    await bot.hears("ready");
    const { guilds } = await bot.asks("guilds", {});
    const seen = guilds.map(({ id, channels }) => [id, [...channels].sort()]);
    assert.deepEqual(seen.sort(), wanted.sort());
    assert.deepEqual(bot.all("error"), []);
    await bot.ends("stop");
  }
  assert.deepEqual(stage.sim.ledger.violations, []);
  assert.equal(stage.sim.ledger.identifies.length, SHARDS, "an identify was spent");
});
