import assert from "node:assert/strict";
import fc from "fast-check";
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS, pauseMs } from "../../gateway/backoff.ts";

const LOWEST = () => 0;
const HIGHEST = () => 1 - Number.EPSILON;

Deno.test("pauseMs() lets the first reconnect go within half a second", () => {
  assert.equal(pauseMs("back off", 0, LOWEST), 0);
  assert.ok(pauseMs("back off", 0, HIGHEST) < FIRST_PAUSE_MS);
});

Deno.test("pauseMs() doubles from 1 s to a minute, each pause between half of it and the whole", () => {
  const wholes = [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1000);
  const attempts = [1, 2, 3, 4, 5, 6, 7, 1000];
  assert.deepEqual(
    attempts.map((attempt) => pauseMs("back off", attempt, LOWEST)),
    wholes.map((whole) => whole / 2),
  );
  assert.deepEqual(
    attempts.map((attempt) => Math.round(pauseMs("back off", attempt, HIGHEST))),
    wholes,
  );
});

Deno.test("pauseMs() adds 1 to 5 s after an invalid session", () => {
  assert.equal(pauseMs("invalid session", 0, LOWEST), 1000);
  assert.equal(Math.round(pauseMs("invalid session", 0, HIGHEST)), 500 + 5000);
  assert.equal(pauseMs("invalid session", 3, LOWEST), 2000 + 1000);
});

Deno.test("pauseMs() is none between the two hosts of a round", () => {
  for (const attempt of [0, 9]) assert.equal(pauseMs("other host", attempt, HIGHEST), 0);
});

Deno.test("pauseMs() is the least that is asked for, but between the two hosts of a round", () => {
  assert.equal(pauseMs("back off", 0, HIGHEST, 20_000), 20_000);
  assert.equal(pauseMs("invalid session", 1, LOWEST, 20_000), 20_000);
  assert.ok(pauseMs("back off", 9, LOWEST, 20_000) > 20_000);
  assert.equal(pauseMs("other host", 9, LOWEST, 20_000), 0);
});

Deno.test("pauseMs() draws its jitter anew for each part", () => {
  const draws = [0.5, 0.25];
  assert.equal(pauseMs("invalid session", 0, () => draws.shift()!), 250 + 1000 + 1000);
});

Deno.test("pauseMs() is never negative, endless or more than a minute and 5 s", () => {
  fc.assert(
    fc.property(
      fc.nat(10_000),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.constantFrom("back off" as const, "invalid session" as const),
      (attempt, chance, pause) => {
        const ms = pauseMs(pause, attempt, () => chance);
        assert.ok(ms >= 0 && ms <= LONGEST_PAUSE_MS + 5000, `${ms} ms`);
      },
    ),
  );
});
