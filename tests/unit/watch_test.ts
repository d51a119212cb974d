import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../config/config.ts";
import { EXPECTED_EVENTS, SETTLE_MS } from "../../gateway/quiet.ts";
import { TypeTally } from "../../intake/type_tally.ts";
import { logTo } from "../../ports/log.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { ShardWatch } from "../../unit/watch.ts";
import { NO_IDENTIFIES } from "../../unit/blank.ts";
import { counters, shard } from "../support/snapshots.ts";

const QUIET_AFTER_MS = 60_000;

/** Three shards of which shard 0 stops to get events. */
function setUp({ reconnect = (_shardId: number, _session: string) => Promise.resolve() } = {}) {
  const clock = createVirtualClock();
  const lines: string[] = [];
  const received = [0, 0, 0];
  const sinceMs = clock.wallMs();
  const log = logTo((level, event, { shardId, type, error }) =>
    lines.push(`${level} ${event} ${shardId ?? type}${error ? ` ${error}` : ""}`)
  );
  const eventsByType = new TypeTally();
  const saved: unknown[] = [];
  const quietResumeAfterMs = 6 * QUIET_AFTER_MS;
  const watch = new ShardWatch({
    config: { ...CONFIG_DEFAULTS, quietAfterMs: QUIET_AFTER_MS, quietResumeAfterMs },
    clock,
    log,
    gate: { snapshot: NO_IDENTIFIES },
    pool: { reconnect, eventsByType },
    guildLimit: { most: 2500, reshardAt: 2000, isAutomatic: true },
    habits: { saved: undefined, save: (types) => void saved.push(types) },
  });
  const shards = () =>
    received.map((count, shardId) =>
      // What a worker has not reported yet is nothing.
      shard(shardId, {
        sinceMs,
        counters: count === 0 ? null : counters(shardId, { received: count }),
      })
    );
  return {
    lines,
    saved,
    eventsByType,
    watch,
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 1_000) {
        await clock.advance(1_000);
        for (const shardId of [1, 2]) received[shardId]! += EXPECTED_EVENTS;
        watch.look(shards());
      }
    },
  };
}

Deno.test("a watch tells of a quiet shard once, and lets it resume once, with its session", async () => {
  const resumed: unknown[] = [];
  const { lines, pass } = setUp({
    reconnect: (...given) => {
      resumed.push(given);
      return Promise.resolve();
    },
  });
  await pass(SETTLE_MS + QUIET_AFTER_MS - 1_000);
  assert.deepEqual(lines, []);
  await pass(QUIET_AFTER_MS);
  assert.deepEqual([lines, resumed], [["warn shard is quiet against the others 0"], []]);
  await pass(7 * QUIET_AFTER_MS);
  assert.deepEqual(lines.slice(1), ["warn shard stays quiet, it resumes 0"]);
  assert.deepEqual(resumed, [[0, "keep"]]);
});

Deno.test("a watch says why a quiet shard could not resume", async () => {
  const { lines, pass } = setUp({ reconnect: () => Promise.reject(new Error("it is gone")) });
  await pass(SETTLE_MS + 7 * QUIET_AFTER_MS);
  assert.equal(lines.at(-1), "warn quiet shard did not resume 0 it is gone");
});

Deno.test("a watch writes down every ten minutes what it knows of the types, and when it is asked to", async () => {
  const { watch, saved, eventsByType, pass } = setUp();
  eventsByType.count("TYPING_START");
  await pass(21 * 60_000);
  assert.equal(saved.length, 2);
  watch.save();
  assert.equal(saved.length, 3);
  assert.deepEqual(Object.keys((saved[2] as { types: object }).types), ["TYPING_START"]);
});

Deno.test("with a shard that goes to another unit what was usual of the types is forgotten", async () => {
  const { watch, saved, pass } = setUp();
  await pass(5 * 60_000);
  watch.save();
  const minutes = () => (saved.at(-1) as { known: { minutes: number } }).known.minutes;
  assert.ok(minutes() > 0);
  watch.look([shard(1), shard(2)]);
  watch.save();
  assert.equal(minutes(), 0);
});
