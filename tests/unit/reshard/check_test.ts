import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../../config/config.ts";
import { logTo } from "../../../ports/log.ts";
import type { ShardSnapshot } from "../../../protocol/status.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { ReshardCheck } from "../../../unit/reshard/check.ts";
import { notedResharding, reshard } from "../../support/reshards.ts";
import { shard, snapshot } from "../../support/snapshots.ts";

const CHECK_MS = 3_600_000;
const DAY_MS = 24 * CHECK_MS;

/** The other units, of which one has shards 2 and 3. */
function others() {
  const fleet = {
    isLeader: true,
    others: [{
      total: 4,
      fullest: { shardId: 2, guilds: 1_000 as number | null },
      closed: null as number | null,
    }],
    told: [] as unknown[],
    heard: () => {},
    tell: (own: unknown) => void fleet.told.push(own),
    watch(heard: () => void) {
      fleet.heard = heard;
      return () => {};
    },
  };
  return fleet;
}

type FakeFleet = ReturnType<typeof others>;

/** A unit of two shards, and what Discord says of it. */
function setUp({ reshardCheckMs = CHECK_MS, fleet = undefined as FakeFleet | undefined } = {}) {
  const clock = createVirtualClock(Date.UTC(2026, 0, 1));
  const lines: [level: string, event: string, fields: Record<string, unknown>][] = [];
  const resharding = notedResharding();
  const discord = { shards: 2, remaining: 1_000, maxConcurrency: 1, status: 200, asked: 0 };
  const world = {
    shards: [shard(0, { guilds: 900 }), shard(1, { guilds: 1_000 })] as ShardSnapshot[],
    date: new Date(0).toUTCString(),
  };
  const stop = new AbortController();
  const check = new ReshardCheck({
    config: { ...CONFIG_DEFAULTS, reshardCheckMs, gatewayHosts: ["gateway.test"] },
    clock,
    random: () => 1,
    log: logTo((level, event, fields) => lines.push([level, event, fields])),
    ask: () => {
      discord.asked++;
      const { status, shards, remaining, maxConcurrency: max_concurrency } = discord;
      const body = {
        url: "wss://gateway.test",
        shards,
        session_start_limit: { total: 1_000, remaining, reset_after: DAY_MS / 2, max_concurrency },
      };
      return Promise.resolve(
        Response.json(status === 200 ? body : {}, { status, headers: { date: world.date } }),
      );
    },
    ...fleet && { fleet },
    unit: {
      totalShards: fleet ? 4 : 2,
      shardIds: [0, 1],
      reshardingFleet: fleet ? { units: 2, missing: 0 } : null,
      resharding,
      get snapshot() {
        return snapshot({ shards: world.shards, reshard: resharding.snapshot });
      },
    },
    signal: stop.signal,
  });
  check.start();
  const told = () => lines.filter(([level]) => level !== "debug");
  return { clock, check, discord, world, resharding, begun: resharding.called, told, stop };
}

Deno.test("a check asks Discord every RESHARD_CHECK_MS, and begins nothing while all is well", async () => {
  const { clock, discord, begun, told } = setUp();
  await clock.advance(CHECK_MS - 1);
  assert.equal(discord.asked, 0);
  await clock.advance(3 * CHECK_MS);
  assert.deepEqual([discord.asked, begun, told()], [3, [], []]);
});

Deno.test("a check reshards when Discord recommends more shards, once, and lets it come to its end", async () => {
  const { clock, discord, resharding, begun, told } = setUp();
  discord.shards = 3;
  await clock.advance(CHECK_MS);
  assert.deepEqual(begun, [["begin", 4, "automatic"]]);
  assert.deepEqual(told(), [[
    "info",
    "the unit reshards by itself",
    { from: 2, to: 4, why: "Discord recommends 3 shards" },
  ]]);
  resharding.snapshot = reshard({ state: "paused" });
  await clock.advance(5 * CHECK_MS);
  assert.deepEqual([discord.asked, begun.length], [1, 1]);
  resharding.snapshot = reshard({ state: "failed" });
  await clock.advance(CHECK_MS);
  assert.equal(begun.length, 2, "it is tried again");
  resharding.snapshot = reshard({ state: "cancelled" });
  await clock.advance(5 * CHECK_MS);
  assert.equal(begun.length, 2, "who has cancelled it does not want it");
});

