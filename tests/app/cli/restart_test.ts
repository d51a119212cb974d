import assert from "node:assert/strict";
import { EXIT } from "../../../app/cli/exit.ts";
import { runCli } from "../../support/cli.ts";

Deno.test("restart takes one or all, and a time in milliseconds", async () => {
  const both = await runCli(["restart", "3", "--all"]);
  assert.equal(both.code, EXIT.USAGE);
  assert.match(both.err, /Say either 3 or --all/);
  const inTime = await runCli(["restart", "--all", "--timeout", "500"]);
  assert.equal(inTime.code, EXIT.USAGE);
  assert.match(inTime.err, /--timeout is for one: with --all each has 10 s/);
  const soon = await runCli(["restart", "--timeout", "soon"]);
  assert.match(soon.err, /Expected a whole number from 0 to 86400000/);
});
