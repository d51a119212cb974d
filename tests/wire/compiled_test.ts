/** Gatehouse as one executable, which starts its clusters by calling itself. */

import assert from "node:assert/strict";
import { createSimulator, serveSimulator, type Simulator } from "../../sim/mod.ts";
import { standIn } from "../support/compiled.ts";
import type { UnitProcess } from "../support/unit_process.ts";
import { until } from "../support/unit_process.ts";

type Start = (args: readonly string[], settings?: Record<string, string>) => UnitProcess;

async function withStandIn(
  body: (start: Start, dir: string) => Promise<void>,
): Promise<void> {
  const dir = Deno.realPathSync(Deno.makeTempDirSync());
  const units: UnitProcess[] = [];
  try {
    const { run } = standIn(dir);
    await body((args, settings = {}) => {
      const unit = run(args, { LISTEN_PORT: "0", ...settings });
      units.push(unit);
      return unit;
    }, dir);
  } finally {
    for (const unit of units) await unit.end("SIGKILL");
    Deno.removeSync(dir, { recursive: true });
  }
}

Deno.test("the executable plays against its simulator, its example bot in a process of itself", () =>
  withStandIn(async (start) => {
    const unit = start(["demo"]);
    await unit.ready();
    const answered = () => unit.lines.some(({ message }) => message === "answered a message");
    await until(answered, 20_000, () => JSON.stringify(unit.lines.slice(-5)) + unit.errors());
    assert.equal(await unit.end("SIGTERM"), 0);
  }));

/** A Discord that is real enough, and a bot in a folder, with a service. */
async function withBot(
  body: (settings: Record<string, string>, sim: Simulator, start: Start) => Promise<void>,
): Promise<void> {
  const sim = createSimulator({ shards: 2, guilds: 4 });
  const discord = serveSimulator(sim);
  try {
    await withStandIn(async (start, dir) => {
      Deno.mkdirSync(`${dir}/bot`);
      const files = {
        "bot.ts": BOT,
        "words.ts": `export const PONG = "pong";`,
        "counter.ts": SERVICE,
      };
      for (const [name, text] of Object.entries(files)) {
        Deno.writeTextFileSync(`${dir}/bot/${name}`, text);
      }
      const settings = {
        DISCORD_TOKEN: sim.settings.token,
        DISCORD_API_URL: discord.apiUrl,
        INTENTS: "GUILDS,GUILD_MESSAGES,MESSAGE_CONTENT",
        STATE_DIR: `${dir}/state`,
        BOT_MODULE: `${dir}/bot/bot.ts`,
        SERVICES: `counter=${dir}/bot/counter.ts`,
      };
      await body(settings, sim, start);
    });
  } finally {
    await discord.close();
  }
}

const BOT = `import { defineBot } from "gatehouse";
import { PONG } from "./words.ts";
export default defineBot({
  events: {
    async MESSAGE_CREATE({ content, channel_id }, { rest, ipc }) {
      if (content !== "!ping") return;
      const count = await ipc.sendServiceCommand("counter", 1, { receptive: true });
      await rest.post(\`/channels/\${channel_id}/messages\`, { content: \`\${PONG} \${count}\` });
    },
  },
});`;

const SERVICE = `import { defineService } from "gatehouse";
let count = 0;
export default defineService({ handleCommand: (by) => count += Number(by) });`;

Deno.test("a bot and a service in files run from the executable, and are restarted with nothing lost", () =>
  withBot(async (settings, sim, start) => {
    const unit = start(["start"], { ...settings, STATS_INTERVAL_MS: "300" });
    await unit.ready();
    const figures = async () => (await (await unit.control("GET", "/stats")).json())?.clusters[0];
    // Of the whole process, in which the bot's thread is alone.
    await until(async () => (await figures())?.memory?.rss > 10_000_000, 10_000);
    assert.ok((await figures()).cpu.user > 0);
    const guild = [...sim.world.guilds.values()][0]!;
    const ping = () =>
      sim.world.emit("MESSAGE_CREATE", guild.id, {
        id: sim.world.nextId(),
        guild_id: guild.id,
        channel_id: guild.channels[0]!.id,
        content: "!ping",
        author: { id: "8", username: "somebody", discriminator: "0" },
      });
    const posted = () => sim.ledger.rest.filter(({ method }) => method === "POST").length;
    ping();
    await until(() => posted() === 1, 10_000, () => JSON.stringify(unit.lines.slice(-5)));
    const restarting = unit.control("POST", "/clusters/0/restart");
    ping();
    ping();
    assert.equal((await restarting).status, 200);
    await until(() => posted() === 3, 10_000);
    assert.equal(await unit.end("SIGTERM"), 0);
    assert.deepEqual(sim.ledger.violations, []);
    assert.ok(!JSON.stringify(unit.lines).includes(sim.settings.token));
  }));

Deno.test("the executable refuses what it cannot give a cluster, and names the setting", () =>
  withBot(async (settings, _, start) => {
    const unit = start(["start"], { ...settings, CLUSTER_PERMISSIONS: "--allow-ffi" });
    assert.equal(await unit.exited, 1);
    const errors = unit.lines.filter(({ level }) => level === "ERROR");
    assert.match(
      errors[0]!.message,
      /CLUSTER_PERMISSIONS: --allow-ffi: a compiled Gatehouse cannot/,
    );
  }));

Deno.test("the executable warns that it does not look at what bots import", () =>
  withBot(async (settings, _, start) => {
    const unit = start(["start"], settings);
    await unit.ready();
    const warning = unit.lines.find(({ level }) => level === "WARNING" || level === "WARN");
    assert.match(warning?.message ?? "", /what bots import is not looked at/);
    assert.equal(await unit.end("SIGTERM"), 0);
  }));
