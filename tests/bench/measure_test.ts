import assert from "node:assert/strict";
import { compare, costTable, figure, median, quantile } from "../../bench/measure.ts";
import { systemClock } from "../../ports/clock.ts";
import { makePayloads, PAYLOAD_KINDS } from "../../bench/payloads.ts";

Deno.test("quantile() gives the value that the share is not above, whatever the order", () => {
  const values = [5, 1, 4, 2, 3, 10, 9, 6, 8, 7];
  assert.equal(quantile(values, 0.99), 10);
  assert.equal(quantile(values, 0.9), 9);
  assert.equal(median(values), 5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});

Deno.test("figure() keeps three digits", () => {
  assert.equal(figure(0.07193), "0.0719");
  assert.equal(figure(12.345), "12.3");
  assert.equal(figure(1_234_567.8), "1,234,568");
  assert.equal(figure(NaN), "–");
});

Deno.test("compare() gives every variant the rounds asked for, in turns", async () => {
  const order: string[] = [];
  const spin = (name: string) => (count: number) => {
    order.push(name);
    const endMs = systemClock.now() + count;
    while (systemClock.now() < endMs);
  };
  const costs = await compare({ a: spin("a"), b: spin("b") }, { rounds: 3, roundMs: 1 });
  // Once each to find out how many fill a round.
  assert.equal(order.join(""), "ab" + "ab".repeat(3));
  assert.ok(costs.a.wallUs >= 1000);
});

Deno.test("costTable() tells how many times the baseline costs as much CPU time", () => {
  const costs = { old: { wallUs: 1, cpuUs: 8 }, new: { wallUs: 1, cpuUs: 2 } };
  const { rows } = costTable("", costs, "old");
  assert.deepEqual(rows, [["old", "1", "8", "baseline"], ["new", "1", "2", "4 ×"]]);
});

Deno.test("makePayloads() makes JSON of about the size asked for, no two alike", () => {
  for (const kind of [PAYLOAD_KINDS.small, PAYLOAD_KINDS.message, PAYLOAD_KINDS.guild]) {
    const payloads = makePayloads(kind, 20).map((bytes) => new TextDecoder().decode(bytes));
    assert.equal(new Set(payloads).size, 20);
    for (const [i, text] of payloads.entries()) {
      assert.equal((JSON.parse(text) as { s: number }).s, i + 1);
      assert.ok(Math.abs(text.length - kind.bytes) < kind.bytes * 0.15, `${text.length} bytes`);
    }
  }
});
