import assert from "node:assert/strict";
import { type CommandOptions, plainResults, readOptions } from "../../protocol/command.ts";

Deno.test("plainResults() keeps what errors say, and whose they are", () => {
  const error = Object.assign(new RangeError("far", { cause: 1 }), { clusterId: 3, stack: "s" });
  const plain = plainResults({ results: [1], errors: [error] });
  assert.deepEqual(JSON.parse(JSON.stringify(plain)), {
    results: [1],
    errors: [{
      name: "RangeError",
      message: "far",
      stack: "s",
      cause: { json: 1 },
      properties: { clusterId: { json: 3 } },
      clusterId: 3,
    }],
  });
});

Deno.test("readOptions() fills in what is missing, and refuses what the wire does not carry", () => {
  assert.deepEqual(readOptions({}), { receptive: false, timeout: 30_000 });
  assert.deepEqual(readOptions({ receptive: true, timeout: 0 }), { receptive: true, timeout: 0 });
  for (
    const wrong of [{ timeout: NaN }, { timeout: -1 }, { timeout: 86_400_001 }, { timeout: "5" }, {
      receptive: 1,
    }]
  ) {
    assert.throws(() => readOptions(wrong as CommandOptions), /is .*, expected/);
  }
});
