import assert from "node:assert/strict";
import { BARE_FIGURES } from "../../protocol/link_call.ts";
import { answerCall } from "../../bot/bot_calls.ts";
import { type Bot, CommandAnswer } from "../../bot/bot.ts";
import type { LinkCall, Verb } from "../../protocol/link_call.ts";
import { encodeValue } from "../../protocol/value.ts";
import { botContext } from "../support/bot_context.ts";

const context = botContext({ cluster: { id: 3 } });

function answer(bot: Partial<Bot>, verb: Verb, value: unknown, receptive = true) {
  const call: LinkCall = { op: "call", id: 1, verb, receptive, value: encodeValue(value) };
  const figures = () => ({ memory: { rss: 5 }, cpu: null });
  return answerCall({ bot: { wants: () => false, handle() {}, ...bot }, figures }, context, call);
}

Deno.test("a command is answered with what asResponse() was given, or what is returned", async () => {
  const add = (data: unknown) => (data as { a: number }).a + 1;
  const given = answer({ handleCommand: (d, _, is) => is.asResponse(add(d)) }, "command", { a: 1 });
  assert.equal(await given, 2);
  assert.equal(
    await answer({ handleCommand: async (data) => await add(data) }, "command", { a: 2 }),
    3,
  );
  assert.equal(await answer({ handleCommand: () => null }, "command", 0), null);
  const nothing = answer({ handleCommand: (_, __, is) => is.asResponse(undefined) }, "command", 0);
  assert.equal(await nothing, undefined, "it has answered");
});

Deno.test("a command is refused with what asError() was given, or what is thrown", async () => {
  const error = new RangeError("too far");
  const asError = answer({ handleCommand: (_, __, is) => is.asError(error) }, "command", 0);
  await assert.rejects(asError, error);
  const asText = answer({ handleCommand: (_, __, is) => is.asError("no") }, "command", 0);
  await assert.rejects(asText, (thrown) => thrown === "no");
  await assert.rejects(answer({ handleCommand: () => Promise.reject(error) }, "command", 0), error);
  const made = answer({ handleCommand: () => new CommandAnswer("error", error) }, "command", 0);
  await assert.rejects(made, error);
});

Deno.test("a receptive command that nothing is returned for is an error, another one is not", async () => {
  const seen: unknown[] = [];
  const bot: Partial<Bot> = {
    handleCommand: (data, receptive) => void seen.push([data, receptive]),
  };
  await assert.rejects(answer(bot, "command", "a"), {
    code: "refused",
    message: /handleCommand of cluster 3 returned nothing, expected asResponse/,
  });
  assert.equal(await answer(bot, "command", "b", false), undefined);
  assert.deepEqual(seen, [["a", true], ["b", false]]);
});

Deno.test("commands, figures and searches come with what the bot has", async () => {
  const seen: unknown[] = [];
  const bot: Partial<Bot> = {
    handleCommand: (_, __, { cluster, rest, ipc, gateway, log, asError, asResponse }) => {
      seen.push({ cluster, rest, ipc, gateway, log });
      return asResponse(typeof asError);
    },
    getStats: (it) => (seen.push(it), {}),
    find: (_, it) => void seen.push(it),
  };
  assert.equal(await answer(bot, "command", 0), "function");
  await answer(bot, "stats", null);
  await answer(bot, "find", { kind: "user", userId: "7" });
  const { shardId: _, totalShards: __, traceparent: ___, ...own } = context;
  assert.deepEqual(seen, [own, context, context]);
});

Deno.test("a bot without handleCommand says so, receptive or not", async () => {
  for (const receptive of [true, false]) {
    const refused = { code: "refused", message: /cluster 3 has no handleCommand/ };
    await assert.rejects(answer({}, "command", 0, receptive), refused);
  }
});

Deno.test("stats that are no object are told as an error, beside what the process says", async () => {
  for (
    const [given, what] of [["many", "a string"], [[1, 2], "a list"], [3, "a number"]] as const
  ) {
    const bot = { getStats: () => given as unknown as Record<string, unknown> };
    const { memory, error } = await answer(bot, "stats", null) as { memory: object; error: string };
    assert.deepEqual(memory, { rss: 5 });
    assert.match(error, new RegExp(`^getStats\\(\\) of .*: expected an object, received ${what}$`));
  }
});

Deno.test("stats are the process' own, and what getStats() gives goes over them", async () => {
  assert.deepEqual(await answer({}, "stats", null), { memory: { rss: 5 }, cpu: null });
  const stats = await answer({ getStats: () => ({ cpu: 1, queue: 2 }) }, "stats", null);
  assert.deepEqual(stats, { memory: { rss: 5 }, cpu: 1, queue: 2 });
  const failing: Partial<Bot> = { getStats: () => Promise.reject(new Error("no database")) };
  await assert.rejects(answer(failing, "stats", null), /no database/);
  assert.deepEqual(await answer(failing, "stats", BARE_FIGURES), { memory: { rss: 5 }, cpu: null });
});

Deno.test("what a bot does not know is null", async () => {
  const wanted = { kind: "user", userId: "7" } as const;
  assert.equal(await answer({}, "find", wanted), null);
  assert.equal(await answer({ find: () => undefined }, "find", wanted), null);
  assert.deepEqual(await answer({ find: (it) => Promise.resolve([it]) }, "find", wanted), [wanted]);
});

Deno.test("a bot is told of all clusters and members with its context, and answers nothing", async () => {
  const seen: unknown[] = [];
  const bot: Partial<Bot> = {
    allClustersReady: (...args) => seen.push(args),
    allMembersCached: (...args) => seen.push(args),
  };
  assert.equal(await answer(bot, "allClustersReady", undefined), undefined);
  assert.equal(await answer(bot, "allMembersCached", true), undefined);
  assert.equal(await answer(bot, "allMembersCached", undefined), undefined);
  assert.deepEqual(seen, [[context], [true, context], [undefined, context]]);
  assert.equal(await answer({}, "allClustersReady", undefined), undefined);
});

Deno.test("a verb that only the unit knows, and a value that nobody can have sent, are refused", async () => {
  const refused = { code: "bad_message", message: /cluster 3 does not know unit/ };
  await assert.rejects(answer({}, "unit", { method: "stats" }), refused);
  const call = {
    op: "call",
    id: 1,
    verb: "command",
    receptive: true,
    value: { clone: 1 },
  } as const;
  const bot: Bot = { wants: () => false, handle() {}, handleCommand: () => 1 };
  await assert.rejects(answerCall({ bot, figures: () => ({}) }, context, call), {
    code: "bad_message",
  });
});
