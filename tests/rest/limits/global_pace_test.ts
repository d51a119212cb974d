import assert from "node:assert/strict";
import fc from "fast-check";
import {
  GlobalPace,
  LAG_MS,
  LOOK_MS,
  PER_SECOND,
  type Place,
  WINDOW_MS,
} from "../../../rest/limits/global_pace.ts";
import { Agenda } from "../agenda_model.ts";

/** Takes as many places as there are. */
function burst(pace: GlobalPace, nowMs: number): Place[] {
  const places: Place[] = [];
  while (pace.waitMs(nowMs) === 0) {
    places.push(pace.take(nowMs));
    assert.ok(places.length <= 5_000, "there is no limit");
  }
  return places;
}

Deno.test("GlobalPace lets a second's requests go at once", () => {
  assert.equal(burst(new GlobalPace(() => 7), 0).length, 7);
});

Deno.test("GlobalPace has a place again one second after its answer", () => {
  const pace = new GlobalPace(() => 2);
  const [first, second] = burst(pace, 0);
  // The later one is answered first.
  pace.settle(second!, 80);
  pace.settle(first!, 90);
  assert.equal(pace.waitMs(90), 80 + WINDOW_MS - 90);
  assert.equal(pace.waitMs(1_079), 1);
  assert.equal(burst(pace, 1_080).length, 1);
  assert.equal(pace.waitMs(1_080), 10);
});

Deno.test("GlobalPace does not hold a place for ever over an answer that does not come", () => {
  const pace = new GlobalPace(() => 1);
  const [place] = burst(pace, 0);
  assert.equal(pace.waitMs(0), LAG_MS + WINDOW_MS);
  assert.equal(pace.waitMs(LAG_MS + WINDOW_MS - 1), 1);
  pace.settle(place!, 30_000);
  assert.equal(pace.waitMs(30_000), 0, "an answer that late holds nothing any more");
});

Deno.test("GlobalPace makes the others wait for what went past it", () => {
  const pace = new GlobalPace(() => 2);
  for (let i = 0; i < 3; i++) pace.settle(pace.take(i), 100 + i);
  assert.equal(pace.waitMs(102), 1_101 - 102, "two have to be over");
  assert.equal(burst(pace, 1_101).length, 1);
});

Deno.test("GlobalPace asks for the limit with each request", () => {
  let perSecond = 3;
  const pace = new GlobalPace(() => perSecond);
  for (const place of burst(pace, 0)) pace.settle(place, 0);
  perSecond = 5;
  assert.equal(burst(pace, 10).length, 2);
  perSecond = 1;
  assert.equal(pace.perSecond(20), 1);
  assert.equal(pace.waitMs(20), LAG_MS + WINDOW_MS - 10, "all five have to be over");
});

Deno.test("GlobalPace lets nothing go while Discord has said no", () => {
  const pace = new GlobalPace(() => 50);
  pace.pause(700, 0);
  assert.deepEqual([pace.isPaused(699), pace.waitMs(0), pace.waitMs(699)], [true, 700, 1]);
  assert.deepEqual([pace.isPaused(700), pace.waitMs(700)], [false, 0]);
  pace.pause(2_000, 700);
  pace.pause(1_500, 700);
  assert.equal(pace.waitMs(1_000), 1_000, "the later end holds");
});

const HOUR_MS = 3_600_000;

Deno.test("GlobalPace lets one go ahead each minute of a long no, and tells the whole time", () => {
  const pace = new GlobalPace(() => 50);
  pace.pause(HOUR_MS, 0);
  assert.deepEqual([pace.waitMs(0), pace.foreseeMs(0)], [LOOK_MS, HOUR_MS]);
  assert.deepEqual([pace.waitMs(LOOK_MS), pace.foreseeMs(LOOK_MS)], [0, 0]);
  const ahead = pace.take(LOOK_MS);
  assert.deepEqual([pace.waitMs(LOOK_MS), pace.foreseeMs(LOOK_MS)], [LOOK_MS, HOUR_MS - LOOK_MS]);
  pace.settle(ahead, LOOK_MS + 80);
  pace.pause(2 * HOUR_MS, LOOK_MS + 80);
  assert.equal(pace.waitMs(LOOK_MS + 80), LOOK_MS, "it was refused, too");
});

