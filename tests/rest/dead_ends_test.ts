import assert from "node:assert/strict";
import { type Attempt, type DeadEnd, DeadEnds } from "../../rest/dead_ends.ts";
import { routeOf } from "../../rest/route.ts";

const MINUTE_MS = 60_000;

const UNKNOWN_WEBHOOK = '{"message": "Unknown Webhook", "code": 10015}';
const INVALID_TOKEN = '{"message": "Invalid Webhook Token", "code": 50027}';
const UNAUTHORIZED = '{"message": "401: Unauthorized", "code": 0}';

const to = (path: string, credential = ""): Attempt => ({
  route: routeOf("POST", path),
  credential,
});
const WEBHOOK = to("/webhooks/1/token");
const BOT = to("/channels/1/messages", "Bot a.b.c");

/** Has learnt that the webhook is gone, at 0. */
function gone(): DeadEnds {
  const ends = new DeadEnds();
  ends.learn(WEBHOOK, 404, UNKNOWN_WEBHOOK, 0);
  return ends;
}

/** Has learnt that the bot's token is not valid, at 0. */
function unauthorized(): DeadEnds {
  const ends = new DeadEnds();
  ends.learn(BOT, 401, UNAUTHORIZED, 0);
  return ends;
}

const waits = (end: DeadEnd | null) => end?.retryAfterMs ?? 0;

Deno.test("DeadEnds answers for a webhook that is gone as Discord did, for a minute", () => {
  const ends = gone();
  assert.deepEqual(ends.find(WEBHOOK, 20_000), {
    status: 404,
    message: "Unknown Webhook",
    code: 10015,
    retryAfterMs: 40_000,
  });
  assert.notEqual(ends.find(WEBHOOK, MINUTE_MS - 1), null);
  assert.equal(ends.find(WEBHOOK, MINUTE_MS), null);
});

Deno.test("DeadEnds knows a webhook by its token, whatever is done with it", () => {
  const ends = gone();
  assert.notEqual(ends.find(to("/webhooks/1/token/messages/9"), 1), null);
  assert.notEqual(ends.find(to("/webhooks/1/token", "Bot a.b.c"), 1), null);
  assert.equal(ends.find(to("/webhooks/1/other"), 1), null);
  assert.equal(ends.find(to("/webhooks/2/token"), 1), null);
  assert.equal(ends.find(to("/webhooks/1", "Bot a.b.c"), 1), null);
  assert.equal(ends.find(BOT, 1), null);
});

Deno.test("DeadEnds knows a webhook by its id, too, where a bot's token is shown", () => {
  const ends = new DeadEnds();
  ends.learn(to("/webhooks/1", "Bot a"), 404, UNKNOWN_WEBHOOK, 0);
  assert.notEqual(ends.find(to("/webhooks/1", "Bot b"), 1), null);
  assert.equal(ends.find(to("/channels/1", "Bot a"), 1), null, "the bot may go on elsewhere");
});

Deno.test("DeadEnds does not hold a webhook's or an interaction's token against the bot", () => {
  for (const path of ["/webhooks/1/token", "/webhooks/1/aW50ZXJhY3Rpb246abc/messages/@original"]) {
    const ends = new DeadEnds();
    const attempt = to(path, "Bot a.b.c");
    ends.learn(attempt, 401, INVALID_TOKEN, 0);
    assert.equal(ends.find(attempt, 1)?.code, 50027, path);
    assert.equal(ends.find(BOT, 1), null);
    ends.learn(to(path.replace("1", "2"), "Bot a.b.c"), 401, UNAUTHORIZED, 0);
    assert.equal(ends.find(BOT, 1), null, "no 401 at such a place tells of the bot's token");
  }
});

Deno.test("DeadEnds answers for a credential that is not valid, wherever it is shown", () => {
  const ends = unauthorized();
  assert.deepEqual(ends.find(to("/users/@me", "Bot a.b.c"), 400), {
    status: 401,
    message: "401: Unauthorized",
    code: 0,
    retryAfterMs: 600,
  });
  assert.equal(ends.find(to("/users/@me", "Bot other"), 400), null);
  assert.equal(ends.find(to("/users/@me"), 400), null);
  assert.equal(ends.find(to("/webhooks/1/token", "Bot a.b.c"), 400), null, "it needs no other");
});

Deno.test("DeadEnds takes no 401 without a credential for anybody's", () => {
  const ends = new DeadEnds();
  ends.learn(to("/users/@me"), 401, UNAUTHORIZED, 0);
  assert.equal(ends.size, 0);
});

Deno.test("DeadEnds learns from Discord's own words only", () => {
  const ends = new DeadEnds();
  const texts = [undefined, "", "<html>", "null", "[]", '{"code":"10015"}', '{"code":10008}'];
  for (const text of texts) {
    for (const status of [401, 404]) {
      for (const attempt of [WEBHOOK, BOT]) ends.learn(attempt, status, text, 0);
    }
  }
  for (const status of [200, 403, 429, 500]) ends.learn(WEBHOOK, status, UNKNOWN_WEBHOOK, 0);
  ends.learn(BOT, 403, UNAUTHORIZED, 0);
  ends.learn(WEBHOOK, 404, INVALID_TOKEN, 0);
  ends.learn(WEBHOOK, 401, UNKNOWN_WEBHOOK, 0);
  assert.equal(ends.size, 0);
});

