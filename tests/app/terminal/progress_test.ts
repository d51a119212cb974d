import assert from "node:assert/strict";
import {
  duration,
  progressLine,
  startSummary,
  timeLeftMs,
} from "../../../app/terminal/progress.ts";
import type { IdentifySnapshot } from "../../../protocol/status.ts";
import { counters, shard, snapshot } from "../../support/snapshots.ts";

const options = { identifyWindowMs: 5_000 };
const waiting = (identify: Partial<IdentifySnapshot>) =>
  snapshot({ identify: { ...snapshot().identify, ...identify } });

Deno.test("progressLine() says how many are ready, what the others do, and when the next may", () => {
  const line = progressLine({
    ...waiting({ waiting: 2, nextSlotMs: 2_100 }),
    shards: [
      shard(0),
      shard(1, { state: "queued" }),
      shard(2, { state: "queued" }),
      shard(3, { state: "resuming" }),
    ],
  }, options);
  assert.equal(
    line,
    "shards ready 1/4 · queued 2, resuming 1 · next identify in 3 s · about 8 s left",
  );
});

Deno.test("progressLine() speaks of no slot when nobody waits for one", () => {
  assert.equal(progressLine(snapshot(), options), "shards ready 2/2");
});

Deno.test("timeLeftMs() counts rounds of max_concurrency shards", () => {
  const left = (count: number, maxConcurrency: number) =>
    timeLeftMs(waiting({ waiting: count, maxConcurrency, nextSlotMs: 1_000 }), options);
  assert.equal(left(0, 1), 0);
  assert.equal(left(1, 1), 1_000);
  assert.equal(left(16, 16), 1_000);
  assert.equal(left(17, 16), 6_000);
  assert.equal(left(10, 1), 46_000);
});

Deno.test("startSummary() says what the start took and cost", () => {
  const shards = [
    shard(0, { counters: counters(0, { identifies: 1 }) }),
    shard(1, { counters: counters(1, { resumes: 1 }) }),
  ];
  assert.deepEqual(startSummary(snapshot({ shards }), 5_200), [
    "2 shards ready on 1 worker in 6 s: 1 identified, 1 resumed",
    "998 of 1000 identifies left for today, 100 of them kept in reserve",
    "1 of 1 cluster connected",
  ]);
  assert.match(startSummary(snapshot({ clusters: [] }), 0)[2]!, /events wait for a consumer/);
});

Deno.test("duration() is rounded up and leaves out what is nothing", () => {
  const said = [0, 1, 1_000, 59_001, 125_000, 3_600_000, 3_780_000].map(duration);
  assert.deepEqual(said, ["0 s", "1 s", "1 s", "1 min", "2 min 5 s", "1 h", "1 h 3 min"]);
});
