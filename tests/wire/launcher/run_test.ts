import assert from "node:assert/strict";
import { runLaunched } from "../../../app/launcher/run.ts";

const run = (source: string) => {
  const main = `data:application/typescript,${encodeURIComponent(source)}`;
  const args = ["run", "--no-prompt", "--quiet", "--allow-run", main];
  return runLaunched(Deno.execPath(), { args, isWatched: false });
};

Deno.test("runLaunched() gives the program's exit code, and that of the signal that ended it", async () => {
  assert.equal(await run("Deno.exit(70)"), 70);
  assert.equal(await run("Deno.kill(Deno.pid, 'SIGTERM'); await new Promise(() => {});"), 143);
});
