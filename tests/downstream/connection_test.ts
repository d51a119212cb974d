import assert from "node:assert/strict";
import { GatehouseError } from "../../protocol/errors.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import type { Clock } from "../../ports/clock.ts";
import { createVirtualClock } from "../../sim/mod.ts";
import { ASK_SOON_MS } from "../../downstream/beats.ts";
import { stage } from "./stage.ts";

Deno.test("A connection begins with HELLO, whose interval is 10 s unless told otherwise", () => {
  assert.deepEqual(stage().connect().payloads.map(({ op, d }) => [op, d.heartbeat_interval]), [
    [OP.HELLO, 10_000],
  ]);
  const { connect } = stage({ heartbeatIntervalMs: 5000 });
  assert.equal(connect().payloads[0]!.d.heartbeat_interval, 5000);
});

Deno.test("A connection without heartbeats is closed with 4009, one with them is not", async () => {
  const { connect, clock } = stage();
  const silent = connect();
  const alive = connect();
  for (let i = 0; i < 5; i++) {
    await clock.advance(10_000);
    alive.beat(null);
  }
  assert.equal(silent.code, 4009);
  assert.equal(alive.code, undefined);
  assert.equal(alive.ops.filter((op) => op === OP.HEARTBEAT_ACK).length, 5);
});

Deno.test("IDENTIFY is answered with READY, and events follow it with numbers from 2 on", async () => {
  const { ready, events } = stage();
  events.shard().acknowledge(events.shard().event());
  events.shard().event();
  const { client } = await ready();
  events.shard().event();
  assert.deepEqual(client.dispatches, [["READY", 1], ["EVENT_2", 2], ["EVENT_3", 3]]);
  assert.deepEqual(client.body("READY").shard, [0, 4]);
  assert.equal(client.body("READY").user.username, "bot");
  assert.equal(client.body("READY").resume_gateway_url, "ws://127.0.0.1:8787/gateway");
});

Deno.test("IDENTIFY is refused with the codes that Discord documents", async () => {
  const cases: [Record<string, unknown>, number][] = [
    [{ token: "other" }, 4004],
    [{ shard: [0, 8] }, 4010],
    [{ shard: [3, 4] }, 4010],
    [{ intents: 2 }, 4014],
    [{ intents: 1 << 17 }, 4013],
  ];
  const { connect, clock } = stage();
  for (const [changes, code] of cases) {
    const client = connect();
    client.identify(changes);
    await clock.advance(0);
    assert.equal(client.code, code, JSON.stringify(changes));
  }
});

Deno.test("IDENTIFY passes its presence up, as op 3", async () => {
  const { connect, clock, sentUp } = stage();
  connect().identify({ presence: { status: "idle" } });
  await clock.advance(0);
  const d = { since: null, activities: [], status: "idle", afk: false };
  assert.deepEqual(sentUp, [[0, { op: 3, d }]]);
});

Deno.test("A connection is closed for what does not belong: 4003, 4005, 4001, 4002", async () => {
  const { connect, ready } = stage();
  const early = connect();
  early.send(OP.PRESENCE_UPDATE, {});
  assert.equal(early.code, 4003);
  const { client: twice } = await ready();
  twice.identify();
  assert.equal(twice.code, 4005);
  const odd = connect();
  odd.send(OP.HEARTBEAT_ACK, null);
  assert.equal(odd.code, 4001);
  const garbled = connect();
  garbled.raw("{");
  assert.equal(garbled.code, 4002);
  const binary = connect();
  binary.binary(Uint8Array.of(131, 116, 0, 0, 0, 0));
  assert.equal(binary.code, 4002);
});

Deno.test("The 121st message in a minute is 4008", () => {
  const client = stage().connect();
  for (let i = 0; i < 120; i++) client.beat(null);
  assert.equal(client.code, undefined);
  client.beat(null);
  assert.equal(client.code, 4008);
});

Deno.test("A client that is sent something is asked for a heartbeat, which does not count", async () => {
  const { ready, events, clock } = stage();
  const { client } = await ready();
  for (let i = 0; i < 119; i++) client.beat(null);
  for (let i = 0; i < 5; i++) events.shard().event();
  await clock.advance(ASK_SOON_MS);
  assert.equal(client.ops.filter((op) => op === OP.HEARTBEAT).length, 1);
  client.beat(6);
  assert.equal(client.code, undefined);
  assert.equal(events.shard().acknowledged, 5);
});

Deno.test("A heartbeat acknowledges every event up to its number", async () => {
  const { ready, events } = stage();
  const { client } = await ready();
  for (let i = 0; i < 3; i++) events.shard().event();
  client.beat(1);
  assert.equal(events.shard().acknowledged, 0);
  client.beat(3);
  assert.equal(events.shard().acknowledged, 2);
  assert.equal(events.shard().records.length, 1);
});

