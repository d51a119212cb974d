import assert from "node:assert/strict";
import { EXIT } from "../../../../app/cli/exit.ts";
import { runCli } from "../../../support/cli.ts";

Deno.test("an option of soak that is misspelt is told before anything runs", async () => {
  const { code, err } = await runCli(["soak", "--sead", "7"]);
  assert.equal(code, EXIT.USAGE);
  assert.match(err, /Did you mean --seed\?/);
});

Deno.test("what is no number is told by soak before anything runs", async () => {
  for (const args of [["x"], ["2m"], ["--seed", "x"], ["--rate", "-1"], ["--outage", "1e9"]]) {
    const { code, err } = await runCli(["soak", ...args]);
    assert.equal(code, EXIT.USAGE);
    assert.match(err, /Expected (minutes|a seed|events per second), as a number\./, args.join(" "));
  }
});
