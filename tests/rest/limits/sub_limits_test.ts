import assert from "node:assert/strict";
import fc from "fast-check";
import { type Shape, shapeOf, SubLimits } from "../../../rest/limits/sub_limits.ts";
import { take, type Usage, type Window } from "../../../sim/rest/bucket.ts";

const PLACE = "PATCH /channels/:id channels/1";
const NAME: Shape = ["name"];
const TEN_MINUTES_MS = 600_000;

/** Channel names: two changes in ten minutes; the third was refused at 18 s. */
function refused(shape: Shape = NAME): SubLimits {
  const limits = new SubLimits();
  limits.block(PLACE, shape, 582_000, 18_000);
  return limits;
}

Deno.test("SubLimits knows nothing before the first refusal", () => {
  const limits = new SubLimits();
  limits.pass(PLACE, NAME, 0);
  assert.equal(limits.knows(PLACE), false);
  assert.equal(limits.waitMs(PLACE, NAME, 0), 0);
  assert.equal(limits.isSerial(PLACE, NAME, 0), false);
});

Deno.test("SubLimits lets nothing like the refused request out for the time that was named", () => {
  const limits = refused();
  assert.equal(limits.knows(PLACE), true);
  assert.equal(limits.waitMs(PLACE, NAME, 18_000), 582_000);
  assert.equal(limits.waitMs(PLACE, NAME, 599_999), 1);
  assert.equal(limits.waitMs(PLACE, NAME, TEN_MINUTES_MS), 0);
});

Deno.test("SubLimits takes a request that sets more for like it, one that sets less for another", () => {
  const limits = refused(["name", "topic"]);
  const waits = (...shape: string[]) => limits.waitMs(PLACE, shape, 18_000) > 0;
  assert.deepEqual([waits("name", "nsfw", "topic"), waits("topic", "name")], [true, true]);
  assert.deepEqual([waits("name"), waits("nsfw"), waits()], [false, false, false]);
  assert.equal(refused([]).waitMs(PLACE, ["nsfw"], 18_000), 582_000, "no field: all of them");
});

Deno.test("SubLimits holds for one place", () => {
  const limits = refused();
  const other = "PATCH /channels/:id channels/2";
  assert.equal(limits.knows(other), false);
  assert.equal(limits.waitMs(other, NAME, 18_000), 0);
});

Deno.test("SubLimits waits for the longest of the limits that a request is under", () => {
  const limits = refused();
  limits.block(PLACE, ["topic"], 30_000, 18_000);
  assert.equal(limits.waitMs(PLACE, ["topic"], 18_000), 30_000);
  assert.equal(limits.waitMs(PLACE, ["name", "topic"], 18_000), 582_000);
});

Deno.test("SubLimits believes the last refusal of requests with the same fields", () => {
  const limits = refused();
  limits.block(PLACE, NAME, 5_000, 20_000);
  assert.equal(limits.waitMs(PLACE, NAME, 20_000), 5_000);
});

Deno.test("SubLimits lets one out at a time for as long again as the limit held", () => {
  const limits = refused();
  assert.equal(limits.isSerial(PLACE, NAME, 18_000), true);
  assert.equal(limits.isSerial(PLACE, NAME, TEN_MINUTES_MS + 581_999), true);
  assert.equal(limits.isSerial(PLACE, NAME, TEN_MINUTES_MS + 582_000), false);
  assert.equal(limits.isSerial(PLACE, ["nsfw"], 18_000), false);
  const short = new SubLimits();
  short.block(PLACE, NAME, 300, 0);
  assert.deepEqual([60_299, 60_300].map((nowMs) => short.isSerial(PLACE, NAME, nowMs)), [
    true,
    false,
  ]);
});

Deno.test("SubLimits forgets what is over, and nothing else", () => {
  const limits = refused();
  limits.block(PLACE, ["topic"], 1_000, 0);
  limits.block("other", [], 1_000, 0);
  limits.sweep(61_000);
  assert.deepEqual([limits.knows(PLACE), limits.knows("other")], [true, false]);
  assert.equal(limits.waitMs(PLACE, NAME, 61_000), 539_000);
  limits.sweep(TEN_MINUTES_MS + 582_000);
  assert.equal(limits.knows(PLACE), false);
});

Deno.test("SubLimits learns from a second refusal how many pass in which time", () => {
  const limits = refused();
  limits.pass(PLACE, NAME, 600_100);
  limits.pass(PLACE, NAME, 601_000);
  assert.equal(limits.waitMs(PLACE, NAME, 601_000), 0, "one refusal does not tell");
  limits.block(PLACE, NAME, 598_000, 602_000);
  limits.pass(PLACE, NAME, 1_200_100);
  assert.ok(limits.waitMs(PLACE, NAME, 1_200_100) <= 1_100, "a window later than the one before");
  limits.pass(PLACE, NAME, 1_300_000);
  const untilMs = 1_300_000 + limits.waitMs(PLACE, NAME, 1_300_000);
  assert.ok(untilMs >= 1_800_000 && untilMs < 1_801_000, `until ${untilMs}`);
  assert.equal(limits.isSerial(PLACE, NAME, untilMs + 599_000), true, "it is remembered");
});

