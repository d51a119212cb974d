/** Modules of the user's that cannot be run: what a person is told, and what it costs at Discord. */

import assert from "node:assert/strict";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { startUnit, type UnitProcess, until } from "../support/unit_process.ts";

const GOOD = "export default { wants: () => false, handle() {} };";

/** Source of a broken module, and what is told of it; the place is that of its third line. */
const BROKEN: Readonly<Record<string, [source: string | null, told: RegExp]>> = {
  "that is not there": [null, /Module not found.*file:.*\/module\.ts/],
  "with a syntax error": [`\n\nexport default {{`, /Unexpected token.*\/module\.ts:3:\d+/],
  "that throws": [
    `\n\nthrow new Error("no database", { cause: new Error("refused by 10.0.0.1") });`,
    /no database: refused by 10\.0\.0\.1.*\/module\.ts:3:7/,
  ],
  "that imports what is not there": [
    `\n\nimport "./nowhere.ts"; ${GOOD}`,
    /Module not found.*nowhere\.ts.*\/module\.ts:3:8/,
  ],
  "without a default export": ["export const bot = 1;", /\/module\.ts.*expected: export default/],
};

/** How such a module is named in the settings. */
const PLACES: Readonly<Record<string, (module: string) => Record<string, string>>> = {
  "BOT_MODULE": (module) => ({ BOT_MODULE: module }),
  "BOT_MODULE in a thread": (module) => ({ BOT_MODULE: module, CLUSTER_ISOLATION: "worker" }),
  "SERVICES": (module) => ({ SERVICES: `api=${module}` }),
  "WORKER_MODULE": (module) => ({ WORKER_MODULE: module, TOTAL_WORKERS: "2" }),
  "EDITED_MESSAGES": (module) => ({ EDITED_MESSAGES: module }),
};

/** A simulator and a folder with a module, and the settings of a unit for them. */
async function withModule(
  source: string | null,
  body: (stage: {
    readonly module: string;
    readonly settings: Record<string, string>;
    readonly sim: ReturnType<typeof createSimulator>;
  }) => Promise<void>,
) {
  const sim = createSimulator({ shards: 2, maxConcurrency: 2 });
  const discord = serveSimulator(sim);
  const dir = Deno.makeTempDirSync();
  const module = `${dir}/module.ts`;
  if (source !== null) Deno.writeTextFileSync(module, source);
  const settings = {
    DISCORD_TOKEN: sim.settings.token,
    DISCORD_API_URL: discord.apiUrl,
    LISTEN_PORT: "0",
    STATE_DIR: `${dir}/state`,
  };
  try {
    await body({ sim, module, settings });
  } finally {
    await discord.close();
    Deno.removeSync(dir, { recursive: true });
  }
}

const errorsOf = (unit: UnitProcess) => unit.lines.filter(({ level }) => level === "ERROR");

/** Its exit code; one that goes on is killed, and has failed. */
async function exitOf(unit: UnitProcess): Promise<number> {
  let code: number | null = null;
  unit.exited.then((ended) => code = ended);
  await until(() => code !== null, 8_000).catch(() => unit.end("SIGKILL"));
  return await unit.exited;
}

for (const [setting, settingsOf] of Object.entries(PLACES)) {
  for (const [what, [source, told]] of Object.entries(BROKEN)) {
    Deno.test(`${setting} ${what} ends the first start, is told once, and costs nothing`, () =>
      withModule(source, async ({ sim, module, settings }) => {
        const unit = await startUnit({ ...settings, ...settingsOf(module) });
        assert.equal(await exitOf(unit), 1);
        const errors = errorsOf(unit);
        assert.equal(errors.length, 1, JSON.stringify(errors));
        assert.match(errors[0]!.message, told);
        assert.match(errors[0]!.message, new RegExp(setting.split(" ")[0]!));
        // deno-lint-ignore no-control-regex
        assert.doesNotMatch(errors[0]!.message, /[\n\x1b]|\\u/);
        const mentions = unit.lines.filter((line) => JSON.stringify(line).includes(module));
        assert.equal(mentions.length, 1, JSON.stringify(mentions));
        assert.equal(sim.ledger.identifies.length, 0);
        assert.ok(!unit.lines.some(({ message }) => message === "all clusters are ready"));
        // What Deno itself prints of a thread whose module is broken nobody can hold back.
        if (!setting.includes("thread")) assert.equal(unit.errors(), "");
      }));
  }
}

Deno.test("a bot that breaks after a good start is tried again, told once per try, and comes back", () =>
  withModule(GOOD, async ({ sim, module, settings }) => {
    const unit = await startUnit({ ...settings, BOT_MODULE: module });
    await unit.ready();
    Deno.writeTextFileSync(module, BROKEN["that throws"]![0]!);
    await unit.control("POST", "/clusters/0/restart");
    await until(() => errorsOf(unit).length >= 2, 10_000);
    Deno.writeTextFileSync(module, GOOD);
    await unit.ready();
    const errors = errorsOf(unit);
    assert.ok(
      errors.every(({ message }) => message === "cluster has ended"),
      JSON.stringify(errors),
    );
    assert.deepEqual(
      errors.map(({ fields }) => fields.restartInMs),
      [0, 1_000, 2_000].slice(0, errors.length),
    );
    assert.match(String(errors[0]!.fields.reason), /no database.*module\.ts:3:7/);
    assert.equal(sim.ledger.identifies.length, 2);
    assert.equal(await unit.end("SIGTERM"), 0);
  }));

Deno.test("a bot whose start() fails is no broken module: its shards come up, and it is not called ready", () =>
  withModule(
    `export default { wants: () => false, handle() {}, start() { throw new Error("no database") } };`,
    async ({ module, settings }) => {
      const unit = await startUnit({ ...settings, BOT_MODULE: module });
      const areUp = () => unit.lines.filter(({ message }) => message === "shard is ready").length;
      await until(() => areUp() === 2, 20_000);
      await until(() => errorsOf(unit).length >= 2, 10_000);
      assert.ok(errorsOf(unit).every(({ message }) => message === "cluster has ended"));
      assert.ok(!unit.lines.some(({ message }) => message === "all clusters are ready"));
      assert.equal(await unit.end("SIGTERM"), 0);
    },
  ));
