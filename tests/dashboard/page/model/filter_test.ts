import assert from "node:assert/strict";
import { filterOf } from "../../../../dashboard/page/model/filter.js";
import { World } from "../../../support/dashboard/world.ts";

const { view: { shards, unit } } = new World({ shards: 97, nowMs: 0 });
const found = (typed: string) =>
  shards.filter((shard) => filterOf(typed)!(shard, unit.guildLimit)).map(({ shardId }) => shardId);

Deno.test("filterOf() has no test for nothing", () => {
  assert.equal(filterOf(""), null);
  assert.equal(filterOf("  "), null);
});

Deno.test("filterOf() finds ids, ranges, keys, workers and clusters", () => {
  assert.deepEqual(found("12"), [12]);
  assert.deepEqual(found("#12"), [12]);
  assert.deepEqual(found("94-200"), [94, 95, 96]);
  assert.deepEqual(found("3/97"), [3]);
  assert.deepEqual(found("3/98"), []);
  assert.equal(found("worker:0").length, 97);
  assert.equal(found("cluster:1").length, 33);
});

Deno.test("filterOf() finds the shard of a guild by its id, as Discord has it", () => {
  const guild = 197_038_439_483_310_086n;
  assert.deepEqual(found(String(guild)), [Number((guild >> 22n) % 97n)]);
});

Deno.test("filterOf() finds states, troubles, what waits, errors, and words of the reason", () => {
  assert.deepEqual(found("backing"), [17]);
  assert.deepEqual(found("trouble"), [41, 46, 60]);
  assert.deepEqual(found("waiting"), [41]);
  assert.deepEqual(found("error"), [17, 88]);
  assert.deepEqual(found("4014"), []);
  assert.deepEqual(found("intents"), [88]);
});

Deno.test("filterOf() wants all words", () => {
  assert.deepEqual(found("0-50 trouble"), [41, 46]);
});
