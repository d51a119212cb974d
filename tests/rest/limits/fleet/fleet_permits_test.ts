import assert from "node:assert/strict";
import { silentLog } from "../../../../ports/log.ts";
import { FleetPermits } from "../../../../rest/limits/fleet/fleet_permits.ts";
import { Moves } from "../../../../rest/limits/fleet/moves.ts";
import { permitKey, placeKey } from "../../../../rest/limits/fleet/authority.ts";
import { Names } from "../../../../rest/limits/fleet/names.ts";
import { type Ask, type Brake, type Permit, TooLong } from "../../../../rest/limits/permits.ts";
import type { Report } from "../../../../rest/limits/rate_report.ts";
import type { RestWait } from "../../../../protocol/status.ts";
import type { Route } from "../../../../rest/route.ts";
import { createVirtualClock } from "../../../../sim/wire/virtual_clock.ts";
import { fakeFleet, type LineOptions } from "./fake_fleet.ts";

const NO_BRAKE: Brake = { waitMs: () => 0, take() {} };
const LIMITLESS: Report = { bucket: null, refusal: null, isLimitless: true };
const TOKEN = "Bot MTIz.s3cr3t.t0ken";
const NAMES = ["a", "b", "c"];

function says(hash: string, remaining: number, resetAfterMs: number, limit = 5): Report {
  return {
    bucket: { hash, count: { limit, remaining, resetAfterMs } },
    refusal: null,
    isLimitless: false,
  };
}

interface Asked
  extends Partial<Pick<Ask, "lane" | "patienceMs" | "signal" | "credential" | "arrival">> {
  readonly kind?: Route["kind"];
  readonly template?: string;
  readonly brake?: Brake;
}

interface Unit {
  readonly permits: FleetPermits;
  see(members: readonly string[]): void;
  ask(name: string, major: string, asked?: Asked): void;
}

/** Units of these names, and who has the say over what while all of them live. */
async function setUp(options: LineOptions & { perSecond?: number; names?: string[] } = {}) {
  const { perSecond = 50, names = NAMES } = options;
  const clock = createVirtualClock();
  const fleet = fakeFleet(clock, options);
  const granted: { name: string; permit: Permit; atMs: number }[] = [];
  const refused: { name: string; error: unknown; atMs: number }[] = [];
  const units: Record<string, Unit> = {};
  const open = (self: string) => {
    const { bus, view, see } = fleet.join(self, names);
    const permits = new FleetPermits({
      bus,
      view,
      clock,
      log: silentLog,
      perSecond: () => perSecond,
    });
    const ask = (name: string, major: string, asked: Asked = {}) => {
      const { kind = "other", template = "/x", ...rest } = asked;
      permits.acquire({
        credential: TOKEN,
        route: { method: "GET", template, major, kind },
        lane: 3,
        shape: () => [],
        patienceMs: 60_000,
        brake: NO_BRAKE,
        signal: new AbortController().signal,
        ...rest,
      }).then(
        (permit) => granted.push({ name, permit, atMs: clock.now() }),
        (error) => refused.push({ name, error, atMs: clock.now() }),
      );
    };
    units[self] = { permits, see, ask };
  };
  for (const name of names) open(name);
  const credential = new Names().of(TOKEN);
  const ownerOf = (key: string, of = names) => new Moves("?", of, 0).ownerOf(key);
  /** A top-level resource over whose buckets that unit has the say. */
  const majorOf = (owner: string, of = names, nth = 0) => {
    for (let i = 0;; i++) {
      const major = `channels/${i}`;
      if (ownerOf(permitKey(credential, major), of) === owner && nth-- === 0) return major;
    }
  };
  // Nothing is given in the first second.
  await clock.advance(1_001);
  return {
    ...fleet,
    clock,
    units,
    granted,
    refused,
    majorOf,
    ownerOf,
    paceOwner: ownerOf(placeKey(credential)),
    names: () => granted.map(({ name }) => name),
    permit: (name: string) => granted.findLast((one) => one.name === name)!.permit,
    seeAll(members: readonly string[]) {
      for (const name of members) units[name]!.see(members);
    },
  };
}

Deno.test("a bucket is one for all: who asks where does not matter", async () => {
  const { clock, units, majorOf, names, permit } = await setUp();
  const major = majorOf("b");
  for (const unit of NAMES) units[unit]!.ask(unit, major);
  await clock.advance(10);
  assert.equal(names().length, 1, "its first answer has to come first");
  permit(names()[0]!).settle(says("h", 1, 5_000));
  await clock.advance(10);
  assert.equal(names().length, 2);
  permit(names()[1]!).settle(says("h", 0, 4_000));
  await clock.advance(4_900);
  assert.equal(names().length, 2);
  await clock.advance(200);
  assert.deepEqual(names().toSorted(), NAMES);
});