Deno.test("A heartbeat with a number that was never sent acknowledges nothing", async () => {
  const { ready, events } = stage();
  const { client } = await ready();
  events.shard().event();
  client.beat(3);
  assert.equal(events.shard().acknowledged, 0);
  assert.equal(client.ops.at(-1), OP.HEARTBEAT_ACK);
});

Deno.test("A connection passes each event on once, however often its owner begins anew", async () => {
  const { ready, events } = stage();
  const { client } = await ready();
  events.shard().event();
  events.shard().rewind();
  events.shard().event();
  events.shard().rewind();
  assert.deepEqual(client.dispatches, [["READY", 1], ["EVENT_1", 2], ["EVENT_2", 3]]);
});

Deno.test("READY and RESUMED of the session with Discord are not passed on; a GAP is", async () => {
  const { ready, events } = stage();
  const { client } = await ready();
  const shard = events.shard();
  shard.event("READY");
  shard.event();
  shard.gap({ from: 3, to: 1_000_000, count: 7, reason: "lost" });
  shard.event("RESUMED", 1_000_001);
  shard.event(undefined, 1_000_002);
  assert.deepEqual(client.dispatches.slice(1), [
    ["EVENT_2", 3],
    ["GATEHOUSE_GAP", 1_000_001],
    ["EVENT_1000002", 1_000_003],
  ]);
  const told = { shard: 0, from: 4, to: 1_000_001, count: 7, reason: "lost" };
  assert.deepEqual(client.body("GATEHOUSE_GAP"), told);
  client.beat(1_000_003);
  assert.equal(shard.records.length, 0);
});

Deno.test("A record that nothing can be read of is told as missing, in its place", async () => {
  const { ready, events } = stage();
  const { client } = await ready();
  const shard = events.shard();
  for (const body of ["nul", "[]", "", '{"op":"x"}']) shard.poison(body);
  shard.event();
  const names = client.dispatches.map(([name]) => name);
  assert.deepEqual(names, ["READY", ...Array(4).fill("GATEHOUSE_GAP"), "EVENT_5"]);
  const told = { shard: 0, from: 5, to: 5, count: 1, reason: "this event cannot be read" };
  assert.deepEqual(client.body("GATEHOUSE_GAP"), told);
  client.beat(6);
  assert.equal(shard.records.length, 0);
});

Deno.test("A connection that is over leaves no timer behind", async () => {
  let timers = 0;
  const time = createVirtualClock();
  const after: Clock["after"] = (delayMs, task) => {
    timers++;
    let isOver = false;
    const over = () => {
      if (!isOver) timers--;
      isOver = true;
    };
    const cancel = time.after(delayMs, () => {
      over();
      task();
    });
    return () => {
      over();
      cancel();
    };
  };
  const { ready, events } = stage({}, { ...time, after });
  const { client } = await ready();
  const big = "B".repeat(60);
  for (let i = 0; i < 15_000; i++) events.shard().event(big);
  client.beat(10);
  for (let i = 0; i < 15_000; i++) events.shard().event(big);
  assert.equal(timers, 2);
  client.close(1000);
  client.beat(20);
  assert.equal(timers, 0);
});

Deno.test("Commands are passed up as they came", async () => {
  const { ready, sentUp } = stage();
  const { client } = await ready(2);
  const d = { guild_id: "1", guild_ids: ["1"], future: { a: [1] } };
  for (const op of [3, 4, 8, 31, 43, 77]) client.send(op, d);
  assert.deepEqual(sentUp, [3, 4, 8, 31, 43, 77].map((op) => [2, { op, d }]));
});

Deno.test("A command that could not be sent is logged; a member request is answered if the limit is why", async () => {
  const refusals = {
    limit: new GatehouseError("deadline", "caller", "waited"),
    other: new Error(),
  };
  const warnings: unknown[] = [];
  const log = {
    debug() {},
    info() {},
    error() {},
    warn: (e: string, f?: unknown) => void warnings.push([e, f]),
  };
  let refusal: Error = refusals.other;
  const { ready, clock } = stage({ log, send: () => Promise.reject(refusal) });
  const { client } = await ready();
  client.send(8, { guild_id: "11" });
  await clock.advance(0);
  assert.equal(client.body("RATE_LIMITED"), undefined);
  refusal = refusals.limit;
  client.send(4, { guild_id: "11" });
  client.send(8, { guild_id: "11", nonce: "n" });
  await clock.advance(0);
  const meta = { guild_id: "11", nonce: "n" };
  assert.deepEqual(client.body("RATE_LIMITED"), { opcode: 8, retry_after: 60, meta });
  assert.equal(warnings.length, 3);
});
