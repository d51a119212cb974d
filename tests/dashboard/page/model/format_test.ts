import assert from "node:assert/strict";
import * as format from "../../../../dashboard/page/model/format.js";

Deno.test("figures that are not known are a dash, everywhere", () => {
  const { count, short, rate, latency, span, bytes, percent } = format;
  for (const shown of [count, short, rate, latency, span, bytes, percent]) {
    assert.equal(shown(null), "–");
    assert.equal(shown(undefined), "–");
  }
  assert.equal(format.ago(null, 0), "–");
});

Deno.test("numbers are grouped, and shortened where there is little room", () => {
  assert.equal(format.count(1_234_567), "1,234,567");
  assert.equal(format.short(9_999), "9,999");
  assert.equal(format.short(48_312), "48.3K");
  assert.equal(format.counted(1, "shard"), "1 shard");
  assert.equal(format.counted(1_000, "shard"), "1,000 shards");
});

Deno.test("rates have one place as long as it says something", () => {
  assert.deepEqual([0, 0.04, 4, 9.94, 9.96, 47.4].map(format.rate), [
    "0",
    "0.0",
    "4.0",
    "9.9",
    "10",
    "47",
  ]);
});

Deno.test("lengths of time have their two largest units at most", () => {
  const table: readonly (readonly [number, string])[] = [
    [0, "0 s"],
    [-5, "0 s"],
    [4_210, "4.2 s"],
    [9_960, "10 s"],
    [48_000, "48 s"],
    [99_600, "2 min"],
    [720_000, "12 min"],
    [7_500_000, "2 h 5 min"],
    [7_200_000, "2 h"],
    [273_600_000, "3 d 4 h"],
    [172_799_999, "2 d"],
  ];
  for (const [ms, text] of table) assert.equal(format.span(ms), text, String(ms));
});

Deno.test("latencies above a second are told in seconds", () => {
  assert.equal(format.latency(84.4), "84 ms");
  assert.equal(format.latency(1_840), "1.8 s");
});

Deno.test("what has just happened is now", () => {
  assert.equal(format.ago(10_000, 11_000), "now");
  assert.equal(format.ago(10_000, 12_400), "2 s ago");
  assert.equal(format.ago(10_000, 9_000), "now");
  assert.equal(format.ago(0, 7_200_000), "2 h ago");
});

Deno.test("bytes and percents are short", () => {
  assert.deepEqual([9_000, 214e6, 2.34e9].map(format.bytes), ["9 kB", "214 MB", "2.3 GB"]);
  assert.deepEqual([4.12, 42].map(format.percent), ["4.1 %", "42 %"]);
});
