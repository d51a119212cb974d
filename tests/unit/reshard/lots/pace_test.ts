import assert from "node:assert/strict";
import { identifiesLeft, leftMs, mayBegin, needOf } from "../../../../unit/reshard/lots/pace.ts";

const gate = {
  maxConcurrency: 4,
  remaining: 500,
  reserve: 100,
  total: 1000,
  resetAfterMs: 3_600e3,
};
const need = (shards: number, identifies = shards) => ({ shards, identifies });

Deno.test("mayBegin() has as many shards rise as the gate serves, and keeps the lots under way few", () => {
  assert.equal(mayBegin(need(2), need(6), gate), "now");
  assert.equal(mayBegin(need(2), need(7), gate), "later");
  assert.equal(mayBegin(need(2), need(30, 0), gate), "now");
  assert.equal(mayBegin(need(2), need(31, 0), gate), "later");
});

Deno.test("mayBegin() lets one lot begin however large it is", () => {
  assert.equal(mayBegin(need(99), need(0), gate), "now");
  assert.equal(mayBegin(need(99), need(1), gate), "later");
});

Deno.test("mayBegin() begins no lot for which identifies would be missing, those under way counted", () => {
  const few = { ...gate, remaining: 105 };
  assert.equal(identifiesLeft(few), 5);
  assert.equal(mayBegin(need(2), need(3), few), "now");
  assert.equal(mayBegin(need(2), need(4), few), "identifies");
  assert.equal(mayBegin(need(2, 0), need(6), few), "now", "sessions cost none");
  assert.equal(identifiesLeft({ ...few, remaining: 7 }), 0);
});

Deno.test("mayBegin() has a lot that takes more than a day's identifies rise for days", () => {
  const full = { ...gate, remaining: 1000 };
  assert.equal(mayBegin(need(1500), need(0), full), "now");
  assert.equal(mayBegin(need(1500), need(0), { ...full, remaining: 999 }), "identifies");
  assert.equal(mayBegin(need(1), need(0), { ...full, reserve: 1000 }), "identifies");
});

Deno.test("leftMs() counts rounds of identifies, and days where a day's are too few", () => {
  const lot = 15_000;
  assert.equal(leftMs(0, gate), lot);
  assert.equal(leftMs(5, gate), 2 * 5_200 + lot);
  assert.equal(leftMs(401, gate), gate.resetAfterMs + 5_200 + lot);
  assert.equal(leftMs(400 + 900 + 4, gate), gate.resetAfterMs + 86_400_000 + 5_200 + lot);
  assert.equal(leftMs(401, { ...gate, reserve: 1000 }), null);
});

Deno.test("needOf() adds up", () => {
  assert.deepEqual(needOf([need(2, 1), need(3)]), need(5, 4));
});
