import assert from "node:assert/strict";
import type { Clock } from "../../../ports/clock.ts";
import type { LimitName } from "../../../sim/rest/limits.ts";
import { type Ask, Limiter, type Verdict } from "../../../sim/rest/limiter.ts";

const POST = askFor("message_create");
const ELSEWHERE: Ask = { ...POST, limits: [{ name: "message_create", major: "2" }] };

Deno.test("ask() shows limit, remaining, reset, reset-after and an opaque bucket, in seconds with decimals", () => {
  const { headers } = limiterAt({ wallMs: 1_700_000_000_123 }).limiter.ask(POST);
  assert.match(headers["X-RateLimit-Bucket"]!, /^[0-9a-f]{32}$/);
  assert.deepEqual(without(headers, "X-RateLimit-Bucket"), {
    "X-RateLimit-Limit": "5",
    "X-RateLimit-Remaining": "4",
    "X-RateLimit-Reset": "1700000001.123",
    "X-RateLimit-Reset-After": "1.000",
  });
});

Deno.test("ask() shows no rate-limit headers where a route has no limit of its own", () => {
  assert.deepEqual(limiterAt().limiter.ask({ ...POST, limits: [] }), { headers: {} });
});

Deno.test("ask() refuses with scope user, and Retry-After is one slot rounded up to whole seconds", () => {
  const { limiter, at } = limiterAt();
  repeat(5, () => limiter.ask(POST));
  at(300);
  const { headers, tooMany } = limiter.ask(POST);
  assert.deepEqual(tooMany, { scope: "user", retryAfterMs: 700, hidden: false });
  assert.equal(headers["Retry-After"], "1");
  assert.equal(headers["X-RateLimit-Scope"], "user");
  assert.equal(headers["X-RateLimit-Reset-After"], "4.700");
});

Deno.test("ask() counts each channel and each identity by itself", () => {
  const { limiter } = limiterAt();
  repeat(5, () => limiter.ask(POST));
  assert.ok(limiter.ask(POST).tooMany);
  assert.ok(!limiter.ask(ELSEWHERE).tooMany);
  assert.ok(!limiter.ask({ ...POST, identity: "another" }).tooMany);
});

Deno.test("ask() counts routes that show the same hash separately", () => {
  const { limiter } = limiterAt();
  const posts = repeat(5, () => limiter.ask(POST));
  const edit = limiter.ask(askFor("message_edit"));
  assert.equal(bucket(edit), bucket(posts[0]!));
  assert.equal(edit.headers["X-RateLimit-Remaining"], "4");
});

Deno.test("ask() refuses what is beyond the global limit without bucket headers, until the next second", () => {
  const { limiter, at } = limiterAt();
  at(1250);
  repeat(50, () => assert.ok(!limiter.ask({ ...POST, limits: [] }).tooMany));
  const { headers, tooMany } = limiter.ask(POST);
  assert.deepEqual(tooMany, { scope: "global", retryAfterMs: 750, hidden: false });
  assert.deepEqual(headers, {
    "X-RateLimit-Global": "true",
    "X-RateLimit-Scope": "global",
    "Retry-After": "1",
  });
  assert.ok(!limiter.ask({ ...POST, exempt: true }).tooMany, "interactions are exempt");
  at(2000);
  assert.ok(!limiter.ask(POST).tooMany);
});

Deno.test("ask() refuses by a hidden limit while the visible one has room", () => {
  const { limiter, at } = limiterAt();
  const rename = askFor("channel_edit", "channel_name");
  repeat(2, () => limiter.ask(rename));
  at(18_000);
  const { headers, tooMany } = limiter.ask(rename);
  assert.deepEqual(tooMany, { scope: "user", retryAfterMs: 582_000, hidden: true });
  assert.equal(headers["X-RateLimit-Remaining"], "4");
  assert.equal(headers["Retry-After"], "582");
  assert.ok(!limiter.ask(askFor("channel_edit", "channel_topic")).tooMany);
});

