/**
 * A remote cluster that dials its unit: for a bot that nobody can dial, behind NAT or in a container.
 *
 * @module
 */

import type { Bot } from "../../bot/bot.ts";
import { dialEvents } from "../../bot/link/dial.ts";
import { systemRandom } from "../../ports/random.ts";
import { webSocketConnect } from "../../ports/websocket/client.ts";
import { checkOptions, type RemoteOptions, runRemote } from "./remote.ts";

/**
 * How a remote cluster reaches its unit. The unit must know its `clusterId`: without `BOT_MODULE` and
 * `EVENT_HANDLER_URL` those are `0` to `TOTAL_CLUSTERS - 1`.
 */
export type ConnectEventsOptions = RemoteOptions;

/** A remote cluster that dials. */
export interface EventClient {
  /**
   * Takes no more events, waits for handlers under way, calls the bot's `shutdown()`, hangs up. Calling it
   * again waits for the same.
   */
  stop(): Promise<void>;
}

/**
 * Runs a bot that dials its unit, at once and again whenever the link is lost, until it is stopped. Resolves
 * when the bot has started, whether or not the unit is there. All its events come over one link; a bot with
 * thousands of them a second is better dialled (`serveEvents`), by each of the unit's workers.
 *
 * @throws {GatehouseError} `bad_config` that names every option that is wrong; the bot is not started.
 *
 * @example
 * ```ts ignore
 * import { connectEvents, defineBot } from "jsr:@gatehouse/gatehouse/events";
 * const bot = defineBot({ events: {} });
 * const restAuthorization = Deno.env.get("REST_AUTHORIZATION")!;
 * await connectEvents({ unitUrl: "https://gatehouse.example.com", restAuthorization }, bot);
 * ```
 */
export async function connectEvents(options: ConnectEventsOptions, bot: Bot): Promise<EventClient> {
  checkOptions(options, "connect to the unit", []);
  const run = await runRemote(options, bot);
  const { unitUrl, restAuthorization, log } = run;
  const hangUp = dialEvents({
    ...run,
    units: [{ url: `${unitUrl.replace(/^http/i, "ws").replace(/\/+$/, "")}/events` }],
    authorization: restAuthorization,
    connect: webSocketConnect(),
    random: systemRandom,
  });
  log.info("cluster dials its unit", { unitUrl });
  let stopped: Promise<void> | undefined;
  return { stop: () => stopped ??= run.stop().finally(hangUp) };
}
