import assert from "node:assert/strict";
import fc from "fast-check";
import {
  budgetFrom,
  budgetWaitMs,
  type IdentifyBudget,
  lower,
  parseBudget,
  refilled,
  spend,
} from "../../../gateway/identify/budget.ts";

const NOW = 1_000_000_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BUDGET: IdentifyBudget = { total: 1000, remaining: 500, resetAtMs: NOW + HOUR_MS };
const LIMIT = { total: 1000, remaining: 500, resetAfterMs: HOUR_MS, maxConcurrency: 1 };

Deno.test("budgetFrom() believes Discord where nothing was saved", () => {
  assert.deepEqual(budgetFrom(LIMIT, undefined, NOW), BUDGET);
});

Deno.test("budgetFrom() takes the lower number within one window", () => {
  const saved = { total: 1000, remaining: 480, resetAtMs: NOW + HOUR_MS - 2_000 };
  assert.equal(budgetFrom(LIMIT, saved, NOW).remaining, 480);
  assert.equal(budgetFrom(LIMIT, { ...saved, remaining: 520 }, NOW).remaining, 500);
});

Deno.test("budgetFrom() forgets what was saved in another window", () => {
  const later = { total: 1000, remaining: 3, resetAtMs: NOW + HOUR_MS + 600_000 };
  assert.equal(budgetFrom(LIMIT, later, NOW).remaining, 500);
  const over = { total: 1000, remaining: 3, resetAtMs: NOW };
  assert.equal(budgetFrom({ ...LIMIT, resetAfterMs: 1 }, over, NOW).remaining, 500);
});

Deno.test("spend() takes one, and never goes below zero", () => {
  assert.deepEqual(spend(BUDGET, NOW), { ...BUDGET, remaining: 499 });
  assert.equal(spend({ ...BUDGET, remaining: 0 }, NOW).remaining, 0);
});

Deno.test("spend() opens a new window when the old one is over", () => {
  assert.deepEqual(spend(BUDGET, NOW + HOUR_MS), {
    total: 1000,
    remaining: 999,
    resetAtMs: NOW + HOUR_MS + DAY_MS,
  });
});

Deno.test("spend() counts the first identify of a budget whose window ended unused", () => {
  const full = { total: 1000, remaining: 1000, resetAtMs: NOW };
  const once = spend(full, NOW + 5);
  assert.deepEqual(once, { total: 1000, remaining: 999, resetAtMs: NOW + 5 + DAY_MS });
  assert.equal(spend(once, NOW + 10).remaining, 998);
});

Deno.test("refilled() fills the budget at the end of its window, not before", () => {
  assert.equal(refilled(BUDGET, NOW + HOUR_MS - 1), BUDGET);
  assert.equal(refilled(BUDGET, NOW + HOUR_MS).remaining, 1000);
});

Deno.test("budgetWaitMs() waits at the reserve for the next window", () => {
  assert.equal(budgetWaitMs(BUDGET, 499, NOW), 0);
  assert.equal(budgetWaitMs(BUDGET, 500, NOW), HOUR_MS);
  assert.equal(budgetWaitMs(BUDGET, 500, NOW + HOUR_MS), 0);
});

Deno.test("budgetWaitMs() says that no window will ever be enough", () => {
  assert.equal(budgetWaitMs(BUDGET, 1000, NOW), Infinity);
  assert.equal(budgetWaitMs(BUDGET, 1000, NOW + HOUR_MS), Infinity);
  assert.equal(budgetWaitMs({ ...BUDGET, remaining: 1000 }, 1000, NOW + DAY_MS), Infinity);
});

Deno.test("a reserve is never touched, and what is above it can be spent in full", () => {
  fc.assert(
    fc.property(fc.nat(50), fc.nat(60), fc.array(fc.nat(DAY_MS)), (total, reserve, pauses) => {
      let budget: IdentifyBudget = { total, remaining: total, resetAtMs: NOW + HOUR_MS };
      let nowMs = NOW;
      for (const pauseMs of pauses) {
        nowMs += pauseMs;
        while (budgetWaitMs(budget, reserve, nowMs) === 0) {
          budget = spend(budget, nowMs);
          assert.ok(budget.remaining >= reserve);
        }
        const waitMs = budgetWaitMs(budget, reserve, nowMs);
        assert.ok(waitMs > 0 && waitMs <= DAY_MS || reserve >= total, `${waitMs} ms`);
      }
    }),
  );
});

Deno.test("parseBudget() reads back what was saved, and nothing else", () => {
  assert.deepEqual(parseBudget(JSON.parse(JSON.stringify(BUDGET))), BUDGET);
  for (const other of [undefined, null, 7, [], {}, { ...BUDGET, total: "9" }, { total: 1 }]) {
    assert.equal(parseBudget(other), undefined);
  }
});

Deno.test("lower() takes the budget with fewer identifies left, full ones where their day is over", () => {
  const less = { ...BUDGET, remaining: 499 };
  const over = { ...BUDGET, remaining: 3, resetAtMs: NOW };
  for (const other of [BUDGET, over]) {
    assert.equal(lower(less, other, NOW), less);
    assert.equal(lower(other, less, NOW), less);
  }
  const later = { ...BUDGET, resetAtMs: BUDGET.resetAtMs + 1 };
  assert.equal(lower(BUDGET, later, NOW), later);
  assert.equal(lower(later, BUDGET, NOW), later);
});
