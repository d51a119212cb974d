import assert from "node:assert/strict";
import { type Answered, type Attempt, type DeadEnd, DeadEnds } from "../../rest/dead_ends.ts";
import { routeOf } from "../../rest/route.ts";

const GONE = { status: 404, text: '{"message": "Unknown Webhook", "code": 10015}' };
const INVALID_TOKEN = { status: 401, text: '{"message": "Invalid Webhook Token", "code": 50027}' };
const UNAUTHORIZED = { status: 401, text: '{"message": "401: Unauthorized", "code": 0}' };
const PAGE: Answered = { status: 403, refusal: { scope: "address", retryAfterMs: 1_000 } };
const WELL: Answered = { status: 200 };

const to = (path: string, credential = "", method = "POST"): Attempt => ({
  route: routeOf(method, path),
  credential,
});
const WEBHOOK = to("/webhooks/1/token");
const WEBHOOK_MESSAGE = to("/webhooks/1/token/messages/9");
const BOT = to("/channels/1/messages", "Bot a.b.c");
const BOT_USER = to("/users/@me", "Bot a.b.c");
const TOKEN_PATH = "/webhooks/1/aW50ZXJhY3Rpb246abc";

/** Has learnt these noes, at 0. */
function taught(answered: Answered, ...attempts: Attempt[]): DeadEnds {
  const ends = new DeadEnds();
  for (const attempt of attempts) ends.learn(attempt, answered, 0);
  return ends;
}

const waits = (end: DeadEnd | null) => end?.retryAfterMs ?? 0;
/** Where a request that may go does so: whether it has gone. */
function goes(ends: DeadEnds, attempt: Attempt, nowMs: number): boolean {
  const end = ends.find(attempt, nowMs);
  if (end === null) ends.goAhead(attempt, nowMs);
  return end === null;
}

Deno.test("DeadEnds answers as Discord did for the route and webhook that got it, for a second", () => {
  const ends = taught(GONE, WEBHOOK);
  assert.deepEqual(ends.find(WEBHOOK, 200), {
    status: 404,
    message: "Unknown Webhook",
    code: 10015,
    reason: "Discord has answered so a moment ago",
    retryAfterMs: 800,
  });
  assert.equal(ends.find(WEBHOOK, 1_000), null);
});

Deno.test("DeadEnds believes one answer of nothing but its own route and credential", () => {
  const elsewhere = {
    "a route of the webhook": [taught(GONE, WEBHOOK), WEBHOOK_MESSAGE],
    "another method": [taught(GONE, WEBHOOK), to("/webhooks/1/token", "", "PATCH")],
    "another credential": [taught(GONE, WEBHOOK), to("/webhooks/1/token", "Bot a")],
    "a route of the credential": [taught(UNAUTHORIZED, BOT), BOT_USER],
    "the route elsewhere": [taught(UNAUTHORIZED, BOT), to("/channels/2/messages", "Bot a.b.c")],
    "a route that the firewall let in": [taught(PAGE, BOT), BOT_USER],
    "a channel that the firewall let in": [
      taught(PAGE, BOT),
      to("/channels/2/messages", "Bot a.b.c"),
    ],
    "who did not meet the firewall": [taught(PAGE, BOT), to("/channels/1/messages", "Bot b")],
  } as const;
  for (const [what, [ends, attempt]] of Object.entries(elsewhere)) {
    assert.equal(ends.size, 1, what);
    assert.equal(ends.find(attempt, 1), null, what);
  }
});

