import assert from "node:assert/strict";
import { renderMetrics } from "../../../app/http/metrics/unit_metrics.ts";
import { CONFIG_DEFAULTS } from "../../../config/config.ts";
import {
  crowdedShards,
  crowdingAdvice,
  fullestShard,
  guildLimit,
  lookForCrowding,
} from "../../../unit/reshard/crowding.ts";
import { readiness } from "../../../unit/readiness.ts";
import { createRig } from "../../support/rig.ts";
import { shard, snapshot } from "../../support/snapshots.ts";

const of = (...guilds: (number | null)[]) => guilds.map((guilds, shardId) => ({ shardId, guilds }));
const limitAt = (reshardAtPercent: number) =>
  guildLimit({ ...CONFIG_DEFAULTS, reshardAtPercent }, true);
const LIMIT = limitAt(80);

Deno.test("guildLimit() is RESHARD_AT percent of what Discord allows, for who may have more shards", () => {
  assert.deepEqual(LIMIT, { most: 2_500, reshardAt: 2_000, isAutomatic: true });
  assert.equal(limitAt(0.99 * 100).reshardAt, 2_475);
  assert.equal(guildLimit(CONFIG_DEFAULTS, false).isAutomatic, false);
  const never = { ...CONFIG_DEFAULTS, reshardCheckMs: 0 };
  assert.equal(guildLimit(never, true).isAutomatic, false);
});

Deno.test("fullestShard() is the one with the most guilds of those that are known", () => {
  assert.equal(fullestShard(of(5, null, 7, 6))?.shardId, 2);
  assert.equal(fullestShard(of(0, null))?.shardId, 0);
  assert.equal(fullestShard(of(null)), null);
});

Deno.test("crowdedShards() are those with RESHARD_AT of the limit, the fullest first", () => {
  const crowded = crowdedShards(of(1_999, 2_000, null, 2_500), LIMIT);
  assert.deepEqual(crowded.map(({ shardId }) => shardId), [3, 1]);
  assert.equal(crowdedShards(of(1_000), limitAt(40)).length, 1);
  assert.equal(
    crowdedShards(of(2_380), limitAt(100)).length,
    1,
    "95 % are crowded, whatever is set",
  );
});

Deno.test("lookForCrowding() tells when RESHARD_AT is reached, and again at 95 percent of the limit", () => {
  const heard = (reshardAt: number, ...guilds: number[]) => {
    let told = 0;
    return guilds.filter((guilds) => {
      const look = lookForCrowding(of(5, guilds), limitAt(reshardAt), told);
      told = look.told;
      return look.fullest !== null;
    });
  };
  assert.deepEqual(heard(80, 1_999, 2_000, 2_100, 1_990, 2_001, 2_374, 2_375, 2_501), [
    2_000,
    // It had gone below meanwhile.
    2_001,
    2_375,
  ]);
  assert.deepEqual(heard(80, 2_400, 2_001, 2_400), [2_400], "once for both");
  assert.deepEqual(heard(100, 2_000, 2_375, 2_499, 2_500), [2_375, 2_500]);
});

Deno.test("how near each shard is to the limit shows in the metrics and in /readyz, long before", () => {
  const shards = [shard(0, { guilds: null }), shard(1, { guilds: 1_238 })];
  const text = renderMetrics(snapshot({ shards }));
  assert.match(text, /^gatehouse_shard_guilds\{shard="1"\} 1238$/m);
  assert.match(text, /^gatehouse_shard_guilds_ratio\{shard="1"\} 0.4952$/m);
  assert(!/ratio\{shard="0"/.test(text));
  assert.deepEqual(readiness(snapshot({ shards })), {
    ready: true,
    reasons: [],
    warnings: [],
    fullest: { shardId: 1, guilds: 1_238, most: 2_500, percent: 49 },
  });
});

Deno.test("a crowded shard shows among the warnings of /readyz, which stays ready", () => {
  const shards = [shard(0, { guilds: 2_000 }), shard(1, { guilds: 2_131 })];
  const { ready, warnings } = readiness(snapshot({ shards }));
  assert.deepEqual([ready, warnings], [true, [
    "shard 1 has 2131 of 2500 guilds that a shard may have, 1 more are nearly as full: " +
    "the unit reshards by itself",
  ]]);
  const alone = { ...LIMIT, isAutomatic: false };
  const [warning] = readiness(snapshot({ shards, guildLimit: alone })).warnings;
  assert.match(
    warning!,
    /: reshard: POST \/control\/reshard, or another TOTAL_SHARDS for all units$/,
  );
});

Deno.test("a unit counts the guilds of its shards, and warns once of one that is nearly full", async () => {
  const sim = { guilds: 2_100, membersPerGuild: 0, channelsPerGuild: 1 };
  const rig = await createRig({ shards: 1, sim });
  rig.start();
  await rig.ready();
  await rig.clock.advance(60_000);
  assert.deepEqual(rig.gateway.serving.shards.map(({ guilds }) => guilds), [2_100]);
  const told = rig.logged.filter(({ event }) => /near the limit of guilds/.test(event));
  const advice = crowdingAdvice(LIMIT);
  assert.deepEqual(told.map(({ level, fields }) => [level, fields]), [
    ["warn", { shardId: 0, guilds: 2_100, limit: 2_500, crowded: 1, advice }],
  ]);
});
