/** The launcher from a bot's own folder, which is neither ours nor has anything of ours in it. */

import assert from "node:assert/strict";
import { createSimulator, serveSimulator } from "../../../sim/mod.ts";
import {
  folderWith,
  LAUNCHER,
  LAUNCHER_FLAGS,
  launcherCommand,
  launcherEnv,
  startLaunched,
  TALKING_BOT,
} from "../../support/launched.ts";
import { until } from "../../support/unit_process.ts";

const remove = (folder: string) => Deno.removeSync(folder, { recursive: true });

async function run(cwd: string, args: string[], env = {}) {
  const { code, stdout, stderr } = await launcherCommand(cwd, args, env).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("a bot's own folder is where settings, state and bot are, wherever Gatehouse is", async () => {
  const sim = createSimulator({ shards: 1 });
  const discord = serveSimulator(sim);
  const folder = folderWith({
    "bot.ts": TALKING_BOT,
    ".env": `DISCORD_TOKEN=${sim.settings.token}\nDISCORD_API_URL=${discord.apiUrl}\nLISTEN_PORT=0`,
  });
  const unit = startLaunched(folder, ["start", "./bot.ts"]);
  await unit.ready();
  assert.ok([...Deno.readDirSync(`${folder}/.gatehouse`)].length > 0);
  const status = await run(folder, ["status", "--url", await unit.url()]);
  assert.equal(status.code, 0, status.err);
  assert.equal(await unit.end("SIGTERM"), 0);
  const texts = unit.lines.map(({ message, fields }) => fields.text ?? message);
  assert.ok(texts.includes("has stopped"), unit.errors());
  assert.equal(texts.at(-1), "stopped");
  await discord.close();
  remove(folder);
});

Deno.test("the bot that is an argument plays against the simulator, and leaves nothing behind", async () => {
  const folder = folderWith({ "bot.ts": TALKING_BOT });
  const unit = startLaunched(folder, ["start", "./bot.ts", "--simulator"], { LISTEN_PORT: "0" });
  const read = () => unit.lines.some(({ message }) => message === "has read");
  await until(read, 30_000, () => JSON.stringify(unit.lines.slice(-5)) + unit.errors());
  assert.equal(await unit.end("SIGTERM"), 0);
  assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["bot.ts"]);
  remove(folder);
});

Deno.test("the example bot plays in a folder that has none", async () => {
  const folder = folderWith({});
  const unit = startLaunched(folder, ["demo"], { LISTEN_PORT: "0" });
  const answers = () => unit.lines.some(({ message }) => message === "answered a message");
  await until(answers, 30_000, () => JSON.stringify(unit.lines.slice(-5)) + unit.errors());
  assert.equal(await unit.end("SIGTERM"), 0);
  remove(folder);
});

Deno.test("exit codes and words are those of the program", async () => {
  const folder = folderWith({ ".env": "DISCORD_TOKEN=t\nTOTAL_SHARDS=many" });
  const wrong = await run(folder, []);
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /TOTAL_SHARDS: expected/);
  const unknown = await run(folder, ["stat"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /unknown command 'stat'/);
  assert.match((await run(folder, ["--version"])).out, /^gatehouse \d/);
  const { code } = await run(folder, ["status", "--url", "http://127.0.0.1:1"]);
  assert.equal(code, 3);
  remove(folder);
});

Deno.test("a demo plays with the example bot, in a folder where there is none", async () => {
  const folder = folderWith({});
  const unit = startLaunched(folder, ["demo"], { LISTEN_PORT: "0" });
  const answered = () => unit.lines.some(({ message }) => message === "answered a message");
  await until(answered, 20_000, () => JSON.stringify(unit.lines.slice(-3)));
  assert.equal(await unit.end("SIGTERM"), 0);
  remove(folder);
});

Deno.test("a unit stops in good order when its launcher is killed", async () => {
  const folder = folderWith({
    "bot.ts": `import { defineBot } from "gatehouse";
export default defineBot({ events: {}, shutdown: () => Deno.writeTextFileSync("bye", "") });`,
  });
  const unit = startLaunched(folder, ["demo", "./bot.ts"], {
    LISTEN_PORT: "0",
    CLUSTER_PERMISSIONS: `--allow-write=${folder}/bye`,
  });
  await unit.ready();
  const url = await unit.url();
  assert.equal(await unit.end("SIGKILL"), 137);
  await until(() => fetch(`${url}/healthz`).then(() => false, () => true), 15_000);
  assert.ok([...Deno.readDirSync(folder)].some(({ name }) => name === "bye"));
  remove(folder);
});

/** Opens a terminal, runs a command on it, closes it once it says something, and tells how that ended. */
const TERMINAL = `import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execvp(sys.argv[2], sys.argv[2:])
text = b""
while sys.argv[1].encode() not in text: text += os.read(terminal, 65536)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(text.decode())
`;

const hasPython = await new Deno.Command("python3", { args: ["--version"], stdout: "null" })
  .output()
  .then(() => true, () => false);

const skipped = hasPython ? "" : ": SKIPPED, there is no python3 here";

for (const [when, said] of [["is ready", "cluster connected"], ["starts", "cluster is linked"]]) {
  Deno.test({
    name: `a unit whose terminal is closed while it ${when} stops in good order${skipped}`,
    ignore: !hasPython,
    fn: () => closesTerminal(said!),
  });
}

async function closesTerminal(said: string): Promise<void> {
  const folder = folderWith({
    "bot.ts": `import { defineBot } from "gatehouse";
export default defineBot({ events: {}, shutdown: () => Deno.writeTextFileSync("bye", "") });`,
  });
  const args = ["run", ...LAUNCHER_FLAGS, LAUNCHER, "demo", "./bot.ts"];
  const { stdout, stderr } = await new Deno.Command("python3", {
    args: ["-c", TERMINAL, said, Deno.execPath(), ...args],
    cwd: folder,
    clearEnv: true,
    env: {
      ...launcherEnv(),
      LISTEN_PORT: "0",
      NO_COLOR: "1",
      CLUSTER_PERMISSIONS: `--allow-write=${folder}/bye`,
    },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.equal(text.split("\n")[0], "0", text + new TextDecoder().decode(stderr));
  assert.match(text, /Bot +\.\/bot\.ts in one cluster/);
  assert.match(text, /Dashboard +http:\/\/127\.0\.0\.1:\d+\/dashboard/);
  assert.ok([...Deno.readDirSync(folder)].some(({ name }) => name === "bye"));
  remove(folder);
}
