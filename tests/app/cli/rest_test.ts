import assert from "node:assert/strict";
import { runCli } from "../../support/cli.ts";

Deno.test("rest says in its help whose token it uses, and where it is reached", async () => {
  const { out } = await runCli(["rest", "--help"]);
  assert.match(out, /without it every caller brings its own credential/);
  assert.match(out, /gatehouse rest\n +against the simulator, as nothing is set/);
  assert.match(
    out,
    /DISCORD_API_URL=https:\/\/discord\.com\/api gatehouse rest\n +on loopback: callers bring/,
  );
  assert.match(out, /Opens http:\/\/127\.0\.0\.1:8787\/api/);
});
