import assert from "node:assert/strict";
import type { ReshardState } from "../../protocol/reshard.ts";
import { readiness } from "../../unit/readiness.ts";
import { reshard } from "../support/reshards.ts";
import { shard, snapshot } from "../support/snapshots.ts";

Deno.test("readiness() is ready when all shards, workers and clusters are", () => {
  assert.deepEqual(readiness(snapshot()), {
    ready: true,
    reasons: [],
    warnings: [],
    fullest: null,
  });
});

Deno.test("readiness() is ready without a cluster: events wait for a consumer", () => {
  const shards = [shard(0, { clusterId: null })];
  assert.equal(readiness(snapshot({ clusters: [], shards })).ready, true);
});

Deno.test("readiness() looks at the shards that serve, not at those that rise in their place", () => {
  const rises = shard(1, {
    totalShards: 4,
    role: "rises",
    state: "queued",
    guilds: 2_400,
    lacks: ["GUILD_MEMBERS"],
  });
  const shards = [shard(0), shard(1), rises];
  const { ready, reasons, warnings, fullest } = readiness(snapshot({ shards }));
  assert.deepEqual([ready, reasons, warnings, fullest], [true, [], [], null]);
});

Deno.test("readiness() warns of a reshard that does not go on by itself, and is ready all the same", () => {
  const warnings = (state: ReshardState, reason = "") =>
    readiness(snapshot({ reshard: reshard({ state, reason }) })).warnings;
  assert.deepEqual(warnings("running"), []);
  assert.deepEqual(warnings("done"), []);
  assert.deepEqual(warnings("paused"), ["the reshard from 2 to 4 shards is paused"]);
  const reason = "Discord does not take shard 0 of 4: closed 4010";
  assert.deepEqual(warnings("failed", reason), [
    `the reshard from 2 to 4 shards has failed (${reason})`,
  ]);
});

Deno.test("readiness() is not ready before a shard has started", () => {
  assert.deepEqual(readiness(snapshot({ shards: [] })).reasons, ["no shard has started yet"]);
});

Deno.test("readiness() says why Discord has not said where to connect, and when it is asked again", () => {
  const discovery = { reason: "GET /gateway/bot was answered 429", untilMs: Date.UTC(2026, 0, 1) };
  assert.deepEqual(readiness(snapshot({ shards: [], discovery })).reasons, [
    "no shard has started yet; Discord is asked again at 2026-01-01T00:00:00Z: " +
    "GET /gateway/bot was answered 429",
  ]);
});

Deno.test("readiness() names shards by state and reason, and joins ranges", () => {
  const away = { state: "backing off", reason: "connect failed" } as const;
  const shards = [
    shard(0),
    shard(3, away),
    shard(1, away),
    shard(2, away),
    shard(5, away),
    shard(4, { state: "queued" }),
  ];
  assert.deepEqual(readiness(snapshot({ shards })), {
    ready: false,
    reasons: ["shards 1-3, 5: backing off (connect failed)", "shard 4: queued"],
    warnings: [],
    fullest: null,
  });
});

Deno.test("readiness() says first that the reserve holds shards back, and until when", () => {
  const shards = [shard(0), shard(1, { state: "queued" })];
  const held = { untilMs: Date.UTC(2026, 0, 1) };
  const identify = { ...snapshot().identify, waiting: 1, remaining: 100, held };
  assert.deepEqual(readiness(snapshot({ shards, identify })).reasons, [
    "identifies are held back until 2026-01-01T00:00:00Z, unless started with --force: " +
    "100 of 1000 are left today, IDENTIFY_RESERVE keeps 100",
    "shard 1: queued",
  ]);
});

Deno.test("readiness() names workers and clusters that are not there", () => {
  assert.deepEqual(
    readiness(snapshot({
      workers: [{
        workerId: 1,
        state: "failed",
        reason: "too many crashes",
        shards: [],
        restarts: 5,
      }],
      clusters: [{ clusterId: 2, kind: "remote", state: "away", reason: "", restarts: 0 }],
    })).reasons,
    ["worker 1: failed (too many crashes)", "cluster 2: away"],
  );
});

Deno.test("readiness() warns of types that have stopped, and is ready all the same", () => {
  const sinceMs = Date.UTC(2026, 10, 30, 3, 12, 34);
  const deafTypes = [{ type: "GUILD_CREATE", sinceMs, expected: 40, others: 900 }];
  assert.deepEqual(readiness(snapshot({ deafTypes })), {
    ready: true,
    reasons: [],
    warnings: [
      "no GUILD_CREATE since 2026-11-30T03:12Z, 40 were to be expected while 900 others came: " +
      "the sessions may be deaf to it",
    ],
    fullest: null,
  });
});

Deno.test("readiness() warns of shards that live without an intent, and is ready all the same", () => {
  const shards = [
    shard(0, { lacks: ["GUILD_MEMBERS"] }),
    shard(1, { lacks: ["GUILD_MEMBERS"] }),
    shard(2, { lacks: ["MESSAGE_CONTENT"] }),
    shard(3),
  ];
  const intents = { wanted: 3, refused: ["GUILD_MEMBERS"], shards: [0, 1, 2] } as const;
  assert.deepEqual(readiness(snapshot({ shards, intents })), {
    ready: true,
    reasons: [],
    warnings: [
      "degraded: shards 0-1 without GUILD_MEMBERS, which Discord refuses (4014): grant it in the " +
      "developer portal",
      "degraded: shard 2 without MESSAGE_CONTENT, which is granted again: they get new sessions in turn",
    ],
    fullest: null,
  });
});
