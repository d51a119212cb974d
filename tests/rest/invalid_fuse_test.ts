import assert from "node:assert/strict";
import fc from "fast-check";
import { type Random, seededRandom } from "../../ports/random.ts";
import {
  INVALID_LIMIT,
  INVALID_WINDOW_MS,
  InvalidFuse,
  isInvalid,
} from "../../rest/invalid_fuse.ts";
import type { RefusalScope } from "../../rest/limits/rate_report.ts";
import { Agenda } from "./agenda_model.ts";

const SLICE_MS = INVALID_WINDOW_MS / 60;
const HOUR_MS = 3_600_000;

/** A fuse of 100 that has seen so many invalid requests at 0. */
function after(invalid: number, valid = 0): InvalidFuse {
  const fuse = new InvalidFuse(100);
  for (let i = 0; i < invalid; i++) fuse.count(true, 0);
  for (let i = 0; i < valid; i++) fuse.count(false, 0);
  return fuse;
}

Deno.test("InvalidFuse does nothing below half the limit", () => {
  const fuse = after(49, 10_000);
  for (let i = 0; i < 100; i++) {
    assert.deepEqual([fuse.state(0), fuse.waitMs(0)], ["closed", 0]);
    fuse.take(0);
  }
});

Deno.test("InvalidFuse counts what is invalid in the last ten minutes, and forgets it after them", () => {
  const fuse = after(3, 5);
  fuse.count(true, 300_000);
  assert.equal(fuse.invalid(300_000), 4);
  assert.equal(fuse.invalid(INVALID_WINDOW_MS - 1), 4);
  assert.equal(fuse.invalid(INVALID_WINDOW_MS + SLICE_MS), 1);
  assert.equal(fuse.invalid(300_000 + INVALID_WINDOW_MS + SLICE_MS), 0);
});

Deno.test("InvalidFuse makes what is left last until the window is over, from half the limit on", () => {
  const fuse = after(60);
  assert.deepEqual([fuse.state(0), fuse.waitMs(0)], ["slow", 0]);
  fuse.take(0);
  assert.equal(fuse.waitMs(0), (INVALID_WINDOW_MS + SLICE_MS) / 30, "30 are left");
  assert.equal(fuse.waitMs(fuse.waitMs(0)), 0);
});

Deno.test("InvalidFuse slows down less the fewer of all requests are invalid", () => {
  const fuse = after(60, 60 * 3);
  fuse.take(0);
  assert.equal(fuse.waitMs(0), (INVALID_WINDOW_MS + SLICE_MS) / 4 / 30);
});

Deno.test("InvalidFuse takes the share of the last ten minutes, not of all time", () => {
  const fuse = after(0, 1_000);
  const nowMs = INVALID_WINDOW_MS + SLICE_MS;
  for (let i = 0; i < 60; i++) fuse.count(true, nowMs);
  fuse.take(nowMs);
  assert.equal(Math.round(fuse.waitMs(nowMs)), Math.round((INVALID_WINDOW_MS + SLICE_MS) / 30));
});

/** An open one, at 25,000. */
function opened(): InvalidFuse {
  const fuse = after(50);
  for (let i = 0; i < 40; i++) fuse.count(true, 25_000);
  return fuse;
}

Deno.test("InvalidFuse is open from 90 % of the limit on, until enough is forgotten", () => {
  const fuse = opened();
  const closesMs = INVALID_WINDOW_MS + SLICE_MS;
  assert.deepEqual([fuse.state(25_000), fuse.closesInMs(25_000)], ["open", closesMs - 25_000]);
  assert.equal(fuse.state(closesMs), "closed");
  assert.deepEqual([fuse.waitMs(closesMs), fuse.shutMs(closesMs)], [0, 0]);
});

Deno.test("InvalidFuse, while it is open, lets one go ahead at a time", () => {
  const fuse = opened();
  assert.deepEqual([fuse.shutMs(25_000), fuse.goAhead(25_000)], [0, true]);
  assert.equal(fuse.shutMs(25_000), 30_000, "unless its answer is lost");
  fuse.count(false, 25_100);
  assert.ok(fuse.shutMs(25_100) > 0, "another's answer says nothing of it");
  fuse.count(false, 25_200, true);
  assert.equal(fuse.shutMs(25_200), 0, "it was well: the next goes at once");
  fuse.goAhead(25_200);
  fuse.count(true, 25_300, true);
  assert.equal(Math.round(fuse.shutMs(25_300)), INVALID_WINDOW_MS / 5, "half of what is left is 5");
});

Deno.test("InvalidFuse, while it is not open, sends nobody ahead", () => {
  const fuse = after(60);
  assert.deepEqual([fuse.goAhead(0), fuse.shutMs(0)], [false, 0]);
});

Deno.test("InvalidFuse has Discord's limit unless told otherwise", () => {
  const fuse = new InvalidFuse();
  for (let i = 0; i < 9_000; i++) {
    assert.notEqual(fuse.state(0), "open");
    fuse.count(true, 0);
  }
  assert.equal(fuse.state(0), "open");
});

