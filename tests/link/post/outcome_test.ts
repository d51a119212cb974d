import assert from "node:assert/strict";
import { MOST_RETRY_AFTER_MS, outcomeOf } from "../../../link/post/outcome.ts";

const NOW = Date.UTC(2026, 0, 1);

function outcome(
  status: number,
  { retryAfter = null as string | null, text = "", events = 2 } = {},
) {
  return outcomeOf({ status, retryAfter, text }, NOW, events);
}

Deno.test("outcomeOf() takes every 2xx for delivered", () => {
  for (const status of [200, 201, 202, 204, 299]) assert.equal(outcome(status).kind, "delivered");
});

Deno.test("outcomeOf() tries again what may get better", () => {
  for (const status of [408, 425, 429, 500, 502, 503, 599]) {
    assert.deepEqual(outcome(status), {
      kind: "later",
      reason: `it answered ${status}`,
      afterMs: 0,
    });
  }
});

Deno.test("outcomeOf() says of what will not get better what to look at", () => {
  for (
    const [status, words] of [
      [301, /redirects are not followed/],
      [400, /as JSON/],
      [401, /EVENT_HANDLER_SECRET_KEY/],
      [403, /EVENT_HANDLER_SECRET_KEY/],
      [404, /path of EVENT_HANDLER_URL/],
      [418, /its own log/],
    ] as const
  ) {
    const came = outcome(status, { text: "go away" });
    assert.equal(came.kind, "refused");
    assert.ok("hint" in came);
    assert.match(came.hint, words);
    assert.equal(came.reason, `it answered ${status}: go away`);
  }
});

Deno.test("outcomeOf() has less sent at a time after 413, as long as there is less", () => {
  assert.deepEqual(outcome(413), { kind: "too large" });
  const single = outcome(413, { events: 1 });
  assert.ok("hint" in single);
  assert.match(single.hint, /raise its limit/);
});

Deno.test("outcomeOf() heeds Retry-After in seconds and as a date, within reason", () => {
  for (
    const [retryAfter, afterMs] of [
      ["3", 3_000],
      [" 0 ", 0],
      [new Date(NOW + 90_000).toUTCString(), 90_000],
      [new Date(NOW - 90_000).toUTCString(), 0],
      ["86400", MOST_RETRY_AFTER_MS],
      ["soon", 0],
      ["-5", 0],
    ] as const
  ) {
    const came = outcome(503, { retryAfter });
    assert.equal(came.kind === "later" && came.afterMs, afterMs, retryAfter);
  }
});
