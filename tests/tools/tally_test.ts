import assert from "node:assert/strict";
import { addTallies, closingLine, exitCode, failuresOf, tallyOf } from "../../tools/tally.ts";

Deno.test("tallyOf() reads the summary of deno test, coloured or not", () => {
  assert.deepEqual(tallyOf("x ... ok\n\nok | 12 passed | 0 failed (1s)\n", 0), {
    passed: 12,
    failed: 0,
    skipped: 0,
  });
  const coloured = "\x1b[0m\x1b[31mFAILED\x1b[0m | 3 passed (2 steps) | 1 failed (1 step) (4ms)\n";
  assert.deepEqual(tallyOf(coloured, 1), { passed: 3, failed: 1, skipped: 0 });
  const ignoring =
    "FAILED | 1 passed | 1 failed (1 step) | 2 ignored (1 step) | 1 filtered out (3ms)";
  assert.deepEqual(tallyOf(ignoring, 1), { passed: 1, failed: 1, skipped: 2 });
});

Deno.test("tallyOf() takes the last summary: a test may print one", () => {
  assert.deepEqual(tallyOf("ok | 9 passed | 0 failed (1s)\nFAILED | 1 passed | 2 failed (1s)", 1), {
    passed: 1,
    failed: 2,
    skipped: 0,
  });
});

Deno.test("tallyOf() counts a run that broke before its tests as a failure", () => {
  assert.deepEqual(tallyOf("error: Type checking failed.", 1), {
    passed: 0,
    failed: 1,
    skipped: 0,
  });
  assert.deepEqual(tallyOf("ok | 5 passed | 0 failed (1s)", 1), {
    passed: 5,
    failed: 1,
    skipped: 0,
  });
});

Deno.test("addTallies() and exitCode(): any failure fails, and so does nothing at all", () => {
  const one = { passed: 1, failed: 2, skipped: 3 };
  assert.deepEqual(addTallies(one, { passed: 3, failed: 4, skipped: 5 }), {
    passed: 4,
    failed: 6,
    skipped: 8,
  });
  assert.equal(exitCode({ passed: 1, failed: 0 }), 0);
  assert.equal(exitCode({ passed: 1, failed: 1 }), 1);
  assert.equal(exitCode({ passed: 0, failed: 0 }), 1);
});

Deno.test("closingLine() tells of what was skipped, where something was", () => {
  assert.equal(closingLine({ passed: 1, failed: 0, skipped: 0 }), "1 passed, 0 failed");
  assert.equal(closingLine({ passed: 1, failed: 2, skipped: 3 }), "1 passed, 2 failed, 3 skipped");
});

Deno.test("failuresOf() is what deno test said of its failures, coloured or not", () => {
  const told = (red: string, off: string) =>
    `${red} ERRORS ${off}\n\nbad => ./bad_test.ts:2:6\n${red}error${off}: Error: no\n\n` +
    `${red} FAILURES ${off}\n\nbad => ./bad_test.ts:2:6\n\n${red}FAILED${off} | 1 passed | 1 failed (1s)\n`;
  const plain = told("", "");
  const before = "says ERRORS ... ok\nbad ... FAILED\n\n";
  assert.equal(failuresOf(before + told("\x1b[1m\x1b[41m", "\x1b[0m"), 1), plain);
  assert.equal(failuresOf(before + plain, 1), plain);
});

Deno.test("failuresOf() takes the last list: a test may print one", () => {
  assert.equal(failuresOf("\n ERRORS \n\na\n\n ERRORS \n\nb\n", 1), " ERRORS \n\nb\n");
});

Deno.test("failuresOf() is the end of the output where a run broke without a list", () => {
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`).join("\n");
  assert.equal(failuresOf(lines, 1).split("\n").length, 40);
  assert.match(failuresOf(lines, 137), /^line 60\n.*line 99$/s);
});

Deno.test("failuresOf() is nothing where all went well", () => {
  assert.equal(failuresOf("\n ERRORS \n\nok | 9 passed | 0 failed (1s)", 0), "");
});
