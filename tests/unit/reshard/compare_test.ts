import assert from "node:assert/strict";
import type { Held, Seen } from "../../../protocol/reshard.ts";
import type { Side } from "../../../unit/reshard/alignment.ts";
import { Compare } from "../../../unit/reshard/compare.ts";

/** Guilds of shard 0 and 2 of 4, and so of shard 0 of 2. */
const [ONE, TWO] = ["4", "2"].map((n) => String(BigInt(n) << 22n)) as [string, string];

/** One lot of 2 → 4 shards; what both sides get, told as it comes. */
function comparison() {
  const compare = new Compare({
    lot: { rest: 0, from: [0], to: [0, 2] },
    fromTotal: 2,
    toTotal: 4,
  });
  const cursors: Record<string, number> = {};
  const see = (side: Side, shardId: number, guildId: string, key: string | null, atMs: number) => {
    const name = `${side} ${shardId}`;
    const seen: Seen = { cursor: cursors[name] = (cursors[name] ?? 0) + 1, guildId, key, atMs };
    compare.see(side, shardId, [seen]);
    return seen.cursor;
  };
  const held = (through: number, atMs: number, guildIds = [ONE, TWO]) =>
    new Map<number, Held>([[0, { through, guildIds, atMs }]]);
  return { compare, see, held };
}

Deno.test("Compare is armed when both sides have been whole for twice its patience", () => {
  const { compare } = comparison();
  assert.equal(compare.isArmed(1e6), false);
  assert.match(compare.waitsFor(1e6), /both totals to be whole/);
  compare.whole(1_000);
  assert.equal(compare.isArmed(10_900), false);
  assert.match(compare.waitsFor(10_900), /whole for 10 s: 1 s left/);
  assert.equal(compare.isArmed(11_000), true);
  compare.whole(11_000);
  assert.equal(compare.isArmed(20_000), false);
});

Deno.test("Compare is not armed before two shards that get events were seen to get the same", () => {
  const { compare, see } = comparison();
  compare.whole(0);
  see("from", 0, TWO, "M 1", 9_000);
  assert.equal(compare.isArmed(10_000), false);
  assert.match(compare.waitsFor(10_000), /both shard 0 of 2 and shard 2 of 4 get/);
  see("to", 2, TWO, "M 1", 10_100);
  assert.equal(compare.isArmed(10_100), true);
  assert.equal(compare.skewMs, 1_100);
});

Deno.test("Compare does not wait for ever for the other one of an event that was missing", () => {
  const { compare, see } = comparison();
  compare.whole(0);
  see("from", 0, TWO, "M 1", 9_000);
  assert.equal(compare.isArmed(18_000), false);
  assert.equal(compare.isArmed(19_100), true);
});

Deno.test("Compare waits longer where sessions are further apart, and finds that out", () => {
  const { compare, see } = comparison();
  compare.whole(0);
  let armedMs = 0;
  for (let nowMs = 500; armedMs === 0; nowMs += 500) {
    assert.ok(nowMs < 300_000, compare.waitsFor(nowMs));
    see("from", 0, ONE, `M ${nowMs}`, nowMs);
    if (nowMs > 30_000) see("to", 0, ONE, `M ${nowMs - 30_000}`, nowMs);
    if (compare.isArmed(nowMs)) armedMs = nowMs;
  }
  assert.equal(compare.skewMs, 30_000);
  assert.ok(armedMs >= 120_000, `armed at ${armedMs}`);
});

Deno.test("Compare says that it was held too soon when an event comes later than was thought possible", () => {
  const { compare, see, held } = comparison();
  compare.whole(0);
  const through = see("from", 0, ONE, "M 1", 9_900);
  see("to", 0, TWO, "~p", 9_900);
  compare.held(held(through, 10_000));
  assert.equal(compare.isArmed(12_000), true);
  see("to", 0, ONE, "M 1", 14_899);
  assert.equal(compare.isArmed(14_900), true);
  compare.lifted();
  see("from", 0, ONE, "M 2", 20_000);
  compare.held(held(2, 25_000));
  see("to", 0, ONE, "M 2", 25_100);
  assert.equal(compare.isArmed(25_100), true);
  assert.equal(compare.cuts(25_100)!.forced, 0);
  see("from", 0, ONE, "M 3", 25_200);
  see("to", 0, ONE, "M 3", 39_000);
  assert.equal(compare.isArmed(39_000), false);
});

