import assert from "node:assert/strict";
import { Rates } from "../../unit/stats.ts";

Deno.test("Rates are what came since the last time, over the time between", () => {
  const rates = new Rates<string>();
  assert.deepEqual([...rates.since([["a", 20], ["b", 0]], 10)], [["a", 2], ["b", 0]]);
  assert.deepEqual([...rates.since([["a", 26], ["b", 3]], 2)], [["a", 3], ["b", 1.5]]);
  assert.deepEqual([...rates.since([["a", 26], ["c", 4]], 1)], [["a", 0], ["c", 4]]);
});

Deno.test("Rates take a count that fell for one that began anew", () => {
  const rates = new Rates<number>();
  rates.since([[0, 100]], 1);
  assert.deepEqual([...rates.since([[0, 30]], 1)], [[0, 30]]);
});

Deno.test("Rates over no time are none", () => {
  assert.deepEqual([...new Rates<number>().since([[0, 100]], 0)], [[0, 0]]);
});
