/** A consumer with several units of a fleet: each has links of its own, and shards move between them. */

import assert from "node:assert/strict";
import { ACK_LATEST_MS } from "../../../bot/link/acks.ts";
import { LINK_CLOSE } from "../../../protocol/event_frame.ts";
import { ack, event, SETTLED, setUp } from "./consumer_stage.ts";

const A = (worker: number | null = null) => ({ unit: "a", worker });
const B = (worker: number | null = null) => ({ unit: "b", worker });

Deno.test("workers of two units that have one number keep each its link", async () => {
  const { clock, connect, names } = setUp(SETTLED);
  const links = [connect(true, A()), connect(true, A(0)), connect(true, B()), connect(true, B(0))];
  links[1]!.batch(event(0, 1));
  links[3]!.batch(event(1, 5));
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(links.flatMap(({ closes }) => closes), []);
  assert.deepEqual(links.map(({ acks }) => acks()), [[], [ack({ 0: 1 })], [], [ack({ 1: 5 })]]);
  assert.deepEqual(names(), []);
});

Deno.test("a newer link of a unit ends the older one of the same unit, and no other", () => {
  const { connect } = setUp();
  const [a, b, plain] = [connect(true, A()), connect(true, B()), connect()];
  connect(true, A());
  assert.deepEqual([a, b, plain].map(({ closes }) => closes), [[LINK_CLOSE.TAKEN_OVER], [], []]);
});

Deno.test("a shard that goes on with another unit comes whole and once, and is acknowledged there", async () => {
  const { clock, connect, names, started } = setUp();
  const [a, b] = [connect(true, A(0)), connect(true, B(0))];
  a.batch(event(0, 1), event(0, 2), event(0, 3));
  started.splice(0, 1)[0]!.done.resolve();
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(a.acks(), [ack({ 0: 1 })]);
  b.batch(event(0, 2), event(0, 3), event(0, 4));
  assert.deepEqual(names(), ["0:2", "0:3", "0:4"]);
  for (const { done } of started) done.resolve();
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(b.acks(), [ack({ 0: 4 })]);
  a.link.closed();
  b.batch(event(0, 5));
  assert.equal(names().at(-1), "0:5");
});

Deno.test("a unit that still sends what another has brought is told how far it came, and takes nothing over", async () => {
  const { clock, connect, consumer, started } = setUp();
  const [a, b] = [connect(true, A(0)), connect(true, B(0))];
  a.batch(event(0, 1));
  b.batch(event(0, 1), event(0, 2), event(0, 3));
  a.batch(event(0, 2));
  assert.equal(consumer.counters().repeats, 2);
  for (const { done } of started.slice(0, 2)) done.resolve();
  await clock.advance(ACK_LATEST_MS);
  started[2]!.done.resolve();
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(b.acks(), [ack({ 0: 2 }), ack({ 0: 3 })]);
  assert.deepEqual(a.acks(), [ack({ 0: 2 })], "no cursor that it has not sent");
});

Deno.test("a unit that repeats an event before that is done with is told of it when it is", async () => {
  const { clock, connect, started } = setUp();
  const [a, b] = [connect(true, A(0)), connect(true, B(0))];
  b.batch(event(0, 1), event(0, 2));
  a.batch(event(0, 1));
  await clock.advance(2 * ACK_LATEST_MS);
  assert.deepEqual(a.acks(), []);
  for (const { done } of started) done.resolve();
  await clock.advance(2 * ACK_LATEST_MS);
  assert.deepEqual([a.acks(), b.acks()], [[ack({ 0: 1 })], [ack({ 0: 2 })]]);
});

Deno.test("a unit that takes a shard over from one that is gone is told what is done with", async () => {
  const { clock, connect } = setUp(SETTLED);
  const [a, b] = [connect(true, A(0)), connect(true, B(0))];
  a.batch(event(0, 1), event(0, 2));
  a.link.closed();
  b.batch(event(0, 1));
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual(b.acks(), [ack({ 0: 2 })]);
});

Deno.test("the goodbye of one unit ends none of the others", async () => {
  const { clock, connect, names } = setUp();
  const [a, b] = [connect(true, A(0)), connect(true, B(0))];
  a.say({ op: "bye", reason: "the unit stops" });
  assert.deepEqual([a.link.isEnding, b.link.isEnding], [true, false]);
  a.link.closed();
  b.batch(event(1, 1));
  await clock.advance(ACK_LATEST_MS);
  assert.deepEqual([names(), b.closes], [["1:1"], []]);
});

Deno.test("units of one numbering do not end each other's links, and one of another does", () => {
  const { connect } = setUp();
  const [a, b] = [connect(true, A(0)), connect(true, B(0))];
  assert.deepEqual([a.closes, b.closes], [[], []]);
  connect(true, { unit: "c", worker: null }, "other");
  assert.deepEqual([a.closes, b.closes], [[LINK_CLOSE.TAKEN_OVER], [LINK_CLOSE.TAKEN_OVER]]);
});

Deno.test("links say in the log whose they are, where that has a name", () => {
  const { connect, lines } = setUp();
  connect(true, A(3));
  connect(true, { unit: null, worker: 3 });
  const up = lines.filter((line) => line.startsWith("info event link is up"));
  assert.match(up[0]!, /"unit":"a","worker":3/);
  assert.doesNotMatch(up[1]!, /"unit"/);
});
