import assert from "node:assert/strict";
import {
  closeReason,
  control,
  gatewayBotAnswer,
  hello,
  rateLimited,
  ready,
  repeat,
  resumed,
} from "../../downstream/frames.ts";
import { readEnvelope } from "../../protocol/discord/envelope.ts";
import { FACTS } from "./stage.ts";

Deno.test("control() and hello() write Discord's order of keys", () => {
  assert.equal(control(11, null), '{"t":null,"s":null,"op":11,"d":null}');
  const text = '{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":9,"_trace":["gatehouse"]}}';
  assert.equal(hello(9), text);
});

Deno.test("ready() is number 1 and has every field that Discord's has", () => {
  const url = "ws://h/gateway";
  const text = ready({
    version: 9,
    sessionId: "id",
    url,
    shard: { total: 4, id: 2 },
    facts: FACTS,
  });
  assert.deepEqual(JSON.parse(text), {
    t: "READY",
    s: 1,
    op: 0,
    d: {
      v: 9,
      user_settings: {},
      user: FACTS.user,
      shard: [2, 4],
      session_type: "normal",
      session_id: "id",
      resume_gateway_url: url,
      relationships: [],
      private_channels: [],
      presences: [],
      guilds: [{ unavailable: true, id: "11" }, { unavailable: true, id: "12" }],
      guild_join_requests: [],
      geo_ordered_rtc_regions: [],
      auth: {},
      application: FACTS.application,
      _trace: ["gatehouse"],
    },
  });
});

Deno.test("Our dispatches are read the fast way", () => {
  assert.ok(readEnvelope(new TextEncoder().encode(resumed(7))).bodyAt > 0);
});

Deno.test("rateLimited() says in seconds when to ask again, and what was asked", () => {
  const request = { op: 8, d: { guild_id: "11", query: "", limit: 0, nonce: "n" } };
  const { t, s, d } = JSON.parse(rateLimited(7, request, 60_000));
  const meta = { guild_id: "11", nonce: "n" };
  assert.deepEqual([t, s, d], ["RATE_LIMITED", 7, { opcode: 8, retry_after: 60, meta }]);
});

Deno.test("repeat() says which numbers may have come before, and has none of its own", () => {
  const range = { shard: 3, from: 2, to: 9 };
  const { t, s, d } = JSON.parse(repeat(1, range));
  assert.deepEqual([t, s, d], ["GATEHOUSE_REPEAT", 1, range]);
});

Deno.test("closeReason() cuts to what a close frame holds, between two characters", () => {
  assert.equal(closeReason("Not authenticated."), "Not authenticated.");
  assert.equal(closeReason("x".repeat(200)), "x".repeat(123));
  assert.equal(closeReason("é".repeat(200)), "é".repeat(61));
});

Deno.test("gatewayBotAnswer() lets all shards start at once, as often as they like", () => {
  assert.deepEqual(gatewayBotAnswer("ws://h:1/gateway", 16), {
    url: "ws://h:1/gateway",
    shards: 16,
    session_start_limit: { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 16 },
  });
});

Deno.test("gatewayBotAnswer() leaves a start for every shard of a bot that has more than 1000", () => {
  const { session_start_limit } = gatewayBotAnswer("ws://h", 1200) as Record<string, unknown>;
  const limit = { total: 1200, remaining: 1200, reset_after: 0, max_concurrency: 1200 };
  assert.deepEqual(session_start_limit, limit);
});
