import assert from "node:assert/strict";
import fc from "fast-check";
import { lotsOf } from "../../../protocol/reshard.ts";
import { planReshard, type Standing } from "../../../unit/reshard/plan.ts";

const of = (...guilds: (number | null)[]) => guilds.map((guilds, shardId) => ({ shardId, guilds }));
const identify = {
  maxConcurrency: 1,
  remaining: 900,
  reserve: 100,
  total: 1_000,
  resetAfterMs: 3_600_000,
};

/** Two shards that are well, unless told otherwise. */
function plan(changed: Partial<Standing> = {}) {
  return planReshard({
    totalShards: 2,
    isWhole: true,
    shards: of(900, 1_000),
    guildLimit: { most: 2_500, reshardAt: 2_000 },
    closed: null,
    recommended: 2,
    identify,
    isRunning: false,
    isCancelled: false,
    ...changed,
  });
}

Deno.test("planReshard() leaves shards that are well as they are, and says how they stand", () => {
  assert.deepEqual(plan(), {
    act: "none",
    why: "2 shards do: the fullest has 1000 of 2500 guilds, Discord recommends 2",
  });
  assert.equal(plan({ shards: of(1_999, null) }).act, "none");
  assert.equal(plan({ recommended: 1 }).act, "none", "never fewer");
  const { why } = plan({ shards: [] });
  assert.match(why, /the fullest has an unknown number of 2500 guilds/);
});

Deno.test("planReshard() grows by a factor when one shard is at RESHARD_AT, whatever the others have", () => {
  assert.deepEqual(plan({ shards: of(10, 2_000) }), {
    act: "reshard",
    to: 4,
    why: "shard 1 has 2000 of 2500 guilds",
  });
  assert.deepEqual(plan({ shards: of(600, 1), guildLimit: { most: 2_500, reshardAt: 600 } }), {
    act: "reshard",
    to: 4,
    why: "shard 0 has 600 of 2500 guilds",
  });
});

Deno.test("planReshard() takes the smallest factor that has the fullest well below RESHARD_AT", () => {
  const at = (guilds: number, reshardAt: number) => {
    const got = plan({ shards: of(guilds), guildLimit: { most: 2_500, reshardAt } });
    return got.act === "reshard" && got.to;
  };
  assert.deepEqual([at(2_500, 2_000), at(2_500, 1_000), at(2_500, 1_667), at(2_500, 1_666)], [
    4,
    8,
    4,
    6,
  ]);
});

Deno.test("planReshard() covers what Discord recommends", () => {
  const to = (recommended: number, more: Partial<Standing> = {}) => {
    const got = plan({ recommended, ...more });
    return got.act === "reshard" && [got.to, got.why];
  };
  assert.deepEqual(to(3), [4, "Discord recommends 3 shards"]);
  assert.deepEqual(to(4), [4, "Discord recommends 4 shards"]);
  assert.deepEqual(to(5), [6, "Discord recommends 5 shards"]);
  assert.deepEqual(to(5, { shards: of(2_200, 0) }), [6, "shard 0 has 2200 of 2500 guilds"]);
});

Deno.test("planReshard() grows at once when Discord has closed a shard, of which nothing may be known", () => {
  assert.deepEqual(plan({ shards: of(null, 2_000), closed: 0 }), {
    act: "reshard",
    to: 4,
    why: "Discord has closed shard 0 for its number of guilds (4011)",
  });
  const small = { most: 2_500, reshardAt: 1_000 };
  const got = plan({ shards: of(null), closed: 0, guildLimit: small });
  assert.equal(got.act === "reshard" && got.to, 8, "2501 / 4 are under 750");
});

Deno.test("planReshard() keeps to the multiple that Discord wants of large bots", () => {
  const to = (totalShards: number, recommended: number, maxConcurrency = 16) => {
    const got = plan({ totalShards, recommended, identify: { ...identify, maxConcurrency } });
    return got.act === "reshard" && got.to;
  };
  assert.equal(to(160, 176), 320);
  assert.equal(to(24, 32), 48);
  assert.equal(to(40, 48), 80);
  assert.equal(to(17, 32), 32, "no factor of 17 that Discord takes is near");
  assert.equal(to(20, 32), 32);
  assert.equal(to(20, 33), 40, "what Discord recommends is no multiple: there is no such number");
  assert.equal(to(2, 4), 4);
});

