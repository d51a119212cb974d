/** Bots that import what they may not have, in both isolations: nothing of them runs, and no token is told. */

import assert from "node:assert/strict";
import { nameCheck } from "../../clusters/module_graph.ts";
import { createSimulator, serveSimulator, type Simulator } from "../../sim/mod.ts";
import { startUnit, type UnitProcess, until } from "../support/unit_process.ts";

const BOT = "export default { wants: () => false, handle() {} };";

/** A bot that tells what it has read, where it gets that far. */
const telling = (imported: string) => `${imported}\nconsole.log("it got", env);\n${BOT}`;

interface Stage {
  /** The bot's folder, with its `deno.json`; beside it lies `.env` with the token. */
  readonly dir: string;
  readonly sim: Simulator;
  settings(isolation: string): Record<string, string>;
}

async function withFolder(
  files: Readonly<Record<string, string>>,
  body: (stage: Stage) => Promise<void>,
): Promise<void> {
  const sim = createSimulator({ shards: 1 });
  const discord = serveSimulator(sim);
  const root = Deno.realPathSync(Deno.makeTempDirSync());
  const dir = `${root}/bot`;
  const stateDir = `${dir}/state`;
  Deno.mkdirSync(stateDir, { recursive: true });
  const token = sim.settings.token;
  const all = {
    "deno.json": "{}",
    "../.env": `DISCORD_TOKEN=${token}`,
    "../notes.txt": token,
    "state/kept.json": JSON.stringify({ token }),
    "../lib.ts": "export default 'of the parent folder';",
    ...files,
  };
  for (const [name, text] of Object.entries(all)) Deno.writeTextFileSync(`${dir}/${name}`, text);
  // Links may be made by nobody whose access is limited, such as we.
  const link = `Deno.symlinkSync("../.env", ${JSON.stringify(`${dir}/linked.txt`)})`;
  await new Deno.Command(Deno.execPath(), { args: ["eval", link] }).output();
  const settings = (isolation: string) => ({
    DISCORD_TOKEN: token,
    DISCORD_API_URL: discord.apiUrl,
    LISTEN_PORT: "0",
    STATE_DIR: stateDir,
    BOT_MODULE: `${dir}/bot.ts`,
    CLUSTER_ISOLATION: isolation,
  });
  try {
    await body({ dir, sim, settings });
  } finally {
    await discord.close();
    Deno.removeSync(root, { recursive: true });
  }
}

async function exitOf(unit: UnitProcess): Promise<number> {
  let code: number | null = null;
  unit.exited.then((ended) => code = ended);
  await until(() => code !== null, 10_000).catch(() => unit.end("SIGKILL"));
  return await unit.exited;
}

const printed = ({ lines }: UnitProcess) =>
  lines.filter(({ message }) => message === "cluster prints").map(({ fields }) => fields.text);

/** What a bot's files say, and what is told of it. */
const REFUSED: Readonly<Record<string, [files: Readonly<Record<string, string>>, told: RegExp]>> = {
  "a text outside its folder": [
    { "bot.ts": telling(`import env from "../.env" with { type: "text" };`) },
    /imports \/.*\/\.env, which no bot gets at .*\/bot\.ts:1:17/,
  ],
  "a text whose address is absolute, in a module of its own": [
    {
      "bot.ts": telling(`import env from "./deep.ts";`),
      "deep.ts": `export { default } from "../notes.txt" with { type: "text" };`,
    },
    /imports \/.*\/notes\.txt, which is not in \/.*\/bot; add --allow-read=\/.*\/notes\.txt to CLUSTER_PERMISSIONS/,
  ],
  "the token, asked for where it runs": [
    { "bot.ts": telling(`const env = await import("../.env", { with: { type: "text" } });`) },
    /which no bot gets/,
  ],
  "the token in a module that is written as an address": [
    {
      "bot.ts": telling(
        `import env from "data:text/javascript,export {default} from 'file://ROOT/.env' with {type:'text'}";`,
      ),
    },
    /which no bot gets/,
  ],
  "the token by another name in its own folder": [
    { "bot.ts": telling(`import env from "./linked.txt" with { type: "text" };`) },
    /imports .*linked\.txt, which no bot gets/,
  ],
  "the state, which lies in its own folder": [
    { "bot.ts": telling(`import env from "./state/kept.json" with { type: "json" };`) },
    /kept\.json, which no bot gets/,
  ],
  "code of a folder above": [
    { "bot.ts": telling(`import env from "../lib.ts";`) },
    /lib\.ts, which is not in/,
  ],
};

for (const isolation of ["process", "worker"]) {
  for (const [what, [files, told]] of Object.entries(REFUSED)) {
    Deno.test(`${isolation}: a bot that imports ${what} is not started`, () =>
      withFolder(files, async ({ dir, sim, settings }) => {
        const text = Deno.readTextFileSync(`${dir}/bot.ts`).replace("ROOT", dir.slice(0, -4));
        Deno.writeTextFileSync(`${dir}/bot.ts`, text);
        const unit = await startUnit(settings(isolation));
        assert.equal(await exitOf(unit), 1);
        const all = JSON.stringify(unit.lines) + unit.errors();
        assert.ok(!all.includes("it got"), "it has run");
        const errors = unit.lines.filter(({ level }) => level === "ERROR");
        assert.equal(errors.length, 1, JSON.stringify(errors));
        assert.match(errors[0]!.message, /^Cannot start cluster 0 \(BOT_MODULE\): Cannot load/);
        assert.match(errors[0]!.message, told);
        assert.equal(sim.ledger.identifies.length, 0);
      }));
  }

  Deno.test(`${isolation}: a bot imports what is in its folder, and types from anywhere`, () =>
    withFolder({
      "bot.ts": telling(`import own from "./own.json" with { type: "json" };
import type { Own } from "../types.ts";
const env = (own as Own).of;`),
      "own.json": `{"of": "its own"}`,
      "../types.ts": "export type Own = { of: string };",
    }, async ({ settings }) => {
      const unit = await startUnit(settings(isolation));
      await until(() => printed(unit).length > 0, 15_000, () => JSON.stringify(unit.lines));
      assert.deepEqual(printed(unit), ["it got its own"]);
      assert.equal(await unit.end("SIGTERM"), 0);
    }));
}

