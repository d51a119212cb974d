import assert from "node:assert/strict";
import { eventTrace } from "../../ports/telemetry/event_trace.ts";
import type { SpanRecord } from "../../ports/telemetry/telemetry.ts";
import { createVirtualClock } from "../../sim/mod.ts";
import { EventTraces } from "../../workers/event_traces.ts";

const WORKER = { stream: "b075df27899acf13", totalShards: 4 };
const START_MS = Date.UTC(2026, 0, 1);

function rig(perSecond = 10) {
  const spans: SpanRecord[] = [];
  const clock = createVirtualClock(START_MS);
  const traces = new EventTraces({
    clock,
    span: (span) => void spans.push(span),
    worker: WORKER,
    perSecond,
  });
  return { spans, clock, traces };
}

Deno.test("EventTraces tells how long an event took, from when it came until it was acknowledged", async () => {
  const { spans, clock, traces } = rig();
  traces.came(3, 7, "MESSAGE_CREATE");
  await clock.advance(250);
  traces.acknowledged(3, 6);
  traces.acknowledged(4, 9);
  assert.equal(spans.length, 0);
  traces.acknowledged(3, 8);
  assert.deepEqual(spans, [{
    name: "deliver MESSAGE_CREATE",
    kind: "internal",
    startedMs: START_MS,
    endedMs: START_MS + 250,
    parent: eventTrace({ ...WORKER, shardId: 3, cursor: 7 }),
    attributes: { "discord.event.type": "MESSAGE_CREATE", "discord.shard.id": 3 },
  }]);
  traces.acknowledged(3, 8);
  assert.equal(spans.length, 1);
});

Deno.test("EventTraces goes by a clock that nobody sets for how long it took", async () => {
  const { spans, clock, traces } = rig();
  traces.came(0, 1, "X");
  await clock.advance(40);
  clock.jump(-3_600_000);
  traces.acknowledged(0, 1);
  assert.equal(spans[0]!.endedMs - spans[0]!.startedMs, 40);
});

for (
  const [perSecond, most] of [[1, 10], [3, 30], [10, 100], [15, 150], [25, 250], [
    500,
    5000,
  ]] as const
) {
  Deno.test(`EventTraces follows ${perSecond} a second of many, over all shards`, async () => {
    const { spans, clock, traces } = rig(perSecond);
    for (let i = 0; i < 1000; i++) {
      for (let each = 0; each < 20; each++) traces.came(each % 4, i * 20 + each, "X");
      for (let shard = 0; shard < 4; shard++) traces.acknowledged(shard, i * 20 + 20);
      await clock.advance(10);
    }
    assert.ok(spans.length <= most && spans.length > most * 0.9, `${spans.length}`);
  });
}

Deno.test("EventTraces follows few while a bot is away, and others again once it is back", async () => {
  const { spans, clock, traces } = rig(1000);
  const come = async (from: number) => {
    for (let i = from; i < from + 1000; i++) {
      await clock.advance(1);
      traces.came(0, i, "X");
    }
  };
  await come(1);
  traces.acknowledged(0, 1001);
  assert.equal(spans.length, 256);
  await come(2000);
  traces.acknowledged(0, 9000);
  assert.equal(spans.length, 512);
});

Deno.test("EventTraces follows one that comes again once, and forgets a shard that is gone", async () => {
  const { spans, clock, traces } = rig();
  for (let i = 0; i < 2; i++) {
    traces.came(0, 5, "X");
    await clock.advance(200);
  }
  traces.came(1, 1, "X");
  traces.forget(1);
  traces.acknowledged(1, 1);
  traces.acknowledged(0, 5);
  assert.equal(spans.length, 1);
});

Deno.test("EventTraces follows one a second whenever in that it comes, and does not save up", async () => {
  const { spans, clock, traces } = rig(1);
  const comeAfter = async (ms: number, cursor: number) => {
    await clock.advance(ms);
    traces.came(0, cursor, "X");
    traces.acknowledged(0, cursor);
  };
  await comeAfter(950, 1);
  assert.equal(spans.length, 1);
  await comeAfter(5_000, 2);
  await comeAfter(0, 3);
  assert.equal(spans.length, 2);
});
