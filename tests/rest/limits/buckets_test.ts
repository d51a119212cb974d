import assert from "node:assert/strict";
import { Buckets, type Hold } from "../../../rest/limits/buckets.ts";
import type { Waiter } from "../../../rest/limits/gates.ts";
import type { Ask } from "../../../rest/limits/permits.ts";
import type { Refusal, Report } from "../../../rest/limits/rate_report.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

/** Buckets, and what has passed them by its arrival. */
function setUp() {
  const clock = createVirtualClock();
  const passed: Hold[] = [];
  const buckets = new Buckets(clock, (hold) => passed.push(hold));
  let arrivals = 0;
  const enter = (
    route: string,
    asked: { major?: string; lane?: number; fields?: string[] } = {},
  ) => {
    const [method, template] = route.split(" ") as [string, string];
    const { major = "channels/1", lane = 3, fields = [] } = asked;
    const ask: Ask = {
      credential: "",
      route: { method, template, major, kind: "other" },
      lane,
      shape: () => fields,
      patienceMs: 1000,
      brake: { waitMs: () => 0, take() {} },
      signal: new AbortController().signal,
    };
    const waiter: Waiter = { ask, arrival: arrivals++, sinceMs: clock.now() };
    buckets.enter(waiter);
    return waiter;
  };
  const gone = () => passed.map(({ waiter }) => waiter.arrival);
  const hold = (arrival: number) => passed.find(({ waiter }) => waiter.arrival === arrival)!;
  return { clock, buckets, enter, gone, hold };
}

function says(hash: string, remaining: number, resetAfterMs = 1000, limit = 5): Report {
  return {
    bucket: { hash, count: { limit, remaining, resetAfterMs } },
    refusal: null,
    isLimitless: false,
  };
}

function refuses(refusal: Refusal, hash?: string): Report {
  const bucket = hash ? { hash, count: { limit: 5, remaining: 4, resetAfterMs: 1000 } } : null;
  return { bucket, refusal, isLimitless: false };
}

const SILENT: Report = { bucket: null, refusal: null, isLimitless: false };
const LIMITLESS: Report = { ...SILENT, isLimitless: true };

Deno.test("a route goes one at a time until an answer names its bucket, and then as many as remain", () => {
  const { buckets, enter, gone, hold } = setUp();
  for (let i = 0; i < 6; i++) enter("POST /x");
  assert.deepEqual(gone(), [0]);
  buckets.settle(hold(0), says("h", 3));
  assert.deepEqual(gone(), [0, 1, 2, 3]);
});

Deno.test("an answer that names no bucket says that the route has no limit", () => {
  const { buckets, enter, gone, hold } = setUp();
  for (let i = 0; i < 3; i++) enter("GET /x");
  buckets.settle(hold(0), LIMITLESS);
  assert.deepEqual(gone(), [0, 1, 2]);
  enter("GET /x", { major: "channels/2" });
  assert.deepEqual(gone(), [0, 1, 2, 3]);
});

Deno.test("an answer that says nothing keeps the route learning, one at a time", () => {
  const { buckets, enter, gone, hold } = setUp();
  for (let i = 0; i < 3; i++) enter("GET /x");
  buckets.settle(hold(0), SILENT);
  assert.deepEqual(gone(), [0, 1]);
});

Deno.test("a request that is lost, or did not go out, does not hold up the next", () => {
  const { buckets, enter, gone, hold } = setUp();
  for (let i = 0; i < 3; i++) enter("POST /x");
  buckets.lose(hold(0));
  assert.deepEqual(gone(), [0, 1]);
  buckets.giveBack(hold(1));
  assert.deepEqual(gone(), [0, 1, 2]);
});

Deno.test("methods and top-level resources learn apart, and do not wait for each other", () => {
  const { enter, gone } = setUp();
  enter("POST /x");
  enter("GET /x");
  enter("POST /x", { major: "channels/2" });
  assert.deepEqual(gone(), [0, 1, 2]);
});

