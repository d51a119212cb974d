/** The quick starts as they stand: the files of a page in an empty folder, run by its commands, against the simulator. */

import assert from "node:assert/strict";
import { dirname } from "node:path";
import { createSimulator, serveSimulator, startPinging } from "../../sim/mod.ts";
import { launcherEnv } from "../support/launched.ts";
import { LACKS_NODE, npmBot } from "../support/libraries/npm.ts";
import { readPage } from "../support/pages.ts";
import { follow, type UnitProcess, until } from "../support/unit_process.ts";

const LAUNCHER = new URL("../../cli.ts", import.meta.url).pathname;
const MOD = new URL("../../mod.ts", import.meta.url).pathname;
const LAUNCH = ["run", "--allow-env", "--allow-read=.env", "--allow-run", LAUNCHER];

interface Stage {
  readonly root: string;
  readonly token: string;
  /** What the bot has answered to somebody who asked. */
  readonly answers: string[];
  /** Runs `gatehouse` in a folder of the page's, with these variables beside its `.env`. */
  gatehouse(args: readonly string[], folder?: string, env?: Record<string, string>): UnitProcess;
  run(
    program: string,
    args: readonly string[],
    folder: string,
    env: Record<string, string>,
  ): UnitProcess;
}

async function withPage(page: string, body: (stage: Stage) => Promise<void>): Promise<void> {
  const sim = createSimulator({ shards: 2, guilds: 4, maxConcurrency: 2 });
  const server = serveSimulator(sim);
  const answers: string[] = [];
  const cancel = startPinging({ ...sim, everyMs: 300, answered: (text) => answers.push(text) });
  const root = Deno.realPathSync(await Deno.makeTempDir());
  const port = freePort();
  const changes = [
    ["/home/you/gatehouse/mod.ts", MOD],
    ["http://127.0.0.1:8790/api", server.apiUrl],
    ["http://127.0.0.1:8787", `http://127.0.0.1:${port}`],
  ] as const;
  for (const [name, code] of readPage(`docs/quickstart/${page}.md`).files) {
    Deno.mkdirSync(dirname(`${root}/${name}`), { recursive: true });
    const here = changes.reduce((text, [from, to]) => text.replaceAll(from, to), code);
    Deno.writeTextFileSync(`${root}/${name}`, here);
  }
  const running: UnitProcess[] = [];
  const home = await Deno.makeTempDir();
  const common = {
    ...launcherEnv(),
    HOME: home,
    DISCORD_API_URL: server.apiUrl,
    LISTEN_PORT: String(port),
  };
  const run: Stage["run"] = (program, args, folder, env) => {
    const options = {
      cwd: `${root}/${folder}`,
      clearEnv: true,
      env: { ...launcherEnv(), HOME: home, ...env },
    };
    const pipes = { stdout: "piped", stderr: "piped" } as const;
    const child = follow(
      new Deno.Command(program, { args: [...args], ...options, ...pipes }).spawn(),
    );
    running.push(child);
    return child;
  };
  const gatehouse: Stage["gatehouse"] = (args, folder = ".", env = {}) =>
    run(Deno.execPath(), [...LAUNCH, ...args], folder, { ...common, ...env });
  try {
    await body({ root, token: sim.settings.token, answers, gatehouse, run });
    assert.deepEqual(sim.ledger.violations, []);
  } finally {
    cancel();
    for (const child of running.reverse()) await child.end("SIGTERM");
    await server.close();
    for (const each of [root, home]) await Deno.remove(each, { recursive: true });
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

const answered = ({ answers }: Stage, text: RegExp, more = 0) =>
  until(
    () => answers.filter((each) => text.test(each)).length > more,
    20_000,
    () => `answers: ${answers.slice(-3)}`,
  );

Deno.test("quick start: the Discordeno bot answers", () =>
  withPage("discordeno-bot", async (stage) => {
    const { gatehouse, token } = stage;
    const doctor = gatehouse(["doctor"], ".", { DISCORD_TOKEN: token });
    assert.equal(await doctor.exited, 0, doctor.errors());
    const unit = gatehouse(["start"], ".", { DISCORD_TOKEN: token });
    await unit.ready();
    await answered(stage, /^pong$/);
    const restart = gatehouse(["restart"], ".", { DISCORD_TOKEN: token });
    assert.equal(await restart.exited, 0, restart.errors());
    await answered(stage, /^pong$/, stage.answers.length);
    assert.equal(await unit.end("SIGTERM"), 0);
  }));

Deno.test("quick start: two clusters of the migrant ask a service, and go on counting over a restart", () =>
  withPage("megane-migrant", async (stage) => {
    const { gatehouse } = stage;
    const unit = gatehouse(["start"]);
    await unit.ready();
    await answered(stage, /^pong number [3-9] from cluster [01]$/);
    const restart = gatehouse(["restart", "--all"]);
    assert.equal(await restart.exited, 0, restart.errors());
    const before = stage.answers.length;
    await until(() => stage.answers.length > before + 1, 20_000);
    const numbers = stage.answers.map((text) => Number(/\d+/.exec(text)?.[0]));
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
    assert.equal(new Set(numbers).size, numbers.length);
    assert.equal(await unit.end("SIGTERM"), 0);
  }));

const withNode = LACKS_NODE === null ? Deno.test : Deno.test.ignore;
withNode(
  "quick start: the discord.js bot answers, and is in all its guilds when it is started again",
  () =>
    withPage("discord-js-bot", async (stage) => {
      const { gatehouse, run } = stage;
      // What `npm install discord.js` would bring is there already.
      const { env } = await npmBot("discord_js.cjs");
      const unit = gatehouse(["start"], "gateway");
      await unit.ready();
      for (let life = 0; life < 2; life++) {
        const bot = run("node", ["--env-file=.env", "bot.js"], "bot", env!);
        await answered(stage, /^pong$/, stage.answers.length);
        await bot.end("SIGTERM");
        assert.equal(bot.errors(), "");
      }
      assert.equal(await unit.end("SIGTERM"), 0);
    }),
);
