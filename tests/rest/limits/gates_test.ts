import assert from "node:assert/strict";
import { Gates } from "../../../rest/limits/gates.ts";
import { type Destination, type Gate, Line } from "../../../rest/limits/line.ts";
import type { Report } from "../../../rest/limits/rate_report.ts";

const POST = "POST /channels/:id/messages";
const PATCH = "PATCH /channels/:id/messages/:id";
const MAJOR = "channels/1";
const COUNT = { limit: 5, remaining: 4, resetAfterMs: 1_000 };
const LIMITLESS: Report = { bucket: null, refusal: null, isLimitless: true };

const naming = (hash: string): Report => ({
  bucket: { hash, count: COUNT },
  refusal: null,
  isLimitless: false,
});

const keys = (gates: readonly Gate[]) => gates.map(({ key }) => key);

/** Uses a gate at `nowMs`, so that it is restored a second later. */
function use({ bucket }: Gate, nowMs: number): void {
  bucket.settle(bucket.take(POST, nowMs), COUNT, nowMs);
}

Deno.test("Gates gives a route one bucket of its own per top-level resource, before any answer", () => {
  const gates = new Gates();
  const [own, ...others] = gates.of(POST, MAJOR);
  assert.deepEqual(others, []);
  assert.equal(gates.of(POST, MAJOR)[0], own);
  assert.notEqual(gates.of(POST, "channels/2")[0], own);
  assert.notEqual(gates.of(PATCH, MAJOR)[0], own);
});

Deno.test("Gates gives routes with one name one bucket, for each top-level resource its own", () => {
  const gates = new Gates();
  gates.learn(POST, naming("h"), 0);
  gates.learn(PATCH, naming("h"), 0);
  const [shared] = gates.of(POST, MAJOR);
  assert.equal(gates.of(PATCH, MAJOR)[0], shared);
  assert.equal(gates.named("h", MAJOR), shared);
  assert.notEqual(gates.of(POST, "channels/2")[0], shared);
  assert.notEqual(gates.named("other", MAJOR), shared);
});

Deno.test("Gates never takes a bucket's name for a route", () => {
  const gates = new Gates();
  const [own] = gates.of(POST, MAJOR);
  assert.notEqual(gates.named(POST, MAJOR), own);
});

Deno.test("Gates lets requests pass every name that a route has shown", () => {
  const gates = new Gates();
  gates.learn(POST, naming("a"), 0);
  assert.equal(gates.learn(POST, naming("b"), 1), true);
  assert.deepEqual(gates.of(POST, MAJOR), [gates.named("a", MAJOR), gates.named("b", MAJOR)]);
});

Deno.test("Gates has none for a route without a limit, until it gets one", () => {
  const gates = new Gates();
  assert.equal(gates.learn(POST, LIMITLESS, 0), true);
  assert.deepEqual(gates.of(POST, MAJOR), []);
  assert.equal(gates.of(PATCH, MAJOR).length, 1, "that was another route");
  gates.learn(POST, naming("a"), 1);
  assert.deepEqual(gates.of(POST, MAJOR), [gates.named("a", MAJOR)]);
});

Deno.test("Gates keeps the route's own bucket while something from before the name is under way", () => {
  const gates = new Gates();
  const [own] = gates.of(POST, MAJOR);
  const lease = own!.bucket.take(POST, 0);
  gates.learn(POST, naming("a"), 1);
  assert.deepEqual(gates.of(POST, MAJOR), [gates.named("a", MAJOR), own]);
  assert.deepEqual(gates.of(POST, "channels/2"), [gates.named("a", "channels/2")]);
  own!.bucket.settle(lease, COUNT, 2);
  assert.deepEqual(gates.of(POST, MAJOR), [gates.named("a", MAJOR)]);
});

Deno.test("Gates is idle when nothing of any bucket is spent", () => {
  const gates = new Gates();
  assert.equal(gates.isIdle(0), true);
  use(gates.named("a", MAJOR), 0);
  use(gates.named("b", MAJOR), 500);
  assert.equal(gates.isIdle(1_499), false);
  assert.equal(gates.isIdle(1_500), true);
});

Deno.test("Gates forgets a bucket a minute after it was restored, with what it knew of the limit", () => {
  const gates = new Gates();
  const gate = gates.named("a", MAJOR);
  use(gate, 0);
  gates.sweep(60_999);
  assert.equal(gates.named("a", MAJOR), gate);
  gates.sweep(61_000);
  assert.equal(gates.size, 0);
  assert.notEqual(gates.named("a", MAJOR), gate);
});

Deno.test("Gates keeps a bucket that somebody waits for, or that has something under way", () => {
  const gates = new Gates();
  const waited = gates.named("a", MAJOR);
  const busy = gates.named("b", MAJOR);
  const destination: Destination = { route: POST, major: MAJOR, shape: [], lane: 3 };
  new Line("key", destination).passBy([waited]);
  busy.bucket.take(POST, 0);
  gates.named("c", MAJOR);
  gates.sweep(3_600_000);
  assert.deepEqual(
    [gates.size, gates.named("a", MAJOR), gates.named("b", MAJOR)],
    [2, waited, busy],
  );
});

Deno.test("Gates does not remember made-up routes without end, the newest the longest", () => {
  const gates = new Gates();
  for (let i = 0; i < 3_000; i++) gates.learn(`GET /made/up${i}`, LIMITLESS, i);
  gates.sweep(3_000);
  assert.deepEqual(gates.of("GET /made/up2999", ""), []);
  assert.deepEqual(keys(gates.of("GET /made/up0", "")), ["GET /made/up0 "], "forgotten");
  assert.deepEqual(gates.of("GET /made/up1000", ""), [], "2,000 are remembered");
  assert.equal(gates.of("GET /made/up999", "").length, 1);
});
