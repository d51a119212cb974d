import assert from "node:assert/strict";
import fc from "fast-check";
import { readReport, type Refusal, type ReportedAnswer } from "../../../rest/limits/rate_report.ts";

const HASH = "80c17d2f203122d936070c88c8d10f33";

/** The headers of a bucket of which so many are left. */
function bucket(remaining: number, resetAfter: string, limit = 5): Record<string, string> {
  return {
    "X-RateLimit-Bucket": HASH,
    "X-RateLimit-Limit": String(limit),
    "X-RateLimit-Remaining": String(remaining),
    "X-RateLimit-Reset": "1470173023.123",
    "X-RateLimit-Reset-After": resetAfter,
  };
}

const VIA = { Via: "1.1 google" };
const body = (retry_after: unknown, more: Record<string, unknown> = {}) =>
  JSON.stringify({ message: "You are being rate limited.", retry_after, global: false, ...more });

function refusalOf(
  status: number,
  headers: Record<string, string>,
  text?: string,
  version?: number,
): Refusal | null {
  const answer: ReportedAnswer = { status, headers: new Headers(headers), text };
  return readReport(version === undefined ? answer : { ...answer, version }).refusal;
}

Deno.test("readReport() reads name and count of the bucket off any answer", () => {
  const count = { limit: 5, remaining: 3, resetAfterMs: 1_250 };
  for (const status of [200, 204, 404, 429, 500]) {
    const report = readReport({ status, headers: new Headers(bucket(3, "1.25")) });
    assert.deepEqual(report.bucket, { hash: HASH, count }, `${status}`);
  }
});

Deno.test("readReport() takes a success without a bucket, and nothing else, for limitless", () => {
  const limitless = (status: number, headers = {}) =>
    readReport({ status, headers: new Headers(headers) }).isLimitless;
  for (const status of [200, 204, 304]) assert.equal(limitless(status), true, `${status}`);
  for (const status of [400, 401, 403, 404, 429, 500, 502]) {
    assert.equal(limitless(status), false, `${status}`);
  }
  assert.equal(limitless(200, bucket(4, "1")), false);
});

Deno.test("readReport() takes a bucket with a part missing or garbage for none", () => {
  const names = ["X-RateLimit-Bucket", "X-RateLimit-Limit", "X-RateLimit-Remaining"];
  for (const name of [...names, "X-RateLimit-Reset-After"]) {
    const { [name]: _, ...headers } = bucket(4, "1");
    assert.equal(readReport({ status: 200, headers: new Headers(headers) }).bucket, null, name);
  }
  for (const garbage of ["", " ", "soon", "NaN", "Infinity", "-1", "4, 4"]) {
    for (const name of [...names.slice(1), "X-RateLimit-Reset-After"]) {
      const headers = new Headers({ ...bucket(4, "1"), [name]: garbage });
      assert.equal(readReport({ status: 200, headers }).bucket, null, `${name}: ${garbage}`);
    }
  }
});

Deno.test("readReport() needs no X-RateLimit-Reset: clocks differ", () => {
  const headers = new Headers(bucket(4, "1"));
  headers.delete("X-RateLimit-Reset");
  assert.notEqual(readReport({ status: 200, headers }).bucket, null);
});

