import assert from "node:assert/strict";
import { ASK_SOON_MS } from "../../downstream/beats.ts";
import { CLOSE_ANSWER_MS, SETTLE_MS } from "../../downstream/connection.ts";
import { CONSUMER_SESSION_TTL_MS } from "../../downstream/sessions.ts";
import { logTo } from "../../ports/log.ts";
import { ALL_INTENTS } from "../../protocol/discord/intents.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { stage } from "./stage.ts";

Deno.test("accept() closes what speaks another dialect, and says nothing else", () => {
  const client = stage().connect("v=10&encoding=etf");
  assert.deepEqual([client.code, client.payloads], [4002, []]);
  client.identify();
  client.close(1006);
  const reason = "Invalid API version 7: expected v=10.";
  assert.deepEqual(stage().connect("v=7").closedWith, { code: 4012, reason });
});

Deno.test("Reasons fit into a close frame, whatever a client asks for", () => {
  const { connect } = stage();
  const odd = connect(`v=10&compress=${"é".repeat(100)}`);
  const greedy = connect();
  greedy.identify({ intents: ALL_INTENTS });
  for (const { closedWith } of [odd, greedy]) {
    const bytes = new TextEncoder().encode(closedWith?.reason).length;
    assert.ok(bytes > 100 && bytes <= 123, `${bytes} bytes`);
  }
});

Deno.test("A session owns its shard until its client closes with 1000 or 1001", async () => {
  for (const code of [1000, 1001]) {
    const { ready, connect, clock, events } = stage();
    const { client, sessionId } = await ready();
    assert.equal(typeof events.shard().consumer, "function");
    client.close(code);
    assert.equal(events.shard().consumer, "cluster");
    const back = connect();
    back.resume(sessionId, 1);
    await clock.advance(0);
    assert.equal(back.ops.at(-1), 9);
  }
});

Deno.test("After any other close the events wait, until nobody has resumed in time", async () => {
  const { ready, clock, events } = stage();
  const { client } = await ready();
  client.close(4200);
  await clock.advance(CONSUMER_SESSION_TTL_MS - 1);
  events.shard().event();
  assert.equal(events.shard().consumer, "held");
  await clock.advance(1);
  assert.equal(events.shard().consumer, "cluster");
  assert.equal(events.shard().records.length, 1);
});

Deno.test("A session that was resumed does not expire while it has a connection", async () => {
  const { ready, connect, clock, events } = stage();
  const { client, sessionId } = await ready();
  client.close(1006);
  const back = connect();
  back.resume(sessionId, 1);
  for (let passedMs = 0; passedMs <= CONSUMER_SESSION_TTL_MS; passedMs += 30_000) {
    await clock.advance(30_000);
    back.beat(1);
  }
  assert.equal(typeof events.shard().consumer, "function");
});

Deno.test("A newer RESUME takes the session over, and what the older connection says is ignored", async () => {
  const { ready, connect, clock, events } = stage();
  const { client: older, sessionId } = await ready();
  events.shard().event();
  const newer = connect();
  newer.resume(sessionId, 1);
  await clock.advance(0);
  assert.equal(older.code, 4409);
  events.shard().event();
  older.beat(2);
  older.send(3, {});
  older.close(1000);
  assert.equal(events.shard().acknowledged, 0);
  assert.equal(typeof events.shard().consumer, "function");
  assert.deepEqual(newer.dispatches, [["EVENT_1", 2], ["RESUMED", 2], ["EVENT_2", 3]]);
  assert.deepEqual(older.dispatches, [["READY", 1], ["EVENT_1", 2]]);
});

Deno.test("A newer IDENTIFY ends the older session, and goes on after what that one has received", async () => {
  const { ready, events } = stage();
  const { client: older } = await ready();
  events.shard().event();
  events.shard().event();
  const { client: newer } = await ready();
  assert.equal(older.code, 4409);
  events.shard().event();
  assert.deepEqual(newer.dispatches, [["READY", 1], ["EVENT_3", 2]]);
});

Deno.test("A newer IDENTIFY gets again, marked, what a dead client had not acknowledged", async () => {
  const { ready, connect, clock, events } = stage();
  const { client: older, sessionId } = await ready();
  events.shard().event();
  events.shard().event();
  older.beat(2);
  older.isDead = true;
  const newer = connect();
  newer.identify();
  await clock.advance(CLOSE_ANSWER_MS - 1);
  events.shard().event();
  assert.deepEqual([older.code, newer.dispatches], [4409, []]);
  await clock.advance(1);
  assert.deepEqual(newer.dispatches, [
    ["READY", 1],
    ["GATEHOUSE_REPEAT", 1],
    ["EVENT_2", 2],
    ["EVENT_3", 3],
  ]);
  assert.deepEqual(newer.body("GATEHOUSE_REPEAT"), { shard: 0, from: 2, to: 2 });
  const back = connect();
  back.resume(sessionId, 2);
  await clock.advance(0);
  assert.equal(back.ops.at(-1), 9);
  assert.equal(newer.code, undefined);
});

