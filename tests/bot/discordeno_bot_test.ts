import assert from "node:assert/strict";
import { createBot } from "@discordeno/bot";
import { discordenoBot, NO_TOKEN } from "../../bot/discordeno_bot.ts";
import type { EventContext } from "../../bot/bot.ts";
import type { GatewayHelpers, RequestedMembers } from "../../bot/gateway_helpers.ts";
import { botContext } from "../support/bot_context.ts";
import type { Rest } from "../../bot/rest.ts";
import { systemClock } from "../../ports/clock.ts";

const desiredProperties = { message: { id: true, content: true } } as const;
const rest: Rest = {
  baseUrl: "http://unit/api/v10",
  authorization: "Bot credential",
  get: () => Promise.resolve({ id: "4242" }),
  post: () => Promise.reject(new Error("unexpected")),
  put: () => Promise.reject(new Error("unexpected")),
  patch: () => Promise.reject(new Error("unexpected")),
  delete: () => Promise.reject(new Error("unexpected")),
};
const context: EventContext = botContext({ rest, shardId: 5 });

const message = (content: string) => ({
  op: 0,
  s: 1,
  t: "MESSAGE_CREATE",
  d: {
    id: "9",
    channel_id: "5",
    content,
    author: { id: "8", username: "u", discriminator: "0" },
    mentions: [],
    mention_roles: [],
    attachments: [],
    embeds: [],
    timestamp: "2026-01-01T00:00:00.000Z",
    edited_timestamp: null,
    type: 0,
  },
});

Deno.test("discordenoBot() hands Discord's payload to the bot's functions, transformed", async () => {
  const seen: unknown[] = [];
  const bot = discordenoBot(createBot({
    token: NO_TOKEN,
    desiredProperties,
    events: {
      raw: (data, shardId) => void seen.push(["raw", data.t, shardId]),
      messageCreate: ({ id, content }) => void seen.push([id, content]),
    },
  }));
  await bot.handle(message("hi"), context);
  assert.deepEqual(seen, [["raw", "MESSAGE_CREATE", 5], [9n, "hi"]]);
});

Deno.test("discordenoBot() settles with the bot's own promise, which Discordeno drops", async () => {
  const done = Promise.withResolvers<void>();
  const bot = discordenoBot(createBot({
    token: NO_TOKEN,
    desiredProperties,
    events: { messageCreate: () => done.promise as unknown as void },
  }));
  let settled = false;
  const handled = (bot.handle(message("hi"), context) as Promise<void>).then(() => settled = true);
  await new Promise<void>((resolve) => systemClock.soon(resolve));
  assert.equal(settled, false);
  done.resolve();
  await handled;
});

Deno.test("discordenoBot() rejects with what the bot's function rejects with", async () => {
  const bot = discordenoBot(createBot({
    token: NO_TOKEN,
    desiredProperties,
    events: { messageCreate: () => Promise.reject(new Error("mine")) as unknown as void },
  }));
  await assert.rejects(bot.handle(message("hi"), context) as Promise<void>, /mine/);
});

Deno.test("discordenoBot() points REST at the unit and learns who the bot is", async () => {
  const discordeno = createBot({ token: NO_TOKEN, desiredProperties, events: {} });
  await discordenoBot(discordeno).start!(context);
  assert.equal(discordeno.id, 4242n);
  assert.equal(discordeno.applicationId, 4242n);
  assert.equal(discordeno.rest.applicationId, 4242n);
  assert.equal(discordeno.rest.baseUrl, "http://unit/api");
  assert.equal(discordeno.rest.authorization, "Bot credential");
  assert.equal(discordeno.rest.isProxied, true);
});

Deno.test("discordenoBot() keeps ids that the author gave", async () => {
  const discordeno = createBot({ token: NO_TOKEN, applicationId: 7n, desiredProperties });
  await discordenoBot(discordeno).start!(context);
  assert.equal(discordeno.id, 4242n);
  assert.equal(discordeno.applicationId, 7n);
});

Deno.test("discordenoBot() wants what Discordeno knows, and everything where it has events.raw", () => {
  const plain = discordenoBot(createBot({ token: NO_TOKEN, desiredProperties, events: {} }));
  assert.equal(plain.wants("MESSAGE_CREATE"), true);
  assert.equal(plain.wants("GATEHOUSE_GAP"), false);
  const raw = discordenoBot(
    createBot({ token: NO_TOKEN, desiredProperties, events: { raw() {} } }),
  );
  assert.equal(raw.wants("GATEHOUSE_GAP"), true);
});

Deno.test("discordenoBot() lets a bot answer late what was deferred for it", async () => {
  const sent: unknown[] = [];
  const discordeno = createBot({
    token: NO_TOKEN,
    desiredProperties: { interaction: { id: true, token: true, type: true } },
    events: { interactionCreate: (interaction) => interaction.respond("pong") as unknown as void },
  });
  const helpers = discordeno.helpers as unknown as Record<string, unknown>;
  helpers.sendInteractionResponse = (_id: bigint, token: string) =>
    void sent.push(["first", token]);
  helpers.sendFollowupMessage = (token: string) => void sent.push(["follow-up", token]);
  const bot = discordenoBot(discordeno);
  const interaction = (token: string, more = {}) => ({
    op: 0,
    s: 1,
    t: "INTERACTION_CREATE",
    d: { id: "1", type: 2, token, user: { id: "8", username: "u", discriminator: "0" }, ...more },
  });
  await bot.handle(interaction("a"), context);
  await bot.handle(interaction("b", { gatehouse: { answered: "deferred" } }), context);
  assert.deepEqual(sent, [["first", "a"], ["follow-up", "b"]]);
});

Deno.test("requestMembers() of a Discordeno bot gives the members alone, as its type promises", async () => {
  const discordeno = createBot({ token: NO_TOKEN, desiredProperties });
  const asked: unknown[] = [];
  const members = [{
    user: { id: "8", username: "u", global_name: null, avatar_decoration_data: { sku_id: "1" } },
    roles: ["1_a"],
    joined_at: "2026-01-01T00:00:00.000Z",
  }] as unknown as RequestedMembers["members"];
  const gateway: GatewayHelpers = {
    ...context.gateway,
    requestMembers: (...args) => {
      asked.push(args);
      return Promise.resolve({ members, notFound: ["9"] });
    },
  };
  await discordenoBot(discordeno).start!({ ...context, gateway });
  const request = { query: "u", limit: 5, nonce: "mine" };
  assert.deepEqual(await discordeno.gateway.requestMembers(4n, request) as unknown, [{
    user: { id: "8", username: "u", globalName: null, avatarDecorationData: { skuId: "1" } },
    roles: ["1_a"],
    joinedAt: "2026-01-01T00:00:00.000Z",
  }]);
  await discordeno.gateway.requestMembers(4n);
  assert.deepEqual(asked, [[4n, { query: "u", limit: 5 }], [4n, {}]]);
  assert.deepEqual(
    await gateway.requestMembers(4n),
    { members, notFound: ["9"] },
    "the raw ones stay",
  );
});
