import assert from "node:assert/strict";
import { plainStart } from "../../../app/cli/start.ts";

Deno.test("plainStart() knows a start that needs no parser, and nothing else", () => {
  const plain = { force: false, simulator: false, bot: undefined };
  assert.deepEqual(plainStart([]), plain);
  assert.deepEqual(plainStart(["start"]), plain);
  assert.deepEqual(plainStart(["--simulator"]), { ...plain, simulator: true });
  assert.deepEqual(plainStart(["start", "./bot.ts", "--force"]), {
    ...plain,
    force: true,
    bot: "./bot.ts",
  });
  assert.deepEqual(plainStart(["start", "--force", "--simulator"]), {
    ...plain,
    force: true,
    simulator: true,
  });
  for (
    const args of [["demo"], ["--help"], ["start", "--help"], ["--forse"], ["start", ""], [""], [
      "start",
      "a",
      "b",
    ], [
      "strat",
    ]]
  ) {
    assert.equal(plainStart(args), null, args.join(" "));
  }
});
