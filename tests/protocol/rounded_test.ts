import assert from "node:assert/strict";
import { counted, duration, rounded } from "../../protocol/rounded.ts";

Deno.test("rounded() leaves three decimals, and whole numbers as they are", () => {
  const figures = [0.6820889999980864, 38.4995, -1.0004, 2 ** 53 - 1, 0, Infinity];
  assert.deepEqual(figures.map(rounded), [0.682, 38.5, -1, 2 ** 53 - 1, 0, Infinity]);
  assert.equal(rounded(null), null);
});

Deno.test("duration() is rounded up and leaves out what is nothing", () => {
  const said = [0, 1, 1_000, 59_001, 125_000, 3_600_000, 3_780_000].map(duration);
  assert.deepEqual(said, ["0 s", "1 s", "1 s", "1 min", "2 min 5 s", "1 h", "1 h 3 min"]);
});

Deno.test("counted() has one shard, no and many shards, and what has a plural of its own", () => {
  const said = [0, 1, 2, 12_345].map((number) => counted(number, "shard"));
  assert.deepEqual(said, ["0 shards", "1 shard", "2 shards", "12,345 shards"]);
  const own = [1, 2].map((number) => counted(number, "identify", "identifies"));
  assert.deepEqual(own, ["1 identify", "2 identifies"]);
});
