/** Gatehouse from an address, as a package registry has it: nothing of it is a file of this machine. */

import assert from "node:assert/strict";
import { folderWith, LAUNCHER_FLAGS, launcherEnv, TALKING_BOT } from "../../support/launched.ts";
import { follow, until } from "../../support/unit_process.ts";

/** Our code at an address of this machine. */
function serveCode() {
  const root = new URL("../../../", import.meta.url);
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    try {
      const text = await Deno.readTextFile(new URL(`.${pathname}`, root));
      const type = pathname.endsWith(".ts") ? "application/typescript" : "text/javascript";
      return new Response(text, { headers: { "content-type": type } });
    } catch {
      return new Response("there is none", { status: 404 });
    }
  });
}

Deno.test("a unit, its workers and its bot run from an address, in a folder that has the bot alone", async () => {
  const server = serveCode();
  const host = `127.0.0.1:${server.addr.port}`;
  const config = { imports: { gatehouse: `http://${host}/mod.ts` } };
  const folder = folderWith({ "bot.ts": TALKING_BOT, "deno.json": JSON.stringify(config) });
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...LAUNCHER_FLAGS,
      `--allow-import=${host}`,
      "--no-lock",
      `http://${host}/cli.ts`,
      "demo",
      "./bot.ts",
    ],
    cwd: folder,
    clearEnv: true,
    env: { ...launcherEnv(), LISTEN_PORT: "0", CLUSTER_PERMISSIONS: `--allow-import=${host}` },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const unit = follow(child);
  const read = () => unit.lines.some(({ message }) => message === "has read");
  await until(read, 60_000, () => JSON.stringify(unit.lines.slice(-5)) + unit.errors());
  assert.equal(await unit.end("SIGTERM"), 0);
  await server.shutdown();
  Deno.removeSync(folder, { recursive: true });
});
