/**
 * How a session begins and goes on: IDENTIFY that has to wait, RESUME with its replay, and what
 * becomes of one that is overtaken meanwhile.
 *
 * @module
 */

import assert from "node:assert/strict";
import { FACTS_DEADLINE_MS } from "../../downstream/opening.ts";
import type { ReadyFacts } from "../../protocol/discord/gateway_frame.ts";
import { type EventRecord, RECORD } from "../../protocol/event_frame.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { FACTS, stage } from "./stage.ts";

Deno.test("a client is known once a shard is its, and not for what it says before", async () => {
  const { connect, clock } = stage();
  const client = connect();
  client.send(OP.HEARTBEAT, null);
  client.identify({ token: "guess" });
  await clock.advance(0);
  assert.deepEqual([client.isKnown, client.code], [false, 4004]);
  const other = connect();
  other.identify();
  await clock.advance(0);
  assert.equal(other.isKnown, true);
});

Deno.test("RESUME replays what came after its number, then RESUMED, then goes live", async () => {
  const { ready, connect, clock, events } = stage();
  const { client, sessionId } = await ready();
  for (let i = 0; i < 3; i++) events.shard().event();
  client.close(1006);
  events.shard().event();
  const back = connect();
  back.resume(sessionId, 2);
  await clock.advance(0);
  assert.equal(events.shard().acknowledged, 1);
  events.shard().event();
  assert.deepEqual(back.dispatches, [
    ["EVENT_2", 3],
    ["EVENT_3", 4],
    ["EVENT_4", 5],
    ["RESUMED", 5],
    ["EVENT_5", 6],
  ]);
});

Deno.test("RESUMED comes after the last event of the replay, however slowly that goes", async () => {
  const { ready, connect, clock, events } = stage();
  const { client, sessionId } = await ready();
  const shard = events.shard();
  client.close(1006);
  shard.eager = false;
  for (let i = 0; i < 3; i++) shard.event();
  shard.event("RESUMED");
  const back = connect();
  back.resume(sessionId, 1);
  await clock.advance(0);
  shard.event();
  shard.flush(3);
  assert.equal(back.body("RESUMED"), undefined);
  shard.flush();
  assert.deepEqual(back.dispatches.map(([t]) => t), [
    "EVENT_1",
    "EVENT_2",
    "EVENT_3",
    "RESUMED",
    "EVENT_5",
  ]);
});

Deno.test("RESUME with nothing missed is answered with RESUMED, which has the client's number", async () => {
  const { ready, connect, clock } = stage();
  const { client, sessionId } = await ready();
  client.close(1006);
  const back = connect();
  back.resume(sessionId, 1);
  await clock.advance(0);
  assert.deepEqual(back.dispatches, [["RESUMED", 1]]);
});

Deno.test("RESUME of an unknown session, or from before what is kept, is op 9; IDENTIFY follows on the same socket", async () => {
  const { ready, connect, clock, events } = stage();
  const { client, sessionId } = await ready();
  events.shard().event();
  client.beat(2);
  client.close(1006);
  for (const [id, seq] of [["nobody", 1], [sessionId, 1]] as const) {
    const back = connect();
    back.resume(id, seq);
    await clock.advance(0);
    assert.deepEqual(back.payloads.at(-1), { t: null, s: null, op: 9, d: false });
    back.identify();
    await clock.advance(0);
    assert.deepEqual(back.dispatches, [["READY", 1]]);
  }
});

Deno.test("RESUME is op 9 where the owner of the events says that they are dealt with", async () => {
  const { ready, connect, clock, events } = stage();
  const { client, sessionId } = await ready();
  events.shard().event();
  events.shard().event();
  client.close(1006);
  events.shard().acknowledge(2);
  const back = connect();
  back.resume(sessionId, 2);
  await clock.advance(0);
  assert.equal(back.ops.at(-1), OP.INVALID_SESSION);
  assert.equal(events.shard().consumer, "cluster");
});

Deno.test("RESUME with a number that was never sent is 4007, with another token 4004", async () => {
  const { ready, connect, clock } = stage();
  const { client, sessionId } = await ready();
  client.close(1006);
  const ahead = connect();
  ahead.resume(sessionId, 2);
  const stranger = connect();
  stranger.resume(sessionId, 1, "other");
  await clock.advance(0);
  assert.equal(ahead.code, 4007);
  assert.equal(stranger.code, 4004);
});

