import assert from "node:assert/strict";
import { renderMetrics } from "../../app/http/metrics/unit_metrics.ts";
import { crowdedShards, lookForCrowding, MOST_GUILDS } from "../../unit/crowding.ts";
import { readiness } from "../../unit/readiness.ts";
import { createRig } from "../support/rig.ts";
import { shard, snapshot } from "../support/snapshots.ts";

const of = (...guilds: (number | null)[]) => guilds.map((guilds, shardId) => ({ shardId, guilds }));

Deno.test("crowdedShards() are those with four fifths of the limit, the fullest first", () => {
  const crowded = crowdedShards(of(1_999, 2_000, null, 2_500));
  assert.deepEqual(crowded.map(({ shardId }) => shardId), [3, 1]);
});

Deno.test("lookForCrowding() tells once, and again when a twentieth more is there", () => {
  let told = 0;
  const heard: (number | null)[] = [];
  for (const guilds of [1_999, 2_000, 2_050, 2_124, 2_125, 2_120, 2_126, 2_499, 2_500, 2_501]) {
    const look = lookForCrowding(of(5, guilds), told);
    told = look.told;
    if (look.fullest) heard.push(look.fullest.guilds);
  }
  assert.deepEqual(heard, [2_000, 2_125, 2_499, MOST_GUILDS]);
  // After a reshard it begins anew.
  told = lookForCrowding(of(900, 900), told).told;
  assert.equal(lookForCrowding(of(2_000, 900), told).fullest?.shardId, 0);
});

Deno.test("a crowded shard shows in the metrics and in /readyz, which stays ready", () => {
  const shards = [shard(0, { guilds: 1_200 }), shard(1, { guilds: 2_131 })];
  assert.match(renderMetrics(snapshot({ shards })), /^gatehouse_shard_guilds\{shard="1"\} 2131$/m);
  assert.deepEqual(readiness(snapshot({ shards })), {
    ready: true,
    reasons: [],
    warnings: ["shard 1 has 2131 of 2500 guilds that a shard may have: raise TOTAL_SHARDS"],
  });
});

Deno.test("a unit counts the guilds of its shards, and warns once of one that is nearly full", async () => {
  const sim = { guilds: 2_100, membersPerGuild: 0, channelsPerGuild: 1 };
  const rig = await createRig({ shards: 1, sim });
  rig.start();
  await rig.ready();
  await rig.clock.advance(60_000);
  assert.deepEqual(rig.gateway.serving.shards.map(({ guilds }) => guilds), [2_100]);
  const told = rig.logged.filter(({ event }) => /near the limit of guilds/.test(event));
  assert.deepEqual(told.map(({ level, fields }) => [level, fields]), [
    ["warn", { shardId: 0, guilds: 2_100, limit: 2_500, crowded: 1 }],
  ]);
});