Deno.test("DeadEnds believes two routes that say the same of all that they have in common", () => {
  const gone = taught(GONE, WEBHOOK, WEBHOOK_MESSAGE);
  assert.equal(gone.find(to("/webhooks/1/token", "Bot a", "GET"), 1)?.code, 10015);
  assert.equal(gone.find(to("/webhooks/1/other"), 1), null);
  assert.equal(gone.find(to("/webhooks/2/token"), 1), null);
  assert.equal(gone.find(to("/webhooks/1", "Bot a.b.c"), 1), null);
  assert.equal(gone.find(BOT, 1), null);
  const unauthorized = taught(UNAUTHORIZED, BOT, BOT_USER);
  assert.equal(unauthorized.find(to("/guilds/1", "Bot a.b.c"), 1)?.status, 401);
  assert.equal(unauthorized.find(to("/guilds/1", "Bot b"), 1), null);
  assert.equal(unauthorized.find(to("/guilds/1"), 1), null);
  assert.equal(unauthorized.find(to("/webhooks/1/token", "Bot a.b.c"), 1), null, "needs no other");
  const shut = taught(PAGE, BOT, BOT_USER);
  assert.match(shut.find(to("/webhooks/2/token"), 1)!.reason, /keeps this address out/);
  assert.deepEqual([shut.isShutOut(1), shut.isShutOut(1_000)], [true, false]);
});

Deno.test("DeadEnds believes no two routes that a better answer came between", () => {
  for (const status of [200, 403, 404, 429]) {
    const ends = taught(PAGE, BOT);
    ends.learn(to("/guilds/1", "Bot b"), { status }, 10);
    ends.learn(BOT_USER, PAGE, 20);
    assert.equal(ends.isShutOut(21), false, `${status}`);
  }
  for (const status of [500, 502, 503]) {
    const ends = taught(PAGE, BOT);
    ends.learn(to("/guilds/1", "Bot b"), { status }, 10);
    ends.learn(BOT_USER, PAGE, 20);
    assert.equal(ends.isShutOut(21), true, `${status} may be anybody's`);
  }
  const ends = taught(UNAUTHORIZED, BOT);
  ends.learn(to("/guilds/1", "Bot a.b.c"), WELL, 10);
  ends.learn(BOT_USER, UNAUTHORIZED, 20);
  assert.equal(ends.find(to("/guilds/1", "Bot a.b.c"), 21), null);
});

Deno.test("DeadEnds believes a route of many resources, not of a few: they may get the same text", () => {
  const ends = new DeadEnds();
  const post = (i: number) => to(`/channels/${i}/messages`, "Bot a.b.c");
  for (let i = 1; i <= 4; i++) ends.learn(post(i), PAGE, 0);
  assert.equal(ends.find(BOT_USER, 1), null);
  ends.learn(post(5), PAGE, 0);
  assert.notEqual(ends.find(BOT_USER, 1), null);
});

Deno.test("DeadEnds does not take a route that goes on saying no for two", () => {
  const ends = taught(PAGE, BOT);
  let nowMs = 0;
  for (let i = 0; i < 20; i++) {
    nowMs += waits(ends.find(BOT, nowMs));
    assert.ok(goes(ends, BOT, nowMs));
    ends.learn(BOT, PAGE, nowMs);
  }
  assert.equal(ends.find(BOT_USER, nowMs + 1), null);
});

Deno.test("DeadEnds lets the address in again with the first answer of Discord's, whoever got it", () => {
  const ends = taught(PAGE, BOT, BOT_USER);
  ends.learn(to("/interactions/1/token/callback"), { status: 204 }, 10);
  assert.equal(ends.isShutOut(11), false);
  assert.equal(ends.find(to("/guilds/1"), 11), null);
  assert.match(ends.find(BOT, 11)!.reason, /blocked this route/, "that was not asked again");
});

Deno.test("DeadEnds keeps the time that the firewall names, also by an answer that was under way", () => {
  const named: Answered = { status: 429, refusal: { scope: "address", retryAfterMs: 3_600_000 } };
  const ends = taught(named, BOT, BOT_USER);
  assert.equal(waits(ends.find(BOT, 1_000)), 3_599_000);
  const later = taught(PAGE, BOT);
  later.learn(BOT, named, 100);
  assert.equal(waits(later.find(BOT, 100)), 3_600_000);
});

Deno.test("DeadEnds holds no webhook's or interaction's token against the bot", () => {
  for (const path of ["/webhooks/1/token", `${TOKEN_PATH}/messages/@original`]) {
    const attempt = to(path, "Bot a.b.c");
    const ends = taught(INVALID_TOKEN, attempt, to(path, "Bot a.b.c", "PATCH"));
    assert.equal(ends.find(BOT, 1), null);
    assert.equal(taught(UNAUTHORIZED, attempt).size, 0, "no 401 there tells of the bot's token");
  }
  assert.equal(taught(INVALID_TOKEN, WEBHOOK).find(WEBHOOK, 1)?.code, 50027);
});

