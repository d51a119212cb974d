/** `gatehouse dev` as somebody who writes a bot has it: files that change while events come. */

import assert from "node:assert/strict";
import { createSimulator, serveSimulator } from "../../../sim/mod.ts";
import { folderWith, startLaunched } from "../../support/launched.ts";
import { sayIn } from "../../support/say_in.ts";
import { type UnitProcess, until } from "../../support/unit_process.ts";

/** Answers nothing, tells of everything, and says which version it is. */
const bot = (version: string) =>
  `import { defineBot } from "gatehouse";
import { greeting } from "./greeting.ts";
export default defineBot({
  events: { MESSAGE_CREATE: (message) => console.log("${version}", greeting, message.content) },
});
`;
const SERVICE = `import { defineService } from "gatehouse";
console.log("the service begins");
export default defineService({});
`;

function setUp(files: Record<string, string>, more: Record<string, string> = {}) {
  const sim = createSimulator({ shards: 1, guilds: 2, maxConcurrency: 1 });
  const discord = serveSimulator(sim);
  const folder = folderWith(files);
  const unit = startLaunched(folder, ["dev", "./bot.ts"], {
    DISCORD_TOKEN: sim.settings.token,
    DISCORD_API_URL: discord.apiUrl,
    INTENTS: "GUILDS,GUILD_MESSAGES,MESSAGE_CONTENT",
    LISTEN_PORT: "0",
    ...more,
  });
  let said = 0;
  return {
    sim,
    unit,
    write: (name: string, text: string) => Deno.writeTextFileSync(`${folder}/${name}`, text),
    /** Somebody says the next number. */
    say: () => sayIn(sim, String(said++)),
    said: () => said,
    async [Symbol.asyncDispose]() {
      await unit.end("SIGTERM");
      await discord.close();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

const printed = ({ lines }: UnitProcess) =>
  lines.filter(({ message }) => message === "cluster prints").map(({ fields }) =>
    String(fields.text)
  );
const told = ({ lines }: UnitProcess, text: string) =>
  lines.filter(({ message }) => message === text);
const shown = (unit: UnitProcess) => () =>
  unit.lines.slice(-12).map((line) => JSON.stringify(line)).join("\n") + unit.errors();

Deno.test("a bot that is changed goes on with the next event, and none is lost or seen twice", async () => {
  await using it = setUp(
    { "bot.ts": bot("one"), "greeting.ts": `export const greeting = "hello";`, "tidy.ts": SERVICE },
    { SERVICES: "tidy=./tidy.ts" },
  );
  const { unit, write, say } = it;
  await unit.ready();
  const begins = () => printed(unit).filter((text) => text === "the service begins").length;
  const heard = (pattern: RegExp) =>
    until(
      () => {
        say();
        return printed(unit).some((text) => pattern.test(text));
      },
      20_000,
      shown(unit),
    );
  await heard(/^one hello/);
  write("bot.ts", bot("two"));
  await heard(/^two hello/);
  // What is imported counts as well, and so does what is new.
  write("greeting.ts", `export { greeting } from "./new.ts";`);
  write("new.ts", `export const greeting = "welcome";`);
  await heard(/^two welcome/);
  write("new.ts", `export const greeting = "good day";`);
  await heard(/^two good day/);
  assert.equal(begins(), 1, "who has not changed is left alone");
  const numbers = () => printed(unit).flatMap((text) => /(\d+)$/.exec(text)?.[1] ?? []).map(Number);
  await until(() => numbers().length >= it.said(), 10_000, shown(unit));
  assert.deepEqual(numbers(), Array.from({ length: it.said() }, (_, number) => number));
  write("tidy.ts", SERVICE.replace("({})", "({ })"));
  await until(() => begins() === 2, 10_000, shown(unit));
  assert.equal(it.sim.ledger.identifies.length, 1, "no identify was spent");
  assert.deepEqual(it.sim.ledger.violations, []);
});

Deno.test("a mistake is told with file and line, and what runs goes on", async () => {
  await using it = setUp({
    "bot.ts": bot("one"),
    "greeting.ts": `export const greeting = "hello";`,
  });
  const { unit, write, say } = it;
  await unit.ready();
  write("bot.ts", bot("two").replace("export default", "export defaultt"));
  const goesOn = "the bot cannot be loaded: what runs goes on";
  await until(() => told(unit, goesOn).length === 1, 10_000, shown(unit));
  assert.match(String(told(unit, goesOn)[0]!.fields.problem), /bot\.ts:3:8/);
  say();
  await until(() => printed(unit).includes("one hello 0"), 10_000, shown(unit));
  write("bot.ts", bot("three"));
  await until(
    () => {
      say();
      return printed(unit).some((text) => text.startsWith("three hello"));
    },
    20_000,
    shown(unit),
  );
});

Deno.test("a bot that is wrong from the start is waited for, whatever is wrong, and nothing is spent", async () => {
  await using it = setUp({ "bot.ts": "export default {", "greeting.ts": "" });
  const { unit, write } = it;
  const waits = "the bot cannot be loaded: it is waited for";
  await until(() => told(unit, waits).length === 1, 10_000, shown(unit));
  write("bot.ts", "throw new Error('not yet');");
  const change = "waits until the bot's files change";
  await until(() => told(unit, change).length === 1, 15_000, shown(unit));
  assert.ok(unit.lines.some(({ message }) => /Cannot start cluster 0.*not yet/.test(message)));
  assert.equal(it.sim.ledger.identifies.length, 0);
  write("greeting.ts", `export const greeting = "hello";`);
  write("bot.ts", bot("one"));
  await until(() => told(unit, "shard is ready").length === 1, 30_000, shown(unit));
  assert.equal(it.sim.ledger.identifies.length, 1);
});