Deno.test("Compare tells each new shard where it goes on", () => {
  const { compare, see, held } = comparison();
  compare.whole(0);
  see("to", 0, ONE, null, 100);
  see("from", 0, ONE, "M 1", 9_900);
  see("from", 0, TWO, "M 2", 9_950);
  see("to", 0, ONE, "M 1", 9_900);
  see("to", 2, TWO, "M 2", 9_950);
  const through = see("from", 0, ONE, "M 3", 10_000);
  assert.ok(compare.isArmed(10_000));
  compare.held(held(through, 10_000));
  assert.equal(compare.cuts(10_000), null);
  assert.match(compare.waitsFor(10_000), /last events of 1 guilds/);
  see("to", 2, TWO, "M 4", 10_050);
  see("to", 0, ONE, "M 3", 10_100);
  see("to", 0, ONE, "M 5", 10_150);
  const result = compare.cuts(10_150)!;
  const { anchors, quiet, forced } = result;
  assert.deepEqual({ anchors, quiet, forced }, { anchors: 2, quiet: 0, forced: 0 });
  const from = [{ total: 2, id: 0 }];
  const none = { loads: [], mayRepeat: [], from };
  assert.deepEqual(result.cuts.get(0), { ...none, through: 4, guilds: { [ONE]: 3 }, others: 4 });
  assert.deepEqual(result.cuts.get(2), { ...none, through: 2, guilds: { [TWO]: 1 }, others: 2 });
});

Deno.test("Compare goes on when it was lifted, and forgets what was held when a shard was not whole", () => {
  const { compare, held } = comparison();
  compare.whole(0);
  compare.held(held(0, 10_000));
  compare.lifted();
  assert.equal(compare.cuts(20_000), null);
  compare.held(held(0, 20_000));
  assert.deepEqual(compare.cuts(20_000)?.quiet, 2);
  compare.whole(21_000);
  assert.equal(compare.cuts(40_000), null);
});

Deno.test("Compare marks the guild whose last event did not come, and drops nothing", () => {
  const { compare, see, held } = comparison();
  compare.whole(0);
  const through = see("from", 0, ONE, "M 1", 19_000);
  compare.held(held(through, 20_000));
  see("to", 0, ONE, "M 2", 21_000);
  assert.equal(compare.cuts(24_900), null);
  const result = compare.cuts(25_000)!;
  assert.equal(result.forced, 1);
  assert.deepEqual(result.cuts.get(0)!.mayRepeat, [ONE]);
  assert.equal(result.cuts.get(0)!.guilds[ONE], 0);
  assert.deepEqual(result.cuts.get(2)!.mayRepeat, []);
});

Deno.test("Compare has the guilds delivered as loaded that the old shards had not", () => {
  const { compare, held } = comparison();
  compare.whole(0);
  compare.held(held(0, 10_000, [ONE]), new Map([[0, [ONE]], [2, [TWO]]]));
  const { cuts } = compare.cuts(10_000)!;
  assert.deepEqual([cuts.get(0)!.loads, cuts.get(2)!.loads], [[], [TWO]]);
});

Deno.test("Compare cuts direct messages on shard 0 alone, and what each shard gets on each", () => {
  const { compare, see, held } = comparison();
  compare.whole(0);
  see("from", 0, "", "M 1", 9_900);
  see("to", 0, "", "M 1", 9_950);
  see("to", 2, "", "~USER_UPDATE 1", 9_950);
  const through = see("from", 0, "", "~USER_UPDATE 1", 9_960);
  compare.held(held(through, 10_500));
  assert.equal(compare.cuts(10_500), null);
  assert.match(compare.waitsFor(10_500), /1 guilds/);
  see("to", 0, "", "~USER_UPDATE 1", 10_510);
  const { cuts, forced } = compare.cuts(10_510)!;
  assert.deepEqual([cuts.get(0)!.guilds, cuts.get(2)!.guilds, forced], [{}, {}, 0]);
});

Deno.test("Compare remembers no more than the last events", () => {
  const { compare, see, held } = comparison();
  compare.whole(0);
  for (let atMs = 0; atMs < 100_000; atMs += 100) {
    for (const side of ["from", "to"] as const) see(side, 0, ONE, `M ${atMs}`, atMs);
  }
  // What was forgotten would be found here.
  compare.held(held(0, 100_000));
  const first = compare.cuts(100_000)!.cuts.get(0)!.guilds[ONE]!;
  assert.ok(first >= 1_000 - 150 && first < 1_000 - 99, `${first}`);
});
