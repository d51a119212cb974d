import assert from "node:assert/strict";
import type { EventContext } from "../../clusters/bot.ts";
import { defineBot } from "../../clusters/define_bot.ts";
import { createRest } from "../../clusters/rest.ts";
import { silentLog } from "../../ports/log.ts";

const context: EventContext = {
  rest: createRest("http://unit", "credential", fetch),
  cluster: { id: 1 },
  shardId: 3,
  log: silentLog,
};

Deno.test("defineBot() wants the events that it has a function for", () => {
  const bot = defineBot({ events: { MESSAGE_CREATE() {}, NEW_EVENT_OF_DISCORD() {} } });
  assert.equal(bot.wants("MESSAGE_CREATE"), true);
  assert.equal(bot.wants("NEW_EVENT_OF_DISCORD"), true);
  assert.equal(bot.wants("TYPING_START"), false);
  assert.equal(bot.wants("toString"), false);
});

Deno.test("defineBot() hands over the payload and the context, and the promise back", async () => {
  const bot = defineBot({
    events: {
      async MESSAGE_CREATE(message, { cluster, shardId }) {
        await Promise.resolve();
        return [message.content, cluster.id, shardId];
      },
    },
  });
  const payload = { op: 0, t: "MESSAGE_CREATE", s: 1, d: { content: "hi" } };
  assert.deepEqual(await bot.handle(payload, context), ["hi", 1, 3]);
});

Deno.test("defineBot() passes shutdown on", () => {
  let calls = 0;
  defineBot({ events: {}, shutdown: () => void calls++ }).shutdown!();
  assert.equal(calls, 1);
  assert.equal("shutdown" in defineBot({ events: {} }), false);
});
