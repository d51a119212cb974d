import assert from "node:assert/strict";
import { type QuietFinding, QuietWatch, SETTLE_MS, type ShardSample } from "../../gateway/quiet.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const START_MS = 1_000_000_000;

/** Shards that get so many events a minute each, seen every second. */
function fleet(perMinute: readonly number[]) {
  const watch = new QuietWatch({ quietAfterMs: 5 * 60_000, resumeAfterMs: 15 * 60_000 });
  const rates = [...perMinute];
  const shards = rates.map((_, shardId) => ({
    shardId,
    state: "ready" as ShardSample["state"],
    sinceMs: START_MS,
    received: 0,
  }));
  const got = shards.map(() => 0);
  const found: (QuietFinding & { atMs: number })[] = [];
  let nowMs = START_MS;
  return {
    watch,
    found,
    shards,
    /** The acts, each with its shard and the minute in which it came. */
    get acts() {
      return found.map(({ act, shardId, atMs }) =>
        `${act} ${shardId} at ${Math.floor((atMs - START_MS) / MINUTE_MS)}`
      );
    },
    rate: (shardId: number, perMinute: number) => void (rates[shardId] = perMinute),
    reconnect(shardId: number) {
      // RESUMED counts as received before the state changes.
      shards[shardId]!.received++;
      shards[shardId]!.sinceMs = nowMs;
    },
    run(minutes: number) {
      const endMs = nowMs + minutes * MINUTE_MS;
      while (nowMs < endMs) {
        nowMs += SECOND_MS;
        for (const shard of shards) {
          got[shard.shardId]! += rates[shard.shardId]! / 60;
          const whole = Math.floor(got[shard.shardId]! + 1e-9);
          got[shard.shardId]! -= whole;
          shard.received += whole;
        }
        const samples = shards.map((shard) => ({ ...shard }));
        found.push(...watch.observe(nowMs, samples).map((each) => ({ ...each, atMs: nowMs })));
      }
    },
  };
}

Deno.test("a shard that falls silent among busy ones is reported once, then resumed once", () => {
  const it = fleet([60, 60, 60, 60]);
  it.run(20);
  assert.deepEqual(it.acts, []);
  it.rate(2, 0);
  it.run(60);
  assert.deepEqual(it.acts, ["report 2 at 25", "resume 2 at 35"]);
  assert.deepEqual(it.watch.quiet, [2]);
  const [report] = it.found;
  assert.deepEqual([report!.quietMs, report!.expected], [5 * MINUTE_MS, 299]);
});

Deno.test("a resume that does not help is not asked for again, until the shard has lived", () => {
  const it = fleet([60, 60, 60]);
  it.run(10);
  it.rate(0, 0);
  it.run(16);
  assert.deepEqual(it.acts, ["report 0 at 15", "resume 0 at 25"]);
  it.reconnect(0);
  it.run(60);
  assert.equal(it.found.length, 2);
  assert.deepEqual(it.watch.quiet, [0]);
  it.rate(0, 60);
  it.run(1);
  assert.deepEqual(it.watch.quiet, []);
  it.rate(0, 0);
  it.run(16);
  assert.deepEqual(it.acts.slice(2), ["report 0 at 92", "resume 0 at 102"]);
});

Deno.test("a reconnect begins the silence anew", () => {
  const it = fleet([60, 60, 60]);
  it.run(10);
  it.rate(0, 0);
  for (let i = 0; i < 10; i++) {
    it.run(4);
    it.reconnect(0);
  }
  assert.deepEqual(it.acts, []);
});

Deno.test("a bot that nobody uses never raises an alarm, alone or on many shards", () => {
  for (const shards of [1, 2, 3, 16]) {
    const it = fleet(Array.from({ length: shards }, () => 0));
    // The guilds that load in the beginning.
    for (const shard of it.shards) shard.received = 1;
    it.run(1);
    for (const shard of it.shards) shard.received += 10_000;
    it.run(12 * 60);
    assert.deepEqual(it.acts, [], `${shards} shards`);
  }
});

Deno.test("a little traffic here and there raises no alarm about the others", () => {
  for (const perMinute of [[600, 0, 0], [5, 5, 0, 5], [0.2, 0, 0.1, 0.3], [900, 900, 0, 0]]) {
    const it = fleet(perMinute);
    it.run(3 * 60);
    assert.deepEqual(it.acts, [], String(perMinute));
  }
});

Deno.test("a fleet that falls silent as a whole raises no alarm", () => {
  const it = fleet([600, 600, 600, 600]);
  it.run(30);
  for (const { shardId } of it.shards) it.rate(shardId, 0);
  it.run(120);
  assert.deepEqual(it.acts, []);
});

Deno.test("one or two shards are measured by their own past", () => {
  for (const others of [[], [0], [600]]) {
    const it = fleet([600, ...others]);
    it.run(30);
    assert.deepEqual(it.acts, []);
    it.rate(0, 0);
    it.run(60);
    assert.deepEqual(it.acts, ["report 0 at 35", "resume 0 at 45"], String(others));
  }
});

Deno.test("one shard that has quiet hours raises no alarm", () => {
  const it = fleet([20]);
  it.run(120);
  it.rate(0, 0);
  it.run(480);
  assert.deepEqual(it.acts, []);
});

Deno.test("shards that have just become ready are neither suspected nor compared with", () => {
  const it = fleet([600, 600, 0]);
  // The time of the look must lie after they have settled.
  it.run((SETTLE_MS + 5 * MINUTE_MS) / MINUTE_MS - 1);
  assert.deepEqual(it.acts, []);
  it.run(2);
  assert.deepEqual(it.acts, ["report 2 at 7"]);
});

Deno.test("a shard that is not ready is not quiet", () => {
  const it = fleet([60, 60, 60, 60]);
  it.run(10);
  it.rate(1, 0);
  it.shards[1]!.state = "backing off";
  it.run(60);
  assert.deepEqual(it.acts, []);
});

Deno.test("a worker that begins anew, and counts anew, is not quiet and not loud", () => {
  const it = fleet([60, 60, 60, 60]);
  it.run(20);
  it.reconnect(3);
  it.shards[3]!.received = 1;
  it.run(30);
  assert.deepEqual(it.acts, []);
});

Deno.test("a shard that moved away is forgotten", () => {
  const it = fleet([60, 60, 60, 60]);
  it.run(10);
  it.rate(3, 0);
  it.run(6);
  assert.deepEqual(it.watch.quiet, [3]);
  it.shards.pop();
  it.run(1);
  assert.deepEqual(it.watch.quiet, []);
});
