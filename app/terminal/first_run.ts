/**
 * The first run: nothing is set, so a unit plays against a simulator in this process, with a bot
 * that answers. It says so wherever a person looks.
 *
 * @module
 */

import type { Log } from "../../ports/log.ts";
import { createSimulator, serveSimulator, startPinging } from "../../sim/mod.ts";
import type { Config } from "../../config/config.ts";
import { EXAMPLE_BOT } from "../../config/module_url.ts";

/** How often somebody in the simulator asks the bot something. */
const ASK_EVERY_MS = 5_000;

/** A simulator to play against. */
export interface FirstRun {
  /** The settings with the simulator's address and the example bot filled in. */
  readonly config: Config;
  /** Tells of rules that we broke, which would be a bug of ours, and ends the simulator. */
  stop(): Promise<void>;
}

/**
 * Starts a simulator and gives the settings to play against it.
 *
 * @param nextStep What leads to Discord, as it is logged.
 */
export function startFirstRun(
  config: Config,
  log: Log,
  nextStep: string = nextStepOf(config),
): FirstRun {
  const sim = createSimulator({ shards: config.totalShards ?? 4, maxConcurrency: 2, guilds: 40 });
  const server = serveSimulator(sim);
  sim.traffic.setRate(20);
  const cancel = startPinging({ ...sim, everyMs: ASK_EVERY_MS });
  log.info("playing against the embedded simulator, not Discord", {
    simulator: server.apiUrl,
    nextStep,
  });
  return {
    config: {
      ...config,
      discordApiUrl: server.apiUrl,
      discordToken: sim.settings.token,
      intents: 0x331_ffff,
      botModule: config.botModule ?? EXAMPLE_BOT,
    },
    async stop() {
      cancel();
      sim.traffic.setRate(0);
      await server.close();
      const { violations } = sim.ledger;
      if (violations.length > 0) log.error("rules of Discord were broken", { violations });
    },
  };
}

function nextStepOf({ botModule }: Config): string {
  const settings = botModule === null ? "DISCORD_TOKEN and BOT_MODULE" : "DISCORD_TOKEN";
  return `set ${settings}, in the environment or in .env`;
}