Deno.test("a check counts the guilds of the shards themselves", async () => {
  const { clock, world, begun } = setUp();
  world.shards = [shard(0, { guilds: 3 }), shard(1, { guilds: 2_000 })];
  await clock.advance(CHECK_MS);
  assert.deepEqual(begun, [["begin", 4, "automatic"]]);
});

Deno.test("a check begins at once when Discord closes a shard for its guilds", async () => {
  const { clock, check, world, begun, discord, told } = setUp();
  world.shards = [shard(0), shard(1, { state: "stopped", guilds: null })];
  check.shardingRequired({ total: 2, id: 1 });
  check.shardingRequired({ total: 2, id: 1 });
  await clock.advance(0);
  assert.deepEqual([discord.asked, begun], [1, [["begin", 4, "automatic"]]]);
  assert.match(String(told()[0]![2].why), /closed shard 1 for its number of guilds \(4011\)/);
});

Deno.test("a check asks until Discord answers, and sets no clock by what it says", async () => {
  const { clock, check, world, begun, discord } = setUp();
  const epochMs = clock.epochMs();
  discord.status = 503;
  world.shards = [shard(0, { state: "stopped" }), shard(1)];
  world.date = new Date(epochMs + DAY_MS).toUTCString();
  check.shardingRequired({ total: 2, id: 0 });
  await clock.advance(60_000);
  discord.status = 200;
  await clock.advance(60_000);
  assert.equal(begun.length, 1);
  assert.equal(clock.epochMs(), epochMs + 120_000);
});

Deno.test("a new shard that is closed, too, hides no old one: that one is still a reason afterwards", async () => {
  const { clock, check, world, resharding, begun } = setUp();
  world.shards = [shard(0, { state: "stopped" }), shard(1)];
  check.shardingRequired({ total: 2, id: 0 });
  await clock.advance(0);
  check.shardingRequired({ total: 4, id: 0 });
  resharding.snapshot = reshard({ state: "failed" });
  await clock.advance(CHECK_MS);
  assert.equal(begun.length, 2);
});

Deno.test("a shard that runs again is no reason any more", async () => {
  const { clock, check, world, begun, discord } = setUp();
  discord.status = 503;
  world.shards = [shard(0, { state: "stopped" }), shard(1)];
  check.shardingRequired({ total: 2, id: 0 });
  await clock.advance(1_000);
  world.shards = [shard(0), shard(1)];
  discord.status = 200;
  await clock.advance(2 * CHECK_MS);
  assert.deepEqual(begun, []);
});

Deno.test("a check waits for identifies, says until when, and looks again then", async () => {
  const { clock, check, world, begun, discord, told } = setUp();
  discord.remaining = 101;
  world.shards = [shard(0, { state: "stopped" }), shard(1)];
  check.shardingRequired({ total: 2, id: 0 });
  await clock.advance(1_000);
  assert.deepEqual(told(), [["warn", "a reshard waits for identifies", {
    to: 4,
    why: "Discord has closed shard 0 for its number of guilds (4011), and to begin takes " +
      "2 identifies: 101 are left today, IDENTIFY_RESERVE keeps 100",
    until: "2026-01-01T12:01:00.000Z",
  }]]);
  discord.remaining = 1_000;
  await clock.advance(CHECK_MS);
  assert.equal(begun.length, 1, "the next check is sooner");
});

Deno.test("where there is no next check before it, identifies are looked for when they are back", async () => {
  const { clock, begun, discord, told } = setUp({ reshardCheckMs: 2 * DAY_MS });
  Object.assign(discord, { shards: 4, remaining: 50 });
  await clock.advance(2 * DAY_MS);
  assert.equal(told().length, 1);
  discord.remaining = 1_000;
  await clock.advance(DAY_MS / 2 + 59_000);
  assert.deepEqual(begun, []);
  await clock.advance(2_000);
  assert.equal(begun.length, 1);
});

