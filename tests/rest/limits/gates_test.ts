import assert from "node:assert/strict";
import fc from "fast-check";
import { Bucket } from "../../../rest/limits/bucket.ts";
import {
  type Destination,
  type Gate,
  Gates,
  Line,
  placeOf,
  type Waiter,
} from "../../../rest/limits/gates.ts";
import type { Ask } from "../../../rest/limits/permits.ts";
import type { Report } from "../../../rest/limits/rate_report.ts";

const POST = "POST /channels/:id/messages";
const PATCH = "PATCH /channels/:id/messages/:id";
const MAJOR = "channels/1";
const COUNT = { limit: 5, remaining: 4, resetAfterMs: 1_000 };
const MINUTE_MS = 60_000;
/** A refusal by the global limit, or a 404: it says nothing. */
const MUTE: Report = { bucket: null, refusal: null, isLimitless: false };
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

/** What is known of one route: the names of its buckets, or that it has none. */
function knownRoute() {
  const gates = new Gates();
  const names = () => keys(gates.of(POST, "")).filter((key) => key.startsWith("#"));
  return {
    learn: (report: Report, nowMs: number) => gates.learn(POST, report, nowMs),
    get hashes() {
      return names().map((key) => key.slice(1).trimEnd());
    },
    get isLimitless() {
      return gates.of(POST, "").length === 0;
    },
  };
}

Deno.test("Gates knows nothing before the first answer", () => {
  const known = knownRoute();
  assert.deepEqual([known.hashes, known.isLimitless], [[], false]);
});

Deno.test("Gates learns a name once, and says when it is news", () => {
  const known = knownRoute();
  assert.equal(known.learn(naming("a"), 0), true);
  assert.equal(known.learn(naming("a"), 1), false);
  assert.deepEqual(known.hashes, ["a"]);
});

Deno.test("Gates keeps every name that is shown in turn", () => {
  const known = knownRoute();
  for (let i = 0; i < 100; i++) known.learn(naming(i % 2 ? "a" : "b"), i * MINUTE_MS);
  assert.deepEqual([...known.hashes].sort(), ["a", "b"]);
});

Deno.test("Gates forgets a name ten minutes after others have taken its place", () => {
  const known = knownRoute();
  known.learn(naming("old"), 0);
  assert.equal(known.learn(naming("new"), MINUTE_MS), true);
  assert.equal(known.learn(naming("new"), 10 * MINUTE_MS), false);
  assert.deepEqual(known.hashes, ["old", "new"]);
  assert.equal(known.learn(naming("new"), 10 * MINUTE_MS + 1), true, "that is news");
  assert.deepEqual(known.hashes, ["new"]);
});

Deno.test("Gates does not forget a name over silence", () => {
  const known = knownRoute();
  known.learn(naming("a"), 0);
  known.learn(naming("a"), 24 * 60 * MINUTE_MS);
  for (const report of [MUTE, LIMITLESS]) {
    assert.equal(known.learn(report, 48 * 60 * MINUTE_MS), false, "that is no news");
  }
  assert.deepEqual(known.hashes, ["a"]);
});

Deno.test("Gates takes a route for limitless when its first answer names nothing", () => {
  const known = knownRoute();
  assert.equal(known.learn(MUTE, 0), false, "an answer that says nothing teaches nothing");
  assert.equal(known.isLimitless, false);
  assert.equal(known.learn(LIMITLESS, 1), true);
  assert.equal(known.learn(LIMITLESS, 2), false);
  assert.equal(known.isLimitless, true);
});

Deno.test("Gates gives a limitless route its limit as soon as a name is shown", () => {
  const known = knownRoute();
  known.learn(LIMITLESS, 0);
  assert.equal(known.learn(naming("a"), 1), true);
  assert.deepEqual([known.hashes, known.isLimitless], [["a"], false]);
  assert.equal(known.learn(LIMITLESS, 2), false, "one answer without headers resets nothing");
  assert.deepEqual([known.hashes, known.isLimitless], [["a"], false]);
});