Deno.test("A client that answers a close of ours late, or that resumes, is believed what it says", async () => {
  const { ready, connect, clock, events } = stage();
  const { client, sessionId } = await ready();
  client.isDead = true;
  events.shard().event();
  events.shard().event();
  client.raw("no payload");
  assert.equal(client.code, 4002);
  const back = connect();
  back.resume(sessionId, 2);
  await clock.advance(0);
  // Of the connection that is over: the client has said since that it lacks the second event.
  client.close(4002);
  back.close(1006);
  const newer = connect();
  newer.identify();
  await clock.advance(0);
  assert.deepEqual(newer.dispatches.at(-1), ["EVENT_2", 2]);
  newer.isDead = true;
  newer.raw("no payload");
  await clock.advance(60_000);
  newer.close(4002);
  const newest = connect();
  newest.identify();
  await clock.advance(0);
  assert.deepEqual(newest.dispatches, [["READY", 1]]);
});

Deno.test("A client that says in a RESUME that it lacks what it was sent gets it, whatever it does then", async () => {
  const { ready, connect, clock, events } = stage();
  const { client, sessionId } = await ready();
  for (let i = 0; i < 3; i++) events.shard().event();
  client.close(4200);
  events.shard().eager = false;
  const back = connect();
  back.resume(sessionId, 2);
  await clock.advance(0);
  back.close(1006);
  events.shard().eager = true;
  const { client: newer } = await ready();
  assert.deepEqual(newer.dispatches.map(([t]) => t), [
    "READY",
    "GATEHOUSE_REPEAT",
    "EVENT_2",
    "EVENT_3",
  ]);
});

Deno.test("A client that reads too slowly has not received what its socket did not take", async () => {
  const { ready, connect, clock, events } = stage();
  const { client, sessionId } = await ready();
  events.shard().event();
  client.isFull = true;
  events.shard().event();
  events.shard().event();
  assert.deepEqual([client.code, client.closedWith?.reason], [4000, "Too slow."]);
  const { client: newer } = await ready();
  assert.deepEqual(newer.dispatches, [
    ["READY", 1],
    ["GATEHOUSE_REPEAT", 1],
    ["EVENT_2", 2],
    ["EVENT_3", 3],
  ]);
  const back = connect();
  back.resume(sessionId, 2);
  await clock.advance(0);
  assert.equal(back.ops.at(-1), OP.INVALID_SESSION);
});

Deno.test("A close frame of ours that another code answers, or none, says nothing of what was read", async () => {
  for (const code of [1006, 1005]) {
    const { ready, connect, clock, events } = stage();
    const { client } = await ready();
    client.isDead = true;
    events.shard().event();
    client.raw("no payload");
    client.close(code);
    const newer = connect();
    newer.identify();
    await clock.advance(0);
    assert.deepEqual(newer.dispatches.map(([t]) => t), ["READY", "GATEHOUSE_REPEAT", "EVENT_1"]);
  }
});

Deno.test("The newest of several connections that identify at once gets the shard", async () => {
  const { connect, clock, events } = stage();
  const clients = [connect(), connect(), connect()];
  for (const client of clients) client.identify();
  await clock.advance(0);
  events.shard().event();
  assert.deepEqual(clients.map(({ code }) => code), [4409, 4409, undefined]);
  assert.deepEqual(clients.map(({ dispatches }) => dispatches.length), [0, 0, 2]);
});

Deno.test("Sessions of several shards keep out of each other's way", async () => {
  const { ready, events } = stage();
  const { client: first } = await ready(0);
  const { client: second } = await ready(1);
  events.shard(0).event();
  events.shard(1).event("OTHER");
  first.close(1000);
  assert.deepEqual(second.dispatches, [["READY", 1], ["OTHER", 2]]);
  assert.equal(second.code, undefined);
});

Deno.test("stop() closes with a code after which clients resume, and sessions survive it", async () => {
  const first = stage();
  const { client, sessionId } = await first.ready();
  first.events.shard().event();
  first.gateway.stop();
  assert.equal(client.code, 4000);
  const second = first.restart();
  assert.equal(first.events.shard().consumer, "held");
  const back = second.connect();
  back.resume(sessionId, 1);
  await second.clock.advance(0);
  assert.deepEqual(back.dispatches, [["EVENT_1", 2], ["RESUMED", 2]]);
});

