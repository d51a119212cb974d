import assert from "node:assert/strict";
import fc from "fast-check";
import { Bucket, type Lease } from "../../../rest/limits/bucket.ts";

const ROUTE = "POST /channels/:id/messages";

/** An answer: so many of five are left. */
const left = (remaining: number, resetAfterMs = 1_000, limit = 5) => ({
  limit,
  remaining,
  resetAfterMs,
});

/** A bucket of five, one of which was used at 0 and answered for at 100: four are left until 1100. */
function known(): Bucket {
  const bucket = new Bucket();
  bucket.settle(bucket.take(ROUTE, 0), left(4), 100);
  return bucket;
}

/** Takes as many as may go at once. */
function burst(bucket: Bucket, nowMs: number, route = ROUTE): Lease[] {
  const leases: Lease[] = [];
  while (bucket.waitMs(nowMs) === 0) {
    leases.push(bucket.take(route, nowMs));
    assert.ok(leases.length <= 100, "there is no limit");
  }
  return leases;
}

Deno.test("Bucket lets one request out at a time until an answer has told its limit", () => {
  const bucket = new Bucket();
  const [first, ...others] = burst(bucket, 0);
  assert.equal(others.length, 0);
  assert.equal(bucket.waitMs(60_000), Infinity, "time tells nothing, only an answer does");
  bucket.settle(first!, null, 60_000);
  assert.equal(burst(bucket, 60_000).length, 1, "that answer did not tell");
});

Deno.test("Bucket spends what is left at once, then waits until all is restored", () => {
  const bucket = known();
  assert.equal(burst(bucket, 100).length, 4);
  assert.equal(bucket.waitMs(100), 1_000);
  assert.equal(bucket.waitMs(1_099), 1);
  assert.equal(burst(bucket, 1_100).length, 1, "four are under way, and may be counted only now");
});

Deno.test("Bucket has all of its limit again once everything is answered and restored", () => {
  const bucket = known();
  for (const lease of burst(bucket, 100)) bucket.settle(lease, left(0, 1_000), 200);
  assert.equal(bucket.waitMs(200), 1_000);
  assert.equal(burst(bucket, 1_200).length, 5);
});

Deno.test("Bucket believes an answer that more is left, where slots return one by one", () => {
  const bucket = known();
  const [last] = burst(bucket, 100).map((lease, i) => {
    bucket.settle(lease, left(3 - i, 400 * (i + 2)), 150 + i);
    return lease;
  }).slice(-1);
  assert.ok(last && bucket.waitMs(160) > 0);
  const late = bucket.take(ROUTE, 900);
  bucket.settle(late, left(1, 1_600), 1_000);
  assert.equal(burst(bucket, 1_000).length, 1);
});

Deno.test("Bucket does not let an answer that was overtaken raise what is left", () => {
  const bucket = known();
  const [a, b, c, d] = burst(bucket, 100);
  bucket.settle(d!, left(0), 200);
  bucket.settle(c!, left(1), 210);
  bucket.settle(b!, left(2), 220);
  bucket.settle(a!, left(3), 230);
  assert.ok(bucket.waitMs(230) > 0);
});

Deno.test("Bucket leaves room for those under way when an answer tells what is left", () => {
  const bucket = new Bucket();
  bucket.settle(bucket.take(ROUTE, 0), left(1, 1_000, 5), 50);
  const early = bucket.take(ROUTE, 60);
  const others = [bucket.take(ROUTE, 70), bucket.take(ROUTE, 71)];
  bucket.settle(early, left(4), 500);
  assert.equal(burst(bucket, 500).length, 4 - others.length);
});

Deno.test("Bucket waits for the latest restoration that any answer has told", () => {
  const bucket = known();
  const [a, b] = burst(bucket, 100);
  bucket.settle(b!, left(2, 5_000), 200);
  bucket.settle(a!, left(3, 10), 300);
  burst(bucket, 300);
  assert.equal(bucket.waitMs(300), 5_200 - 300);
});