/** What a 429 says, by what it is. */
const refusals: [what: string, headers: Record<string, string>, text: string, Refusal][] = [
  [
    "a bucket that is used up",
    { ...VIA, ...bucket(0, "4.2"), "X-RateLimit-Scope": "user", "Retry-After": "1" },
    body(0.842),
    { scope: "bucket", retryAfterMs: 842 },
  ],
  [
    "a bucket that is used up, waiting as long as until its restoration, rounded up",
    { ...VIA, ...bucket(0, "0.4"), "X-RateLimit-Scope": "user", "Retry-After": "1" },
    "",
    { scope: "bucket", retryAfterMs: 1_000 },
  ],
  [
    "the global limit, by its scope",
    { ...VIA, "X-RateLimit-Scope": "global", "Retry-After": "1" },
    body(0.661),
    { scope: "global", retryAfterMs: 661 },
  ],
  [
    "the global limit, by its own header",
    { ...VIA, "X-RateLimit-Global": "true", "Retry-After": "1" },
    "",
    { scope: "global", retryAfterMs: 1_000 },
  ],
  [
    "the global limit, by the body",
    { ...VIA, "Retry-After": "1" },
    body(0.661, { global: true }),
    { scope: "global", retryAfterMs: 661 },
  ],
  [
    "a shared resource, whatever Remaining and Reset-After say",
    { ...VIA, ...bucket(9, "64.57", 10), "X-RateLimit-Scope": "shared", "Retry-After": "1337" },
    body(1336.57, { message: "The resource is being rate limited." }),
    { scope: "shared", retryAfterMs: 1_336_570 },
  ],
  [
    "a shared resource whose bucket is used up as well",
    { ...VIA, ...bucket(0, "1"), "X-RateLimit-Scope": "shared", "Retry-After": "1" },
    body(0.3, { code: 20028 }),
    { scope: "shared", retryAfterMs: 300 },
  ],
  [
    "a service resource, 40062",
    { ...VIA, "X-RateLimit-Scope": "shared", "Retry-After": "3" },
    body(3, { code: 40062 }),
    { scope: "shared", retryAfterMs: 3_000 },
  ],
  [
    "a hidden limit where the bucket has places left",
    { ...VIA, ...bucket(4, "7.5"), "X-RateLimit-Scope": "user", "Retry-After": "582" },
    body(582),
    { scope: "hidden", retryAfterMs: 582_000 },
  ],
  [
    "a hidden limit that is over before the bucket, which has places left, is restored",
    { ...VIA, ...bucket(1, "5"), "X-RateLimit-Scope": "user", "Retry-After": "3" },
    body(2.5),
    { scope: "hidden", retryAfterMs: 2_500 },
  ],
  [
    "a hidden limit where the bucket is used up, but back much sooner",
    { ...VIA, ...bucket(0, "7.5"), "X-RateLimit-Scope": "user", "Retry-After": "582" },
    body(582),
    { scope: "hidden", retryAfterMs: 582_000 },
  ],
  [
    "a hidden limit where there is no bucket",
    { ...VIA, "X-RateLimit-Scope": "user", "Retry-After": "30" },
    body(29.5, { code: 20016 }),
    { scope: "hidden", retryAfterMs: 29_500 },
  ],
];

for (const [what, headers, text, refusal] of refusals) {
  Deno.test(`readReport() tells a 429 for ${what}`, () => {
    assert.deepEqual(refusalOf(429, headers, text), refusal);
  });
}

Deno.test("readReport() takes the exact time of the body, else the header's", () => {
  const headers = { ...VIA, "X-RateLimit-Scope": "shared", "Retry-After": "7" };
  assert.equal(refusalOf(429, headers, body(6.5))?.retryAfterMs, 6_500);
  assert.equal(refusalOf(429, headers)?.retryAfterMs, 7_000);
  for (const text of ["", "no JSON", "null", "[]", "7", '{"message":"x"}', body(null)]) {
    assert.equal(refusalOf(429, headers, text)?.retryAfterMs, 7_000, text);
  }
});

Deno.test("readReport() takes the header's time where the body's is garbage", () => {
  const headers = { ...VIA, "X-RateLimit-Scope": "shared", "Retry-After": "7" };
  for (const garbage of ["soon", "6.5", true, [], {}, -1]) {
    const text = body(garbage);
    assert.equal(refusalOf(429, headers, text)?.retryAfterMs, 7_000, text);
  }
});

Deno.test("readReport() tries again after a second where nothing says when", () => {
  for (const retryAfter of ["", "soon", "-5", "Wed, 21 Oct 2026 07:28:00 GMT"]) {
    const headers = { ...VIA, "Retry-After": retryAfter };
    assert.deepEqual(refusalOf(429, headers), { scope: "hidden", retryAfterMs: 1_000 });
  }
  assert.deepEqual(refusalOf(429, VIA, "{}"), { scope: "hidden", retryAfterMs: 1_000 });
});

Deno.test("readReport() reads milliseconds before version 8, seconds from then on", () => {
  const headers = { ...VIA, "X-RateLimit-Scope": "global", "Retry-After": "661" };
  for (const version of [6, 7]) {
    assert.equal(refusalOf(429, headers, body(661), version)?.retryAfterMs, 661);
    assert.equal(refusalOf(429, headers, "", version)?.retryAfterMs, 661);
  }
  for (const version of [8, 9, 10, undefined]) {
    assert.equal(refusalOf(429, headers, body(0.661), version)?.retryAfterMs, 661);
    assert.equal(refusalOf(429, headers, "", version)?.retryAfterMs, 661_000);
  }
});

