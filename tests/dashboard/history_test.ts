import assert from "node:assert/strict";
import { History } from "../../dashboard/history.ts";
import { countsOf } from "../support/dashboard/watched_unit.ts";
import { counters, IDLE_REST, shard, snapshot } from "../support/snapshots.ts";

function moments(count: number) {
  const history = new History();
  for (let second = 0; second < count; second++) {
    history.look({
      nowMs: second * 1000,
      atMs: 1_700_000_000_000 + second * 1000,
      counts: countsOf(snapshot({
        shards: [
          shard(0, { counters: counters(0, { received: second * 3, queued: 2, latencyMs: 40.4 }) }),
          shard(1, { counters: counters(1, { received: second * 7, queued: 5, latencyMs: 90 }) }),
          shard(2, { counters: counters(2, { latencyMs: null }) }),
          shard(3, { role: "rises", counters: counters(3, { queued: 1_000, latencyMs: 9_000 }) }),
        ],
        rest: {
          ...IDLE_REST,
          waiting: 3,
          routes: [{
            method: "GET",
            route: "/x",
            waiting: 0,
            queueMs: 0,
            upstreamMs: 0,
            answers: [
              { status: 200, scope: "", by: "discord", count: second * 4 },
              { status: 429, scope: "user", by: "discord", count: second },
            ],
          }],
        },
      })),
      memoryBytes: 123,
    });
  }
  return history;
}

Deno.test("History keeps ten minutes, one moment a second, the oldest first", () => {
  const { stepMs, moments: kept } = moments(700).all;
  assert.equal(stepMs, 1000);
  assert.equal(kept.length, 600);
  assert.equal(kept.at(-1)!.atMs - kept[0]!.atMs, 599_000);
});

Deno.test("History sums up the shards that serve, and what was asked of Discord", () => {
  const history = moments(60);
  const { atMs: _, ...last } = history.all.moments.at(-1)!;
  assert.deepEqual(last, {
    eventsPerSecond: 10,
    queued: 7,
    latencyMs: { median: 90, most: 90 },
    restPerSecond: 5,
    restWaiting: 3,
    limitedPerSecond: 1,
    memoryBytes: 123,
  });
  assert.equal(history.eventsPerSecond("1/2"), 7);
});

Deno.test("History knows no latency where no heartbeat was answered yet", () => {
  const moment = new History().look({
    nowMs: 0,
    atMs: 0,
    counts: countsOf(snapshot()),
    memoryBytes: 0,
  });
  assert.equal(moment.latencyMs, null);
});
