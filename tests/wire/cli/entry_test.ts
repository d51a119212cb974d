/** The door of the command line, as a process. */

import assert from "node:assert/strict";
import { VERSION } from "../../../protocol/discord/user_agent.ts";

async function run(...args: string[]) {
  const flags = ["run", "--no-prompt", "--ignore-env", "--allow-read=.", "app/cli/entry.ts"];
  const command = new Deno.Command(Deno.execPath(), { args: [...flags, ...args] });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("what is no plain start is parsed: a version, help, a mistake", async () => {
  const version = await run("--version");
  assert.equal(version.code, 0, version.err);
  assert.ok(version.out.startsWith(`gatehouse ${VERSION} (Deno `));
  const help = await run("help", "reshard");
  assert.equal(help.code, 0);
  assert.match(help.out, /^Usage: gatehouse reshard /);
  const misspelt = await run("strat");
  assert.deepEqual([misspelt.code, misspelt.out], [2, ""]);
  assert.match(misspelt.err, /Did you mean start\?/);
});

Deno.test("a reader that has seen enough ends the program quietly", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--ignore-env", "--allow-read=.", "app/cli/entry.ts", "--help"],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  const { code, stderr } = await (async () => {
    const text = await new Response(child.stderr).text();
    return { ...await child.status, stderr: text };
  })();
  assert.deepEqual([code, stderr], [0, ""]);
});