const BLOCKED = JSON.stringify({
  code: 0,
  message: "You are being blocked from accessing our API temporarily due to exceeding our rate " +
    "limits frequently. Please read our docs at https://discord.com/developers/docs/topics/…",
});
const bans: [what: string, headers: Record<string, string>, text: string | undefined][] = [
  ["Cloudflare's JSON", { "Content-Type": "application/json" }, BLOCKED],
  ["Cloudflare's page", { "Content-Type": "text/html; charset=UTF-8" }, "<html>Error 1015</html>"],
  ["Cloudflare's page, unread", { "Content-Type": "Text/HTML" }, undefined],
  ["Cloudflare's line of text", { "Content-Type": "text/plain" }, "error code: 1015"],
];

for (const [what, headers, text] of bans) {
  Deno.test(`readReport() takes ${what} for Cloudflare's, for the time that it names or a second`, () => {
    for (const status of [429, 403]) {
      const ban = { scope: "address", retryAfterMs: 1_000 };
      assert.deepEqual(refusalOf(status, headers, text), ban);
      const named = refusalOf(status, { ...headers, "Retry-After": "3600" }, text);
      assert.deepEqual(named, { scope: "address", retryAfterMs: 3_600_000 });
      const dated = refusalOf(status, { ...headers, "Retry-After": "Wed, 21 Oct 2026" }, text);
      assert.deepEqual(dated, ban);
      assert.equal(
        refusalOf(status, { ...headers, "Retry-After": "3600" }, text, 6)?.scope,
        "address",
      );
    }
  });
}

Deno.test("readReport() does not take Discord's own answers for a ban, whatever they look like", () => {
  const page = { "Content-Type": "text/html" };
  for (const mark of [VIA, { "X-RateLimit-Scope": "user" }, bucket(4, "1")]) {
    assert.equal(refusalOf(403, { ...page, ...mark }, BLOCKED), null);
    assert.notEqual(refusalOf(429, { ...page, ...mark }, BLOCKED)?.scope, "address");
  }
});

Deno.test("readReport() takes no other 403 for a refusal", () => {
  const json = { "Content-Type": "application/json" };
  for (
    const error of [
      { message: "internal network error", code: 40333 },
      { message: "Missing Access", code: 50001 },
      { message: "Missing Permissions", code: 50013 },
    ]
  ) {
    assert.equal(refusalOf(403, json, JSON.stringify(error)), null, error.message);
    assert.equal(refusalOf(403, { ...json, ...VIA }, JSON.stringify(error)), null, error.message);
  }
  assert.equal(refusalOf(403, json), null);
});

Deno.test("readReport() takes no other status for a refusal, whatever it says of time", () => {
  const indexing = body(2, { code: 110000 });
  for (const status of [200, 202, 400, 401, 404, 500, 502, 503]) {
    assert.equal(refusalOf(status, { "Retry-After": "5" }, indexing), null);
    assert.equal(refusalOf(status, { "Content-Type": "text/html" }, BLOCKED), null);
  }
});

Deno.test("readReport() believes no wait of more than a day", () => {
  const headers = new Headers({ via: "1.1 google", "x-ratelimit-scope": "user" });
  for (const retryAfter of [86_401, Number.MAX_VALUE]) {
    const text = JSON.stringify({ message: "rate limited", retry_after: retryAfter });
    const { refusal } = readReport({ status: 429, headers, text });
    assert.equal(refusal?.retryAfterMs, 86_400_000);
  }
});

Deno.test("readReport() never throws and never names a time that is none", () => {
  const number = fc.double({ max: 1e9 }).map(String);
  const value = fc.oneof(fc.string(), number, fc.constant(undefined));
  const headers = fc.record({
    "x-ratelimit-bucket": value,
    "x-ratelimit-limit": value,
    "x-ratelimit-remaining": value,
    "x-ratelimit-reset-after": value,
    "x-ratelimit-scope": fc.constantFrom("user", "global", "shared", undefined),
    "retry-after": value,
    via: fc.constantFrom("1.1 google", undefined),
  });
  const text = fc.oneof(fc.string(), fc.json(), fc.anything().map((it) => body(it)));
  fc.assert(fc.property(fc.constantFrom(200, 403, 429), headers, text, (status, given, text) => {
    const entries = Object.entries(given).filter(([, value]) => value !== undefined);
    let list: Headers;
    try {
      list = new Headers(entries as [string, string][]);
    } catch {
      // No header can hold that.
      return;
    }
    const report = readReport({ status, headers: list, text });
    const { limit = 0, remaining = 0, resetAfterMs = 0 } = report.bucket?.count ?? {};
    for (const time of [limit, remaining, resetAfterMs, report.refusal?.retryAfterMs ?? 0]) {
      assert.ok(time >= 0 && time < Infinity, `${time}`);
    }
  }));
});
