import assert from "node:assert/strict";
import { EXPECTED_EVENTS, QuietWatch, SETTLE_MS } from "../../gateway/quiet.ts";
import { logTo } from "../../ports/log.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { lookForQuiet } from "../../unit/generation.ts";
import { counters, shard } from "../support/snapshots.ts";

const QUIET_AFTER_MS = 60_000;

/** Three shards of which shard 0 stops to get events. */
function setUp({ reconnect = (_shardId: number, _session: string) => Promise.resolve() } = {}) {
  const clock = createVirtualClock();
  const lines: string[] = [];
  const received = [0, 0, 0];
  const sinceMs = clock.wallMs();
  const log = logTo((level, event, { shardId, error }) =>
    lines.push(`${level} ${event} ${shardId}${error ? ` ${error}` : ""}`)
  );
  const watch = new QuietWatch({
    quietAfterMs: QUIET_AFTER_MS,
    resumeAfterMs: 6 * QUIET_AFTER_MS,
  });
  const pool = {
    get shards() {
      return received.map((count, shardId) => ({
        status: shard(shardId, { sinceMs }),
        workerId: 0,
        // What a worker has not reported yet is nothing.
        counters: count === 0 ? null : counters(shardId, { received: count }),
      }));
    },
    reconnect,
  };
  return {
    lines,
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed += 1_000) {
        await clock.advance(1_000);
        for (const shardId of [1, 2]) received[shardId]! += EXPECTED_EVENTS;
        lookForQuiet(watch, pool, { clock, log });
      }
    },
  };
}

Deno.test("lookForQuiet() tells of a quiet shard once, and lets it resume once, with its session", async () => {
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

Deno.test("lookForQuiet() says why a quiet shard could not resume", async () => {
  const { lines, pass } = setUp({ reconnect: () => Promise.reject(new Error("it is gone")) });
  await pass(SETTLE_MS + 7 * QUIET_AFTER_MS);
  assert.equal(lines.at(-1), "warn quiet shard did not resume 0 it is gone");
});
