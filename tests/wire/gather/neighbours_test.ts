/** Those whom a unit works with, as `gatehouse doctor` finds them. */

import assert from "node:assert/strict";
import { gatherBots, gatherConsumers, gatherNats } from "../../../app/doctor/gather/neighbours.ts";
import { type Config, CONFIG_DEFAULTS } from "../../../config/config.ts";
import { serveEvents } from "../../../clusters/inside/serve_events.ts";
import { defineBot } from "../../../mod.ts";
import { systemClock } from "../../../ports/clock.ts";
import { logTo } from "../../../ports/log.ts";
import { webSocketConnect } from "../../../ports/websocket/client.ts";
import { dialCluster } from "../../support/dialling_unit.ts";
import { ofEachNats, startNats } from "../../support/nats_server.ts";

const WORLD = { clock: systemClock, connect: webSocketConnect(), env: Deno.env.toObject() };
const configOf = (config: Partial<Config>): Config => ({
  ...CONFIG_DEFAULTS,
  discordToken: "a.b.c",
  ...config,
});

const BOTS: Readonly<Record<string, [code: string, problem: RegExp | null]>> = {
  "that is well": ["export default { wants: () => false, handle() {} };", null],
  "that imports a package": [
    "import * as bot from 'npm:undici@7.30.2';\nexport default bot;",
    null,
  ],
  "with a mistake in it": [
    "export default { a: ;",
    /Cannot load .*bot\.ts: .*Expression expected.*bot\.ts:1/,
  ],
  "that imports what is not there": [
    'import x from "./gone.ts";\nexport default x;',
    /Cannot load .*bot\.ts: Module not found .*gone\.ts.* at .*bot\.ts:1:15/,
  ],
  "that reads what no bot gets": [
    'import x from "./.env" with { type: "text" };\nexport default x;',
    /Cannot load .*bot\.ts: it imports .*\.env, which no bot gets at .*bot\.ts:1/,
  ],
};

for (const [what, [code, problem]] of Object.entries(BOTS)) {
  Deno.test(`a bot ${what} is looked at, and not run`, async () => {
    const dir = Deno.realPathSync(await Deno.makeTempDir());
    await Deno.writeTextFile(`${dir}/bot.ts`, code);
    await Deno.writeTextFile(`${dir}/.env`, "A=1");
    const [bot] = await gatherBots(configOf({ botModule: `${dir}/bot.ts` }), WORLD);
    if (problem === null) assert.equal(bot!.problem, null);
    else assert.match(bot!.problem!, problem);
    await Deno.remove(dir, { recursive: true });
  });
}

Deno.test("a bot that is not there is told", async () => {
  const [bot] = await gatherBots(configOf({ botModule: "/no/such/bot.ts" }), WORLD);
  assert.match(bot!.problem!, /Cannot load .*\/no\/such\/bot\.ts: Module not found/);
});

Deno.test("a consumer is found, and whoever has a link with it keeps that", async () => {
  const lines: string[] = [];
  const log = logTo((level, event) => void (level !== "debug" && lines.push(`${level} ${event}`)));
  const server = await serveEvents(
    { port: 0, secretKey: "the-key", log },
    defineBot({ events: {} }),
  );
  const unit = dialCluster(server.port, "the-key");
  assert.equal((await unit.next() as { op: string }).op, "hello");
  const url = `ws://127.0.0.1:${server.port}/`;
  const ask = (eventHandlerSecretKey: string) =>
    gatherConsumers(configOf({ eventHandlerUrls: [url], eventHandlerSecretKey }), WORLD);
  assert.deepEqual(await ask("the-key"), [{ url, reached: { is: true } }]);
  const [refused] = await ask("another-key");
  assert.match((refused!.reached as { failed: string }).failed, /401/);
  unit.socket.sendBytes(new Uint8Array([9]));
  // What no batch is ends it now, and nothing has before.
  assert.equal(await unit.next(), "closed 4400");
  await server.stop();
  const wrong = lines.filter((line) => !line.startsWith("info"));
  // Of the wrong key, of what no batch is, and of its end.
  assert.deepEqual(wrong.map((line) => line.replace(/^\w+ /, "")), [
    "event link is refused",
    "event link is refused",
    "event link is down",
  ]);
});

Deno.test("a consumer that is not there is told, be it a link or a port", async () => {
  const eventHandlerUrls = ["ws://127.0.0.1:9/", "http://127.0.0.1:9/?key=secret"];
  const found = await gatherConsumers(configOf({ eventHandlerUrls }), WORLD);
  assert.deepEqual(found.map(({ url }) => url), ["ws://127.0.0.1:9/", "http://127.0.0.1:9/"]);
  for (const { reached } of found) assert.match((reached as { failed: string }).failed, /refused/i);
});

Deno.test("NATS that is not there is told", async () => {
  const [nats] = await gatherNats(configOf({ natsUrls: ["nats://127.0.0.1:9"] }));
  assert.match((nats!.server as { failed: string }).failed, /refused/);
});

ofEachNats("doctor", (program, title) => {
  Deno.test(`${title} finds NATS, its version and JetStream, and leaves nothing there`, async () => {
    await using server = await startNats(program);
    const config = configOf({ natsUrls: [server.url] });
    for (let i = 0; i < 2; i++) {
      const [nats] = await gatherNats(config);
      assert.deepEqual(nats!.server, {
        is: { version: program.version, problem: null, isKnown: false },
      });
    }
  });
});
