import assert from "node:assert/strict";
import {
  integer,
  intents,
  nearest,
  oneOf,
  path,
  type Reader,
  secret,
} from "../../config/readers.ts";
import { loadValibot } from "../../deps.ts";

const v = await loadValibot();
const reads = <Value>({ schema }: Reader<Value>, text: string) => v.is(schema(v), text);

Deno.test("integer() takes its bounds and what is between them, and says so", () => {
  const delay = integer("milliseconds", 2, 50);
  assert.deepEqual(["1", "2", "50", "51"].map((text) => reads(delay, text)), [
    false,
    true,
    true,
    false,
  ]);
  assert.equal(delay.expected, "milliseconds from 2 to 50");
});

Deno.test("oneOf() names its choices", () => {
  assert.equal(oneOf("a", "b").expected, "a or b");
  assert.equal(
    oneOf("zlib-stream", "zstd-stream", "none").expected,
    "zlib-stream, zstd-stream or none",
  );
  assert.ok(reads(oneOf("a", "b"), "B"));
});

Deno.test("what it has to be ends in what is checked", () => {
  assert.equal(path("a path").expected, "a path without a comma");
  assert.equal(secret("a secret").expected, "a secret, one word");
  assert.equal(secret("a secret").secret, true);
});

Deno.test("intents tell which names are wrong, and nothing of those that are right", () => {
  assert.equal(
    intents.hint?.("GUILDS,GUILD_MESAGES,XYZ,1"),
    " (GUILD_MESAGES is unknown, did you mean GUILD_MESSAGES?; XYZ is unknown)",
  );
  assert.equal(intents.hint?.(","), "");
});

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
