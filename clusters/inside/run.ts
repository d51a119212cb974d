/**
 * A built-in cluster from the inside, in a process or a thread alike: the bot joined with a link to
 * its unit.
 *
 * @module
 */

import { botOf } from "../../bot/bot.ts";
import { dialEvents } from "../../bot/link/dial.ts";
import { systemClock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { systemRandom } from "../../ports/random.ts";
import { nativeConnect } from "../../ports/socket_native.ts";
import { runBot } from "./bot_run.ts";

/** What a unit tells a cluster that it starts. Holds no token. */
export interface ClusterSettings {
  readonly clusterId: number;
  /** Name of a service, which has no shards. */
  readonly service?: string | undefined;
  /** `http://host:port` of the unit. */
  readonly unitUrl: string;
  /** Opens the unit's `/events` and `/api`, as long as this cluster lives. */
  readonly credential: string;
  /** Address of the bot's module. */
  readonly botModule: string;
}

/**
 * Starts the bot of `module` and dials the unit. The function returned stops both.
 *
 * @throws {GatehouseError} `bad_config` when the module exports no bot.
 */
export async function runCluster(
  settings: ClusterSettings,
  module: unknown,
  log: Log,
  figures: () => object,
): Promise<() => Promise<void>> {
  const { unitUrl, credential } = settings;
  const bot = botOf(module, settings.botModule);
  const run = await runBot({ ...settings, bot, clock: systemClock, log, fetch, figures });
  const hangUp = dialEvents({
    url: `${unitUrl.replace(/^http/, "ws")}/events`,
    authorization: credential,
    consumer: run.consumer,
    connect: nativeConnect,
    clock: systemClock,
    random: systemRandom,
    log,
  });
  return () => run.stop().finally(hangUp);
}
