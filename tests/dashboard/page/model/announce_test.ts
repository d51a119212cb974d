import assert from "node:assert/strict";
import { announcement } from "../../../../dashboard/page/model/announce.js";
import type { DashboardShard } from "../../../../dashboard/words.ts";
import { World } from "../../../support/dashboard/world.ts";

const { view: { shards } } = new World({ shards: 1_000, nowMs: 0, isCalm: true });
const before = new Map(shards.map(({ key, state }) => [key, state]));
const now = (states: Record<number, DashboardShard["state"]>) =>
  shards.map((shard) => ({ ...shard, state: states[shard.shardId] ?? shard.state }));

Deno.test("announcement() is silent while nothing changes", () => {
  assert.equal(announcement(before, shards), "");
});

Deno.test("announcement() says in one sentence what became of many, the worst first", () => {
  assert.equal(
    announcement(before, now({ 1: "backing off", 2: "backing off", 7: "stopped" })),
    "shard 7 is stopped, 2 shards are backing off. 997 of 1,000 shards are ready.",
  );
  const away = new Map([...before, ["4/1000", "resuming"] as const]);
  assert.equal(
    announcement(away, shards),
    "shard 4 is ready again. 1,000 of 1,000 shards are ready.",
  );
});

Deno.test("announcement() counts those that serve, while shards of another total rise", () => {
  const rising = [0, 1].map((shardId) => ({
    ...shards[shardId]!,
    key: `${shardId}/2000`,
    role: "rises" as const,
    state: "identifying" as const,
  }));
  const known = new Map([...before, ["0/2000", "queued"] as const]);
  assert.equal(announcement(known, [...shards, ...rising]), "");
  assert.equal(
    announcement(known, [...now({ 7: "stopped" }), ...rising]),
    "shard 7 is stopped. 999 of 1,000 shards are ready.",
  );
});

Deno.test("announcement() does not tell of shards that were not there before", () => {
  assert.equal(announcement(new Map(), shards), "");
});
