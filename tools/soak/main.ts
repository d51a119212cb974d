/**
 * `deno task soak`: a real unit under load, struck by faults at random from a seed, for as many minutes
 * as asked; then one table. With `--outage MINUTES` the bot is away for so long instead.
 *
 * @module
 */

import { seededRandom } from "../../ports/random.ts";
import { terminalLine } from "../../app/terminal/run_unit.ts";
import { every, systemClock } from "../../ports/clock.ts";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { startUnit } from "../../tests/support/unit_process.ts";
import { FAULTS, pause, type Stage } from "./faults.ts";
import { clockText, progressText } from "../progress.ts";
import { createRecorder } from "./recorder.ts";
import { soakCode, soakText } from "./report.ts";

const SHARDS = 8;
const BOT_PORT = 8799;
const SECRET = "soak";
const REDRAW_MS = 500;
const USAGE = `deno task soak [minutes] [--seed N] [--rate EVENTS_PER_SECOND] [--outage MINUTES]`;

interface Flags {
  readonly minutes: number;
  readonly seed: number;
  readonly rate: number;
  readonly outage: number;
}

function readFlags(args: readonly string[]): Flags | null {
  const flags: Record<string, number> = { minutes: 2, seed: 1, rate: 500, outage: 0 };
  for (let i = 0; i < args.length; i++) {
    const name = args[i]!.startsWith("--") ? args[i]!.slice(2) : "minutes";
    const value = Number(name === "minutes" ? args[i] : args[++i]);
    if (!(name in flags) || !(value >= 0)) return null;
    flags[name] = value;
  }
  return flags as unknown as Flags;
}

async function main(args: readonly string[]): Promise<number> {
  const flags = readFlags(args);
  if (!flags) {
    console.error(USAGE);
    return 2;
  }
  const sim = createSimulator({
    seed: flags.seed,
    shards: SHARDS,
    maxConcurrency: SHARDS,
    guilds: 200,
    // Beats are short, so that a frozen peer is found in seconds; the ring holds a minute of outage.
    heartbeatIntervalMs: 5_000,
    ringEvents: 20_000,
    recordEvents: true,
  });
  const server = serveSimulator(sim);
  const stateDir = Deno.makeTempDirSync();
  const start = async (settings: Record<string, string> = {}) => {
    const unit = await startUnit({
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: server.apiUrl,
      INTENTS: String(0x331_ffff),
      LISTEN_PORT: "0",
      STATE_DIR: stateDir,
      ALLOW_FAULTS: "1",
      TOTAL_WORKERS: "2",
      EVENT_HANDLER_URL: `ws://127.0.0.1:${BOT_PORT}`,
      EVENT_HANDLER_SECRET_KEY: SECRET,
      ...settings,
    });
    await unit.url();
    return unit;
  };
  const bot = createRecorder(BOT_PORT, SECRET);
  await bot.start();
  const line = terminalLine();
  const stage: Stage = {
    tell: (text) => line.write(`${text}\n`),
    sim,
    bot,
    random: seededRandom(flags.seed),
    unit: await start(),
    startUnit: start,
  };
  await stage.unit.ready();
  sim.traffic.setRate(flags.rate);
  const totalMs = (flags.outage || flags.minutes) * 60_000;
  const beganMs = performance.now();
  const cancel = every(systemClock, REDRAW_MS, () => {
    line.show(progressText(performance.now() - beganMs, totalMs));
  });
  const struck =
    await (flags.outage > 0 ? outage(stage, flags.outage) : strike(stage, flags.minutes));
  cancel();
  line.show("");
  sim.traffic.setRate(0);
  await stage.unit.ready(120_000);
  await drained(stage);
  const identifies = sim.ledger.identifies.length - SHARDS;
  const violations = sim.ledger.violations;
  await stage.unit.end("SIGTERM");
  await bot.stop();
  await server.close();
  Deno.removeSync(stateDir, { recursive: true });
  for (const { rule, detail } of violations) console.log(`broken rule: ${rule}: ${detail}`);
  const { minutes, seed, rate } = flags;
  const soaked = {
    asked: `seed ${seed}, ${rate} events/s over ${SHARDS} shards, ${minutes} min`,
    struck,
    verdict: bot.verdict(sim.ledger),
    identifies,
    violations: violations.length,
  };
  console.log(soakText(soaked));
  return soakCode(soaked);
}

/** One fault after another by chance, each with time to heal. */
async function strike(stage: Stage, minutes: number): Promise<Map<string, number>> {
  const names = Object.keys(FAULTS);
  const struck = new Map<string, number>();
  const beganMs = performance.now();
  const endMs = beganMs + minutes * 60_000;
  while (performance.now() < endMs) {
    const name = names[Math.floor(stage.random() * names.length)]!;
    stage.tell(`${clockText(performance.now() - beganMs)} ${name}`);
    await FAULTS[name]!(stage);
    struck.set(name, (struck.get(name) ?? 0) + 1);
    await stage.unit.ready(120_000);
    await pause(1_000 + 4_000 * stage.random());
  }
  return struck;
}

async function outage(stage: Stage, minutes: number): Promise<Map<string, number>> {
  await stage.bot.stop();
  for (let minute = 1; minute <= minutes; minute++) {
    await pause(60_000);
    const { shards } = await (await stage.unit.control("GET", "/state")).json();
    const sum = (field: string) =>
      shards.reduce(
        (total: number, it: { counters: Record<string, number> }) => total + it.counters[field]!,
        0,
      );
    const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
    stage.tell(
      `minute ${minute}: ${sum("queued")} events wait, ${mib(sum("queuedBytes"))} MiB in memory, ` +
        `${mib(sum("queuedDiskBytes"))} MiB on disk`,
    );
  }
  await stage.bot.start();
  return new Map([[`bot is away for ${minutes} min`, 1]]);
}

async function drained({ bot, sim }: Stage): Promise<void> {
  for (let second = 0; second < 300; second++) {
    if (bot.verdict(sim.ledger).lost === 0) return;
    await pause(1_000);
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
