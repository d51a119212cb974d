import assert from "node:assert/strict";
import { EXIT } from "../../../../app/cli/exit.ts";
import { runCli } from "../../../support/cli.ts";

Deno.test("an option of soak that is misspelt is told before anything runs", async () => {
  const { code, err } = await runCli(["soak", "--sead", "7"]);
  assert.equal(code, EXIT.USAGE);
  assert.match(err, /Did you mean --seed\?/);
});
