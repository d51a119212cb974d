/**
 * docs/quickstart/thousand-shards.md, typed whole: looking and rehearsing with a thousand shards, as many of
 * them as come within some seconds; the move and every day with eight.
 */

import assert from "node:assert/strict";
import { parse } from "yaml";
import { EXIT } from "../../../app/cli/exit.ts";
import { CONFIG_DEFAULTS } from "../../../config/config.ts";
import { createSimulator, serveSimulator } from "../../../sim/mod.ts";
import { LACKS_NEWCOMER, type Newcomer, newcomer } from "../../support/newcomer.ts";
import { readPage, typist } from "../../support/pages.ts";
import { sayIn } from "../../support/say_in.ts";
import { until } from "../../support/unit_process.ts";

const PATH = "docs/quickstart/thousand-shards.md";
const TEXT = Deno.readTextFileSync(PATH);
const PAGE = readPage(PATH);
const GATEHOUSE = readPage("docs/quickstart/README.md").commands
  .find((line) => line.startsWith("gatehouse() {"))!;
const UNIT = "http://127.0.0.1:8787";
const SECRET = "what-openssl-said";

const [SETTINGS = ""] = PAGE.blocks;
const SIM =
  "gatehouse sim --shards 1000 --guilds 20000 --max-concurrency 64 --events-per-second 200";
const REHEARSAL = PAGE.commands.find((line) =>
  line.endsWith("IDENTIFY_RESERVE=0 gatehouse start")
)!;
const typed = typist(PAGE);

const bot = (code: string) =>
  `import { defineBot } from "gatehouse";\nexport default defineBot({ events: { ${code} } });\n`;

/** A folder with the page's settings, filled in, and a bot. */
async function setUp(somebody: Newcomer, token: string) {
  const open = async (folder: string, env: Record<string, string> = {}) => {
    const terminal = await somebody.terminal(folder, env);
    await terminal.run(GATEHOUSE);
    return terminal;
  };
  await (await open(".")).run("gatehouse init my-bot");
  const folder = `${somebody.home}/my-bot`;
  const filled = SETTINGS.replace("DISCORD_TOKEN=…", `DISCORD_TOKEN=${token}`)
    .replace("REST_AUTHORIZATION=…", `REST_AUTHORIZATION=${SECRET}`);
  const write = (name: string, text: string) => Deno.writeTextFileSync(`${folder}/${name}`, text);
  return { open, write, filled };
}

interface State {
  readonly identify: { readonly remaining: number };
  readonly totalShards: number;
  readonly shards: readonly { readonly state: string }[];
}

async function state(headers: Record<string, string> = {}): Promise<State> {
  return await (await fetch(`${UNIT}/control/state`, { headers })).json();
}

async function ready(headers?: Record<string, string>): Promise<number> {
  return (await state(headers)).shards.filter(({ state }) => state === "ready").length;
}

Deno.test({
  name: "thousand-shards.md: doctor says what a thousand shards take, and the rehearsal begins",
  ignore: LACKS_NEWCOMER !== null,
  async fn() {
    await using somebody = await newcomer({ hasPackages: true });
    const { open, write, filled } = await setUp(somebody, "sim-token");
    const discord = await open(".");
    await discord.start(typed.of(SIM));
    await discord.says(/REST +http:\/\/127\.0\.0\.1:8790\/api/);

    write(".env", filled);
    const looks = await open("my-bot", { DISCORD_API_URL: "http://127.0.0.1:8790/api" });
    // The simulator's day would not do with the reserve; Discord's may.
    const here = await looks.run(typed.of("gatehouse doctor"), EXIT.REFUSED);
    assert.match(
      here,
      /^ +✓ shards +1,000 shards, 20 of 2,500 guilds each; Discord recommends 1,000$/m,
    );
    assert.match(here, /^ +✗ identifies +1,000 of 1,000 left, .*: 100 would wait$/m);
    assert.match(here, /^ +✓ disk +.*may take 20 GiB/m);
    assert.match(here, / 1 failed, /);
    assert.match(await looks.run("IDENTIFY_RESERVE=0 gatehouse doctor"), / 0 failed, /);

    Deno.removeSync(`${somebody.home}/my-bot/.env`);
    const unit = await open("my-bot");
    // Two cores that are busy are few: the page says what to do then.
    const [slower] = /`(SPAWN_SHARD_DELAY_MS=\d+)`/.exec(TEXT)!.slice(1);
    await unit.start(`${slower} ${typed.of(REHEARSAL)}`);
    await unit.says(/Dashboard/);
    // Two rounds: all of them take a minute and a half of a machine of its own.
    await until(async () => await ready() >= 128, 120_000, unit.seen);
    assert.equal((await state()).totalShards, 1000);
    assert.equal(await unit.interrupt(), 0);
    assert.doesNotMatch(discord.seen(), /broken rule: (?!identify pace|order)/);
    assert.equal(await discord.interrupt(), 0);
  },
});