Deno.test("what waits when its bucket gets a name passes that bucket, in its order", async () => {
  const { clock, buckets, enter, gone, hold } = setUp();
  enter("PUT /r");
  enter("PUT /r");
  enter("DELETE /r");
  enter("DELETE /r");
  buckets.settle(hold(0), says("shared", 0, 250, 1));
  assert.deepEqual(gone(), [0, 2]);
  buckets.settle(hold(2), says("shared", 0, 250, 1));
  assert.deepEqual(gone(), [0, 2]);
  await clock.advance(250);
  assert.deepEqual(gone(), [0, 2, 1]);
  buckets.settle(hold(1), says("shared", 0, 250, 1));
  await clock.advance(250);
  assert.deepEqual(gone(), [0, 2, 1, 3]);
});

Deno.test("another resource of a route whose bucket is known shares its count from the first request on", () => {
  const { buckets, enter, gone, hold } = setUp();
  buckets.settle((enter("PUT /r"), hold(0)), says("shared", 0, 250, 1));
  buckets.settle((enter("DELETE /r", { major: "channels/2" }), hold(1)), says("shared", 0, 250, 1));
  enter("PUT /r", { major: "channels/3" });
  enter("DELETE /r", { major: "channels/3" });
  assert.deepEqual(gone(), [0, 1, 2]);
});

Deno.test("a route that shows two names in turn takes a place in both, and gives back the other", async () => {
  const { clock, buckets, enter, gone, hold } = setUp();
  buckets.settle((enter("DELETE /m"), hold(0)), says("old", 9, 1000, 10));
  buckets.settle((enter("DELETE /m"), hold(1)), says("new", 0, 500, 1));
  enter("DELETE /m");
  assert.deepEqual(gone(), [0, 1], "the new one is used up");
  await clock.advance(500);
  assert.deepEqual(gone(), [0, 1, 2]);
  enter("DELETE /m");
  buckets.settle(hold(2), says("old", 8, 1000, 10));
  assert.deepEqual(gone(), [0, 1, 2, 3], "it was not counted in the new one");
});

Deno.test("a name that is not shown for ten minutes is forgotten", async () => {
  const { clock, buckets, enter, gone, hold } = setUp();
  buckets.settle((enter("DELETE /m"), hold(0)), says("old", 0, 3_600_000, 1));
  enter("DELETE /m", { major: "channels/2" });
  buckets.settle(hold(1), says("new", 4));
  await clock.advance(601_000);
  enter("DELETE /m", { major: "channels/2" });
  buckets.settle(hold(2), says("new", 4));
  enter("DELETE /m");
  assert.deepEqual(gone(), [0, 1, 2, 3]);
});

Deno.test("a lower lane goes first, and in a lane who came first", async () => {
  const { clock, buckets, enter, gone, hold } = setUp();
  buckets.settle((enter("POST /x"), hold(0)), says("h", 0, 1000, 2));
  enter("POST /x", { lane: 4 });
  enter("POST /x", { lane: 3 });
  enter("POST /x", { lane: 2 });
  enter("POST /x", { lane: 3 });
  await clock.advance(1000);
  assert.deepEqual(gone(), [0, 3, 2]);
});

/** Refused by a bucket of that name that is used up. */
function usedUp(hash: string, retryAfterMs: number): Report {
  return { ...says(hash, 0, retryAfterMs), refusal: { scope: "bucket", retryAfterMs } };
}

Deno.test("a 429 that names another bucket than what counts is a limit of that route's own", async () => {
  const { clock, buckets, enter, gone, hold } = setUp();
  buckets.settle((enter("DELETE /m"), hold(0)), says("counted", 4));
  enter("DELETE /m");
  enter("DELETE /m");
  buckets.settle(hold(1), usedUp("another", 2_000));
  buckets.settle(hold(2), says("counted", 3));
  enter("DELETE /m");
  enter("DELETE /m", { fields: ["reason"] });
  enter("DELETE /m", { major: "channels/2" });
  assert.deepEqual(gone(), [0, 1, 2, 5], "only this route, whatever the request says");
  await clock.advance(2_000);
  buckets.settle(hold(3), says("counted", 3));
  buckets.settle(hold(4), usedUp("another", 1_000));
  enter("DELETE /m");
  enter("DELETE /m");
  await clock.advance(1_250);
  buckets.settle(hold(6), says("counted", 3));
  assert.equal(gone().length, 7, "one passes in the time that the two refusals tell");
  await clock.advance(1_250);
  assert.equal(gone().length, 8);
});