Deno.test("DeadEnds stops nobody by an interaction's token before its first response can be there", () => {
  const [follow, edit] = [to(TOKEN_PATH), to(`${TOKEN_PATH}/messages/@original`, "", "PATCH")];
  const ends = new DeadEnds();
  for (const nowMs of [0, 100, 1_600, 3_000, 4_999]) {
    for (const attempt of [follow, edit, follow]) {
      assert.ok(goes(ends, attempt, nowMs), `${nowMs}`);
      ends.learn(attempt, GONE, nowMs);
    }
  }
  assert.ok(goes(ends, follow, 5_000));
  assert.equal(goes(ends, follow, 5_000), false, "from now on one at a time");
  ends.learn(follow, GONE, 5_100);
  assert.equal(waits(ends.find(follow, 5_100)), 1_000);
});

Deno.test("DeadEnds takes no 401 without a credential for anybody's", () => {
  assert.equal(taught(UNAUTHORIZED, to("/users/@me")).size, 0);
});

Deno.test("DeadEnds learns from Discord's own words only", () => {
  const ends = new DeadEnds();
  const texts = [undefined, "", "<html>", "null", "[]", '{"code":"10015"}', '{"code":10008}'];
  for (const text of texts) {
    for (const status of [401, 404]) {
      for (const attempt of [WEBHOOK, BOT]) ends.learn(attempt, { status, text }, 0);
    }
  }
  for (const status of [200, 403, 429, 500]) ends.learn(WEBHOOK, { ...GONE, status }, 0);
  ends.learn(BOT, { ...UNAUTHORIZED, status: 403 }, 0);
  ends.learn(WEBHOOK, { ...INVALID_TOKEN, status: 404 }, 0);
  ends.learn(WEBHOOK, { ...GONE, status: 401 }, 0);
  assert.equal(ends.size, 0);
});

Deno.test("DeadEnds lets one go ahead after the pause, the others wait for its answer", () => {
  const ends = taught(GONE, WEBHOOK, WEBHOOK_MESSAGE);
  const fresh = to("/webhooks/1/token", "", "PATCH");
  assert.ok(goes(ends, fresh, 1_000));
  for (const attempt of [fresh, WEBHOOK, to("/webhooks/1/token", "", "GET")]) {
    assert.equal(waits(ends.find(attempt, 1_000)), 30_000);
  }
  assert.ok(goes(ends, fresh, 31_000), "the first has been lost");
});

Deno.test("DeadEnds asks as often as it is asked whether one may go, and nobody goes by that", () => {
  const ends = taught(GONE, WEBHOOK);
  for (let i = 0; i < 3; i++) assert.equal(ends.find(WEBHOOK, 1_000), null);
});

Deno.test("DeadEnds forgets as soon as the one that goes ahead is answered", () => {
  for (const status of [200, 204, 400, 403]) {
    const ends = taught(GONE, WEBHOOK, WEBHOOK_MESSAGE);
    assert.ok(goes(ends, WEBHOOK, 2_000));
    ends.learn(WEBHOOK, { status }, 2_100);
    assert.equal(ends.find(WEBHOOK, 2_100), null, `${status}`);
    assert.equal(ends.find(to("/webhooks/1/token", "", "GET"), 2_100), null, `${status}`);
  }
  for (const status of [200, 403, 404]) {
    const ends = taught(UNAUTHORIZED, BOT, BOT_USER);
    assert.ok(goes(ends, BOT, 2_000));
    ends.learn(BOT, { status, text: '{"code": 50001}' }, 2_100);
    assert.equal(ends.find(BOT, 2_101), null, `${status}`);
    assert.equal(ends.find(to("/guilds/1", "Bot a.b.c"), 2_101), null, `${status}`);
  }
});

