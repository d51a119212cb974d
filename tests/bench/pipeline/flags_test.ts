import assert from "node:assert/strict";
import { readFlags, usualSelections } from "../../../bench/pipeline/flags.ts";

const PARTIES = ["gatehouse", "base", "guide"];

Deno.test("readFlags() gives the usual selections without flags", () => {
  assert.deepEqual(readFlags([], PARTIES), usualSelections(PARTIES));
});

Deno.test("readFlags() changes what is named and leaves the rest as usual", () => {
  const read = readFlags(
    ["--rates", "1000,max", "--shards", "1,256", "--parties", "gatehouse", "--rounds", "1"],
    PARTIES,
  );
  assert.deepEqual(read, [{
    ...usualSelections(PARTIES)[0],
    rates: [1_000, "max"],
    shards: [1, 256],
    parties: ["gatehouse"],
    rounds: 1,
  }]);
});

Deno.test("readFlags() names everything that is wrong", () => {
  const read = readFlags(
    [
      "--rates",
      "fast",
      "--payload",
      "300,9",
      "--rounds",
      "1,2",
      "--parties",
      "bun",
      "--colour",
      "1",
    ],
    PARTIES,
  );
  assert.ok("problems" in read);
  assert.deepEqual(read.problems.map((line) => line.split(":")[0]), [
    "--rates",
    "--payload",
    "--rounds",
    "--parties",
    "--colour",
  ]);
  assert.match(read.problems[1]!, /received "300,9"$/);
  assert.ok("problems" in readFlags(["--rates"], PARTIES), "a flag without its value");
});
