import assert from "node:assert/strict";
import { gatewayAnswer, gatewayBotAnswer } from "../../downstream/info.ts";

Deno.test("gatewayAnswer() names our address", () => {
  assert.deepEqual(gatewayAnswer("ws://h:1/gateway"), { url: "ws://h:1/gateway" });
});

Deno.test("gatewayBotAnswer() lets all shards start at once, as often as they like", () => {
  assert.deepEqual(gatewayBotAnswer("ws://h:1/gateway", 16), {
    url: "ws://h:1/gateway",
    shards: 16,
    session_start_limit: { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 16 },
  });
});

Deno.test("gatewayBotAnswer() leaves a start for every shard of a bot that has more than 1000", () => {
  assert.equal(gatewayBotAnswer("ws://h", 1200).session_start_limit.remaining, 1200);
});
