/** A consumer's calls over whichever link is up. */

import assert from "node:assert/strict";
import { EventConsumer } from "../../../bot/link/consumer.ts";
import type { CallPort } from "../../../bot/link/consumer_world.ts";
import { silentLog } from "../../../ports/log.ts";
import { encodeBatch, LINK_CLOSE } from "../../../protocol/event_frame.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { cluster } from "../../support/peers.ts";

const CALL = { op: "call", id: 1, verb: "stats", receptive: true, value: { json: null } };
const REPLY = { op: "reply", id: 1, value: { json: 1 } };
const WELCOME = { op: "welcome", v: 3, link: 1, totalShards: 4, stream: "a" };

function setUp(withCalls = true) {
  const told: unknown[] = [];
  const sends: Parameters<CallPort["up"]>[0][] = [];
  const heard: (() => number)[] = [];
  const clock = createVirtualClock();
  const calls: CallPort = {
    up(send, totalShards, heardMs) {
      sends.push(send);
      heard.push(heardMs);
      told.push(["up", totalShards]);
      return {
        down: () => void told.push("down"),
        shardsAre: (totalShards) => void told.push(["shards", totalShards]),
        receive: (message) => void told.push(message),
      };
    },
  };
  const consumer = new EventConsumer({
    peer: cluster(7),
    clock,
    log: silentLog,
    receiver: { wants: () => true, receive() {} },
    ...(withCalls && { calls }),
  });
  const connect = (unit: string | null = null, worker: number | null = null) => {
    const sent: unknown[] = [];
    const closes: number[] = [];
    const link = consumer.attach({
      send: (text) => sent.push(JSON.parse(text)),
      close: (code) => closes.push(code),
    }, { unit, worker });
    return { link, sent, closes, say: (message: unknown) => link.text(JSON.stringify(message)) };
  };
  return { clock, connect, told, sends, heard };
}

Deno.test("a consumer that takes calls says in its hello that it takes our own values", () => {
  const hello = { op: "hello", v: 3, clusterId: 7, windowBytes: 4 * 1024 * 1024, late: true };
  assert.deepEqual(setUp().connect().sent, [{ ...hello, values: "clone" }]);
  assert.deepEqual(setUp(false).connect().sent, [hello]);
});

Deno.test("a consumer calls from the welcome on, over the link that is welcomed", () => {
  const { connect, told, sends } = setUp();
  const { say, sent } = connect();
  assert.deepEqual(told, []);
  say(WELCOME);
  assert.deepEqual(told, [["up", 4]]);
  sends[0]!(CALL as never);
  assert.deepEqual(sent.at(-1), CALL);
});

Deno.test("a consumer that is welcomed again learns the new number of shards, and what it asked goes on", () => {
  const { connect, told, sends } = setUp();
  const { say, closes } = connect();
  say(WELCOME);
  say({ ...WELCOME, totalShards: 8 });
  assert.deepEqual(told, [["up", 4], ["shards", 8]]);
  assert.deepEqual([sends.length, closes], [1, []]);
});

Deno.test("a consumer hands on what the unit calls and replies, and keeps the link", () => {
  const { connect, told } = setUp();
  const { say, closes } = connect();
  say(WELCOME);
  say(CALL);
  say(REPLY);
  assert.deepEqual(told.slice(1), [CALL, REPLY]);
  assert.deepEqual(closes, []);
});

Deno.test("a consumer without calls refuses one: nobody can have sent it", () => {
  for (const message of [CALL, REPLY]) {
    const { say, closes } = setUp(false).connect();
    say(WELCOME);
    say(message);
    assert.deepEqual(closes, [LINK_CLOSE.BAD_MESSAGE]);
  }
});

Deno.test("what a consumer has asked ends with its link, once", () => {
  const { connect, told } = setUp();
  const { link, say } = connect();
  say(WELCOME);
  link.closed();
  link.closed();
  assert.deepEqual(told, [["up", 4], "down"]);
});

Deno.test("what a consumer has asked ends when a newer link takes over, before its welcome", () => {
  const { connect, told } = setUp();
  const older = connect();
  older.say(WELCOME);
  const newer = connect();
  assert.deepEqual(told, [["up", 4], "down"]);
  older.link.closed();
  older.say(REPLY);
  newer.say({ ...WELCOME, totalShards: 8 });
  assert.deepEqual(told, [["up", 4], "down", ["up", 8]]);
});

Deno.test("what a consumer has asked ends when it refuses the link", () => {
  const { connect, told } = setUp();
  const { link, say, closes } = connect();
  say(WELCOME);
  link.text("nonsense");
  assert.deepEqual(closes, [LINK_CLOSE.BAD_MESSAGE]);
  link.closed();
  assert.deepEqual(told, [["up", 4], "down"]);
});

Deno.test("a consumer has a line for calls with each unit of a fleet", () => {
  const { connect, told, sends } = setUp();
  const [a, b] = [connect("a"), connect("b")];
  a.say(WELCOME);
  b.say(WELCOME);
  sends[0]!(CALL as never);
  sends[1]!(REPLY as never);
  assert.deepEqual([a.sent.at(-1), b.sent.at(-1)], [CALL, REPLY]);
  b.link.closed();
  a.say(REPLY);
  assert.deepEqual(told, [["up", 4], ["up", 4], "down", REPLY]);
});

Deno.test("a unit counts as heard with whatever comes from it or its workers", async () => {
  const { clock, connect, heard } = setUp();
  const [a, b, worker] = [connect("a"), connect("b"), connect("a", 3)];
  for (const link of [a, b, worker]) link.say(WELCOME);
  await clock.advance(10);
  worker.link.batch(encodeBatch(4, []));
  assert.deepEqual(heard.map((heardMs) => heardMs()), [10, 0]);
  await clock.advance(10);
  b.say(REPLY);
  assert.deepEqual(heard.map((heardMs) => heardMs()), [10, 20]);
});
