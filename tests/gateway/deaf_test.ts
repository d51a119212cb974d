/** When a type counts as stopped: under rhythms of all kinds, and when it really has. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ended,
  follow,
  GONE_AFTER,
  isDeaf,
  KNOWN_AFTER,
  newTrack,
  NO_SILENCE,
  parseTrack,
  PATIENCE,
  patienceOf,
  type TypeTrack,
} from "../../gateway/deaf.ts";
import { type Random, seededRandom } from "../../ports/random.ts";

const LEAST = 10;
const HOUR = 60;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

/** A track that saw so many events in each minute, and 100 of other types. */
function lived(minutes: number, own: (minute: number) => number, others = 100): TypeTrack {
  let track = newTrack(NO_SILENCE);
  for (let index = 0; index < minutes; index++) {
    track = follow(track, { index, own: own(index), others });
  }
  return track;
}

/** Minutes until a track that hears nothing more counts as deaf; `null`: not in so many days. */
function missedAfter(track: TypeTrack, known: number, others = 100, days = 3): number | null {
  for (let i = 0; i < days * DAY; i++) {
    if (isDeaf(track, known + i, LEAST)) return i;
    track = follow(track, { index: known + i, own: 0, others });
  }
  return null;
}

Deno.test("a type that comes all the time is missed after DEAF_AFTER_MS, two hours after the start", () => {
  const track = (minutes: number) => lived(minutes, () => 3);
  assert.equal(missedAfter(track(KNOWN_AFTER.dense), KNOWN_AFTER.dense), LEAST);
  assert.equal(missedAfter(track(KNOWN_AFTER.dense - 1), KNOWN_AFTER.dense - 1), null);
});

Deno.test("a type that comes now and then is missed after five times its longest silence, once a week is known", () => {
  const often = (minute: number) => Number(minute % 20 === 0);
  assert.equal(missedAfter(lived(WEEK - 6 * HOUR, often), WEEK - 6 * HOUR, 100, 0.2), null);
  const known = WEEK + 1;
  const missed = missedAfter(lived(known, often), known);
  assert.equal(missed, PATIENCE * 20);
});

Deno.test("a silence in which little else came is none of the type's own", () => {
  const track = lived(KNOWN_AFTER.dense, () => 3);
  assert.equal(missedAfter(track, KNOWN_AFTER.dense, 0), null);
  // Half of what usually comes beside it is enough.
  assert.equal(missedAfter(track, KNOWN_AFTER.dense, 50), LEAST);
  assert.equal(missedAfter(track, KNOWN_AFTER.dense, 20), 25);
});

Deno.test("a burst is no habit, however many came and however dense", () => {
  const burst = (minute: number) => minute >= 600 && minute < 800 ? 1_000 : 0;
  assert.equal(missedAfter(lived(800, burst), 800, 100, 14), null);
});

Deno.test("a type that stays away for half a day now and then is too rare to be missed", () => {
  const rare = (minute: number) => Number(minute % (12 * HOUR) < 30);
  assert.equal(missedAfter(lived(3 * WEEK, rare), 3 * WEEK, 100, 14), null);
});

Deno.test("a silence in which a type was deaf is not to be expected again", () => {
  const track = { ...lived(KNOWN_AFTER.dense, () => 3), silence: { minutes: 500, others: 9_000 } };
  assert.equal(ended(track).longest.minutes, 500);
  assert.equal(ended({ ...track, deafFor: 3 }).longest.minutes, 0);
});

Deno.test("a long silence is remembered for weeks, and fades", () => {
  const weekend = 3_000;
  let track = lived(weekend + 1, (minute) => Number(minute === weekend));
  assert.equal(Math.round(patienceOf(track, LEAST).minutes), PATIENCE * (weekend + 1));
  for (let index = 0; index < 2 * WEEK; index++) {
    track = follow(track, { index, own: 1, others: 1 });
  }
  assert.equal(Math.round(track.longest.minutes), weekend / 2);
});

/** How a type comes: by day and night, by week, in bursts. */
interface Rhythm {
  /** Events per minute at its best: a power of ten. */
  readonly power: number;
  /** What is left by night, and at the weekend. */
  readonly night: number;
  readonly weekend: number;
  /** How steep the evening is. */
  readonly steep: number;
  /** Hour of its best. */
  readonly best: number;
  /** Bursts per day, and how much more comes in one. */
  readonly bursts: number;
  readonly more: number;
}