Deno.test("a name that only a refusal has shown is forgotten when an answer tells what counts", () => {
  const { buckets, enter, gone, hold } = setUp();
  buckets.settle((enter("DELETE /m"), hold(0)), usedUp("another", 0));
  buckets.settle((enter("DELETE /m"), hold(1)), says("counted", 4));
  for (let i = 0; i < 3; i++) enter("DELETE /m");
  assert.deepEqual(gone(), [0, 1, 2, 3, 4], "not one at a time by the name of the refusal");
});

Deno.test("a hidden limit holds up requests that set the same fields, and no others", async () => {
  const { clock, buckets, enter, gone, hold } = setUp();
  enter("PATCH /c", { fields: ["name"] });
  enter("PATCH /c", { fields: ["name", "nsfw"] });
  enter("PATCH /c", { fields: ["topic"] });
  buckets.settle(hold(0), refuses({ scope: "hidden", retryAfterMs: 5000 }, "h"));
  assert.deepEqual(gone(), [0, 2]);
  enter("PATCH /c", { fields: [] });
  assert.deepEqual(gone(), [0, 2, 3]);
  await clock.advance(5000);
  assert.deepEqual(gone(), [0, 2, 3, 1]);
});

Deno.test("a shared refusal holds up the route at that resource, and nothing else of its bucket", async () => {
  const { clock, buckets, enter, gone, hold } = setUp();
  enter("POST /w", { fields: ["content"] });
  enter("POST /w", { fields: ["embeds"] });
  buckets.settle(hold(0), refuses({ scope: "shared", retryAfterMs: 3000 }, "h"));
  buckets.settle((enter("PATCH /w"), hold(2)), says("h", 4));
  enter("POST /w", { major: "channels/2" });
  assert.deepEqual(gone(), [0, 2, 3]);
  await clock.advance(3000);
  assert.deepEqual(gone(), [0, 2, 3, 1]);
});

Deno.test("who leaves its line lets the next one be the first", async () => {
  const { clock, buckets, enter, gone, hold } = setUp();
  buckets.settle((enter("POST /x"), hold(0)), says("h", 0, 1000, 1));
  const second = enter("POST /x");
  enter("POST /x");
  assert.equal(buckets.leave(second), true);
  assert.equal(buckets.leave(second), false);
  await clock.advance(1000);
  assert.deepEqual(gone(), [0, 2]);
});

Deno.test("foresee() tells how long a request would wait, and for what", () => {
  const { buckets, enter, hold } = setUp();
  const waiter = enter("PATCH /c", { fields: ["name"] });
  assert.equal(buckets.foresee(waiter.ask).waitMs, 0);
  buckets.settle(hold(0), says("h", 0, 1500));
  assert.deepEqual(buckets.foresee(waiter.ask), { waitMs: 1500, why: "its rate limit is used up" });
  buckets.settle((enter("PATCH /c"), hold(0)), refuses({ scope: "hidden", retryAfterMs: 9000 }));
  assert.match(buckets.foresee(waiter.ask).why, /do not show/);
  assert.equal(buckets.foresee(waiter.ask).waitMs, 9000);
});

Deno.test("a place is current until something is learnt of its limits", () => {
  const { buckets, enter, hold } = setUp();
  enter("PUT /r");
  enter("DELETE /r");
  assert.equal(buckets.isCurrent(hold(1)), true);
  buckets.settle(hold(0), says("h", 4));
  assert.equal(buckets.isCurrent(hold(1)), true, "nothing is known of DELETE");
  enter("DELETE /r", { major: "channels/2" });
  buckets.settle(hold(2), says("h", 4));
  assert.equal(buckets.isCurrent(hold(1)), false);
});

Deno.test("buckets that are spent no more are forgotten", async () => {
  const { clock, buckets, enter, hold } = setUp();
  for (let i = 0; i < 100; i++) {
    enter("POST /x", { major: `webhooks/${i}/token` });
    buckets.settle(hold(i), says("h", 4));
  }
  assert.ok(buckets.size >= 100);
  await clock.advance(120_000);
  assert.equal(buckets.isIdle(clock.now()), true);
  buckets.settle((enter("POST /x"), hold(100)), says("h", 4));
  assert.ok(buckets.size <= 2, `${buckets.size}`);
});