Deno.test("GlobalPace ends a no when the one that went ahead has passed, and by nobody else", () => {
  const pace = new GlobalPace(() => 50);
  const before = pace.take(0);
  pace.pause(HOUR_MS, 10);
  pace.pass(before, 20);
  const exempt = pace.take(LOOK_MS + 10, false);
  pace.pass(exempt, LOOK_MS + 20);
  assert.equal(pace.isPaused(LOOK_MS + 20), true);
  pace.pass(pace.take(LOOK_MS + 20), LOOK_MS + 100);
  assert.deepEqual([pace.isPaused(LOOK_MS + 100), pace.waitMs(LOOK_MS + 100)], [false, 0]);
});

Deno.test("GlobalPace uses no more than everybody is allowed for a minute after a refusal", () => {
  const pace = new GlobalPace(() => 500);
  assert.equal(pace.perSecond(0), 500);
  pace.pause(1_000, 0);
  assert.equal(pace.perSecond(500), PER_SECOND);
  assert.equal(pace.perSecond(60_999), PER_SECOND);
  assert.equal(burst(pace, 1_000).length, PER_SECOND);
  assert.equal(pace.perSecond(61_000), 500);
  const small = new GlobalPace(() => 10);
  small.pause(0, 0);
  assert.equal(small.perSecond(0), 10, "caution never raises a limit");
});

Deno.test("GlobalPace is idle when no place is taken and nothing is paused", () => {
  const pace = new GlobalPace(() => 2);
  assert.equal(pace.isIdle(0), true);
  pace.settle(pace.take(0), 100);
  assert.deepEqual([pace.isIdle(1_099), pace.isIdle(1_100)], [false, true]);
  pace.pause(2_000, 1_100);
  assert.deepEqual([pace.isIdle(1_999), pace.isIdle(2_000)], [false, true]);
});

/** One request: how long after the one before it is wanted, and its ways there and back. */
interface Trip {
  readonly pauseMs: number;
  readonly upMs: number;
  readonly downMs: number;
}

/** When each arrives, where each is sent as soon as the pace allows. */
function play(pace: GlobalPace, trips: readonly Trip[], untilMs = Infinity): number[] {
  const agenda = new Agenda();
  const line: Trip[] = [];
  const arrivedMs: number[] = [];
  let wake = 0;
  const pump = () => {
    const token = ++wake;
    while (line.length > 0) {
      const waitMs = pace.waitMs(agenda.nowMs);
      if (waitMs > 0) return agenda.at(agenda.nowMs + waitMs, () => token === wake && pump());
      const { upMs, downMs } = line.shift()!;
      const place = pace.take(agenda.nowMs);
      arrivedMs.push(agenda.nowMs + upMs);
      agenda.at(agenda.nowMs + upMs + downMs, () => {
        pace.settle(place, agenda.nowMs);
        pump();
      });
    }
  };
  let wantedMs = 0;
  for (const trip of trips) {
    agenda.at(wantedMs += trip.pauseMs, () => {
      line.push(trip);
      pump();
    });
  }
  agenda.run(untilMs);
  return arrivedMs.filter((atMs) => atMs <= untilMs).sort((a, b) => a - b);
}

const TRIP = fc.record({
  pauseMs: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.nat(100), fc.nat(3_000)),
  upMs: fc.oneof(fc.nat(50), fc.nat(LAG_MS)),
  downMs: fc.oneof(fc.nat(50), fc.nat(3_000)),
});

Deno.test("no second of Discord's clock, wherever it begins, sees more than the limit", () => {
  const trips = fc.array(TRIP, { minLength: 1, maxLength: 150, size: "max" });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), trips, (perSecond, wanted) => {
      const arrivedMs = play(new GlobalPace(() => perSecond), wanted);
      assert.equal(arrivedMs.length, wanted.length, "all are sent in the end");
      for (let i = perSecond; i < arrivedMs.length; i++) {
        const spanMs = arrivedMs[i]! - arrivedMs[i - perSecond]!;
        assert.ok(spanMs >= WINDOW_MS, `${perSecond + 1} requests in ${spanMs} ms`);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("GlobalPace uses at least 90 % of the limit at a round trip of 100 ms", () => {
  for (const perSecond of [1, 50, 200]) {
    const trips = new Array<Trip>(70 * perSecond).fill({ pauseMs: 0, upMs: 50, downMs: 50 });
    const { length } = play(new GlobalPace(() => perSecond), trips, 60_000);
    assert.ok(length >= 0.9 * 60 * perSecond, `${length} of ${60 * perSecond}`);
  }
});
