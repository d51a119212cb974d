/**
 * Discord with a few guilds, and a unit in front of it that can be ended and started again at the same
 * address: what the bot of a library logs in to.
 *
 * @module
 */

import { createSimulator, serveSimulator } from "../../../sim/mod.ts";
import { systemClock } from "../../../ports/clock.ts";
import type { HeldPort } from "../held_port.ts";
import { tlsFront } from "../tls_front.ts";
import { startUnit, type UnitProcess } from "../unit_process.ts";
import { Bot, type BotCommand } from "./bot.ts";

/** What a library takes for a token: its first part is the bot's id, which some read out of it. */
export const SECRET = `${btoa("123456789012345678")}.what-the-library.takes-for-a-token`;
/** All that a bot may ask for. */
const INTENTS = 0x331_ffff;
/** How many shards there are. */
export const SHARDS = 2;

/** A stage: Discord, a unit, and the bots that were started. */
export type Stage = Awaited<ReturnType<typeof openStage>>;

/** How it is set up. */
export interface StageOptions {
  /** Settings of the unit beside those that every stage has. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A server ends TLS in front of the unit, which knows itself as `wss://localhost`, port 443. */
  readonly isBehindTls?: boolean;
  /** Default: {@linkcode SHARDS}. */
  readonly shards?: number;
  /** The socket that the unit takes its connections from; default: it listens itself. */
  readonly held?: HeldPort | undefined;
}

/** Opens it: the unit is ready. */
export async function openStage(
  { settings = {}, isBehindTls = false, shards = SHARDS, held }: StageOptions = {},
) {
  const sim = createSimulator({
    recordEvents: true,
    ringEvents: 20_000,
    shards,
    maxConcurrency: shards,
    guilds: 6,
    membersPerGuild: 5,
    channelsPerGuild: 3,
  });
  const discord = serveSimulator(sim);
  const stateDir = Deno.makeTempDirSync();
  const port = held?.port ?? freePort();
  const gatehouse = `http://127.0.0.1:${port}`;
  const front = isBehindTls ? tlsFront(port) : null;
  const bots = new Set<Bot>();
  const start = async (): Promise<UnitProcess> => {
    const started = await startUnit({
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: discord.apiUrl,
      INTENTS: String(INTENTS),
      LISTEN_PORT: String(port),
      REST_AUTHORIZATION: SECRET,
      STATE_DIR: stateDir,
      CACHE: "members,voice",
      ...front && { PUBLIC_URL: "https://localhost" },
      ...settings,
    }, { held });
    await started.ready();
    return started;
  };
  let unit = await start();
  return {
    sim,
    gatehouse,
    /** Starts a bot; it is ended with the stage. */
    bot(command: BotCommand): Bot {
      const env = { ...command.env, ...front && { TLS_PORT: String(front.port) } };
      const bot = new Bot({ ...command, env }, gatehouse, SECRET);
      bots.add(bot);
      return bot;
    },
    /** Ends the unit, and starts it again where it was, at once or a while later. */
    async restart(signal: "SIGTERM" | "SIGKILL", downMs = 0): Promise<void> {
      await unit.end(signal);
      await new Promise<void>((resolve) => void systemClock.after(downMs, resolve));
      unit = await start();
    },
    get unit() {
      return unit;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...bots].map((bot) => bot.dispose()));
      sim.traffic.setRate(0);
      await unit.end("SIGTERM");
      front?.close();
      await discord.close();
      Deno.removeSync(stateDir, { recursive: true });
    },
  };
}

/** A port that nobody has, and that nobody is likely to take while a unit is restarted. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return port;
}