Deno.test("SubLimits counts only requests that are like the refused one", () => {
  const limits = refused();
  limits.pass(PLACE, NAME, 600_100);
  limits.block(PLACE, NAME, 598_000, 602_000);
  limits.pass(PLACE, ["nsfw"], 1_200_100);
  assert.equal(limits.waitMs(PLACE, NAME, 1_200_300), 0);
  limits.pass(PLACE, ["name", "nsfw"], 1_200_300);
  assert.ok(limits.waitMs(PLACE, NAME, 1_200_400) > 0);
});

Deno.test("SubLimits learns nothing from refusals with nothing carried out between them", () => {
  const limits = refused();
  limits.block(PLACE, NAME, 1_000, 600_000);
  limits.pass(PLACE, NAME, 601_000);
  assert.equal(limits.waitMs(PLACE, NAME, 601_000), 0);
  assert.equal(limits.isSerial(PLACE, NAME, 601_000), true, "nor does it forget the limit");
});

const WINDOW = fc.record({
  limit: fc.integer({ min: 1, max: 4 }),
  windowMs: fc.constantFrom(5_000, 30_000, 600_000),
});
const TRIP = fc.record({
  pause: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.constantFrom(0.3, 0.6, 0.95)),
  upMs: fc.nat(100),
  downMs: fc.nat(100),
});
const TRIPS = fc.array(TRIP, { minLength: 1, maxLength: 40, size: "max" });

Deno.test("a hidden limit is met twice, and then never again while it is remembered", () => {
  fc.assert(
    fc.property(WINDOW, TRIPS, ({ limit, windowMs }, trips) => {
      const window: Window = { limit, windowMs, kind: "fixed" };
      const burst = new Array<typeof trips[number]>(3 * limit + 2).fill({
        pause: 0,
        upMs: 50,
        downMs: 50,
      });
      const refusedAt = play(window, [...burst, ...trips]);
      assert.ok(refusedAt.length >= 2);
      assert.deepEqual(refusedAt.slice(2), [], "refused again");
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a hidden limit is learnt, too, where it was met late in its windows", () => {
  const window: Window = { limit: 2, windowMs: 30_000, kind: "fixed" };
  const pauses = [0.3, 0, 0.6, 0.6, ...new Array<number>(30).fill(0)];
  const refusedAt = play(window, pauses.map((pause) => ({ pause, upMs: 50, downMs: 50 })));
  assert.deepEqual(refusedAt.filter((i) => i > 10), [], "still refused");
});

/**
 * Sends one after the other, until the limit is forgotten; gives the numbers of those that were
 * refused. They are sent again.
 */
function play(
  window: Window,
  trips: readonly { pause: number; upMs: number; downMs: number }[],
): number[] {
  const limits = new SubLimits();
  const refusedAt: number[] = [];
  let usage: Usage | undefined;
  let nowMs = 0;
  for (const [i, { pause, upMs, downMs }] of trips.entries()) {
    nowMs += pause * window.windowMs;
    if (refusedAt.length > 0 && !limits.isSerial(PLACE, NAME, nowMs)) break;
    for (;;) {
      nowMs += limits.waitMs(PLACE, NAME, nowMs);
      const answer = take(window, usage, nowMs + upMs);
      usage = answer.usage;
      nowMs += upMs + downMs;
      if (answer.allowed) break;
      refusedAt.push(i);
      limits.block(PLACE, NAME, Math.ceil(answer.retryAfterMs), nowMs);
    }
    limits.pass(PLACE, NAME, nowMs);
  }
  return refusedAt;
}

const bytes = (text: string) => new TextEncoder().encode(text);
const shapes: [what: string, body: string | null, contentType: string | null, shape: Shape][] = [
  ["the sorted fields of a JSON object", '{"topic":1,"name":{"x":2}}', "application/json", [
    "name",
    "topic",
  ]],
  ["JSON with a charset", '{"name":1}', "Application/JSON; charset=utf-8", ["name"]],
  ["an empty object", "{}", "application/json", []],
  ["a list", '["name"]', "application/json", []],
  ["null", "null", "application/json", []],
  ["what is not JSON after all", "{name", "application/json", []],
  ["no body", null, "application/json", []],
  ["an empty body", "", "multipart/form-data", []],
  ["a form by its kind, without its boundary", "--x", "multipart/form-data; boundary=x", [
    "multipart/form-data",
  ]],
  ["a body of no kind", "x", null, ["?"]],
];

for (const [what, body, contentType, shape] of shapes) {
  Deno.test(`shapeOf() reads ${what}`, () => {
    assert.deepEqual(shapeOf(body === null ? null : bytes(body), contentType), shape);
  });
}

Deno.test("shapeOf() looks at a hundred fields at most", () => {
  const fields = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`f${i}`, i]));
  assert.equal(shapeOf(bytes(JSON.stringify(fields)), "application/json").length, 100);
});

Deno.test("shapeOf() never throws, whatever comes", () => {
  fc.assert(fc.property(fc.uint8Array(), fc.option(fc.string()), (body, type) => {
    assert.ok(Array.isArray(shapeOf(body, type)));
    assert.ok(Array.isArray(shapeOf(body, "application/json")));
  }));
});
