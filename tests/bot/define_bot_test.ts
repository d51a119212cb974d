import assert from "node:assert/strict";
import { botOf } from "../../bot/bot.ts";
import { defineBot, defineService, type Hooks, hooksOf } from "../../bot/define_bot.ts";
import { botContext } from "../support/bot_context.ts";

const context = botContext({ cluster: { id: 1 }, shardId: 3 });

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

const HOOKS = [
  "start",
  "shutdown",
  "allClustersReady",
  "allMembersCached",
  "handleCommand",
  "getStats",
  "find",
] as const;

Deno.test("defineBot() and defineService() pass every hook on, with its arguments and its this", () => {
  for (const define of [(it: Hooks) => defineBot({ events: {}, ...it }), defineService]) {
    for (const name of HOOKS) {
      const definition: Record<string, unknown> = {
        [name](...args: unknown[]) {
          return [this, args];
        },
      };
      const bot = define(definition as Hooks) as unknown as Record<
        string,
        (...args: unknown[]) => [Record<string, unknown>, unknown[]]
      >;
      const [self, args] = bot[name]!(1, "two");
      assert.equal(self[name], definition[name], `${name} is called on something else`);
      assert.deepEqual(args, [1, "two"]);
      const others = HOOKS.filter((other) => other !== name);
      assert.deepEqual(others.filter((other) => other in bot), [], "a hook that nobody wrote");
    }
  }
});

Deno.test("defineBot() calls a hook on the definition: what one of them keeps there the others find", () => {
  const bot = defineBot({
    events: {},
    ...{ count: 0 },
    handleCommand() {
      return ++(this as unknown as { count: number }).count;
    },
    getStats() {
      return { count: (this as unknown as { count: number }).count };
    },
  });
  const answers = { ...context, asResponse: () => null!, asError: () => null! };
  bot.handleCommand!(0, true, answers);
  bot.handleCommand!(0, true, answers);
  assert.deepEqual(bot.getStats!(context), { count: 2 });
});

Deno.test("defineService() is a bot that wants no event, and that a cluster can run", () => {
  const service = defineService({ getStats: () => ({}) });
  assert.equal(service.wants("MESSAGE_CREATE"), false);
  assert.equal(service.handle({ op: 0, t: "X", s: 1, d: null }, context), undefined);
  assert.equal(botOf({ default: service }, "service.ts"), service);
});

Deno.test("hooksOf() takes hooks and nothing else of a definition", () => {
  const hooks = hooksOf({ find: () => 1, events: {}, handle: () => 2 } as unknown as Hooks);
  assert.deepEqual(Object.keys(hooks), ["find"]);
});