Deno.test("DeadEnds learns nothing from an answer that is about something else", () => {
  for (const answered of [{ status: 429 }, { status: 500 }, { status: 502 }, PAGE]) {
    for (
      const [ends, attempt] of [
        [taught(GONE, WEBHOOK), WEBHOOK],
        [taught(UNAUTHORIZED, BOT), BOT],
      ] as const
    ) {
      ends.find(attempt, 1_000);
      ends.goAhead(attempt, 1_000);
      ends.learn(attempt, answered, 1_100);
      assert.equal(waits(ends.find(attempt, 1_100)), 29_900, `${answered.status}`);
    }
  }
});

for (
  const [what, attempt, answered, mostS] of [
    ["a webhook's pause up to an hour", WEBHOOK, GONE, 3_600],
    ["a credential's up to a minute", BOT, UNAUTHORIZED, 60],
    ["the firewall's up to a minute", BOT, PAGE, 60],
  ] as const
) {
  Deno.test(`DeadEnds doubles ${what}, each time that it is still so`, () => {
    const ends = taught(answered, attempt);
    let nowMs = 0;
    for (let pauseS = 1; pauseS < 4 * mostS; pauseS *= 2) {
      const pauseMs = Math.min(pauseS, mostS) * 1_000;
      assert.equal(waits(ends.find(attempt, nowMs)), pauseMs);
      nowMs += pauseMs;
      assert.ok(goes(ends, attempt, nowMs));
      ends.learn(attempt, answered, nowMs);
    }
  });
}

Deno.test("DeadEnds lets a route that has not met a no go ahead of those that have", () => {
  const ends = taught(UNAUTHORIZED, BOT, BOT_USER);
  const fresh = to("/guilds/1", "Bot a.b.c");
  assert.equal(waits(ends.find(BOT, 1_000)), 1_000, "its turn comes a pause later");
  assert.ok(goes(ends, fresh, 1_000));
  ends.learn(fresh, WELL, 1_100);
  assert.ok(goes(ends, BOT, 1_100));
});

Deno.test("DeadEnds lets a route through before long that asks less often than those that are refused", () => {
  const ends = new DeadEnds();
  const fresh = to("/guilds/1", "Bot a.b.c");
  let wellMs = Infinity;
  for (let nowMs = 0; wellMs === Infinity && nowMs < 600_000; nowMs += 500) {
    for (const attempt of [BOT, BOT_USER]) {
      if (goes(ends, attempt, nowMs)) ends.learn(attempt, UNAUTHORIZED, nowMs);
    }
    if (nowMs % 10_000 === 5_000 && goes(ends, fresh, nowMs)) wellMs = nowMs;
  }
  assert.ok(wellMs <= 45_000, `${wellMs}`);
});

Deno.test("DeadEnds takes answers to requests that were under way together for one", () => {
  const ends = taught(GONE, WEBHOOK);
  for (let i = 1; i <= 20; i++) ends.learn(WEBHOOK, GONE, i * 10);
  assert.equal(waits(ends.find(WEBHOOK, 200)), 800);
});

Deno.test("DeadEnds remembers ten thousand, the newest", () => {
  const ends = new DeadEnds();
  const webhook = (i: number) => to(`/webhooks/${i}/token`);
  for (let i = 0; i < 10_001; i++) ends.learn(webhook(i), GONE, 0);
  assert.equal(ends.size, 10_000);
  assert.equal(ends.find(webhook(0), 1), null);
  assert.notEqual(ends.find(webhook(1), 1), null);
  assert.notEqual(ends.find(webhook(10_000), 1), null);
});

Deno.test("DeadEnds keeps those that it has just seen to be still so", () => {
  const ends = taught(GONE, WEBHOOK);
  const other = (i: number) => to(`/webhooks/${i}/other`);
  const nowMs = 1_000;
  for (let i = 0; i < 9_999; i++) ends.learn(other(i), GONE, nowMs - 1);
  assert.ok(goes(ends, WEBHOOK, nowMs));
  ends.learn(WEBHOOK, GONE, nowMs);
  ends.learn(other(9_999), GONE, nowMs);
  assert.equal(ends.find(other(0), nowMs), null, "there was no room for it any more");
  assert.equal(waits(ends.find(WEBHOOK, nowMs)), 2_000);
});
