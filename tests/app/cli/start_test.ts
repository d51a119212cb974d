import assert from "node:assert/strict";
import { plainStart } from "../../../app/cli/start.ts";

Deno.test("plainStart() knows a start that needs no parser, and nothing else", () => {
  const plain = { force: false, simulator: false };
  assert.deepEqual(plainStart([]), plain);
  assert.deepEqual(plainStart(["start"]), plain);
  assert.deepEqual(plainStart(["--simulator"]), { ...plain, simulator: true });
  assert.deepEqual(plainStart(["start", "--force", "--simulator"]), {
    force: true,
    simulator: true,
  });
  for (const args of [["demo"], ["--help"], ["start", "--help"], ["--forse"], ["start", "start"]]) {
    assert.equal(plainStart(args), null, args.join(" "));
  }
});
