import assert from "node:assert/strict";
import fc from "fast-check";
import { Limits, MOST_WAITING } from "../../../rest/limits/limits.ts";
import { type Ask, type Brake, type Permit, TooLong } from "../../../rest/limits/permits.ts";
import type { Report } from "../../../rest/limits/rate_report.ts";
import type { Route } from "../../../rest/route.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";

const NO_BRAKE: Brake = { waitMs: () => 0, take() {} };
const LIMITLESS: Report = { bucket: null, refusal: null, isLimitless: true };

function report(hash: string, remaining: number, resetAfterMs: number): Report {
  return {
    bucket: { hash, count: { limit: 5, remaining, resetAfterMs } },
    refusal: null,
    isLimitless: false,
  };
}

/** What a request asks for; everything has a default. */
interface Asked
  extends Partial<Pick<Ask, "lane" | "patienceMs" | "signal" | "credential" | "arrival">> {
  readonly kind?: Route["kind"];
  readonly template?: string;
}

function setUp({ perSecond = 50, brake = NO_BRAKE } = {}) {
  const clock = createVirtualClock();
  const limits = new Limits({ clock, perSecond: () => perSecond });
  const granted: { name: string; permit: Permit; atMs: number }[] = [];
  const refused: { name: string; error: unknown; atMs: number }[] = [];
  const ask = (name: string, asked: Asked = {}) => {
    const { kind = "other", template = `/${name}`, ...rest } = asked;
    const whole: Ask = {
      credential: "Bot a",
      route: { method: "GET", template, major: "", kind },
      lane: 3,
      shape: () => [],
      patienceMs: 60_000,
      brake,
      signal: new AbortController().signal,
      ...rest,
    };
    new Promise<Permit>((resolve) => resolve(limits.acquire(whole))).then(
      (permit) => granted.push({ name, permit, atMs: clock.now() }),
      (error) => refused.push({ name, error, atMs: clock.now() }),
    );
  };
  return { clock, limits, granted, refused, ask, names: () => granted.map(({ name }) => name) };
}

Deno.test("no more requests go out per second than are allowed, and none before its turn", async () => {
  const { clock, ask, names, granted } = setUp({ perSecond: 2 });
  for (const name of ["a", "b", "c", "d"]) ask(name);
  await clock.advance(0);
  assert.deepEqual(names(), ["a", "b"]);
  granted[0]!.permit.settle(LIMITLESS);
  await clock.advance(999);
  assert.deepEqual(names(), ["a", "b"]);
  await clock.advance(1);
  assert.deepEqual(names(), ["a", "b", "c"]);
});

Deno.test("a place comes back whatever becomes of the request: answered, lost, or not sent", async () => {
  const { clock, ask, names, granted } = setUp({ perSecond: 3 });
  for (const name of ["a", "b", "c", "d", "e", "f"]) ask(name);
  await clock.advance(0);
  granted[0]!.permit.settle(LIMITLESS);
  granted[1]!.permit.lose();
  granted[2]!.permit.giveBack();
  await clock.advance(1000);
  assert.deepEqual(names(), ["a", "b", "c", "d", "e", "f"]);
});

Deno.test("who holds a permit and is never heard of again holds up nobody for ever", async () => {
  const { clock, ask, names } = setUp({ perSecond: 1 });
  ask("a");
  ask("b");
  await clock.advance(2000);
  assert.deepEqual(names(), ["a", "b"]);
});

Deno.test("lanes go in order where the global limit holds them up", async () => {
  const { clock, ask, names, granted } = setUp({ perSecond: 1 });
  ask("first");
  await clock.advance(0);
  ask("low", { lane: 4 });
  ask("normal", { lane: 3 });
  ask("high", { lane: 2 });
  for (let i = 0; i < 3; i++) {
    granted.at(-1)!.permit.settle(LIMITLESS);
    await clock.advance(1000);
  }
  assert.deepEqual(names(), ["first", "high", "normal", "low"]);
});

