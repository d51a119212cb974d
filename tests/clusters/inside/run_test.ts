import assert from "node:assert/strict";
import { encodeBatch, RECORD } from "../../../protocol/event_frame.ts";
import { silentLog } from "../../../ports/log.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import type { Bot, EventContext } from "../../../bot/bot.ts";
import { runBot } from "../../../clusters/inside/run.ts";

async function setUp(bot: Partial<Bot>) {
  const clock = createVirtualClock();
  const order: string[] = [];
  const run = await runBot({
    bot: {
      wants: () => true,
      handle: () => {},
      shutdown: () => void order.push("shutdown"),
      ...bot,
    },
    peer: { kind: "cluster", id: 2 },
    unitUrl: "http://unit",
    credential: "credential",
    clock,
    log: silentLog,
    fetch,
    figures: () => ({}),
  });
  const link = run.consumer.attach({ send() {}, close() {} });
  link.text('{"op":"welcome","v":3,"link":1,"totalShards":1,"stream":"a"}');
  const body = new TextEncoder().encode('{"t":"X","s":1,"op":0,"d":null}');
  link.batch(encodeBatch(1, [{ shardId: 6, kind: RECORD.DISPATCH, cursor: 1, body }]));
  return { clock, order, run };
}

Deno.test("runBot() starts the bot before its first event and gives each event its context", async () => {
  const seen: string[] = [];
  await setUp({
    start: ({ cluster }) => void seen.push(`start ${cluster.id}`),
    handle: (_, { cluster, rest, shardId }: EventContext) =>
      void seen.push(`${cluster.id} ${shardId} ${rest.baseUrl}`),
  });
  assert.deepEqual(seen, ["start 2", "2 6 http://unit/api/v10"]);
});

Deno.test("runBot() rejects with what the bot's start() throws", async () => {
  await assert.rejects(setUp({ start: () => Promise.reject(new Error("no database")) }), /no data/);
});

Deno.test("a bot's shutdown() waits for the handlers under way", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { clock, order, run } = await setUp({ handle: () => promise });
  promise.then(() => order.push("handled"));
  const stopped = run.stop();
  await clock.advance(4999);
  assert.deepEqual(order, []);
  resolve();
  await stopped;
  assert.deepEqual(order, ["handled", "shutdown"]);
});

Deno.test("a bot's shutdown() waits for no handler longer than 5 s", async () => {
  const { clock, order, run } = await setUp({ handle: () => new Promise(() => {}) });
  const stopped = run.stop();
  await clock.advance(5000);
  await stopped;
  assert.deepEqual(order, ["shutdown"]);
});
