import assert from "node:assert/strict";
import {
  byRole,
  byState,
  fill,
  spoken,
  STATE_ORDER,
  STATES,
  troubles,
} from "../../../../dashboard/page/model/shards.js";
import { SHARD_STATES } from "../../../../protocol/status.ts";
import { World } from "../../../support/dashboard/world.ts";

const { view: { shards, unit: { guildLimit } } } = new World({ shards: 97, nowMs: 0 });

Deno.test("each state of a shard has a look, and none looks like another but by its letter", () => {
  assert.deepEqual(STATE_ORDER.toSorted(), [...SHARD_STATES].sort());
  const letters = Object.values(STATES).map(({ letter }) => letter);
  assert.equal(new Set(letters).size, letters.length);
});

Deno.test("troubles() names what is wrong with a shard that is ready", () => {
  const of = (id: number) => troubles(shards[id]!, guildLimit);
  assert.deepEqual(of(0), []);
  assert.deepEqual(of(41), ["4,120 events wait, the oldest for 48 s"]);
  assert.deepEqual(of(46), ["2,391 guilds: reshard before it has 2,500"]);
  assert.deepEqual(of(60), ["a heartbeat takes 1.8 s"]);
  assert.deepEqual(troubles({ ...shards[0]!, guilds: 2_500 }, guildLimit), [
    "2,500 guilds, as many as Discord allows",
  ]);
});

Deno.test("spoken() says of a cell what the eye sees", () => {
  assert.match(spoken(shards[17]!, guildLimit), /^Shard 17, backing off, 0 events per second/);
  assert.match(spoken(shards[41]!, guildLimit), /^Shard 41, ready, 4,120 events wait/);
});

Deno.test("fill() is between nothing and all, whatever is measured", () => {
  const of = { limit: guildLimit, busiest: 64 };
  for (const measure of ["guilds", "events", "latency", "queue"] as const) {
    for (const shard of shards) {
      const share = fill(shard, measure, of);
      assert.ok(share >= 0 && share <= 1, `${measure} of ${shard.key}: ${share}`);
    }
  }
  assert.equal(fill({ ...shards[0]!, guilds: 1_250 }, "guilds", of), 0.5);
  assert.equal(fill({ ...shards[0]!, latencyMs: 9_999 }, "latency", of), 1);
  assert.equal(fill({ ...shards[0]!, queued: 0 }, "queue", of), 0);
});

Deno.test("byState() counts, what is well first, and names no state that nobody is in", () => {
  assert.deepEqual(byState(shards).map(({ state, count }) => `${state} ${count}`), [
    "ready 92",
    "resuming 1",
    "identifying 1",
    "queued 1",
    "backing off 1",
    "stopped 1",
  ]);
});

Deno.test("byRole() says what shards of a total do while guilds move", () => {
  const three = shards.slice(0, 3);
  assert.equal(byRole(three), "3 serve");
  const moving = three.map((shard, at) => ({
    ...shard,
    role: (["rises", "serves", "rises"] as const)[at]!,
  }));
  assert.equal(byRole(moving), "1 serves, 2 rise");
});
