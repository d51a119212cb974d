import assert from "node:assert/strict";
import type { ShardState } from "../../protocol/status.ts";
import { TELL_AGAIN_MS, UNREADY_AFTER_MS, UnreadyWatch } from "../../unit/unready.ts";

/** Shards that are in these states, for the same reason. */
function shards(...states: ShardState[]) {
  return states.map((state, shardId) => ({ shardId, state, reason: `why ${state}` }));
}

Deno.test("a shard that tries in vain is told of after a minute, and again after ten", () => {
  const watch = new UnreadyWatch(0);
  const states: ShardState[] = ["connecting", "hello", "identifying", "backing off"];
  const told: unknown[] = [];
  for (let nowMs = 0; nowMs <= UNREADY_AFTER_MS + TELL_AGAIN_MS; nowMs += 1_000) {
    const one = watch.look(nowMs, shards(states[nowMs / 1_000 % states.length]!, "ready"));
    if (one) told.push([nowMs, one]);
  }
  const about = { shards: "shard 0", waitsFor: "connecting: why connecting", others: 0 };
  assert.deepEqual(told, [
    [UNREADY_AFTER_MS, { ...about, forMs: UNREADY_AFTER_MS }],
    [UNREADY_AFTER_MS + TELL_AGAIN_MS, { ...about, forMs: UNREADY_AFTER_MS + TELL_AGAIN_MS }],
  ]);
});

Deno.test("shards whose turn has not come are told of only where none becomes ready", () => {
  const watch = new UnreadyWatch(0);
  const fleet: ShardState[] = Array(20).fill("queued");
  for (let turn = 0; turn < 10; turn++) {
    assert.equal(watch.look(turn * 20_000, shards(...fleet)), null);
    fleet[turn] = "ready";
  }
  const stoodMs = 180_000;
  for (let nowMs = stoodMs; nowMs < stoodMs + UNREADY_AFTER_MS; nowMs += 1_000) {
    assert.equal(watch.look(nowMs, shards(...fleet)), null);
  }
  const told = watch.look(stoodMs + UNREADY_AFTER_MS, shards(...fleet))!;
  assert.deepEqual([told.shards, told.waitsFor], ["shards 10-19", "queued: why queued"]);
});

Deno.test("a shard that lost its session waits for its turn like any other", () => {
  const watch = new UnreadyWatch(0);
  for (let nowMs = 0; nowMs < 600_000; nowMs += 1_000) {
    const other = nowMs % 30_000 === 0 ? "resuming" : "ready";
    assert.equal(watch.look(nowMs, shards(nowMs < 5_000 ? "resuming" : "queued", other)), null);
  }
});

Deno.test("what waits for the same is told together, and the others are counted", () => {
  const watch = new UnreadyWatch(0);
  const fleet = shards("resuming", "resuming", "identifying", "stopped", "idle", "ready");
  watch.look(0, fleet);
  const told = watch.look(UNREADY_AFTER_MS, fleet)!;
  assert.deepEqual([told.shards, told.waitsFor, told.others], [
    "shards 0-1",
    "resuming: why resuming",
    2,
  ]);
});

Deno.test("a shard that was ready in between begins anew", () => {
  const watch = new UnreadyWatch(0);
  watch.look(0, shards("identifying"));
  watch.look(59_000, shards("ready"));
  assert.equal(watch.look(60_000, shards("resuming")), null);
  assert.equal(watch.look(119_000, shards("resuming")), null);
  assert.ok(watch.look(120_000, shards("resuming")));
});

Deno.test("a shard that was with another unit in between begins anew", () => {
  const watch = new UnreadyWatch(0);
  watch.look(0, shards("ready", "identifying"));
  watch.look(30_000, shards("ready"));
  watch.look(59_000, shards("ready", "resuming"));
  assert.equal(watch.look(110_000, shards("ready", "resuming")), null);
  assert.ok(watch.look(120_000, shards("ready", "resuming")));
});
