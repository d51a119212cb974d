/** When a consumer acknowledges: together, and in time. */

import assert from "node:assert/strict";
import { ACK_AFTER_MS, ACK_EVENTS, ACK_LATEST_MS } from "../../../bot/link/acks.ts";
import { encodeBatch, type EventRecord } from "../../../protocol/event_frame.ts";
import { ack, event, SETTLED, setUp } from "./consumer_stage.ts";

Deno.test("a consumer acknowledges with the event that makes it enough, in number and in time", async () => {
  const { clock, connect } = setUp(SETTLED);
  const { acks, batch } = connect();
  const send = async (from: number, count: number) => {
    for (let cursor = from; cursor < from + count; cursor++) batch(event(1, cursor));
    await clock.advance(0);
  };
  await send(1, 3 * ACK_EVENTS);
  assert.deepEqual(acks(), [], "many, but at once");
  await clock.advance(ACK_AFTER_MS - 1);
  await send(100, 1);
  assert.deepEqual(acks(), []);
  await clock.advance(1);
  assert.deepEqual(acks(), [], "no timer of that time");
  await send(101, 1);
  assert.deepEqual(acks(), [ack({ 1: 101 })]);
  await send(102, ACK_EVENTS - 1);
  await clock.advance(ACK_AFTER_MS);
  assert.equal(acks().length, 1, "time enough, but one too few");
  await send(200, 1);
  assert.deepEqual(acks().slice(1), [ack({ 1: 200 })]);
});

Deno.test("a consumer to whom little comes acknowledges so long after the first, all together, once", async () => {
  const { clock, connect } = setUp(SETTLED);
  const { acks, batch } = connect();
  for (let cursor = 1; cursor <= 5; cursor++) {
    batch(event(1, cursor));
    await clock.advance(ACK_LATEST_MS / 5 - 1);
  }
  assert.deepEqual(acks(), []);
  await clock.advance(5);
  assert.deepEqual(acks(), [ack({ 1: 5 })]);
  await clock.advance(10 * ACK_LATEST_MS);
  assert.equal(acks().length, 1, "nothing is said twice");
});

/** An event of so many bytes on the wire. */
function large(cursor: number, size: number): EventRecord {
  return event(
    1,
    cursor,
    "X",
    "x".repeat(size - encodeBatch(4, [event(1, cursor, "X", "")]).length),
  );
}

for (
  const [what, windowBytes, bytes] of [
    ["an eighth of its window", 80_000, 10_000],
    ["256 KiB", 16 * 1024 * 1024, 256 * 1024],
  ] as const
) {
  Deno.test(`a consumer acknowledges at once after ${what}, once for each`, async () => {
    const { clock, connect } = setUp({ ...SETTLED, windowBytes });
    const { acks, batch } = connect();
    batch(large(1, bytes - 1));
    await clock.advance(0);
    assert.deepEqual(acks(), []);
    batch(event(1, 2));
    await clock.advance(0);
    assert.deepEqual(acks(), [ack({ 1: 2 })]);
    batch(event(1, 3));
    await clock.advance(0);
    assert.equal(acks().length, 1, "from there on it waits again");
    batch(large(4, bytes));
    await clock.advance(0);
    assert.deepEqual(acks().at(-1), ack({ 1: 4 }));
    await clock.advance(2 * ACK_LATEST_MS);
    assert.equal(acks().length, 2);
  });
}

Deno.test("a consumer acknowledges at once when the unit says goodbye, and whatever comes after", async () => {
  const { clock, connect } = setUp(SETTLED);
  const [unit, worker] = [connect(), connect(true, 0)];
  unit.batch(event(1, 3));
  unit.say({ op: "bye", reason: "the unit stops" });
  assert.deepEqual(unit.acks(), [ack({ 1: 3 })]);
  unit.batch(event(1, 4));
  await clock.advance(0);
  assert.deepEqual(unit.acks().slice(1), [ack({ 1: 4 })]);
  worker.batch(event(2, 1));
  await clock.advance(0);
  assert.deepEqual(worker.acks(), [], "who has not said goodbye can wait");
});