Deno.test("isInvalid() is true of 401, 403 and 429, but not of scope shared", () => {
  const invalid = (status: number, scope?: RefusalScope) =>
    isInvalid(status, {
      bucket: null,
      refusal: scope ? { scope, retryAfterMs: 1 } : null,
      isLimitless: false,
    });
  assert.deepEqual([401, 403, 429].map((status) => invalid(status)), [true, true, true]);
  for (const scope of ["bucket", "hidden", "global", "address"] as const) {
    assert.equal(invalid(429, scope), true, scope);
  }
  assert.equal(invalid(429, "shared"), false);
  for (const status of [200, 204, 400, 404, 405, 500, 502]) assert.equal(invalid(status), false);
});

/** Callers that always want to send. */
interface Load {
  /** They come no faster than that. */
  readonly gapMs: number;
  /** Until an answer. */
  readonly tripMs: number;
  readonly isInvalid: (nowMs: number) => boolean;
  readonly forMs: number;
}

/** When requests went out, those that came back invalid apart. */
function play(fuse: InvalidFuse, { gapMs, tripMs, isInvalid, forMs }: Load) {
  const agenda = new Agenda();
  const sentMs: number[] = [];
  const invalidMs: number[] = [];
  const step = () => {
    const { nowMs } = agenda;
    const waitMs = fuse.waitMs(nowMs);
    const shutMs = fuse.shutMs(nowMs);
    if (waitMs === 0 && shutMs === 0) {
      fuse.take(nowMs);
      const wentAhead = fuse.goAhead(nowMs);
      sentMs.push(nowMs);
      const invalid = isInvalid(nowMs);
      if (invalid) invalidMs.push(nowMs);
      agenda.at(nowMs + tripMs, () => fuse.count(invalid, agenda.nowMs, wentAhead));
    }
    // An answer may open it sooner: who is shut out looks again.
    const nextMs = nowMs + Math.max(gapMs, waitMs, Math.min(shutMs, tripMs));
    if (nextMs < forMs) agenda.at(nextMs, step);
  };
  agenda.at(0, step);
  agenda.run(forMs);
  return { sentMs, invalidMs };
}

/** The most of them in any ten minutes. */
function most(timesMs: readonly number[]): number {
  let first = 0;
  return timesMs.reduce((most, atMs, i) => {
    while (timesMs[first]! <= atMs - INVALID_WINDOW_MS) first++;
    return Math.max(most, i - first + 1);
  }, 0);
}

Deno.test("no ten minutes hold 10,000 invalid requests, even if every one is and all hurry", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(500), (gapMs, tripMs) => {
      const { invalidMs } = play(new InvalidFuse(), {
        gapMs,
        tripMs,
        isInvalid: () => true,
        forMs: HOUR_MS,
      });
      assert.ok(most(invalidMs) < INVALID_LIMIT, `${most(invalidMs)}`);
      assert.ok(invalidMs.length > 4 * 9_000, "it closes again: others may be fine by now");
    }),
    { numRuns: 10 },
  );
});

Deno.test("no ten minutes hold 10,000 invalid requests, when good ones turn bad all at once", () => {
  const { invalidMs } = play(new InvalidFuse(), {
    gapMs: 2,
    tripMs: 500,
    isInvalid: (nowMs) => nowMs > 1_000_000,
    forMs: HOUR_MS,
  });
  assert.ok(most(invalidMs) < INVALID_LIMIT, `${most(invalidMs)}`);
});

Deno.test("InvalidFuse is closed again ten minutes after the last invalid request", () => {
  const fuse = new InvalidFuse();
  play(fuse, { gapMs: 1, tripMs: 100, isInvalid: () => true, forMs: 2 * INVALID_WINDOW_MS });
  const atMs = 3 * INVALID_WINDOW_MS + SLICE_MS;
  assert.deepEqual([fuse.state(atMs), fuse.waitMs(atMs), fuse.invalid(atMs)], ["closed", 0, 0]);
});

Deno.test("healthy traffic, of which one in ten is invalid, is never slowed below 50 a second", () => {
  for (const [share, perSecond, seed] of [[0.1, 50, 1], [0.1, 400, 2], [0.05, 1_000, 3]] as const) {
    const random: Random = seededRandom(seed);
    const { sentMs } = play(new InvalidFuse(), {
      gapMs: 1_000 / perSecond,
      tripMs: 100,
      isInvalid: () => random() < share,
      forMs: HOUR_MS / 2,
    });
    const slowest = slowestMinute(sentMs, HOUR_MS / 2);
    assert.ok(slowest >= 50 * 60, `${slowest} a minute of ${share} at ${perSecond} a second`);
  }
});

/** The fewest in any whole minute. */
function slowestMinute(sentMs: readonly number[], forMs: number): number {
  const minutes = new Array<number>(forMs / 60_000).fill(0);
  for (const atMs of sentMs) minutes[Math.floor(atMs / 60_000)]!++;
  return Math.min(...minutes);
}
