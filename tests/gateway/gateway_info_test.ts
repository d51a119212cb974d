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
  ["an answer without an address", { ...ANSWER, url: undefined }, /url is undefined/],
  ["an address of another kind", { ...ANSWER, url: "https://discord.gg" }, /url is "https/],
  ["an address that is none", { ...ANSWER, url: "wss://" }, /url is "wss/],
  ["no shards", { ...ANSWER, shards: 0 }, /shards is 0.*from 1/],
  ["half a shard", { ...ANSWER, shards: 1.5 }, /shards is 1\.5/],
  ["more shards than memory", { ...ANSWER, shards: 1e15 }, /shards is 10+, .*to 100000/],
];

for (const [what, body, message] of WRONG) {
  Deno.test(`parseGatewayInfo() refuses ${what} and names the field`, () => {
    assert.throws(() => parseGatewayInfo(body), { code: "bad_message", blame: "discord", message });
  });
}

Deno.test("parseGatewayInfo() takes what is known in place of what cannot be used, and tells it", () => {
  const problems: string[] = [];
  const known = { url: "wss://known.test", shards: 4 };
  const info = parseGatewayInfo({ url: 7 }, known, (problem) => problems.push(problem));
  assert.deepEqual(info, {
    ...known,
    sessionStartLimit: {
      total: 1000,
      remaining: 1000,
      resetAfterMs: 86_400_000,
      maxConcurrency: 1,
    },
  });
  assert.equal(problems.length, 6);
  assert.equal(parseGatewayInfo(ANSWER, known).shards, 12, "what Discord says comes first");
});

for (
  const [changed, field, taken] of [
    [{ total: "1000" }, "total", 1000],
    [{ remaining: -1 }, "remaining", 1000],
    [{ remaining: 1001 }, "remaining", 1000],
    [{ reset_after: undefined }, "resetAfterMs", 86_400_000],
    [{ reset_after: 1e300 }, "resetAfterMs", 86_400_000],
    [{ max_concurrency: 0 }, "maxConcurrency", 1],
    [{ max_concurrency: 1e9 }, "maxConcurrency", 1],
  ] as const
) {
  Deno.test(`parseGatewayInfo() takes ${field} ${taken} for ${JSON.stringify(changed)}`, () => {
    const problems: string[] = [];
    const known = { url: null, shards: null };
    const info = parseGatewayInfo(withLimit(changed), known, (problem) => problems.push(problem));
    assert.equal(info.sessionStartLimit[field], taken);
    assert.match(problems.join(), new RegExp(`^${Object.keys(changed)[0]} is [^,]*, expected`));
  });
}