Deno.test("with RESHARD_CHECK_MS=0 nothing begins by itself, and 4011 says what to do", async () => {
  const { clock, check, world, discord, told } = setUp({ reshardCheckMs: 0 });
  world.shards = [shard(0, { state: "stopped" }), shard(1)];
  check.shardingRequired({ total: 2, id: 0 });
  await clock.advance(10 * DAY_MS);
  assert.equal(discord.asked, 0);
  assert.deepEqual(told(), [["error", "the unit does not reshard by itself", {
    shardId: 0,
    advice: "RESHARD_CHECK_MS is 0: POST /control/reshard with a higher number of shards",
  }]]);
});

Deno.test("what stands in the way is told, and tried again five minutes later", async () => {
  const { clock, world, resharding, begun, discord, told } = setUp();
  discord.shards = 4;
  const begin = resharding.begin;
  resharding.begin = () => {
    throw new Error("the disk is full");
  };
  await clock.advance(CHECK_MS);
  assert.deepEqual(told().at(-1), ["error", "the unit cannot reshard by itself", {
    why: "the disk is full",
  }]);
  resharding.begin = begin;
  await clock.advance(301_000);
  assert.equal(begun.length, 1);
  discord.status = 401;
  resharding.snapshot = null;
  world.shards = [];
  await clock.advance(CHECK_MS);
  assert.match(String(told().at(-1)![2].why), /does not accept DISCORD_TOKEN/);
  const { asked } = discord;
  await clock.advance(CHECK_MS / 2);
  assert.equal(discord.asked, asked, "asking again would be in vain");
});

Deno.test("a unit that stops checks nothing any more", async () => {
  const { clock, discord, stop, told } = setUp();
  discord.status = 503;
  await clock.advance(CHECK_MS);
  stop.abort(new Error("the unit stops"));
  const { asked } = discord;
  await clock.advance(10 * CHECK_MS);
  assert.equal(discord.asked, asked);
  assert.deepEqual(told().map(([level]) => level).filter((level) => level === "error"), []);
});

Deno.test("in a fleet whoever leads looks, at the guilds of all units", async () => {
  const fleet = others();
  const { clock, discord, begun } = setUp({ fleet });
  discord.shards = 4;
  fleet.isLeader = false;
  await clock.advance(CHECK_MS);
  assert.equal(discord.asked, 0);
  fleet.isLeader = true;
  await clock.advance(CHECK_MS);
  assert.deepEqual([discord.asked, begun], [1, []]);
  const crowded = { fullest: { shardId: 2, guilds: 2_100 }, closed: null };
  fleet.others = [{ total: 2, ...crowded }];
  await clock.advance(CHECK_MS);
  assert.deepEqual(begun, [], "of a total that was given up");
  fleet.others = [{ total: 4, ...crowded }];
  await clock.advance(CHECK_MS);
  assert.deepEqual(begun, [["begin", 8, "automatic"]]);
  const { fullest, closed } = fleet.told[0] as { fullest: { guilds: number }; closed: null };
  assert.deepEqual([fullest.guilds, closed], [1_000, null]);
});

Deno.test("a shard that Discord has closed on another unit is looked after at once", async () => {
  const fleet = others();
  const { clock, discord, begun } = setUp({ fleet });
  discord.shards = 4;
  fleet.others = [{ total: 4, fullest: { shardId: 2, guilds: null }, closed: 2 }];
  fleet.heard();
  await clock.advance(1_000);
  assert.deepEqual(begun, [["begin", 8, "automatic"]]);
});

Deno.test("a unit that does not lead tells of a shard that Discord has closed, and leaves the rest to who does", async () => {
  const fleet = others();
  const { check, clock, discord, world, begun } = setUp({ fleet });
  fleet.isLeader = false;
  world.shards = [shard(0, { guilds: 900 }), shard(1, { state: "stopped", totalShards: 2 })];
  check.shardingRequired({ total: 2, id: 1 });
  await clock.advance(1_000);
  assert.deepEqual([discord.asked, begun], [0, []]);
  assert.equal((fleet.told.at(-1) as { closed: number }).closed, 1);
});
