/** docs/quickstart/new-bot.md, typed whole on a terminal by somebody who has nothing but a clone. */

import assert from "node:assert/strict";
import { createSimulator, serveSimulator, startPinging } from "../../../sim/mod.ts";
import { downloaded } from "../../support/downloaded.ts";
import { LACKS_NEWCOMER, newcomer } from "../../support/newcomer.ts";
import { readPage, typist } from "../../support/pages.ts";
import { until } from "../../support/unit_process.ts";

const PATH = "docs/quickstart/new-bot.md";
const TEXT = Deno.readTextFileSync(PATH);
const PAGE = readPage(PATH);
const BEFORE = readPage("docs/quickstart/README.md");
const FUNCTION = BEFORE.commands.find((line) => line.startsWith("gatehouse() {"))!;
const URL_OF_UNIT = "http://127.0.0.1:8787";

/** Names in the first column of the page's table. */
const FILES = [...TEXT.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, name]) => name!).sort();

async function identifiesLeft(): Promise<number> {
  const state = await (await fetch(`${URL_OF_UNIT}/control/state`)).json();
  return state.identify.remaining;
}

Deno.test({
  name: "new-bot.md: what it has one type works, in this order, in an empty HOME",
  ignore: LACKS_NEWCOMER !== null,
  async fn() {
    await using somebody = await newcomer();
    const { home } = somebody;
    const { of, untyped } = typist(PAGE);
    const first = await somebody.terminal();
    await first.run(FUNCTION);

    // Begin
    await first.run(of("gatehouse init my-bot"));
    await first.run(of("cd my-bot"));
    const names = [...Deno.readDirSync(`${home}/my-bot`)].map(({ name }) => name).sort();
    assert.deepEqual(names, FILES);
    await first.start(of("deno task dev"));
    await first.says(/Dashboard +http:\/\/127\.0\.0\.1:8787\/dashboard/);
    await first.says(/4 shards ready/);
    await first.says(/answered a message/);
    assert.match(TEXT, /first start downloads five packages/);
    assert.equal(downloaded(`${home}/.cache/deno`).length, 5);
    const page = await fetch(`${URL_OF_UNIT}/dashboard`);
    assert.equal((await page.text()).includes("<title>"), true);

    // Write
    const bot = `${home}/my-bot/bot.ts`;
    const code = Deno.readTextFileSync(bot);
    const left = await identifiesLeft();
    first.again();
    Deno.writeTextFileSync(bot, code.replace("answered a message", "has answered again"));
    await first.says(/has answered again/);
    first.again();
    Deno.writeTextFileSync(bot, code.replace("defineBot({", "defineBot(({"));
    await first.says(/bot\.ts:\d+:\d+/);
    await first.says(/has answered again/);
    first.again();
    Deno.writeTextFileSync(`${home}/my-bot/words.ts`, `export const said = "by import";\n`);
    const imports = code.replace(`"answered a message"`, "said");
    Deno.writeTextFileSync(bot, `import { said } from "./words.ts";\n${imports}`);
    await first.says(/by import/);
    first.again();
    Deno.writeTextFileSync(`${home}/my-bot/words.ts`, `export const said = "watched as well";\n`);
    await first.says(/watched as well/);
    assert.equal(await identifiesLeft(), left);
    assert.equal(await first.interrupt(), 0);

    // Meet Discord
    const sim = createSimulator({ shards: 1, guilds: 2, maxConcurrency: 1 });
    const discord = serveSimulator(sim);
    const stopPinging = startPinging({ ...sim, everyMs: 500 });
    await first.run(`export DISCORD_API_URL=${discord.apiUrl}`);
    await first.run(of("cp .env.example .env"));
    assert.equal(Deno.statSync(`${home}/my-bot/.env`).mode! & 0o777, 0o600);
    const env = Deno.readTextFileSync(`${home}/my-bot/.env`);
    const token = env.replace("DISCORD_TOKEN=", `DISCORD_TOKEN=${sim.settings.token}`);
    // The block that gives it a database is a setting like any other.
    Deno.writeTextFileSync(`${home}/my-bot/.env`, `${token}${PAGE.blocks[1]}`);
    const looked = await first.run(of("deno task doctor"));
    for (const check of ["token", "intents", "identifies", "port", "state folder"]) {
      assert.match(looked, new RegExp(`^ *\\S ${check}`, "m"));
    }
    await first.start(of("deno task start"));
    await first.says(/watched as well/);

    // What runs where
    assert.ok([...Deno.readDirSync(`${home}/my-bot/.gatehouse`)].length > 0);
    const second = await somebody.terminal("my-bot");
    await second.run("clear");
    assert.match(await second.run(of("deno task status")), /ready/);
    await second.start(of("deno task gatehouse top"));
    await second.says(/shard/i);
    assert.equal(await second.interrupt(), 0);
    assert.match(await second.run(of("deno task gatehouse --help")), /Usage: gatehouse/);
    assert.equal(await first.interrupt(), 0);
    await first.start("deno task start");
    await first.says(/watched as well/);
    await first.close();
    await until(() => fetch(URL_OF_UNIT).then(() => false, () => true), 20_000);
    stopPinging();
    await discord.close();
    assert.deepEqual(untyped(), []);
    assert.equal(sim.ledger.identifies.length, 1, "sessions were resumed");
    assert.deepEqual(sim.ledger.violations, []);
  },
});