Deno.test("IDENTIFY waits for a shard that is not ready, up to 30 s, then it is op 9", async () => {
  const known = Promise.withResolvers<ReadyFacts>();
  const facts = (_: unknown, signal: AbortSignal) =>
    Promise.race([
      known.promise,
      new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
    ]);
  const { connect, clock, events } = stage({ facts });
  const late = connect();
  late.identify();
  await clock.advance(FACTS_DEADLINE_MS - 1);
  assert.equal(events.shard().consumer, "held");
  assert.equal(late.ops.at(-1), OP.HELLO);
  await clock.advance(1);
  assert.equal(late.ops.at(-1), OP.INVALID_SESSION);
  assert.equal(events.shard().consumer, "cluster");
  late.identify();
  await clock.advance(1000);
  known.resolve(FACTS);
  await clock.advance(0);
  assert.deepEqual(late.dispatches, [["READY", 1]]);
});

Deno.test("A client that goes while its IDENTIFY waits leaves the shard to its cluster", async () => {
  const { connect, clock, events, gateway } = stage({ facts: () => new Promise(() => {}) });
  const client = connect();
  client.identify();
  await clock.advance(0);
  client.close(1006);
  assert.equal(events.shard().consumer, "cluster");
  assert.deepEqual(gateway.sessions.save().sessions, []);
});

Deno.test("An IDENTIFY ends the older session at once, whatever becomes of itself", async () => {
  let facts: Promise<ReadyFacts> = Promise.resolve(FACTS);
  const { ready, connect, clock, events } = stage({ facts: () => facts });
  const { client, sessionId } = await ready();
  client.close(1006);
  facts = new Promise(() => {});
  const newer = connect();
  newer.identify();
  await clock.advance(0);
  newer.close(1006);
  const back = connect();
  back.resume(sessionId, 1);
  await clock.advance(0);
  assert.equal(back.ops.at(-1), OP.INVALID_SESSION);
  assert.equal(events.shard().consumer, "cluster");
});

Deno.test("An IDENTIFY that was overtaken while it waited begins nothing", async () => {
  const known = Promise.withResolvers<ReadyFacts>();
  const waits = [known.promise, Promise.resolve(FACTS)];
  const { connect, clock, events, gateway } = stage({ facts: () => waits.shift()! });
  const [overtaken, newer] = [connect(), connect()];
  overtaken.identify();
  await clock.advance(0);
  newer.identify();
  await clock.advance(0);
  const { sessionId } = gateway.sessions.ofShard({ total: 4, id: 0 })!;
  known.resolve(FACTS);
  await clock.advance(0);
  assert.equal(gateway.sessions.ofShard({ total: 4, id: 0 })!.sessionId, sessionId);
  events.shard().event();
  assert.deepEqual(newer.dispatches, [["READY", 1], ["EVENT_1", 2]]);
});

Deno.test("A RESUME that was overtaken while it waited takes nothing", async () => {
  const { ready, connect, clock, events } = stage();
  const { client, sessionId } = await ready();
  client.close(1006);
  const held = Promise.withResolvers<void>();
  events.slow = held.promise;
  const [overtaken, newer] = [connect(), connect()];
  overtaken.resume(sessionId, 1);
  newer.resume(sessionId, 1);
  await clock.advance(0);
  held.resolve();
  await clock.advance(0);
  events.shard().event();
  assert.deepEqual(newer.dispatches, [["RESUMED", 1], ["EVENT_1", 2]]);
});

Deno.test("A client that goes while its RESUME waits may come again", async () => {
  const { ready, connect, clock, events } = stage();
  const { client, sessionId } = await ready();
  client.close(1006);
  const held = Promise.withResolvers<void>();
  events.slow = held.promise;
  const early = connect();
  early.resume(sessionId, 1);
  early.close(1006);
  held.resolve();
  await clock.advance(0);
  assert.equal(events.shard().consumer, "held");
  const back = connect();
  back.resume(sessionId, 1);
  await clock.advance(0);
  assert.deepEqual(back.dispatches, [["RESUMED", 1]]);
});

Deno.test("A connection takes nothing more from an owner that is late once it was taken over", async () => {
  const { ready, connect, clock, events } = stage();
  const { sessionId } = await ready();
  const stale = events.shard().consumer as (record: EventRecord) => void;
  const newer = connect();
  newer.resume(sessionId, 1);
  await clock.advance(0);
  stale({ shardId: 0, kind: RECORD.DISPATCH, cursor: 5, body: new Uint8Array() });
  const ahead = connect();
  ahead.resume(sessionId, 6);
  assert.equal(ahead.code, 4007);
});

Deno.test("A shard that cannot be reached is close 4000, and the session stays", async () => {
  const { ready, connect, clock, events } = stage();
  const { client, sessionId } = await ready();
  client.close(1006);
  events.broken = new Error("worker lost");
  const early = connect();
  early.resume(sessionId, 1);
  await clock.advance(0);
  assert.equal(early.code, 4000);
  events.broken = null;
  const back = connect();
  back.resume(sessionId, 1);
  await clock.advance(0);
  assert.deepEqual(back.dispatches, [["RESUMED", 1]]);
});