const TO: Destination = {
  route: "PATCH /channels/:id",
  major: "channels/1",
  shape: ["name"],
  lane: 3,
};

const waiter = (arrival: number): Waiter => ({ ask: {} as Ask, arrival, sinceMs: 0 });
const gate = (key: string): Gate => ({ key, bucket: new Bucket(), lines: new Set() });

function lineOf(lane: number, ...arrivals: number[]): Line {
  const line = new Line("key", { ...TO, lane });
  for (const arrival of arrivals) line.add(waiter(arrival));
  return line;
}

Deno.test("Line is what its requests have in common", () => {
  const line = new Line("a key", TO);
  const { key, to, inFlight, waiters, gates } = line;
  assert.equal(to, TO);
  assert.deepEqual([key, inFlight, waiters, gates], ["a key", 0, [], []]);
  assert.equal(line.place, "PATCH /channels/:id channels/1");
  assert.equal(line.place, placeOf(TO));
});

Deno.test("Line keeps the order of arrival, whatever the order in which requests come back", () => {
  fc.assert(fc.property(fc.uniqueArray(fc.nat(1_000), { maxLength: 40, size: "max" }), (order) => {
    const line = lineOf(3, ...order);
    assert.deepEqual(line.waiters.map(({ arrival }) => arrival), order.sort((a, b) => a - b));
  }));
});

Deno.test("Line puts a request of the same number behind those that were there", () => {
  const line = lineOf(3, 1, 2);
  const late = waiter(1);
  line.add(late);
  assert.equal(line.waiters[1], late);
});

Deno.test("Line takes out the request that is meant, once", () => {
  const line = new Line("key", TO);
  const [first, second, third] = [waiter(1), waiter(2), waiter(3)];
  for (const each of [first!, second!, third!]) line.add(each);
  assert.equal(line.remove(second!), true);
  assert.equal(line.remove(second!), false);
  assert.equal(line.remove(waiter(1)), false, "only looks the same");
  assert.deepEqual(line.waiters, [first, third]);
});

Deno.test("Line stands at the gates that it has to pass, and at no others", () => {
  const line = new Line("key", TO);
  const other = new Line("other", TO);
  const [a, b, c] = [gate("a"), gate("b"), gate("c")];
  line.passBy([a!, b!]);
  other.passBy([a!]);
  line.passBy([b!, c!]);
  assert.deepEqual(line.gates, [b, c]);
  assert.deepEqual([[...a!.lines], [...b!.lines], [...c!.lines]], [[other], [line], [line]]);
  line.passBy([]);
  assert.deepEqual([b!.lines.size, c!.lines.size], [0, 0]);
});

Deno.test("Line goes before another by lane, then by the arrival of its first", () => {
  assert.equal(lineOf(1, 9).isBefore(lineOf(2, 1)), true);
  assert.equal(lineOf(2, 1).isBefore(lineOf(1, 9)), false);
  assert.equal(lineOf(2, 1, 8).isBefore(lineOf(2, 2, 3)), true);
  assert.equal(lineOf(2, 2, 3).isBefore(lineOf(2, 1, 8)), false);
});

Deno.test("Line has one timer: a new one ends the one before", () => {
  const line = new Line("key", TO);
  const cancelled: string[] = [];
  line.wakeBy(() => cancelled.push("first"));
  assert.equal(cancelled.length, 0);
  line.wakeBy(() => cancelled.push("second"));
  assert.deepEqual(cancelled, ["first"]);
  line.wakeBy(null);
  line.wakeBy(null);
  assert.deepEqual(cancelled, ["first", "second"]);
});

Deno.test("placeOf() tells methods, paths and resources apart, and nothing else", () => {
  const { route, major } = TO;
  const places = [
    { route, major },
    { route: "DELETE /channels/:id", major },
    { route, major: "channels/2" },
    { route, major: "" },
  ].map(placeOf);
  assert.equal(new Set(places).size, places.length);
  assert.equal(placeOf({ ...TO, lane: 1, shape: [] } as Destination), places[0]);
});