Deno.test("Bucket takes what external use has left, even when that is less than it thought", () => {
  const bucket = known();
  bucket.settle(bucket.take(ROUTE, 100), left(0, 700), 200);
  assert.equal(bucket.waitMs(200), 900);
});

Deno.test("Bucket believes in no more than the least where several routes use it", () => {
  const bucket = known();
  const other = bucket.take("PATCH /channels/:id/messages/:id", 100);
  bucket.settle(other, left(4), 150);
  assert.equal(burst(bucket, 150).length, 3, "their counts may be one");
  assert.equal(bucket.waitMs(150), 1_000);
});

Deno.test("Bucket shares the smallest limit among its routes", () => {
  const bucket = known();
  bucket.settle(bucket.take("PATCH /channels/:id", 100), left(1, 1_000, 2), 200);
  bucket.settle(bucket.take(ROUTE, 200), left(3, 1_000, 5), 300);
  assert.equal(burst(bucket, 1_300).length, 2);
});

Deno.test("Bucket learns a limit that has changed", () => {
  const bucket = known();
  bucket.settle(bucket.take(ROUTE, 100), left(9, 1_000, 10), 200);
  assert.equal(burst(bucket, 200).length, 9);
  const smaller = known();
  smaller.settle(smaller.take(ROUTE, 100), left(1, 1_000, 2), 200);
  assert.equal(burst(smaller, 1_200).length, 2);
});

Deno.test("Bucket counts what went past it against the others", () => {
  const bucket = known();
  for (let i = 0; i < 3; i++) bucket.take(ROUTE, 100);
  assert.equal(burst(bucket, 100).length, 1);
  bucket.take(ROUTE, 100);
  assert.equal(bucket.waitMs(100), 1_000, "one more than fits does no harm to the sums");
});

Deno.test("Bucket has a place again that was given back, and had it not counted", () => {
  const bucket = known();
  burst(bucket, 100);
  bucket.giveBack();
  assert.equal(burst(bucket, 101).length, 1);
  const fresh = new Bucket();
  fresh.take(ROUTE, 0);
  fresh.giveBack();
  assert.equal(fresh.waitMs(0), 0);
  assert.equal(fresh.inFlight, 0);
});

Deno.test("Bucket takes a request without an answer to be counted", () => {
  const bucket = known();
  const leases = burst(bucket, 100);
  for (const lease of leases) bucket.settle(lease, null, 900);
  assert.ok(bucket.waitMs(1_100) > 0, "it may have been counted just before 900");
  assert.equal(burst(bucket, 20_000).length, 5);
});

Deno.test("Bucket waits for all that requests without an answer may have cost, slot by slot", () => {
  // Eight in ten seconds: 0.3 of the first is back when the second is counted.
  const bucket = new Bucket();
  bucket.settle(bucket.take(ROUTE, 0), left(7, 1_250, 8), 0);
  bucket.settle(bucket.take(ROUTE, 875), left(6, 1_625, 8), 875);
  const leases = burst(bucket, 875);
  assert.equal(leases.length, 6);
  for (const lease of leases) bucket.settle(lease, null, 900);
  assert.ok(bucket.waitMs(900) >= 1_625 + 6 * 1_250 - 25, `${bucket.waitMs(900)} ms`);
  assert.ok(bucket.waitMs(900) <= 10_000, "nothing takes longer than all of it");
});

Deno.test("Bucket lets nothing out for the time of a refusal, then one at a time", () => {
  const bucket = known();
  bucket.take(ROUTE, 100);
  bucket.refuse(300, 200);
  assert.equal(bucket.waitMs(200), 300, "not the full restoration: a slot is free before");
  const [probe, ...others] = burst(bucket, 500);
  assert.equal(others.length, 0);
  assert.equal(bucket.waitMs(5_000), Infinity);
  bucket.settle(probe!, left(3, 400), 600);
  const leases = burst(bucket, 600);
  assert.equal(leases.length, 3, "its answer shows how things stand");
  for (const lease of leases) bucket.settle(lease, left(0, 1_000), 700);
  assert.equal(burst(bucket, 1_700).length, 5, "and then all is as before");
});