const RHYTHM: fc.Arbitrary<Rhythm> = fc.record({
  power: fc.double({ min: -3, max: 3, noNaN: true }),
  night: fc.double({ min: 0, max: 1, noNaN: true }),
  weekend: fc.double({ min: 0, max: 1, noNaN: true }),
  steep: fc.integer({ min: 1, max: 6 }),
  best: fc.double({ min: 14, max: 22, noNaN: true }),
  bursts: fc.double({ min: 0, max: 3, noNaN: true }),
  more: fc.double({ min: 0, max: 20, noNaN: true }),
});

/** Events in each minute. */
function* minutesOf(rhythm: Rhythm, startHour: number, random: Random): Iterable<number> {
  const { power, night, weekend, steep, best, bursts, more } = rhythm;
  let burstLeft = 0;
  for (let minute = startHour * HOUR;; minute++) {
    const sun = (1 + Math.cos((minute / HOUR - best) / 24 * 2 * Math.PI)) / 2;
    const isWeekend = Math.floor(minute / DAY) % 7 >= 5;
    if (burstLeft-- <= 0 && random() < bursts / DAY) burstLeft = 10 + random() * 180;
    const now = (night + (1 - night) * sun ** steep) * (isWeekend ? weekend : 1);
    yield poisson(10 ** power * (now + (burstLeft > 0 ? more : 0)), random);
  }
}

function poisson(mean: number, random: Random): number {
  if (mean > 30) {
    const spread = Math.sqrt(-2 * mean * Math.log(1 - random()));
    return Math.max(0, Math.round(mean + spread * Math.cos(2 * Math.PI * random())));
  }
  let product = random();
  let count = 0;
  for (; product > Math.exp(-mean); count++) product *= random();
  return count;
}

const WORLD = { type: RHYTHM, others: RHYTHM, startHour: fc.nat(7 * 24), seed: fc.nat() };

Deno.test("isDeaf() stays silent for five weeks, whatever the rhythm of a type and of the others", () => {
  fc.assert(
    fc.property(fc.record(WORLD), ({ type, others, startHour, seed }) => {
      const random = seededRandom(seed);
      const own = minutesOf(type, startHour, random)[Symbol.iterator]();
      const beside = minutesOf(others, startHour, random)[Symbol.iterator]();
      let track = newTrack(NO_SILENCE);
      for (let index = 0; index < 5 * WEEK; index++) {
        const minute = { index, own: own.next().value, others: beside.next().value };
        track = follow(track, minute);
        assert.ok(!isDeaf(track, index + 1, LEAST), `deaf at minute ${index}`);
      }
    }),
    { numRuns: 40, seed: 8162 },
  );
});

Deno.test("isDeaf() misses whatever came steadily, after its patience and not before", () => {
  fc.assert(
    fc.property(fc.double({ min: -1, max: 3, noNaN: true }), fc.nat(), (power, seed) => {
      const steady = { power, night: 1, weekend: 1, steep: 1, best: 18, bursts: 0, more: 0 };
      const random = seededRandom(seed);
      const own = minutesOf(steady, 0, random)[Symbol.iterator]();
      let track = newTrack(NO_SILENCE);
      const known = WEEK + 3 * DAY;
      for (let index = 0; index < known; index++) {
        track = follow(track, { index, own: own.next().value, others: 100 });
      }
      const patience = patienceOf(track, LEAST).minutes - track.silence.minutes;
      const missed = missedAfter(track, known, 100, 20);
      assert.ok(missed !== null && missed <= patience, `${missed} of ${patience} minutes`);
      // Nothing is called deaf before it was silent for as long as it was asked to be.
      assert.ok(missed + track.silence.minutes >= LEAST);
    }),
    { numRuns: 40, seed: 8162 },
  );
});

Deno.test("parseTrack() takes what was written down, and nothing that lacks a part", () => {
  const track = { ...lived(300, (minute) => minute % 2), deafFor: GONE_AFTER };
  assert.deepEqual(parseTrack(JSON.parse(JSON.stringify(track))), track);
  for (const key of Object.keys(track)) {
    for (const wrong of [undefined, "7", NaN, Infinity, -5, {}, []]) {
      if (key === "lastHour" && wrong === -5) continue;
      assert.equal(parseTrack({ ...track, [key]: wrong }), null, `${key}: ${wrong}`);
    }
  }
  for (const value of [undefined, null, [], "", 3]) assert.equal(parseTrack(value), null);
});
