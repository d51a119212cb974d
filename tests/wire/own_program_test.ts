/** A program of somebody's, with the permissions that docs/operations.md names and no others. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");

const PROGRAM = `
import { createGatehouse } from "${ROOT}/mod.ts";
const [discordApiUrl] = Deno.args;
const unit = createGatehouse({
  token: Deno.env.get("DISCORD_TOKEN")!,
  discordApiUrl: discordApiUrl!,
  bot: new URL("./bot.ts", import.meta.url),
  listenPort: 0,
  logLevel: "warn",
});
await unit.start();
for await (const { kind } of unit.status()) if (kind === "ready") break;
await unit.stop();
console.log("was ready");
`;
const BOT = `
import { defineBot } from "${ROOT}/mod.ts";
export default defineBot({ events: {} });
`;

/** The flags of the documented command, for this machine. */
async function documented(): Promise<string[]> {
  const text = await Deno.readTextFile(`${ROOT}/docs/operations.md`);
  const section = text.split("### Permissions of your program")[1] ?? "";
  const command = /```sh\n(deno run [^`]*?) main\.ts\n```/.exec(section)?.[1] ?? "";
  const flags = command.replaceAll("\\\n", " ").split(/\s+/).slice(2);
  assert.ok(flags.length >= 6, command);
  return flags.map((flag) =>
    flag.replace("/path/to/gatehouse", ROOT).replace(/=deno$/, `=${Deno.execPath()}`)
  );
}

/** Runs the program with these flags; gives all that it wrote. */
async function run(flags: readonly string[]): Promise<string> {
  const sim = createSimulator({ shards: 2, guilds: 2 });
  const discord = serveSimulator(sim);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/main.ts`, PROGRAM);
    await Deno.writeTextFile(`${folder}/bot.ts`, BOT);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", ...flags, "main.ts", discord.apiUrl],
      cwd: folder,
      env: { DISCORD_TOKEN: sim.settings.token },
      signal: AbortSignal.timeout(30_000),
    }).output();
    return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  } finally {
    await discord.close();
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a program does with the permissions that are documented", async () => {
  const said = await run(await documented());
  assert.equal(said, "was ready\n");
});

Deno.test("a program that lacks a permission is told the flag, and nothing is opened", async () => {
  const flags = await documented();
  for (const kind of ["read", "write", "run"]) {
    const said = await run(flags.filter((flag) => !flag.startsWith(`--allow-${kind}`)));
    assert.match(said, new RegExp(`Cannot start: this program lacks .*--allow-${kind}=`));
  }
  const said = await run(flags.filter((flag) => flag !== "--ignore-env"));
  assert.match(said, /Cannot start: this program lacks --ignore-env/);
});