Deno.test("Bucket waits for the longest of refusals that come together", () => {
  const bucket = known();
  burst(bucket, 100);
  bucket.refuse(800, 200);
  bucket.refuse(300, 210);
  assert.equal(bucket.waitMs(210), 790);
});

Deno.test("Bucket keeps to a refusal when an older answer says that more is left", () => {
  const bucket = known();
  const [older] = burst(bucket, 100).slice(0, 2);
  bucket.giveBack();
  bucket.giveBack();
  bucket.refuse(800, 200);
  bucket.settle(older!, left(3, 50), 210);
  assert.ok(bucket.waitMs(210) >= 790, `${bucket.waitMs(210)} ms`);
});

Deno.test("Bucket keeps to a refusal when another request is given back", () => {
  const bucket = known();
  bucket.take(ROUTE, 100);
  bucket.take(ROUTE, 100);
  bucket.refuse(800, 200);
  bucket.giveBack();
  assert.equal(bucket.waitMs(210), 790);
});

Deno.test("Bucket tells how many are under way, and when forgetting it loses nothing", () => {
  const bucket = new Bucket();
  assert.ok(bucket.isIdle(0));
  const lease = bucket.take(ROUTE, 0);
  assert.deepEqual([bucket.inFlight, bucket.isIdle(0)], [1, false]);
  bucket.settle(lease, left(4), 100);
  assert.deepEqual([bucket.inFlight, bucket.isIdle(1_099), bucket.isIdle(1_100)], [0, false, true]);
  bucket.take(ROUTE, 1_100);
  bucket.refuse(50, 1_200);
  assert.deepEqual([bucket.inFlight, bucket.isIdle(1_249), bucket.isIdle(1_250)], [0, false, true]);
});

const MOVE = fc.record({
  kind: fc.constantFrom("take", "take", "settle", "settle", "lose", "giveBack", "refuse"),
  route: fc.constantFrom("a", "b"),
  which: fc.nat(20),
  limit: fc.integer({ min: 1, max: 5 }),
  remaining: fc.nat(5),
  timeMs: fc.nat(2_000),
  pauseMs: fc.nat(500),
});

Deno.test("whatever answers say, a bucket with nothing under way lets one out in the time it names", () => {
  fc.assert(fc.property(fc.array(MOVE, { maxLength: 80, size: "max" }), (moves) => {
    const bucket = new Bucket();
    const leases: Lease[] = [];
    let nowMs = 0;
    for (const { kind, route, which, limit, remaining, timeMs, pauseMs } of moves) {
      nowMs += pauseMs;
      const [lease] = kind === "take" ? [] : leases.splice(which % (leases.length || 1), 1);
      if (kind === "take") leases.push(bucket.take(route, nowMs));
      else if (!lease) continue;
      else if (kind === "settle") bucket.settle(lease, left(remaining, timeMs, limit), nowMs);
      else if (kind === "lose") bucket.settle(lease, null, nowMs);
      else if (kind === "giveBack") bucket.giveBack();
      else bucket.refuse(timeMs, nowMs);
      assert.equal(bucket.inFlight, leases.length);
      const waitMs = bucket.waitMs(nowMs);
      assert.ok(waitMs >= 0);
      if (leases.length === 0) assert.equal(bucket.waitMs(nowMs + waitMs), 0);
    }
  }));
});

Deno.test("Bucket believes what was seen of it a while ago for the worse only", () => {
  const blank = new Bucket();
  blank.recall(left(0, 700), 0);
  assert.equal(blank.waitMs(0), 700, "it is spent");
  assert.equal(burst(blank, 700).length, 5, "all of the limit that was told");

  const careful = new Bucket();
  careful.recall(left(4, 700), 0);
  assert.equal(burst(careful, 0).length, 1, "others may have gone since: an answer has to tell");

  const better = known();
  burst(better, 100);
  better.recall(left(4, 10), 100);
  assert.equal(better.waitMs(100), 1_000);
});