Deno.test("the global limit is one for all", async () => {
  const { clock, units, majorOf, granted } = await setUp({ perSecond: 6 });
  for (const unit of NAMES) {
    for (let i = 0; i < 4; i++) units[unit]!.ask(`${unit}${i}`, majorOf(unit, NAMES, i));
  }
  await clock.advance(50);
  assert.equal(granted.length, 6);
  for (const { permit } of granted) permit.settle(LIMITLESS);
  await clock.advance(990);
  assert.equal(granted.length, 6);
  await clock.advance(60);
  assert.equal(granted.length, 12);
});

Deno.test("requests of one bucket and lane go in the order in which they came, whichever unit has them", async () => {
  const { clock, units, majorOf, names, permit } = await setUp();
  const major = majorOf("c");
  const asked: string[] = [];
  for (let i = 0; i < 30; i++) {
    const unit = NAMES[(i * 7) % 3]!;
    asked.push(`${i} ${unit}`);
    units[unit]!.ask(`${i} ${unit}`, major);
    await clock.advance(5);
  }
  units.a!.ask("first of all", major, { lane: 2 });
  await clock.advance(5);
  for (let i = 0; i < 30; i++) {
    permit(names().at(-1)!).settle(says("h", 1, 5_000));
    await clock.advance(10);
  }
  assert.deepEqual(names(), [asked[0], "first of all", ...asked.slice(1)]);
});

Deno.test("nothing that goes over the bus holds a credential or a token", async () => {
  const { clock, units, wire, granted } = await setUp();
  const secret = "hooktoken-aW50ZXJhY3Rpb246s3cr3t";
  for (const unit of ["a", "b"]) {
    for (let id = 0; id < 20; id++) {
      units[unit]!.ask("webhook", `webhooks/${id}/${secret}${id}`, { kind: "webhook" });
      units[unit]!.ask("bearer", `channels/${id}`, { credential: `Bearer b34rer-${id}` });
    }
    units[unit]!.ask("none", `webhooks/1/${secret}`, { kind: "webhook", credential: "" });
  }
  await clock.advance(50);
  for (const { permit } of granted) permit.settle(says("h", 0, 9_000));
  // Who has the say moves, and is told what was seen.
  for (const unit of ["a", "b"]) units[unit]!.see(["a", "b"]);
  await clock.advance(5_000);
  assert.ok(wire.length > 10 && wire.some((text) => text.includes("recalls")), `${wire.length}`);
  const leaks = wire.filter((text) => /s3cr3t|b34rer|hooktoken|MTIz/.test(text));
  assert.deepEqual(leaks, []);
});

Deno.test("what has no credential is counted by address: no other unit hears of it", async () => {
  const { clock, units, wire, names } = await setUp({ perSecond: 1 });
  for (const unit of NAMES) units[unit]!.ask(unit, "", { credential: "" });
  await clock.advance(10);
  assert.deepEqual(names(), NAMES);
  assert.deepEqual(wire, []);
});

Deno.test("who would wait in vain is told so at once, in the same words, and when to try again", async () => {
  const { clock, units, majorOf, refused, permit } = await setUp();
  const major = majorOf("b");
  units.a!.ask("first", major);
  await clock.advance(10);
  permit("first").settle(says("h", 0, 9_000));
  await clock.advance(10);
  units.c!.ask("impatient", major, { patienceMs: 3_000 });
  await clock.advance(10);
  const [{ error }] = refused as [typeof refused[0]];
  assert.ok(error instanceof TooLong);
  assert.equal(error.message, "Cannot send in time: its rate limit is used up");
  assert.ok(error.retryAfterMs > 8_900 && error.retryAfterMs <= 9_000, `${error.retryAfterMs}`);
});

Deno.test("patience counts over the whole way, and nobody waits for longer", async () => {
  const { clock, units, majorOf, refused } = await setUp({ perSecond: 1, latencyMs: 20 });
  for (let i = 0; i < 9; i++) units.a!.ask(`${i}`, majorOf("b", NAMES, i), { patienceMs: 4_000 });
  await clock.advance(10_000);
  assert.ok(refused.length >= 6, `${refused.length}`);
  for (const { error, atMs } of refused) {
    assert.ok(atMs <= 1_001 + 4_000, `${atMs}`);
    assert.ok(error instanceof TooLong && error.retryAfterMs >= 1_000);
    assert.equal(error.message, "Cannot send in time: the global limit is used up");
  }
});

