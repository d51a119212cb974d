import assert from "node:assert/strict";
import { parseGatewayInfo } from "../../gateway/gateway_info.ts";

const ANSWER = {
  url: "wss://gateway.discord.gg",
  shards: 12,
  session_start_limit: {
    total: 1000,
    remaining: 998,
    reset_after: 14_400_000,
    max_concurrency: 16,
  },
};

function withLimit(changed: Record<string, unknown>): unknown {
  return { ...ANSWER, session_start_limit: { ...ANSWER.session_start_limit, ...changed } };
}

Deno.test("parseGatewayInfo() reads Discord's answer", () => {
  assert.deepEqual(parseGatewayInfo(ANSWER), {
    url: "wss://gateway.discord.gg",
    shards: 12,
    sessionStartLimit: {
      total: 1000,
      remaining: 998,
      resetAfterMs: 14_400_000,
      maxConcurrency: 16,
    },
  });
});

Deno.test("parseGatewayInfo() takes a budget that is used up", () => {
  const info = parseGatewayInfo(withLimit({ remaining: 0, reset_after: 0 }));
  assert.equal(info.sessionStartLimit.remaining, 0);
});

const WRONG: [string, unknown, RegExp][] = [
  ["nothing", undefined, /the answer is undefined/],
  ["null", null, /the answer is null/],
  ["text", "429", /the answer is "429"/],
  ["an answer without a limit", { url: ANSWER.url, shards: 1 }, /session_start_limit is undefined/],
  ["an answer without an address", { ...ANSWER, url: undefined }, /url is undefined/],
  ["an address of another kind", { ...ANSWER, url: "https://discord.gg" }, /url is "https/],
  ["no shards", { ...ANSWER, shards: 0 }, /shards is 0.*at least 1/],
  ["half a shard", { ...ANSWER, shards: 1.5 }, /shards is 1\.5/],
  ["a number in quotes", withLimit({ total: "1000" }), /total is "1000"/],
  ["a negative budget", withLimit({ remaining: -1 }), /remaining is -1.*at least 0/],
  ["a missing time", withLimit({ reset_after: undefined }), /reset_after is undefined/],
  ["a concurrency of none", withLimit({ max_concurrency: 0 }), /max_concurrency is 0.*at least 1/],
];

for (const [what, body, message] of WRONG) {
  Deno.test(`parseGatewayInfo() refuses ${what} and names the field`, () => {
    assert.throws(() => parseGatewayInfo(body), { code: "bad_message", blame: "discord", message });
  });
}
