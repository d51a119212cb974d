import assert from "node:assert/strict";
import { type Estate, NO_ESTATE } from "../../../../protocol/estate.ts";
import { MOST_REPLAYED, resumption } from "../../../../unit/fleet/estates/resumption.ts";

const SESSION = { shardId: 3, totalShards: 4, intents: 1, sessionId: "s", resumeUrl: null };

/** Everything up to `safe` is with the bot or on the dead unit's disk. */
function resumed(
  acknowledged: number,
  safe: number,
  readers: Record<string, number> = {},
  base = 0,
) {
  const session = { ...SESSION, base, seq: safe - base };
  const estate: Estate = { ...NO_ESTATE, session, acknowledged, readers, highest: safe };
  const { estate: next, gaps, missing } = resumption(estate, "a");
  return {
    from: next.session!.base + next.session!.seq,
    gaps: Object.fromEntries([...gaps].map(([of, { from, to }]) => [of ?? "bot", `${from}-${to}`])),
    missing: missing && `${missing.from}-${missing.to}`,
  };
}

Deno.test("a shard whose unit is dead goes on after what the bot has acknowledged", () => {
  assert.deepEqual(resumed(50, 50), { from: 50, gaps: {}, missing: null });
  assert.deepEqual(resumed(50, 50 + MOST_REPLAYED), { from: 50, gaps: {}, missing: null });
});

Deno.test("what is so much that Discord may not have it is told to be missing, and Discord asked for the rest", () => {
  const safe = 51 + MOST_REPLAYED;
  assert.deepEqual(resumed(50, safe), {
    from: safe,
    gaps: { bot: `51-${safe}` },
    missing: `51-${safe}`,
  });
});

Deno.test("whoever is near gets all of it, and who is far behind is told; only the bot's comes late", () => {
  assert.deepEqual(resumed(4_800, 5_000, { logger: 10, other: 4_500 }), {
    from: 4_500,
    gaps: { logger: "11-4500" },
    missing: null,
  });
  assert.deepEqual(resumed(10, 5_000, { logger: 5_000 }), {
    from: 5_000,
    gaps: { bot: "11-5000" },
    missing: "11-5000",
  });
});

Deno.test("what came in a session before this one Discord does not have", () => {
  assert.deepEqual(resumed(50, 2_100, {}, 2_000), {
    from: 2_000,
    gaps: { bot: "51-2000" },
    missing: "51-2000",
  });
});

Deno.test("a shard without a session gets a new one, whose GAP says that something may be missing", () => {
  const estate = { ...NO_ESTATE, acknowledged: 50, highest: 90 };
  assert.deepEqual(resumption(estate, "a"), {
    estate,
    gaps: new Map(),
    missing: { from: 51, to: 90 },
  });
  assert.equal(resumption({ ...estate, highest: 50 }, "a").missing, null);
  assert.equal(resumption(NO_ESTATE, "a").missing, null);
});

Deno.test("the GAP says whose host is away", () => {
  const session = { ...SESSION, base: 0, seq: 9_000 };
  const { gaps } = resumption({ ...NO_ESTATE, session, highest: 9_000 }, "unit-a");
  assert.equal(gaps.get(null)!.reason, "its host, unit-a, is away, and may have them on its disk");
});