Deno.test({
  name: "thousand-shards.md: the move loses nothing, every day costs what it says",
  ignore: LACKS_NEWCOMER !== null,
  async fn() {
    const sim = createSimulator({ shards: 8, guilds: 16, maxConcurrency: 8 });
    const discord = serveSimulator(sim);
    await using somebody = await newcomer({ hasPackages: true });
    const { open, write, filled } = await setUp(somebody, sim.settings.token);
    const reading = bot(
      "MESSAGE_CREATE: (message) => console.log(`has read <${message.content}>`)",
    );
    let said = 0;
    const say = () => sayIn(sim, String(said++));
    const env = { DISCORD_API_URL: discord.apiUrl };
    const authorization = { authorization: SECRET };

    // What runs already, with a folder and a port of its own.
    const old = await open(".", { ...env, LISTEN_PORT: "0", STATE_DIR: "old-state" });
    Deno.writeTextFileSync(`${somebody.home}/my-bot/old.ts`, reading);
    await old.run("cd my-bot");
    const few = `DISCORD_TOKEN=${sim.settings.token} INTENTS=GUILDS,GUILD_MESSAGES,MESSAGE_CONTENT`;
    await old.start(`${few} LOG_FORMAT=json gatehouse start ./old.ts`);
    await until(() => sim.ledger.identifies.length === 8, 60_000, old.seen);
    say();
    await old.says(/has read <0>/);
    // It has run for long: nobody who identifies now comes too soon after it.
    const since = performance.now();
    await until(() => performance.now() - since > 5500, 10_000);

    // The move
    write(".env", filled);
    write("bot.ts", bot(""));
    const unit = await open("my-bot", { ...env, TOTAL_CLUSTERS: "1" });
    const top = await open("my-bot", env);
    await unit.start("gatehouse start");
    await unit.says(/"listening"/);
    await top.start(typed.of("gatehouse top"));
    await top.says(/ready/);
    await until(async () => await ready(authorization) === 8, 60_000, unit.seen);
    assert.equal(await top.interrupt(), 0);
    assert.equal(sim.ledger.identifies.length, 16);
    const act = async (path: string) => {
      assert.match(TEXT, new RegExp(`\`POST ${path}\``));
      const answer = await fetch(`${UNIT}${path}`, { method: "POST", headers: authorization });
      assert.ok(answer.ok, await answer.text());
    };
    await act("/control/clusters/0/kill");
    const from = said;
    for (let i = 0; i < 10; i++) say();
    assert.equal(await old.interrupt(), 0);
    for (let i = 0; i < 10; i++) say();
    write("bot.ts", reading);
    await act("/control/clusters/0/spawn");
    const numbers = () => [...unit.seen().matchAll(/has read <(\d+)>/g)].map(([, n]) => Number(n));
    const allRead = () => until(() => numbers().length >= said - from, 30_000, unit.seen);
    await allRead();

    // Every day
    for (let i = 0; i < 5; i++) say();
    await top.run(typed.of("gatehouse restart --all"));
    await allRead();
    assert.equal(sim.ledger.identifies.length, 16, "a new version of the bot costs none");
    const begins = await top.run(typed.of("gatehouse reshard 2000").replace("2000", "16"));
    await top.run(/gatehouse reshard --watch/.exec(begins)![0]);
    for (let i = 0; i < 5; i++) say();
    await allRead();
    assert.deepEqual(numbers(), Array.from({ length: said - from }, (_, i) => from + i));
    assert.equal((await state(authorization)).totalShards, 16);
    assert.equal(sim.ledger.identifies.length, 32, "more shards cost as many identifies");
    assert.equal((await fetch(`${UNIT}/readyz`)).status, 200);
    assert.equal((await fetch(`${UNIT}/dashboard`)).status, 200);
    assert.equal(await unit.interrupt(), 0);
    await unit.start("METRICS_PER_SHARD=0 gatehouse start");
    await unit.says(/"listening"/);
    await until(async () => (await fetch(`${UNIT}/readyz`)).status === 200, 60_000, unit.seen);
    assert.equal(sim.ledger.identifies.length, 32, "a new version of Gatehouse costs none");
    const metrics = await (await fetch(`${UNIT}/metrics`, { headers: authorization })).text();
    const series = metrics.split("\n").filter((line) => /^\w/.test(line)).length;
    assert.ok(
      series < Number(/`METRICS_PER_SHARD=0` makes them (\d+)/.exec(TEXT)![1]),
      `${series}`,
    );
    assert.equal(await unit.interrupt(), 0);
    assert.deepEqual(sim.ledger.violations, []);
    await discord.close();
  },
});

Deno.test("thousand-shards.md: what no test types elsewhere, and what its numbers are", () => {
  // A fleet is typed by its own test.
  const fleet = Deno.readTextFileSync("tests/wire/fleet/example_test.ts");
  assert.match(fleet, /args: \["task", "-q", "fleet"\]/);
  typed.of("deno task -q fleet");
  if (LACKS_NEWCOMER === null) assert.deepEqual(typed.untyped(), []);

  const defaults = CONFIG_DEFAULTS;
  assert.equal(defaults.identifyReservePercent, 10);
  assert.equal(defaults.queueDiskBytes, 4 * 2 ** 30);
  assert.match(SETTINGS, new RegExp(`QUEUE_DISK_BYTES=${20 * 2 ** 30} +# 20 GiB`));
  const minutes = (concurrency: number) => Math.ceil(1000 / concurrency) * 5.2 / 60;
  assert.equal(Math.round(minutes(16) * 2) / 2, 5.5);
  assert.equal(Math.round(minutes(64) * 2) / 2, 1.5);
  assert.equal(Math.round(defaults.queueDiskBytes / (1000 * 700) / 60 / 10) * 10, 100);
  const alerts = JSON.stringify(parse(Deno.readTextFileSync("docs/alerts.yaml")));
  const named = [...TEXT.matchAll(/`(gatehouse_\w+)`/g)].map(([, name]) => name!);
  assert.ok(named.length > 1);
  for (const name of named) assert.ok(alerts.includes(name), name);
});