Deno.test("what waits for the global limit goes by lane, then by arrival, whoever comes back or leaves", async () => {
  const request = fc.record({ lane: fc.nat(4), arrival: fc.nat(5), leaves: fc.boolean() });
  const requests = fc.array(request, { maxLength: 20, size: "max" });
  await fc.assert(
    fc.asyncProperty(requests, async (all) => {
      const { clock, ask, names, granted, limits } = setUp({ perSecond: 1 });
      ask("first");
      const named = all.map((each, i) => ({
        ...each,
        name: `${i}`,
        leaving: new AbortController(),
      }));
      for (const { name, leaving, ...each } of named) {
        ask(name, { ...each, signal: leaving.signal });
      }
      await clock.advance(0);
      for (const { leaves, leaving } of named) if (leaves) leaving.abort();
      const stay = named.filter(({ leaves }) => !leaves)
        .toSorted((a, b) => a.lane - b.lane || a.arrival - b.arrival);
      assert.equal(limits.snapshot.waiting, stay.length);
      for (const _ of stay) {
        granted.at(-1)!.permit.settle(LIMITLESS);
        await clock.advance(1000);
      }
      assert.deepEqual(names(), ["first", ...stay.map(({ name }) => name)]);
    }),
    { numRuns: 200 },
  );
});

Deno.test("what follows an interaction waits for no global limit, pause or brake", async () => {
  const { clock, ask, names, granted } = setUp({
    perSecond: 1,
    brake: { waitMs: () => 5000, take() {} },
  });
  ask("bot");
  ask("follow-up", { kind: "interaction", credential: "" });
  await clock.advance(0);
  assert.deepEqual(names(), ["follow-up"]);
  granted[0]!.permit.settle({
    ...LIMITLESS,
    isLimitless: false,
    refusal: { scope: "global", retryAfterMs: 9000 },
  });
  ask("another", { kind: "interaction", credential: "" });
  await clock.advance(0);
  assert.deepEqual(names(), ["follow-up", "another"]);
});

Deno.test("a webhook does not wait for the bot, and the bot makes room for it", async () => {
  const { clock, ask, names, granted } = setUp({ perSecond: 2 });
  ask("a");
  ask("b");
  ask("webhook", { kind: "webhook" });
  await clock.advance(0);
  assert.deepEqual(names(), ["a", "b", "webhook"]);
  granted[0]!.permit.settle(LIMITLESS);
  granted[2]!.permit.settle(LIMITLESS);
  ask("c");
  await clock.advance(1000);
  assert.deepEqual(names(), ["a", "b", "webhook", "c"]);
});

Deno.test("webhooks without a credential keep to the limit of those that have none", async () => {
  const { clock, ask, names } = setUp({ perSecond: 1 });
  ask("one", { kind: "webhook", credential: "" });
  ask("two", { kind: "webhook", credential: "" });
  await clock.advance(0);
  assert.deepEqual(names(), ["one"]);
});

Deno.test("a global refusal pauses everything, is in no bucket, and makes the next minute careful", async () => {
  const { clock, ask, names, granted } = setUp({ perSecond: 100 });
  ask("a", { template: "/x" });
  await clock.advance(0);
  granted[0]!.permit.settle({
    bucket: null,
    isLimitless: false,
    refusal: { scope: "global", retryAfterMs: 700 },
  });
  for (let i = 0; i < 60; i++) ask(`${i}`);
  await clock.advance(699);
  assert.equal(names().length, 1);
  await clock.advance(1);
  assert.equal(names().length, 1 + 49, "50, less the one that was refused");
});

Deno.test("the brake holds up what is not an interaction, and is told of each", async () => {
  let takenMs: number[] = [];
  const clockless = { waitMs: (nowMs: number) => Math.max(0, 500 * takenMs.length - nowMs) };
  const { clock, ask, names } = setUp({
    brake: { ...clockless, take: (nowMs) => takenMs = [...takenMs, nowMs] },
  });
  for (const name of ["a", "b", "c"]) ask(name);
  await clock.advance(499);
  assert.deepEqual(names(), ["a"]);
  await clock.advance(501);
  assert.deepEqual(names(), ["a", "b", "c"]);
  assert.deepEqual(takenMs, [0, 500, 1000]);
});

Deno.test("a request that has waited as long as it may is told for what, and when to try again", async () => {
  const { clock, ask, refused, granted } = setUp();
  ask("a", { template: "/x" });
  await clock.advance(0);
  ask("b", { template: "/x", patienceMs: 3000 });
  await clock.advance(2000);
  granted[0]!.permit.settle(report("h", 0, 9000));
  await clock.advance(1000);
  const [{ error, atMs }] = refused as [typeof refused[0]];
  assert.equal(atMs, 3000);
  assert.ok(error instanceof TooLong);
  assert.equal(error.retryAfterMs, 8000);
  assert.match(error.message, /rate limit is used up/);
});

