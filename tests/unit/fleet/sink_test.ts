import assert from "node:assert/strict";
import { logTo } from "../../../ports/log.ts";
import { RECORD } from "../../../protocol/event_frame.ts";
import { type Seat, type ShardKeyText, shardKeyText } from "../../../protocol/ids.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { EventSink } from "../../../unit/fleet/sink.ts";
import type { SinkShards } from "../../../unit/fleet/sink_shard.ts";
import { FakeStream } from "../../support/fleet/fake_stream.ts";

const shardOf = (id: number) => ({ id, total: 2 });
const body = new TextEncoder().encode("{}");

function setUp() {
  const clock = createVirtualClock();
  const stream = new FakeStream();
  const lines: string[] = [];
  const taken = new Map<ShardKeyText, (cursor: number) => void>();
  const held: Seat[] = [];
  const shards: SinkShards = {
    hold: (seat) => Promise.resolve(void held.push(seat)),
    take: (seat, deliver) =>
      taken.set(
        shardKeyText(seat),
        (cursor) => deliver({ shardId: seat.id, kind: RECORD.DISPATCH, cursor, body }),
      ),
    acknowledge() {},
  };
  const log = logTo((level, event) => void (level === "debug" || lines.push(event)));
  const world = { clock, log };
  const sink = new EventSink({ ...world, stream, shards, numbering: () => "n" });
  return { clock, stream, lines, taken, held, sink };
}

Deno.test("EventSink reads the shards that it has, by its own name, and no others", async () => {
  const { clock, stream, taken, held, sink } = setUp();
  sink.have([shardOf(0), shardOf(1)]);
  sink.have([shardOf(0), shardOf(1)]);
  await clock.advance(1);
  assert.deepEqual(held.map(({ id, reader }) => [id, reader]), [[0, "nats"], [1, "nats"]]);
  sink.have([shardOf(1)]);
  for (const take of taken.values()) take(1);
  await clock.advance(100);
  assert.deepEqual([stream.read(shardOf(0)).length, stream.read(shardOf(1)).length], [0, 1]);
  assert.equal(sink.written, 1);
  sink.have([shardOf(0)]);
  await clock.advance(1);
  assert.equal(held.length, 3);
  sink.stop();
});

Deno.test("EventSink says once for all shards that nothing is kept, and that it is again", async () => {
  const { clock, stream, lines, taken, sink } = setUp();
  sink.have([shardOf(0), shardOf(1)]);
  await clock.advance(1);
  stream.isAway = true;
  for (const take of taken.values()) take(1);
  await clock.advance(10_000);
  assert.deepEqual(lines, ["events are not kept in the event stream"]);
  stream.isAway = false;
  await clock.advance(20_000);
  assert.deepEqual(lines, [
    "events are not kept in the event stream",
    "events are kept in the event stream again",
  ]);
  sink.stop();
});