Deno.test("under() refuses by a limit that names itself then only, whatever the visible one says", () => {
  const { limiter } = limiterAt();
  const window = { limit: 2, windowMs: 9_000, kind: "fixed" } as const;
  limiter.under("message_create", { hash: "another", window });
  const [first] = repeat(2, () => limiter.ask(POST));
  const { headers, tooMany } = limiter.ask(POST);
  assert.deepEqual(tooMany, { scope: "user", retryAfterMs: 9_000, hidden: true });
  assert.notEqual(headers["X-RateLimit-Bucket"], first!.headers["X-RateLimit-Bucket"]);
  assert.equal(headers["X-RateLimit-Remaining"], "0");
  assert.ok(!limiter.ask(ELSEWHERE).tooMany);
});

Deno.test("saturate() refuses with scope shared while the headers say that there is room", () => {
  const { limiter, at } = limiterAt();
  limiter.saturate("message_create", { forMs: 1_336_570, major: "1", code: 40062 });
  const { headers, tooMany } = limiter.ask(POST);
  assert.deepEqual(tooMany, {
    scope: "shared",
    retryAfterMs: 1_336_570,
    hidden: true,
    code: 40062,
  });
  assert.equal(headers["X-RateLimit-Remaining"], "4");
  assert.equal(headers["X-RateLimit-Reset-After"], "1.000");
  assert.equal(headers["Retry-After"], "1337");
  assert.ok(!limiter.ask(ELSEWHERE).tooMany);
  at(1_336_570);
  assert.ok(!limiter.ask(POST).tooMany);
});

Deno.test("rehash() gives another hash and new counts; several hashes take turns", () => {
  const { limiter } = limiterAt();
  const before = repeat(6, () => limiter.ask(POST));
  limiter.rehash("message_create", "moved");
  const after = limiter.ask(POST);
  assert.ok(before[5]!.tooMany && !after.tooMany);
  assert.notEqual(bucket(after), bucket(before[0]!));
  limiter.rehash("message_create", "one", "two");
  const turns = repeat(4, () => bucket(limiter.ask(POST)));
  assert.equal(new Set(turns).size, 2);
  assert.equal(turns[0], turns[2]);
});

Deno.test("set() can let all channels share one count", () => {
  const { limiter } = limiterAt();
  limiter.set("message_create", { ignoresMajor: true });
  repeat(5, () => limiter.ask(POST));
  assert.ok(limiter.ask(ELSEWHERE).tooMany);
});

Deno.test("ask() lets all identities use up a shared limit", () => {
  const { limiter } = limiterAt();
  const execute = askFor("webhook_channel");
  repeat(30, (i) => limiter.ask({ ...execute, identity: `bot ${i}` }));
  assert.equal(limiter.ask(execute).tooMany?.scope, "shared");
});

function askFor(...names: LimitName[]): Ask {
  const limits = names.map((name) => ({ name, major: "1" }));
  return { identity: "bot", limits, exempt: false };
}

function limiterAt({ wallMs = 1_700_000_000_000 } = {}) {
  let nowMs = 0;
  const never = () => () => {};
  const clock: Clock = {
    now: () => nowMs,
    wallMs: () => wallMs + nowMs,
    epochMs: () => wallMs + nowMs,
    setEpoch() {},
    after: never,
    soon: never,
  };
  return {
    limiter: new Limiter(clock, { restGlobalPerSecond: 50 }),
    at: (ms: number) => void (nowMs = ms),
  };
}

function repeat<Result>(times: number, what: (i: number) => Result): Result[] {
  return Array.from({ length: times }, (_, i) => what(i));
}

function bucket(verdict: Verdict): string | undefined {
  return verdict.headers["X-RateLimit-Bucket"];
}

function without(headers: Verdict["headers"], name: string) {
  const { [name]: _, ...rest } = headers;
  return rest;
}