Deno.test("a bot that comes to import the token later is not started again, and is told once per try", () =>
  withFolder({ "bot.ts": telling(`const env = "started";`) }, async ({ dir, settings }) => {
    const unit = await startUnit(settings("process"));
    await unit.ready();
    const bot = telling(`import env from "../.env" with { type: "text" };`);
    Deno.writeTextFileSync(`${dir}/bot.ts`, bot);
    await unit.control("POST", "/clusters/0/restart");
    const ends = () => unit.lines.filter(({ message }) => message === "cluster has ended");
    await until(() => ends().length >= 2, 10_000);
    for (const { fields } of ends()) assert.match(String(fields.reason), /which no bot gets/);
    assert.deepEqual(printed(unit), ["it got started"]);
    assert.equal(await unit.end("SIGTERM"), 0);
  }));

Deno.test("what a thread prints is in the log as a process's is, and what it posts harms nobody", () =>
  withFolder({
    "bot.ts": `export default { wants: () => false, handle() {}, start({ rest, log }) {
  console.log("one\\ntwo", rest.authorization.slice(4));
  console.error("three");
  for (const word of [null, 7, { type: "LOG" }, { type: "EXITED" }]) postMessage(word);
  log.info("goes on");
} };`,
  }, async ({ settings }) => {
    const unit = await startUnit(settings("worker"));
    const line = (text: string) => unit.lines.filter(({ message }) => message === text);
    await until(() => line("goes on").length > 0, 15_000, () => JSON.stringify(unit.lines));
    await unit.ready();
    assert.deepEqual(printed(unit), ["one", "two [redacted]", "three"]);
    assert.deepEqual(line("cluster prints").map(({ level }) => level), ["INFO", "INFO", "WARN"]);
    assert.equal(line("cluster says what is no word").length, 4);
    assert.equal(await unit.end("SIGTERM"), 0);
  }));

Deno.test("a bot imports from another folder what it may read", () =>
  withFolder(
    { "bot.ts": telling(`import env from "../lib.ts";`) },
    async ({ dir, settings }) => {
      const CLUSTER_PERMISSIONS = `--allow-read=${dir.replace(/bot$/, "lib.ts")}`;
      const unit = await startUnit({ ...settings("process"), CLUSTER_PERMISSIONS });
      await until(() => printed(unit).length > 0, 15_000, () => JSON.stringify(unit.lines));
      assert.deepEqual(printed(unit), ["it got of the parent folder"]);
      assert.equal(await unit.end("SIGTERM"), 0);
    },
  ));

Deno.test("a bot imports from a host that the operator names, else it is told how", async () => {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () =>
      new Response("export default 'from a host';", {
        headers: { "content-type": "text/javascript" },
      }),
  );
  const host = `127.0.0.1:${server.addr.port}`;
  const bot = telling(`import env from "http://${host}/lib.js";`);
  await withFolder({ "bot.ts": bot }, async ({ settings }) => {
    const refused = await startUnit(settings("process"));
    assert.equal(await exitOf(refused), 1);
    const told = JSON.stringify(refused.lines.at(-1));
    assert.match(told, /Requires import access.*add --allow-import=127.*to CLUSTER_PERMISSIONS/);
    const CLUSTER_PERMISSIONS = `--allow-import=${host}`;
    const unit = await startUnit({ ...settings("process"), CLUSTER_PERMISSIONS });
    await until(() => printed(unit).length > 0, 15_000, () => JSON.stringify(unit.lines));
    assert.deepEqual(printed(unit), ["it got from a host"]);
    assert.equal(await unit.end("SIGTERM"), 0);
  });
  await server.shutdown();
});

Deno.test("a compiled program runs a bot in a file, and none whose name is a secret's or an address", async () => {
  const folder = Deno.realPathSync(Deno.makeTempDirSync());
  Deno.mkdirSync(`${folder}/state`);
  for (const name of ["bot.ts", ".env", "state/kept.json"]) {
    Deno.writeTextFileSync(`${folder}/${name}`, "");
  }
  const { check, examine } = nameCheck();
  const programOf = (botModule: string) => ({
    botModule,
    main: "",
    governedBy: "",
    permissions: ["--allow-read"],
    env: {},
    unitUrl: "http://127.0.0.1:8787",
    secret: [`${folder}/state`],
  });
  const why = (botModule: string) => check(programOf(botModule));
  assert.equal(await examine(programOf(`file://${folder}/bot.ts`)), undefined);
  const gone = await examine(programOf(`file://${folder}/gone.ts`));
  assert.match(gone ?? "", /gone\.ts: there is no such file/);
  assert.equal(await why(`file://${folder}/bot.ts`), undefined);
  assert.match(await why(`file://${folder}/.env`) ?? "", /\.env, which no bot gets/);
  assert.match(await why(`file://${folder}/state/kept.json`) ?? "", /which no bot gets/);
  for (const address of ["https://example.com/bot.ts", "npm:bot", "jsr:@a/bot"]) {
    assert.match(await why(address) ?? "", /a compiled Gatehouse loads modules from files alone/);
  }
  Deno.removeSync(folder, { recursive: true });
});