Deno.test("planReshard() spends nothing of the reserve, and says when there is enough again", () => {
  // Coprime, so that it is one lot: all 32 at once.
  const large = {
    totalShards: 17,
    recommended: 32,
    shards: of(1_000),
  };
  const with_ = (remaining: number) =>
    plan({ ...large, identify: { ...identify, maxConcurrency: 16, remaining } });
  assert.equal(with_(132).act, "reshard");
  assert.deepEqual(with_(131), {
    act: "wait",
    to: 32,
    why: "Discord recommends 32 shards, and to begin takes 32 identifies: " +
      "131 are left today, IDENTIFY_RESERVE keeps 100",
    afterMs: 3_600_000,
  });
  // By a factor a lot is small, and the rest may take days.
  const growth = { totalShards: 1_000, recommended: 1_001 };
  assert.equal(plan({ ...growth, identify: { ...identify, remaining: 102 } }).act, "reshard");
  assert.equal(plan({ ...growth, identify: { ...identify, remaining: 101 } }).act, "wait");
});

Deno.test("planReshard() says what an operator has to do where it cannot help", () => {
  assert.deepEqual(plan({ isWhole: false, shards: of(2_100) }), {
    act: "cannot",
    why: "shard 0 has 2100 of 2500 guilds, and this unit runs a part of the shards only: " +
      "give all units TOTAL_SHARDS=4 and restart them",
  });
  assert.deepEqual(plan({ shards: of(2_100), identify: { ...identify, total: 101 } }), {
    act: "cannot",
    why: "shard 0 has 2100 of 2500 guilds, and to begin takes 2 identifies: " +
      "Discord allows 101 a day, of which IDENTIFY_RESERVE keeps 100",
  });
  assert.match(plan({ totalShards: 60_000, recommended: 60_001 }).why, /100000 are the most$/);
});

Deno.test("planReshard() begins no second reshard", () => {
  const busy = { isRunning: true, shards: of(2_400), closed: 1, recommended: 99 };
  assert.deepEqual(plan(busy), { act: "none", why: "a reshard is under way" });
});

Deno.test("planReshard() leaves the next to who has cancelled the last, unless a shard is closed", () => {
  const cancelled = { isCancelled: true, shards: of(2_400) };
  assert.deepEqual(plan(cancelled), {
    act: "none",
    why: "shard 0 has 2400 of 2500 guilds, and the last reshard was cancelled: " +
      "the next is an operator's",
  });
  assert.equal(plan({ ...cancelled, closed: 0 }).act, "reshard");
});

Deno.test("planReshard() plans what is enough, not much more, and what its identifies do for", () => {
  const standing = fc.record({
    totalShards: fc.integer({ min: 1, max: 2_000 }),
    fullest: fc.integer({ min: 0, max: 2_600 }),
    recommended: fc.integer({ min: 1, max: 3_000 }),
    maxConcurrency: fc.constantFrom(1, 2, 16, 32),
    remaining: fc.integer({ min: 0, max: 1_000 }),
    reshardAt: fc.integer({ min: 1_000, max: 2_500 }),
    closed: fc.constantFrom(null, 0),
  });
  fc.assert(fc.property(standing, ({ fullest, maxConcurrency, remaining, reshardAt, ...rest }) => {
    const got = plan({
      ...rest,
      shards: of(fullest),
      guildLimit: { most: 2_500, reshardAt },
      identify: { ...identify, maxConcurrency, remaining },
    });
    const isNeeded = rest.closed !== null || fullest >= reshardAt ||
      rest.recommended > rest.totalShards;
    assert.equal(got.act === "none", !isNeeded);
    if (got.act !== "reshard") return;
    const { totalShards, recommended } = rest;
    assert.ok(got.to > totalShards && got.to >= recommended);
    assert.ok(fullest * totalShards / got.to <= reshardAt * 0.75);
    const least = Math.max(totalShards * 2, recommended, totalShards * 2_600 / (reshardAt * 0.75));
    assert.ok(got.to <= 2 * least + maxConcurrency, `${got.to} of ${least}`);
    if (recommended % maxConcurrency === 0) assert.equal(got.to % maxConcurrency, 0);
    assert.ok(lotsOf(totalShards, got.to)[0]!.to.length <= remaining - 100);
  }));
});
