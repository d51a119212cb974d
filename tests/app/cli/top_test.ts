import assert from "node:assert/strict";
import { EXIT } from "../../../app/cli/exit.ts";
import { runCli, statesAt } from "../../support/cli.ts";
import { snapshot } from "../../support/snapshots.ts";

Deno.test("top without a terminal says what does instead", async () => {
  const { code, out, err } = await runCli(["top"], { request: statesAt(snapshot()) });
  assert.deepEqual([code, out], [EXIT.USAGE, ""]);
  assert.match(err, /top needs a terminal\. For a script: gatehouse status --json/);
});

Deno.test("top takes seconds, and a column that there is", async () => {
  for (const interval of ["0", "0.1", "x"]) {
    const { code, err } = await runCli(["top", "--interval", interval]);
    assert.equal(code, EXIT.USAGE, interval);
    assert.match(err, /Expected seconds from 0\.2 to 3600/);
  }
  const { code, err } = await runCli(["top", "--sort", "latencey"]);
  assert.equal(code, EXIT.USAGE);
  assert.match(err, /Expected one of shard, state,.*\n\(Did you mean latency\?\)/);
});
