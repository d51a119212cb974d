/**
 * What attacks are tried on: a real unit with its state on disk, under load from the simulator, and a
 * remote bot that writes down what it gets.
 *
 * @module
 */

import { createSimulator, serveSimulator, type Simulator } from "../../sim/mod.ts";
import { startUnit, type UnitProcess } from "../../tests/support/unit_process.ts";
import { holdingOf } from "./meter.ts";
import { type Relay, relayTo } from "./relay.ts";
import { createRecorder, type Verdict } from "../soak/recorder.ts";

/** Shards of the unit. */
export const SHARDS = 4;
const SECRET = "attack";
/** Events per second while somebody attacks. */
const RATE = 200;
/** Short, so that a heartbeat that comes late is noticed. */
const HEARTBEAT_MS = 2_000;
/** Discord's own. */
const USUAL_HEARTBEAT_MS = 41_250;

/** An attack. */
export interface Attack {
  /** Settings of the unit beside those of the stage. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether the unit cannot beat its heart meanwhile: Discord's own patience is then needed. */
  readonly isStill?: true;
  /** Whether somebody stands between the unit and Discord's gateway: {@linkcode Stage.relay}. */
  readonly isRelayed?: true;
  /** How many descriptors the unit may have open; default: what this process may. */
  readonly descriptors?: number;
  /** Whether `deno task ok` tries it: it takes seconds. */
  readonly isQuick: boolean;
  /** GAPs that the bot has to be told of, because of what the attack takes away. Default: none. */
  readonly gaps?: number;
  /** Attacks; gives in words what was tried. What it leaves open is closed when the stage is. */
  run(stage: Stage): Promise<string>;
}

/** The unit under attack, and its surroundings. */
export interface Stage {
  readonly sim: Simulator;
  /** Where {@linkcode Attack.isRelayed}. */
  readonly relay: Relay | null;
  readonly stateDir: string;
  /** `http://127.0.0.1:port` of the unit. */
  readonly url: string;
  unit: UnitProcess;
  /** Starts the unit again on the same state. */
  startUnit(settings?: Readonly<Record<string, string>>): Promise<UnitProcess>;
  /** What the bot has noticed, once it has had the time to get everything. */
  verdict(): Promise<Verdict>;
  close(): Promise<void>;
}

/** A stage on which everything runs. */
export async function setStage(
  { settings, isStill, isRelayed, descriptors }: Partial<Attack> = {},
): Promise<Stage> {
  const sim = createSimulator({
    shards: SHARDS,
    maxConcurrency: SHARDS,
    guilds: 100,
    heartbeatIntervalMs: isStill ? USUAL_HEARTBEAT_MS : HEARTBEAT_MS,
    recordEvents: true,
  });
  const server = serveSimulator(sim);
  const relay = isRelayed ? relayTo(Number(new URL(server.gatewayUrl).port)) : null;
  if (relay) Object.assign(sim.world.addresses, { gatewayUrl: relay.url, resumeUrl: relay.url });
  const stateDir = Deno.makeTempDirSync();
  const botPort = freePort();
  const bot = createRecorder(botPort, SECRET);
  await bot.start();
  const start = async (changed: Readonly<Record<string, string>> = {}) => {
    const unit = await startUnit({
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: server.apiUrl,
      INTENTS: String(0x331_ffff),
      LISTEN_PORT: "0",
      STATE_DIR: stateDir,
      EVENT_HANDLER_URL: `ws://127.0.0.1:${botPort}`,
      EVENT_HANDLER_SECRET_KEY: SECRET,
      ...settings,
      ...changed,
    }, { descriptors });
    try {
      await unit.ready();
      return unit;
    } catch (error) {
      await end(unit);
      throw error;
    }
  };
  const unit = await start();
  sim.traffic.setRate(RATE);
  const stage: Stage = {
    sim,
    relay,
    stateDir,
    url: await unit.url(),
    unit,
    startUnit: start,
    async verdict() {
      sim.traffic.setRate(0);
      for (let i = 0; i < 100 && bot.verdict(sim.ledger).lost > 0; i++) await pause(100);
      return bot.verdict(sim.ledger);
    },
    async close() {
      await end(stage.unit);
      await bot.stop();
      relay?.close();
      await server.close();
      await Deno.remove(stateDir, { recursive: true });
    },
  };
  return stage;
}

/** A port that nobody has: the bot comes back to it, and others may try attacks beside us. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

/** An attack may have ended it. */
async function end(unit: UnitProcess): Promise<void> {
  if (await holdingOf(unit.pid)) await unit.end("SIGKILL");
}

/** Waits in real time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
