import assert from "node:assert/strict";
import fc from "fast-check";
import { take, type Usage, type Window } from "../../../sim/rest/bucket.ts";

const SLIDING: Window = { limit: 5, windowMs: 5000, kind: "sliding" };
const FIXED: Window = { limit: 10, windowMs: 10_000, kind: "fixed" };
const ALIGNED: Window = { limit: 50, windowMs: 1000, kind: "aligned" };

Deno.test("take() lets a sliding window's limit through at once and no more", () => {
  const answers = takeEach(SLIDING, [0, 0, 0, 0, 0, 0]);
  assert.deepEqual(answers.map((each) => each.allowed), [true, true, true, true, true, false]);
  assert.deepEqual(answers.map((each) => each.remaining), [4, 3, 2, 1, 0, 0]);
});

Deno.test("take() moves a sliding window's full restoration with each request", () => {
  const answers = takeEach(SLIDING, [0, 100, 200]);
  assert.deepEqual(answers.map((each) => each.resetAfterMs), [1000, 1900, 2800]);
});

Deno.test("take() asks to wait for one slot of a sliding window, not for its full restoration", () => {
  const answer = takeEach(SLIDING, [0, 0, 0, 0, 0, 300]).at(-1)!;
  assert.equal(answer.retryAfterMs, 700);
  assert.equal(answer.resetAfterMs, 4700);
});

Deno.test("take() gives a sliding window's slot back after one slot's time, thirds included", () => {
  const thirds: Window = { limit: 3, windowMs: 333, kind: "sliding" };
  const answers = takeEach(thirds, [0, 0, 0, 110, 111, 222]);
  assert.deepEqual(answers.map((each) => each.allowed), [true, true, true, false, true, true]);
});

Deno.test("take() gives all of a fixed window back at once, a window after the first request", () => {
  const answers = takeEach(FIXED, [0, ...Array(9).fill(4000), 9999, 10_000]);
  assert.deepEqual(answers.slice(-3).map((each) => each.allowed), [true, false, true]);
  assert.deepEqual(answers.slice(-3).map((each) => each.remaining), [0, 0, 9]);
  assert.equal(answers.at(-2)!.retryAfterMs, 1);
});

Deno.test("take() begins an aligned window at a multiple of its length, not at the first request", () => {
  const answers = takeEach(ALIGNED, [...Array(51).fill(1661), 2000]);
  assert.equal(answers[50]!.allowed, false);
  assert.equal(answers[50]!.retryAfterMs, 339);
  assert.equal(answers[51]!.allowed, true);
});

Deno.test("take() always lets through a request that waited as long as it was told", () => {
  const windows = fc.record({
    limit: fc.integer({ min: 1, max: 50 }),
    windowMs: fc.integer({ min: 1, max: 600_000 }),
    kind: fc.constantFrom("sliding" as const, "fixed" as const, "aligned" as const),
  });
  fc.assert(fc.property(windows, fc.array(fc.integer({ min: 0, max: 5000 })), (window, gaps) => {
    let nowMs = 1_700_000_000_000;
    let usage: Usage | undefined;
    for (const gap of gaps) {
      nowMs += gap;
      const answer = take(window, usage, nowMs);
      if (!answer.allowed) {
        assert.ok(take(window, answer.usage, nowMs + Math.ceil(answer.retryAfterMs)).allowed);
      }
      usage = answer.usage;
    }
  }));
});

function takeEach(window: Window, times: readonly number[]) {
  let usage: Usage | undefined;
  return times.map((nowMs) => {
    const answer = take(window, usage, nowMs);
    usage = answer.usage;
    return answer;
  });
}