Deno.test("a request that would wait in vain is told at once", async () => {
  const { clock, ask, refused, granted } = setUp();
  ask("a", { template: "/x" });
  await clock.advance(0);
  granted[0]!.permit.settle(report("h", 0, 9000));
  ask("b", { template: "/x", patienceMs: 8999 });
  ask("c", { template: "/x", patienceMs: 9000 });
  await clock.advance(0);
  assert.deepEqual(refused.map(({ name }) => name), ["b"]);
  await clock.advance(9000);
  assert.deepEqual(granted.map(({ name }) => name), ["a", "c"]);
});

Deno.test("who leaves frees its place in the line, and that in the bucket", async () => {
  const { clock, ask, names, refused, granted, limits } = setUp({ perSecond: 1 });
  ask("a");
  await clock.advance(0);
  const leaving = new AbortController();
  ask("ready", { template: "/x", signal: leaving.signal });
  ask("behind", { template: "/x" });
  await clock.advance(0);
  assert.equal(limits.snapshot.waiting, 2);
  leaving.abort(new Error("gone"));
  await clock.advance(0);
  assert.match(String(refused[0]!.error), /gone/);
  granted[0]!.permit.settle(LIMITLESS);
  await clock.advance(1000);
  assert.deepEqual(names(), ["a", "behind"]);
  assert.deepEqual([limits.snapshot.waiting, limits.snapshot.inFlight], [0, 1]);
});

Deno.test("a request of a caller that is gone already is refused with the caller's reason", async () => {
  const { clock, ask, refused } = setUp();
  ask("a", { signal: AbortSignal.abort(new Error("left long ago")) });
  await clock.advance(0);
  assert.match(String(refused[0]!.error), /left long ago/);
});

Deno.test("a bucket that gets its name while requests wait for the global limit is passed by them, too", async () => {
  const { clock, ask, names, granted } = setUp({ perSecond: 1 });
  ask("put", { template: "/r" });
  ask("other");
  await clock.advance(0);
  ask("delete", { template: "/r/all" });
  granted[0]!.permit.settle(report("shared", 0, 5000));
  await clock.advance(1000);
  assert.deepEqual(names(), ["put", "other"]);
  granted[1]!.permit.settle(LIMITLESS);
  ask("again", { template: "/r" });
  await clock.advance(1000);
  assert.deepEqual(names(), ["put", "other", "delete"], "its own bucket: nothing is known of it");
  granted[2]!.permit.settle(report("shared", 0, 5000));
  await clock.advance(4999);
  assert.deepEqual(names(), ["put", "other", "delete"]);
  await clock.advance(1);
  assert.deepEqual(names(), ["put", "other", "delete", "again"]);
});

Deno.test("too many that wait are sent away, and the others are not harmed", async () => {
  const { clock, ask, refused, limits } = setUp({ perSecond: 1 });
  for (let i = 0; i < MOST_WAITING + 2; i++) ask("x", { template: "/x" });
  await clock.advance(0);
  assert.equal(limits.snapshot.waiting, MOST_WAITING);
  assert.match(String(refused[0]!.error), /too many requests wait/);
});

Deno.test("what is under way by another's leave takes a place under the global limit, and waits for none", async () => {
  const { clock, ask, names, limits, granted } = setUp({ perSecond: 1 });
  ask("first");
  await clock.advance(0);
  const adopted = limits.adopt({
    credential: "Bot a",
    route: { method: "GET", template: "/adopted", major: "", kind: "other" },
    lane: 3,
    shape: () => [],
    patienceMs: 0,
    brake: NO_BRAKE,
    signal: new AbortController().signal,
  });
  assert.equal(limits.snapshot.inFlight, 2);
  ask("second");
  await clock.advance(500);
  granted[0]!.permit.settle(LIMITLESS);
  adopted.settle(LIMITLESS);
  await clock.advance(999);
  assert.deepEqual(names(), ["first"]);
  await clock.advance(1);
  assert.deepEqual(names(), ["first", "second"]);
});
