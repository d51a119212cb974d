/** The door of the command line, as a process. */

import assert from "node:assert/strict";
import { VERSION } from "../../../protocol/discord/user_agent.ts";
import { folderWith, launcherCommand } from "../../support/launched.ts";

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

Deno.test("sim runs until a signal, and ends well", async () => {
  const folder = folderWith({});
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const child = launcherCommand(folder, ["sim", "--port", String(freePorts())]).spawn();
    const errors = new Response(child.stderr).text();
    let out = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      out += text;
      if (/Ctrl\+C stops it\.\n$/.test(out)) child.kill(signal);
    }
    assert.deepEqual([(await child.status).code, await errors], [0, ""], signal);
    assert.match(out, /^The simulator runs with 100 guilds, 4 shards\.$/m);
  }
  Deno.removeSync(folder, { recursive: true });
});

/** The first of three ports in a row that are free. */
function freePorts(): number {
  for (;;) {
    using first = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = first.addr;
    try {
      for (const next of [port + 1, port + 2]) {
        Deno.listen({ hostname: "127.0.0.1", port: next }).close();
      }
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
