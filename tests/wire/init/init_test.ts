/** `gatehouse init` and what comes after it, as somebody new types it: an empty HOME, an empty folder. */

import assert from "node:assert/strict";
import { folderWith, launcherCommand, launcherEnv } from "../../support/launched.ts";
import { follow, until } from "../../support/unit_process.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("a folder that init wrote passes its types, and runs with its own bot", async () => {
  const root = folderWith({});
  const home = Deno.makeTempDirSync();
  const env = { ...launcherEnv(), HOME: home, NO_COLOR: "1", LISTEN_PORT: "0" };
  const init = await launcherCommand(root, ["init", "my bot"], env).output();
  assert.equal(init.code, 0, text(init.stderr));
  const folder = `${root}/my bot`;
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  assert.deepEqual(names, [".env.example", ".gitignore", "bot.ts", "deno.json"]);
  for (const name of names) assert.ok(text(init.stdout).includes(name), name);

  const deno = (...args: string[]) =>
    new Deno.Command(Deno.execPath(), {
      args,
      cwd: folder,
      clearEnv: true,
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  const check = await deno("check", "bot.ts").output();
  assert.equal(check.code, 0, text(check.stderr));
  // Another port than the usual one, which may be taken here, is a setting.
  const unit = follow(deno("task", "--quiet", "start", "--simulator").spawn());
  const answers = () => unit.lines.some(({ message }) => message === "answered a message");
  await until(answers, 40_000, () => JSON.stringify(unit.lines.slice(-5)) + unit.errors());
  assert.equal(await unit.end("SIGTERM"), 0);

  const again = await launcherCommand(root, ["init", "my bot"], env).output();
  assert.equal(again.code, 1);
  for (const name of names) assert.ok(text(again.stderr).includes(name), name);
  for (const each of [root, home]) Deno.removeSync(each, { recursive: true });
});

Deno.test("the commands that init prints are typed where it says", async () => {
  const root = folderWith({});
  const told = async (args: string[], env: Record<string, string> = {}) =>
    text((await launcherCommand(root, args, { NO_COLOR: "1", ...env }).output()).stdout);
  const there = await told(["init", "bot"]);
  assert.match(there, /Next:\n {2}cd bot\n {2}deno task dev {2,}plays against/);
  const here = await told(["init"], { npm_command: "exec" });
  assert.doesNotMatch(here, / cd /);
  assert.match(await told(["init", "my bot"]), / {2}cd "my bot"\n/);
  assert.match(here, new RegExp(`  npx --yes deno@${Deno.version.deno} task dev  `));
  Deno.removeSync(root, { recursive: true });
});
