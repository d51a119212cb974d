import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../config/config.ts";
import { IDENTIFY_SLACK_MS } from "../../gateway/identify/queue.ts";
import type { ShardKey } from "../../protocol/ids.ts";
import { logTo } from "../../ports/log.ts";
import { memoryStore, type Store } from "../../ports/store.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { createIdentifyQueue, holdText } from "../../unit/identify.ts";
import { snapshot } from "../support/snapshots.ts";

const HOUR_MS = 3_600_000;
const key = (id: number): ShardKey => ({ total: 4, id });

/** A unit's life on what an earlier one has written down. */
async function setUp(
  { store = memoryStore(), clock = createVirtualClock(), remaining = 900 } = {},
) {
  const allowed: number[] = [];
  const unsaved: unknown[] = [];
  const lines: Record<string, unknown>[] = [];
  const queue = await createIdentifyQueue({
    config: { ...CONFIG_DEFAULTS, discordToken: "t", identifyReservePercent: 10 },
    info: {
      url: "wss://gateway.test",
      shards: 4,
      sessionStartLimit: { total: 1005, remaining, resetAfterMs: HOUR_MS, maxConcurrency: 2 },
    },
    store,
    clock,
    log: logTo((level, event, fields) => lines.push({ level, event, ...fields })),
    allow: (shard, permit) => {
      allowed.push(shard.id);
      queue.sent(shard, permit);
    },
    notSaved: (error) => unsaved.push(error),
  });
  return { queue, allowed, unsaved, lines, clock, store };
}

Deno.test("createIdentifyQueue() keeps the configured part of Discord's total back", async () => {
  const { queue, allowed } = await setUp({ remaining: 101 });
  const { maxConcurrency, total, remaining, reserve } = queue.snapshot;
  assert.deepEqual([maxConcurrency, total, remaining, reserve], [2, 1005, 101, 100]);
  queue.request(key(0));
  queue.request(key(1));
  assert.deepEqual(allowed, [0], "the reserve was touched");
});

Deno.test("createIdentifyQueue() says loudly that the reserve holds shards back, what to do, and when it goes on", async () => {
  const { queue, lines, clock } = await setUp({ remaining: 101 });
  for (const shardId of [0, 1, 2, 3]) queue.request(key(shardId));
  const until = new Date(clock.wallMs() + HOUR_MS).toISOString().replace(".000", "");
  assert.deepEqual(lines, [{
    level: "error",
    event: "identifies are held back, shards wait",
    reason: `until ${until}, unless started with --force: ` +
      "100 of 1005 are left today, IDENTIFY_RESERVE keeps 100",
  }]);
  await clock.advance(HOUR_MS);
  assert.deepEqual(lines.slice(1), [{ level: "info", event: "identifies go on" }]);
});

Deno.test("holdText() says what can be done about it, and what cannot", () => {
  const at = { total: 1000, untilMs: Date.UTC(2026, 0, 1) };
  const text = ({ remaining = 50, reserve = 100, untilMs = at.untilMs as number | null }) =>
    holdText({ ...snapshot().identify, ...at, remaining, reserve }, { untilMs });
  const kept = (left: number, reserve: number) =>
    `unless started with --force: ${left} of 1000 are left today, IDENTIFY_RESERVE keeps ${reserve}`;
  assert.equal(text({}), `until 2026-01-01T00:00:00Z, ${kept(50, 100)}`);
  assert.equal(text({ remaining: 0 }), "until 2026-01-01T00:00:00Z: none of 1000 is left today");
  const whole = { remaining: 1000, reserve: 1000, untilMs: null };
  assert.equal(text(whole), `for ever, ${kept(1000, 1000)}`);
});

Deno.test("createIdentifyQueue() goes on with the budget and the keys of an earlier life", async () => {
  const first = await setUp();
  first.queue.request(key(0));
  first.queue.stop();
  await first.clock.advance(1_000);
  const { queue, allowed, clock } = await setUp(first);
  assert.equal(queue.snapshot.remaining, 899, "Discord's answer may be older than our identify");
  for (const shardId of [0, 1]) queue.request(key(shardId));
  assert.deepEqual(allowed, [1], "key 0 was used a second ago");
  await clock.advance(CONFIG_DEFAULTS.spawnShardDelayMs + IDENTIFY_SLACK_MS - 1_001);
  assert.deepEqual(allowed, [1]);
  await clock.advance(1);
  assert.deepEqual(allowed, [1, 0]);
});

Deno.test("createIdentifyQueue() believes nothing of a file that is none of ours", async () => {
  for (const saved of [{ budget: { remaining: "0" }, lastSentAtMs: { 0: "now" } }, [], "x"]) {
    const store = memoryStore();
    await store.save("identifies", saved);
    const { queue, allowed } = await setUp({ store });
    queue.request(key(0));
    assert.deepEqual([allowed, queue.snapshot.remaining], [[0], 899]);
    queue.stop();
  }
});

Deno.test("createIdentifyQueue() tells that it could not write, and goes on counting", async () => {
  const full = new Error("the disk is full");
  const store: Store = { ...memoryStore(), save: () => Promise.reject(full) };
  const { queue, unsaved } = await setUp({ store });
  queue.request(key(0));
  await Promise.resolve();
  assert.deepEqual([unsaved, queue.snapshot.remaining], [[full], 899]);
});
