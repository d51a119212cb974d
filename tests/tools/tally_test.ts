import assert from "node:assert/strict";
import { addTallies, exitCode, tallyOf } from "../../tools/tally.ts";

Deno.test("tallyOf() reads the summary of deno test, coloured or not", () => {
  assert.deepEqual(tallyOf("x ... ok\n\nok | 12 passed | 0 failed (1s)\n", 0), {
    passed: 12,
    failed: 0,
  });
  const coloured = "\x1b[0m\x1b[31mFAILED\x1b[0m | 3 passed (2 steps) | 1 failed (1 step) (4ms)\n";
  assert.deepEqual(tallyOf(coloured, 1), { passed: 3, failed: 1 });
  assert.deepEqual(tallyOf("ok | 1 passed | 0 failed | 2 ignored (3ms)", 0), {
    passed: 1,
    failed: 0,
  });
});

Deno.test("tallyOf() takes the last summary: a test may print one", () => {
  assert.deepEqual(tallyOf("ok | 9 passed | 0 failed (1s)\nFAILED | 1 passed | 2 failed (1s)", 1), {
    passed: 1,
    failed: 2,
  });
});

Deno.test("tallyOf() counts a run that broke before its tests as a failure", () => {
  assert.deepEqual(tallyOf("error: Type checking failed.", 1), { passed: 0, failed: 1 });
  assert.deepEqual(tallyOf("ok | 5 passed | 0 failed (1s)", 1), { passed: 5, failed: 1 });
});

Deno.test("addTallies() and exitCode(): any failure fails, and so does nothing at all", () => {
  assert.deepEqual(addTallies({ passed: 1, failed: 2 }, { passed: 3, failed: 4 }), {
    passed: 4,
    failed: 6,
  });
  assert.equal(exitCode({ passed: 1, failed: 0 }), 0);
  assert.equal(exitCode({ passed: 1, failed: 1 }), 1);
  assert.equal(exitCode({ passed: 0, failed: 0 }), 1);
});
