import assert from "node:assert/strict";
import { readFlags, USAGE } from "../../sim/flags.ts";

Deno.test("without flags everything has a default, and the usage tells it", () => {
  const read = readFlags([]);
  assert.ok("flags" in read);
  assert.deepEqual(read.flags, {
    port: 8790,
    shards: 4,
    guilds: 100,
    maxConcurrency: 1,
    eventsPerSecond: 20,
    lateMs: 0,
    comingsPerMinute: 0,
    pingSeconds: 5,
    seed: 1,
    token: "sim-token",
  });
  for (const value of Object.values(read.flags)) assert.match(USAGE, new RegExp(` ${value}\\b`));
});

Deno.test("a value follows its flag, or an equals sign", () => {
  const read = readFlags(["--shards", "16", "--token=a=b", "--events-per-second=0"]);
  assert.ok("flags" in read);
  assert.deepEqual([read.flags.shards, read.flags.token, read.flags.eventsPerSecond], [
    16,
    "a=b",
    0,
  ]);
});

Deno.test("all problems are told at once", () => {
  const read = readFlags(["--shards", "many", "--port=70000", "--colour", "--seed"]);
  assert.deepEqual(read, {
    problems: [
      "--colour is not a flag",
      "--seed needs a value",
      "--port must be a whole number from 0 to 65533",
      "--shards must be a whole number from 1 to 100000",
    ],
  });
});