Deno.test("what is under way by another's leave has its places, and what its answer says is learnt", () => {
  const { buckets, enter, gone } = setUp();
  const waiter = enter("POST /x");
  buckets.leave(waiter);
  const { clock: _, ...fresh } = setUp();
  const hold = fresh.buckets.adopt({ ...waiter, line: null });
  for (let i = 0; i < 6; i++) fresh.enter("POST /x");
  assert.deepEqual(fresh.gone(), [], "an answer has to come first");
  fresh.buckets.settle(hold, says("h", 2));
  assert.deepEqual(fresh.gone(), [0, 1]);
  assert.deepEqual(gone(), [0]);
});

Deno.test("what another has seen of a bucket a while ago names it, and it is spent no more than that", async () => {
  const { clock, buckets, enter, gone, hold } = setUp();
  enter("POST /x");
  buckets.recall(hold(0).waiter.ask, says("h", 0, 400, 2));
  buckets.giveBack(hold(0));
  for (let i = 1; i < 5; i++) enter("POST /x");
  assert.deepEqual(gone(), [0]);
  await clock.advance(400);
  assert.deepEqual(gone(), [0, 1, 2]);
});

Deno.test("a hidden limit that another has met holds for requests like that one", async () => {
  const { clock, buckets, enter, gone, hold } = setUp();
  enter("PATCH /x", { fields: ["name"] });
  buckets.giveBack(hold(0));
  buckets.recall(hold(0).waiter.ask, refuses({ scope: "hidden", retryAfterMs: 5_000 }));
  enter("PATCH /x", { fields: ["name", "nsfw"] });
  enter("PATCH /x", { fields: ["topic"] });
  assert.deepEqual(gone(), [0, 2]);
  await clock.advance(5_000);
  buckets.settle(hold(2), says("h", 4));
  assert.deepEqual(gone(), [0, 2, 1]);
});

Deno.test("who goes back to its line is there before its place is anybody else's", () => {
  const { buckets, enter, gone, hold } = setUp();
  enter("POST /x");
  enter("POST /x");
  enter("POST /x", { major: "channels/2" });
  // The route has a name now, and its bucket has room for one as long as nobody knows it.
  buckets.settle(hold(2), says("h", 0));
  assert.equal(buckets.isCurrent(hold(0)), false);
  buckets.takeBack(hold(0));
  assert.deepEqual(gone(), [0, 2, 0]);
});

Deno.test("a name that somebody else has learnt is passed by all of the route's requests", () => {
  const { buckets, enter, gone, hold } = setUp();
  buckets.learnName("PUT /r", "h");
  buckets.learnName("DELETE /r", "h");
  enter("PUT /r");
  enter("DELETE /r");
  assert.deepEqual(gone(), [0], "they share it");
  buckets.settle(hold(0), says("h", 1));
  assert.deepEqual(gone(), [0, 1]);
});

Deno.test("of one route and two channels that is told which waits, how long, and until when", async () => {
  const { clock, buckets, enter, gone, hold } = setUp();
  enter("POST /m", { major: "channels/1" });
  buckets.settle(hold(0), says("h", 0, 1000));
  await clock.advance(100);
  enter("POST /m", { major: "channels/1" });
  enter("POST /m", { major: "channels/1" });
  enter("POST /m", { major: "channels/2" });
  await clock.advance(250);
  assert.deepEqual(gone(), [0, 3]);
  assert.deepEqual([...buckets.waits()], [{
    method: "POST",
    route: "/m",
    major: "channels/1",
    waiting: 2,
    waitedMs: 250,
    nextMs: 650,
  }]);
  await clock.advance(650);
  buckets.settle(hold(1), says("h", 3));
  assert.deepEqual([...buckets.waits()], []);
});

Deno.test("what waits for an answer, or for a hidden limit, is told so, without a webhook's token", async () => {
  const { clock, buckets, enter, hold } = setUp();
  enter("POST /w", { major: "webhooks/7/t0k3n" });
  enter("POST /w", { major: "webhooks/7/t0k3n" });
  const next = () => [...buckets.waits()].map(({ major, nextMs }) => [major, nextMs]);
  assert.deepEqual(next(), [["webhooks/7", null]]);
  buckets.settle(hold(0), refuses({ scope: "hidden", retryAfterMs: 4000 }));
  await clock.advance(1000);
  assert.deepEqual(next(), [["webhooks/7", 3000]]);
});
