/** A unit inside somebody's own program: whatever goes wrong is told under the names of its options. */

import assert from "node:assert/strict";
import { SETTING_NAMES } from "../../config/config.ts";
import { createGatehouse, type GatehouseOptions, type Status } from "../../mod.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { sleep, systemClock } from "../../ports/clock.ts";

/** What does not keep a unit from starting is in the log by then. */
const LONG_ENOUGH_MS = 4_000;

/** All that a start which fails has told: what it threw, its log, what its status said. */
async function failing(
  options: (world: { dir: string; apiUrl: string }) => Partial<GatehouseOptions>,
  discord: Parameters<typeof createSimulator>[0] = {},
): Promise<{ error: string; setting: unknown; told: string }> {
  const sim = createSimulator({ shards: 1, guilds: 1, ...discord });
  const served = serveSimulator(sim);
  const dir = await Deno.makeTempDir();
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => void lines.push(line);
  try {
    const unit = createGatehouse({
      token: sim.settings.token,
      discordApiUrl: served.apiUrl,
      listenPort: 0,
      stateDir: `${dir}/state`,
      logLevel: "debug",
      ...options({ dir, apiUrl: served.apiUrl }),
    });
    const states: Status[] = [];
    (async () => {
      for await (const status of unit.status()) states.push(status);
    })();
    const thrown = await Promise.race([
      unit.start().then(() => unit.failed, (error: unknown) => error),
      sleep(systemClock, LONG_ENOUGH_MS),
    ]);
    const { data } = Object(thrown);
    const snapshot = unit.url === null ? {} : unit.snapshot;
    await unit.stop();
    const told = [...lines, JSON.stringify(states), JSON.stringify(snapshot)].join("\n");
    return { error: String(thrown), setting: data?.setting, told };
  } finally {
    console.log = log;
    await served.close();
    await Deno.remove(dir, { recursive: true });
  }
}

/** Not those that are words of the language or of Discord, too. */
const VARIABLES: readonly string[] = SETTING_NAMES.filter((name) => name.includes("_"));

function variablesIn(text: string): string[] {
  return VARIABLES.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
}

/** What can keep a unit from starting, and how it is told. */
const FAILURES: Readonly<
  Record<string, {
    options: Parameters<typeof failing>[0];
    discord?: Parameters<typeof createSimulator>[0];
    error: RegExp;
  }>
> = {
  "a port that is taken": {
    options: ({ apiUrl }) => ({ listenPort: Number(new URL(apiUrl).port) }),
    error: /Cannot listen on listenHost:listenPort 127\.0\.0\.1:\d+: .*; .* set listenPort/,
  },
  "a descriptor that is no socket": {
    options: () => ({ listenFd: 999 }),
    error: /Cannot listen on the socket of listenFd 999: .* or unset listenFd/,
  },
  "a state folder that is a file": {
    options: ({ dir }) => {
      Deno.writeTextFileSync(`${dir}/file`, "");
      return { stateDir: `${dir}/file` };
    },
    error: /Cannot use stateDir .*\/file: /,
  },
  "a bot that cannot be loaded": {
    options: ({ dir }) => ({ bot: `${dir}/none.ts` }),
    error: /Cannot start cluster 0 \(bot\): /,
  },
  "a bot that may not read what it imports": {
    options: ({ dir }) => {
      Deno.mkdirSync(`${dir}/bot`);
      Deno.writeTextFileSync(`${dir}/other.ts`, "export const one = 1;");
      Deno.writeTextFileSync(`${dir}/bot/bot.ts`, 'import "../other.ts";');
      return { bot: `${dir}/bot/bot.ts` };
    },
    error: /Cannot start cluster 0 \(bot\): .* to clusterPermissions/,
  },
  "a permission that no cluster can have": {
    options: () => ({
      bot: new URL("../support/society_bot.ts", import.meta.url),
      clusterPermissions: ["--allow-env"],
    }),
    error: /clusterPermissions: --allow-env: name the variables/,
  },
  "a service that cannot be loaded": {
    options: ({ dir }) => ({ services: [{ name: "counter", module: `${dir}/none.ts` }] }),
    error: /Cannot start service counter \(services\): /,
  },
  "a worker module that cannot be loaded": {
    options: ({ dir }) => ({ workerModule: `${dir}/none.ts` }),
    error: /workerModule .*none\.ts/,
  },
  "a filter of edits that is none": {
    options: ({ dir }) => {
      Deno.writeTextFileSync(`${dir}/edits.ts`, "export default 1;");
      return { editedMessages: `${dir}/edits.ts` };
    },
    error: /Cannot use editedMessages: .* has no function as its default export/,
  },
  "a token that Discord does not know": {
    options: () => ({ token: "another.one" }),
    error: /Discord does not accept token \(401 Unauthorized\)/,
  },
  "an address that is no API": {
    options: ({ apiUrl }) => ({ discordApiUrl: `${apiUrl}/nowhere` }),
    error: /is discordApiUrl right\?/,
  },
  "shards that Discord does not have": {
    options: () => ({ firstShardId: 3 }),
    error: /firstShardId/,
  },
  "credentials of NATS that are not there": {
    options: ({ dir }) => ({ natsUrls: ["nats://127.0.0.1:1"], natsCredentials: `${dir}/none` }),
    error: /NATS at nats:.* cannot be reached: No such file/,
  },
};