Deno.test("who leaves frees its place, wherever it waits", async () => {
  const { clock, units, majorOf, names, refused, permit } = await setUp();
  const major = majorOf("b");
  const leaving = new AbortController();
  units.a!.ask("first", major);
  await clock.advance(10);
  units.a!.ask("leaves", major, { signal: leaving.signal });
  units.c!.ask("stays", major);
  await clock.advance(10);
  leaving.abort(new Error("gone"));
  await clock.advance(10);
  assert.match(String(refused[0]!.error), /gone/);
  permit("first").settle(says("h", 1, 5_000));
  await clock.advance(10);
  assert.deepEqual(names(), ["first", "stays"]);
  assert.equal(units.a!.permits.snapshot.waiting, 0);
});

Deno.test("who leaves while its permit is on the way gives it back", async () => {
  const { clock, units, majorOf, names } = await setUp({ latencyMs: 20 });
  const major = majorOf("b");
  const leaving = new AbortController();
  units.a!.ask("leaves", major, { signal: leaving.signal });
  await clock.advance(30);
  leaving.abort(new Error("gone"));
  await clock.advance(100);
  units.c!.ask("next", major);
  await clock.advance(200);
  assert.deepEqual(names(), ["next"]);
});

Deno.test("a global refusal pauses all units, and is told to who comes", async () => {
  const { clock, units, majorOf, granted, refused, permit } = await setUp();
  units.a!.ask("first", majorOf("b"));
  await clock.advance(20);
  permit("first").settle({
    bucket: null,
    refusal: { scope: "global", retryAfterMs: 9_000 },
    isLimitless: false,
  });
  await clock.advance(20);
  for (const unit of NAMES) {
    units[unit]!.ask(`${unit} stays`, majorOf(unit, NAMES, 2));
    units[unit]!.ask(`${unit} goes`, majorOf(unit, NAMES, 3), { patienceMs: 5_000 });
  }
  await clock.advance(50);
  assert.deepEqual(refused.map(({ name }) => name).toSorted(), NAMES.map((unit) => `${unit} goes`));
  for (const { error } of refused) {
    assert.ok(error instanceof TooLong);
    assert.equal(error.why, "the global limit is used up");
    assert.ok(error.retryAfterMs > 8_800, `${error.retryAfterMs}`);
  }
  await clock.advance(8_800);
  assert.equal(granted.length, 1);
  await clock.advance(300);
  assert.equal(granted.length, 4);
});

Deno.test("the brake of a host holds up its own requests, and what follows an interaction never", async () => {
  const { clock, units, majorOf, names } = await setUp();
  const brake: Brake = { waitMs: (nowMs) => Math.max(0, 3_000 - nowMs), take() {} };
  units.a!.ask("braked", majorOf("b"), { brake });
  units.a!.ask("interaction", majorOf("c"), { brake, kind: "interaction" });
  units.b!.ask("other host", majorOf("b", NAMES, 1));
  await clock.advance(100);
  assert.deepEqual(names().toSorted(), ["interaction", "other host"]);
  await clock.advance(2_000);
  assert.equal(names().length, 3);
});

Deno.test("what a route's bucket is called is learnt once for all units", async () => {
  const { clock, units, majorOf, names, permit } = await setUp();
  for (
    const [route, major] of [["PUT", majorOf("a")], ["DELETE", majorOf("a", NAMES, 1)]] as const
  ) {
    units.a!.ask(route, major, { template: `/${route}` });
    await clock.advance(10);
    permit(route).settle(says("shared", 1, 5_000));
    await clock.advance(10);
  }
  // Unit b keeps the limits of some resource for the first time.
  units.b!.ask("warm", majorOf("b", NAMES, 1));
  await clock.advance(10);
  const major = majorOf("b");
  units.a!.ask("again PUT", major, { template: "/PUT" });
  units.a!.ask("again DELETE", major, { template: "/DELETE" });
  await clock.advance(10);
  assert.deepEqual(names(), ["PUT", "DELETE", "warm", "again PUT"]);
});

Deno.test("who keeps a bucket tells who waits for it, whosever the requests are", async () => {
  const { clock, units, majorOf } = await setUp();
  const major = majorOf("b");
  for (const unit of NAMES) units[unit]!.ask(unit, major);
  await clock.advance(500);
  const told = NAMES.map((name) => units[name]!.permits.snapshot.waits);
  assert.deepEqual(told.map((waits) => waits.length), [0, 1, 0]);
  const [{ waiting, nextMs, major: shown }] = told[1] as [RestWait];
  assert.deepEqual([shown, waiting, nextMs], [major, 2, null]);
});
