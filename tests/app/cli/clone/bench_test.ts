import assert from "node:assert/strict";
import { runCli } from "../../../support/cli.ts";

Deno.test("bench says that it is of a clone, and takes names", async () => {
  const { out } = await runCli(["bench", "--help"]);
  assert.match(out, /Only a clone of the\s+repository has them/);
  assert.match(out, /\[names\.\.\.\]/);
});