Deno.test("DeadEnds lets one go ahead after the pause, the others wait for its answer", () => {
  const ends = gone();
  assert.equal(ends.find(WEBHOOK, MINUTE_MS), null);
  assert.equal(waits(ends.find(WEBHOOK, MINUTE_MS)), 30_000);
  assert.equal(ends.find(WEBHOOK, MINUTE_MS + 30_000), null, "the first has been lost");
});

Deno.test("DeadEnds forgets as soon as the one that goes ahead is answered", () => {
  for (const status of [200, 204, 400, 403]) {
    const ends = gone();
    ends.find(WEBHOOK, MINUTE_MS);
    ends.learn(WEBHOOK, status, undefined, MINUTE_MS + 100);
    assert.equal(ends.find(WEBHOOK, MINUTE_MS + 100), null, `${status}`);
    assert.equal(ends.size, 0);
  }
  const ends = unauthorized();
  ends.find(BOT, 1_000);
  ends.learn(BOT, 200, undefined, 1_100);
  assert.deepEqual([ends.find(BOT, 1_100), ends.size], [null, 0]);
});

Deno.test("DeadEnds learns nothing from an answer that is about something else", () => {
  for (const status of [429, 500, 502]) {
    const ends = gone();
    ends.find(WEBHOOK, MINUTE_MS);
    ends.learn(WEBHOOK, status, undefined, MINUTE_MS + 100);
    assert.equal(waits(ends.find(WEBHOOK, MINUTE_MS + 100)), 29_900, `${status}`);
    const others = unauthorized();
    others.find(BOT, 1_000);
    others.learn(BOT, status, undefined, 1_100);
    assert.equal(waits(others.find(BOT, 1_100)), 29_900, `${status}`);
  }
});

Deno.test("DeadEnds doubles the pause each time that it is still so, up to a most", () => {
  for (
    const [ends, attempt, status, text, pausesMs] of [
      [
        gone(),
        WEBHOOK,
        404,
        UNKNOWN_WEBHOOK,
        [1, 2, 4, 8, 16, 32, 60, 60].map((n) => n * MINUTE_MS),
      ],
      [unauthorized(), BOT, 401, UNAUTHORIZED, [1, 2, 4, 8, 16, 32, 60, 60].map((n) => n * 1_000)],
    ] as const
  ) {
    let nowMs = 0;
    for (const pauseMs of pausesMs) {
      assert.equal(waits(ends.find(attempt, nowMs)), pauseMs);
      nowMs += pauseMs;
      assert.equal(ends.find(attempt, nowMs), null);
      ends.learn(attempt, status, text, nowMs);
    }
  }
});

Deno.test("DeadEnds takes answers to requests that were under way together for one", () => {
  const ends = gone();
  for (let i = 1; i <= 20; i++) ends.learn(WEBHOOK, 404, UNKNOWN_WEBHOOK, i * 10);
  assert.equal(waits(ends.find(WEBHOOK, 200)), MINUTE_MS - 200);
});

Deno.test("DeadEnds sends nobody ahead in vain: a request that two things stop probes neither", () => {
  const attempt = to("/webhooks/1", "Bot a.b.c");
  const ends = new DeadEnds();
  ends.learn(attempt, 404, UNKNOWN_WEBHOOK, 0);
  ends.learn(to("/users/@me", "Bot a.b.c"), 401, UNAUTHORIZED, MINUTE_MS - 500);
  assert.equal(ends.find(attempt, MINUTE_MS)?.status, 401, "it does not go ahead");
  assert.equal(ends.find(attempt, MINUTE_MS + 500), null, "now it does");
});

Deno.test("DeadEnds remembers ten thousand, the newest", () => {
  const ends = new DeadEnds();
  const webhook = (i: number) => to(`/webhooks/${i}/token`);
  for (let i = 0; i < 10_001; i++) ends.learn(webhook(i), 404, UNKNOWN_WEBHOOK, i);
  assert.equal(ends.size, 10_000);
  assert.equal(ends.find(webhook(0), 10_001), null);
  assert.notEqual(ends.find(webhook(1), 10_001), null);
  assert.notEqual(ends.find(webhook(10_000), 10_001), null);
});

Deno.test("DeadEnds keeps those that it has just seen to be still so", () => {
  const ends = gone();
  const other = (i: number) => to(`/webhooks/${i}/other`);
  const nowMs = MINUTE_MS;
  for (let i = 0; i < 9_999; i++) ends.learn(other(i), 404, UNKNOWN_WEBHOOK, nowMs - 1);
  assert.equal(ends.find(WEBHOOK, nowMs), null);
  ends.learn(WEBHOOK, 404, UNKNOWN_WEBHOOK, nowMs);
  ends.learn(other(9_999), 404, UNKNOWN_WEBHOOK, nowMs);
  assert.equal(ends.find(other(0), nowMs), null, "there was no room for it any more");
  assert.equal(waits(ends.find(WEBHOOK, nowMs)), 2 * MINUTE_MS);
});

Deno.test("DeadEnds trusts a credential again as soon as Discord knows it, whatever it answers", () => {
  for (const status of [200, 403, 404]) {
    const ends = unauthorized();
    const probeMs = waits(ends.find(BOT, 0));
    assert.equal(ends.find(BOT, probeMs), null);
    ends.learn(BOT, status, '{"code": 50001}', probeMs + 100);
    assert.equal(ends.find(BOT, probeMs + 101), null, `${status}`);
  }
});