for (const [what, { options, discord, error }] of Object.entries(FAILURES)) {
  Deno.test(`a unit in a program tells of ${what} in the names of its options`, async () => {
    const all = await failing(options, discord);
    assert.match(all.error + all.told, error);
    assert.deepEqual(variablesIn(all.error), [], all.error);
    assert.deepEqual(variablesIn(String(all.setting)), []);
    assert.deepEqual(variablesIn(all.told), [], all.told);
  });
}

for (const clusterIsolation of ["process", "worker"] as const) {
  Deno.test(`lines of a bot in a ${clusterIsolation} stay as they are in a program, but for our advice`, async () => {
    const own = ["STATE_DIR of mine", "so is TOTAL_SHARDS of mine", "INTENTS of mine is printed"];
    const advice = 'Requires net access to "a:80", run again with the --allow-net flag';
    const { told } = await failing(({ dir }) => {
      const lines = `
        context.log.info(${JSON.stringify(own[0])}, { text: ${JSON.stringify(own[1])} });
        context.log.warn("it lacks something", { error: ${JSON.stringify(advice)} });
        console.log(${JSON.stringify(own[2])});
        throw new Error("the end of it");`;
      const bot = "export default { wants: () => false, handle() {}, start(context) {";
      Deno.writeTextFileSync(`${dir}/bot.js`, `${bot} ${lines} } };`);
      return { bot: `${dir}/bot.js`, clusterIsolation };
    });
    for (const text of own) assert.ok(told.includes(text), told);
    assert.match(told, /--allow-net=a:80 to clusterPermissions/);
  });
}

Deno.test("the port of a unit in a program tells callers the names of its options", async () => {
  const sim = createSimulator({ shards: 1, guilds: 1 });
  const served = serveSimulator(sim);
  const stateDir = await Deno.makeTempDir();
  const unit = createGatehouse({
    token: sim.settings.token,
    discordApiUrl: served.apiUrl,
    listenPort: 0,
    stateDir,
    restAuthorization: "secret",
    logLevel: "error",
  });
  try {
    await unit.start();
    const metrics = await fetch(`${unit.url}/metrics`);
    assert.equal(metrics.status, 401);
    const rest = await fetch(`${unit.url}/api/v10/users/@me`);
    const reason = rest.headers.get("x-gatehouse-error");
    assert.match(String(reason), /restAuthorization/);
    const closed = Promise.withResolvers<string>();
    const socket = new WebSocket(`${unit.url!.replace("http", "ws")}/gateway?v=10&encoding=json`);
    const identify = { op: 2, d: { token: "x", intents: 1, properties: {} } };
    socket.onmessage = () => socket.send(JSON.stringify(identify));
    socket.onclose = (event) => closed.resolve(event.reason);
    const told = [await metrics.text(), await rest.text(), String(reason), await closed.promise];
    assert.match(told.at(-1)!, /expected this unit's restAuthorization as token/);
    assert.deepEqual(told.flatMap(variablesIn), []);
  } finally {
    await unit.stop();
    await served.close();
    await Deno.remove(stateDir, { recursive: true });
  }
});
