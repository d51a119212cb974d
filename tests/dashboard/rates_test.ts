import assert from "node:assert/strict";
import { LateRates } from "../../dashboard/rates.ts";

Deno.test("LateRates comes near a steady rate, whenever its counts are told", () => {
  const rates = new LateRates<string>();
  let count = 500;
  // A worker reports about once a second: now two of its reports fall between two looks, now none.
  for (let second = 0; second < 60; second++) {
    if (second % 2 === 0) count += 200;
    rates.look(second * 1000, [["a", count], ["b", second]]);
  }
  assert.ok(Math.abs(rates.of("a") - 100) < 15, `${rates.of("a")}`);
  assert.equal(rates.of("b"), 1);
  assert.ok(Math.abs(rates.sum(["a", "b"]) - rates.of("a") - 1) < 0.2);
});

Deno.test("LateRates begins at 0, goes back to it, and counts anew what fell", () => {
  const rates = new LateRates<string>();
  rates.look(0, [["a", 1_000_000]]);
  assert.equal(rates.of("a"), 0);
  rates.look(1000, [["a", 10]]);
  assert.ok(rates.of("a") > 0 && rates.of("a") < 10);
  for (let second = 2; second < 60; second++) rates.look(second * 1000, [["a", 10]]);
  assert.equal(rates.of("a"), 0);
});

Deno.test("LateRates forgets what is told no more, and knows nothing of what it was never told", () => {
  const rates = new LateRates<string>();
  rates.look(0, [["a", 0], ["b", 0]]);
  rates.look(1000, [["a", 10], ["b", 10]]);
  rates.look(2000, [["a", 20]]);
  assert.equal(rates.of("b"), 0);
  assert.equal(rates.of("c"), 0);
  assert.equal(rates.sum(["a", "b"]), rates.of("a"));
});
