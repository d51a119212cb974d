import assert from "node:assert/strict";
import fc from "fast-check";
import { type Ask, type LaneName, LANES, type Permit } from "../../../rest/limits/permits.ts";
import {
  type Finished,
  Meter,
  metered as meteredPermits,
  TIME_BOUNDS_MS,
} from "../../../rest/limits/meter.ts";

const ONE = {
  method: "POST",
  template: "/channels/:id/messages",
  lane: "normal" as LaneName,
  status: 200,
  scope: "",
  by: "discord",
  queueMs: 3,
  upstreamMs: 80 as number | null,
};

function finished(one: Partial<typeof ONE> = {}): Finished {
  const { method, template, lane, status, by, ...rest } = { ...ONE, ...one };
  const route = { method, template, major: "", kind: "other" } as const;
  const result = by === "discord" ? new Response(null, { status }) : { status, reason: "why" };
  return { parcel: { route, lane }, result, retried: [], ...rest };
}

function metered(...all: Partial<typeof ONE>[]): Meter {
  const meter = new Meter();
  for (const one of all) meter.count(finished(one));
  return meter;
}

const timesOf = (meter: Meter, lane: LaneName) => meter.lanes.find((it) => it.lane === lane)!;

Deno.test("Meter has every lane and no route before anything was counted", () => {
  const { lanes, routes } = new Meter();
  assert.deepEqual(lanes.map(({ lane }) => lane), Object.keys(LANES));
  for (const { queue, upstream } of lanes) {
    for (const { buckets, count, sumMs } of [queue, upstream]) {
      assert.deepEqual([count, sumMs], [0, 0]);
      assert.deepEqual(buckets, TIME_BOUNDS_MS.map((boundMs) => ({ boundMs, count: 0 })));
    }
  }
  assert.deepEqual(routes, []);
});

Deno.test("Meter counts answers by status, scope and who gave them, and sums the times", () => {
  const refused = { status: 429, scope: "shared", upstreamMs: 20 };
  const { routes } = metered(
    {},
    { queueMs: 4.5 },
    refused,
    { ...refused, by: "proxy", upstreamMs: null },
    { ...refused, scope: "" },
    { status: 204 },
  );
  assert.deepEqual(routes, [{
    method: "POST",
    route: "/channels/:id/messages",
    waiting: 0,
    queueMs: 3 * 5 + 4.5,
    upstreamMs: 80 * 3 + 20 * 2,
    answers: [
      { status: 200, scope: "", by: "discord", count: 2 },
      { status: 429, scope: "shared", by: "discord", count: 1 },
      { status: 429, scope: "shared", by: "proxy", count: 1 },
      { status: 429, scope: "", by: "discord", count: 1 },
      { status: 204, scope: "", by: "discord", count: 1 },
    ],
  }]);
});

Deno.test("Meter counts what was tried again as so many 429s of Discord's", () => {
  const meter = new Meter();
  meter.count({ ...finished(), retried: ["bucket", "global", "bucket"] });
  assert.deepEqual(meter.routes[0]!.answers, [
    { status: 429, scope: "bucket", by: "discord", count: 2 },
    { status: 429, scope: "global", by: "discord", count: 1 },
    { status: 200, scope: "", by: "discord", count: 1 },
  ]);
});

Deno.test("Meter tells routes apart by method and template, in the order of their first use", () => {
  const { routes } = metered({}, { method: "GET" }, { template: "/users/:id" }, {});
  assert.deepEqual(
    routes.map(({ method, route, answers }) => [method, route, answers[0]!.count]),
    [["POST", ONE.template, 2], ["GET", ONE.template, 1], ["POST", "/users/:id", 1]],
  );
});

