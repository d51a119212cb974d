import assert from "node:assert/strict";
import { EXIT } from "../../../app/cli/exit.ts";
import { runCli } from "../../support/cli.ts";

Deno.test("sim tells each option with its default", async () => {
  const { out } = await runCli(["sim", "--help"]);
  assert.match(out, /--max-concurrency <number> +identifies in parallel \(default: 1\)/);
  assert.match(out, /--token <text> +.*\(default: "sim-token"\)/);
});

Deno.test("a number that is none, or out of bounds, is told with the bounds; nothing starts", async () => {
  for (const [option, value] of [["--shards", "many"], ["--port", "70000"]] as const) {
    const { code, err } = await runCli(["sim", option, value]);
    assert.equal(code, EXIT.USAGE);
    assert.match(err, new RegExp(`'${option} <number>' argument '${value}' is invalid`));
    assert.match(err, /Expected a whole number from \d+ to \d+/);
  }
});
