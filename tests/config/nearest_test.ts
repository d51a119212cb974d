import assert from "node:assert/strict";
import { nearest } from "../../config/nearest.ts";

Deno.test("nearest() finds a letter too many, too few, another, and two that changed places", () => {
  for (const word of ["TOTAL_SHARD", "TOTAL_SHARDSS", "TOTAL_SHARTS", "TOTAL_SHADRS"]) {
    assert.deepEqual(nearest(word, ["INTENTS", "TOTAL_SHARDS"]), ["TOTAL_SHARDS"], word);
  }
});

Deno.test("nearest() puts the nearest first and leaves out what is further than the limit", () => {
  assert.deepEqual(nearest("abcd", ["abxx", "abcx", "axxx", "abcd"]), ["abcd", "abcx", "abxx"]);
  assert.deepEqual(nearest("abcd", ["abcx", "abxx"], 1), ["abcx"]);
  assert.deepEqual(nearest("", ["abc"]), []);
});