Deno.test("Meter counts times by lane, those at Discord's only of what went out", () => {
  const meter = metered({ lane: "low", queueMs: 40 }, { lane: "low", upstreamMs: null });
  const { queue, upstream } = timesOf(meter, "low");
  assert.deepEqual([queue.count, queue.sumMs], [2, 43]);
  assert.deepEqual([upstream.count, upstream.sumMs], [1, 80]);
  assert.equal(timesOf(meter, "normal").queue.count, 0);
});

Deno.test("Meter counts a time under every bound that it does not exceed", () => {
  const { queue } = timesOf(
    metered({ queueMs: 5 }, { queueMs: 5.1 }, { queueMs: 60_001 }),
    "normal",
  );
  const below = (bound: number) => queue.buckets.find(({ boundMs }) => boundMs === bound)!.count;
  assert.deepEqual([1, 5, 10, 60_000].map(below), [0, 1, 2, 2]);
  assert.equal(queue.count, 3, "the longest is in no bound, but it is counted");
});

Deno.test("Meter keeps its histograms cumulative, whatever it counts", () => {
  const time = fc.oneof(fc.constantFrom(...TIME_BOUNDS_MS), fc.double({ min: 0, max: 1e6 }));
  fc.assert(fc.property(fc.array(time, { maxLength: 50, size: "max" }), (times) => {
    const { queue } = timesOf(metered(...times.map((queueMs) => ({ queueMs }))), "normal");
    for (const { boundMs, count } of queue.buckets) {
      assert.equal(count, times.filter((ms) => ms <= boundMs).length, `up to ${boundMs}`);
    }
    assert.equal(queue.count, times.length);
  }));
});

Deno.test("Meter has bounds that grow, from 1 ms to a minute", () => {
  assert.deepEqual(TIME_BOUNDS_MS, [...new Set(TIME_BOUNDS_MS)].sort((a, b) => a - b));
  assert.deepEqual([TIME_BOUNDS_MS[0], TIME_BOUNDS_MS.at(-1)], [1, 60_000]);
});

Deno.test("Meter counts routes beyond the first five hundred as one", () => {
  const meter = new Meter();
  for (let i = 0; i < 2_000; i++) meter.count(finished({ template: `/made/up${i}` }));
  meter.count(finished({ template: "/made/up3" }));
  meter.count(finished({ method: "MADEUP", template: "/made/up3" }));
  const { routes } = meter;
  assert.equal(routes.length, 501);
  const counts = new Map(
    routes.map(({ method, route, answers }) => [`${method} ${route}`, answers[0]!.count]),
  );
  assert.equal(counts.get("POST /made/up3"), 2, "those that were first are still counted");
  assert.equal(counts.get("other other"), 1_501);
});

Deno.test("Meter gives away copies: what was read does not change any more", () => {
  const meter = metered({});
  const { routes, lanes } = meter;
  meter.count(finished());
  assert.equal(routes[0]!.answers[0]!.count, 1);
  assert.equal(lanes.find(({ lane }) => lane === "normal")!.queue.count, 1);
});

Deno.test("Meter knows of each route how many requests wait for a permit, whatever becomes of them", async () => {
  const meter = new Meter();
  const { promise, resolve } = Promise.withResolvers<Permit>();
  let isRefused = false;
  const acquire = () => isRefused ? Promise.reject(new Error("too long")) : promise;
  const permits = meteredPermits({ acquire }, (route) => meter.waits(route, false));
  const ask = { route: { method: "GET", template: "/x", major: "", kind: "other" } } as Ask;
  const waiting = () => meter.routes.map(({ method, route, waiting }) => [method, route, waiting]);
  const asked = [permits.acquire(ask), permits.acquire(ask)];
  assert.deepEqual(waiting(), [["GET", "/x", 2]]);
  resolve({} as Permit);
  await Promise.all(asked);
  assert.deepEqual(waiting(), [["GET", "/x", 0]]);
  isRefused = true;
  await assert.rejects(permits.acquire(ask), /too long/);
  assert.deepEqual(waiting(), [["GET", "/x", 0]]);
});
