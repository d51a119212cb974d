/** README.md, typed on a terminal by somebody who has Node, Deno and a clone. */

import assert from "node:assert/strict";
import { LACKS_NODE } from "../../support/libraries/npm.ts";
import { LACKS_NEWCOMER, newcomer } from "../../support/newcomer.ts";
import { readPage, typist } from "../../support/pages.ts";
import { until } from "../../support/unit_process.ts";

const TEXT = Deno.readTextFileSync("README.md");
const PAGE = readPage("README.md");
const UNIT = "http://127.0.0.1:8787";

/** What is not typed here, and why. */
const NOT_TYPED: Readonly<Record<string, string>> = {
  "npx --yes deno@2.9.6 task ok": "it runs this test",
  "deno task attack": "minutes; tests/wire/attack_test.ts carries them out",
  "deno task -q fleet": "tests/wire/fleet/example_test.ts types it",
  "gatehouse init": "tests/wire/pages/new_bot_test.ts types it",
  "gatehouse dev": "tests/wire/pages/new_bot_test.ts types it, as the task of a bot's folder",
  "deno task soak 5 --seed 4": "minutes; tests/scenarios/chaos_test.ts has its faults",
  "deno task soak --outage 10": "minutes; tests/scenarios/chaos_test.ts has its faults",
  "deno task test tests/wire/fleet": "a part of what runs this test",
};

Deno.test("README.md: what is not typed is typed by who is named", () => {
  const paths = Object.values(NOT_TYPED).flatMap((why) => why.match(/tests\/[\w/]+\.ts/) ?? []);
  for (const path of paths) assert.ok(Deno.statSync(path).isFile, path);
  assert.ok(paths.length > 4);
});

/** TypeScript that it shows. */
const [BOT = "", PROGRAM = ""] = [...TEXT.matchAll(/^```ts.*\n([^]*?)^```/gm)]
  .map(([, code]) => code!);

async function answers(): Promise<number> {
  const text = await (await fetch(`${UNIT}/metrics`)).text();
  const sent = /^gatehouse_rest_requests_total\{.*messages.*status="200".*\} (\d+)$/m.exec(text);
  return Number(sent?.[1] ?? 0);
}

Deno.test({
  name: "README.md: what it has one type works, in this order, in an empty HOME",
  ignore: LACKS_NEWCOMER !== null || LACKS_NODE !== null,
  async fn() {
    await using somebody = await newcomer();
    const { of, untyped } = typist(PAGE);
    const first = await somebody.terminal("gatehouse");

    await first.start(of("npx --yes deno@2.9.6 task start"));
    await first.says(/Dashboard +http:\/\/127\.0\.0\.1:8787\/dashboard/, 180_000);
    await first.says(/4 shards ready/);
    await first.says(/answered a message/);
    assert.equal((await fetch(`${UNIT}/readyz`)).status, 200);
    assert.match(await (await fetch(`${UNIT}/dashboard`)).text(), /<title>/);
    // npm's own way to say that it was Ctrl-C.
    assert.equal(await first.interrupt(), 130);
    await until(() => fetch(UNIT).then(() => false, () => true), 20_000, first.seen);

    // Your bot
    await first.run(of("deno task init ../my-bot"));
    await first.start(of("cd ../my-bot && deno task dev"));
    await first.says(/answered a message/);
    const folder = `${somebody.home}/my-bot`;
    first.again();
    Deno.writeTextFileSync(`${folder}/bot.ts`, BOT);
    await first.says(/the bot has changed/i);
    const before = await answers();
    await until(async () => await answers() > before + 1, 30_000, first.seen);
    assert.equal(await first.interrupt(), 0);
    for (const name of Deno.readDirSync(folder)) assert.notEqual(name.name, ".env");
    Deno.writeTextFileSync(`${folder}/program.ts`, PROGRAM);
    await first.run("deno check bot.ts program.ts");

    // Beside it
    await first.run("cd ../gatehouse");
    await first.start(of("deno task sim"));
    await first.says(/REST +http:\/\/127\.0\.0\.1:8790\/api/);
    await first.says(/Somebody posts !ping every 5 s/);
    const second = await somebody.terminal("gatehouse", {
      DISCORD_API_URL: "http://127.0.0.1:8790/api",
    });
    await second.start(of("deno task rest"));
    await second.says(/127\.0\.0\.1:8787/);
    // For any number of bots: each brings its own token.
    const headers = { authorization: "Bot sim-token" };
    const gateway = await (await fetch(`${UNIT}/api/v10/gateway/bot`, { headers })).json();
    assert.equal(gateway.shards, 4, JSON.stringify(gateway));
    assert.equal(await second.interrupt(), 0);
    assert.equal(await first.interrupt(), 0);
    assert.doesNotMatch(first.seen(), /broken rule/);

    const gatehouse = readPage("docs/quickstart/README.md").commands
      .find((line) => line.startsWith("gatehouse() {"))!;
    await first.run(`${gatehouse}; cd ..`);
    assert.match(await first.run(of("gatehouse doctor")), / 0 failed, /);
    assert.deepEqual(untyped().toSorted(), Object.keys(NOT_TYPED).toSorted());
  },
});