Deno.test("settle() asks for a heartbeat, sends no more, and waits until the client has all", async () => {
  const { ready, gateway, events, clock } = stage();
  const { client } = await ready();
  const shard = events.shard();
  for (let i = 0; i < 3; i++) shard.event();
  let isSettled = false;
  void gateway.settle().then(() => isSettled = true);
  shard.event();
  assert.equal(client.payloads.at(-1)!.op, OP.HEARTBEAT);
  assert.equal(client.dispatches.at(-1)![0], "EVENT_3", "it is sent more");
  // It was asked in the middle of its work.
  client.beat(3);
  await clock.advance(0);
  assert.equal(isSettled, false, "the client has not said that it has all");
  await clock.advance(ASK_SOON_MS);
  assert.equal(client.payloads.at(-1)!.op, OP.HEARTBEAT, "it is not asked again");
  client.beat(4);
  await clock.advance(0);
  assert.equal(isSettled, true);
  assert.deepEqual(shard.records.map(({ cursor }) => cursor), [4]);
  assert.equal(client.code, undefined, "it is closed before the shards are");
});

Deno.test("settle() waits for a second for who does not answer, and not for who goes", async () => {
  const { ready, gateway, events, clock } = stage();
  const [silent, going] = [await ready(0), await ready(1)];
  events.shard(0).event();
  events.shard(1).event();
  let isSettled = false;
  void gateway.settle().then(() => isSettled = true);
  going.client.close(1006);
  await clock.advance(SETTLE_MS - 1);
  assert.equal(isSettled, false);
  await clock.advance(1);
  assert.equal(isSettled, true);
  assert.equal(silent.client.code, undefined);
  const asks = silent.client.payloads.filter(({ op }) => op === OP.HEARTBEAT).length;
  assert.ok(asks <= SETTLE_MS / ASK_SOON_MS + 1, `asked ${asks} times`);
});

Deno.test("settle() closes who has no session yet, so that it comes again", async () => {
  const { connect, gateway } = stage();
  const client = connect();
  await gateway.settle();
  assert.equal(client.code, 4000);
});

Deno.test("After a restart of ours the same event has the same number, and is not sent to who has it", async () => {
  const first = stage();
  const { sessionId } = await first.ready();
  const shard = first.events.shard();
  for (let i = 0; i < 3; i++) shard.event();
  // Killed: nothing is said, and the owner gets the same events again from Discord, later.
  const replayed = shard.records.splice(0);
  shard.last = 0;
  const second = first.restart();
  const back = second.connect();
  back.resume(sessionId, 3);
  await second.clock.advance(0);
  for (const { cursor } of replayed) shard.event(undefined, cursor);
  shard.event();
  assert.deepEqual(back.dispatches, [["RESUMED", 3], ["EVENT_3", 4], ["EVENT_4", 5]]);
  back.beat(5);
  assert.equal(shard.records.length, 0);
});

Deno.test("After a restart of ours a client is believed once, and no further", async () => {
  const first = stage();
  const { sessionId } = await first.ready();
  const second = first.restart();
  const back = second.connect();
  back.resume(sessionId, 3);
  await second.clock.advance(0);
  back.close(1006);
  const ahead = second.connect();
  ahead.resume(sessionId, 4);
  assert.equal(ahead.code, 4007);
});

Deno.test("stop() forgets its timers: sessions do not expire in a unit that has stopped", async () => {
  const { ready, gateway, clock, events } = stage();
  await ready();
  gateway.stop();
  await clock.advance(2 * CONSUMER_SESSION_TTL_MS);
  assert.equal(events.shard().consumer, "held");
  assert.equal(gateway.sessions.save().sessions.length, 1);
});

Deno.test("load() leaves shards to their clusters that no session has", async () => {
  const first = stage();
  await first.ready(1);
  const second = first.restart();
  assert.equal(second.events.shard(0).consumer, "cluster");
  assert.equal(second.events.shard(1).consumer, "held");
});

Deno.test("strangers who are refused over and over do not fill the log", async () => {
  const lines: string[] = [];
  const { connect, clock } = stage({ log: logTo((_, event) => lines.push(event)) });
  for (let i = 0; i < 50; i++) {
    connect("v=8");
    connect().identify({ token: "made up" });
  }
  await clock.advance(0);
  assert.equal(lines.length, 10);
});
