/**
 * A built-in cluster from the inside, in a process or a thread alike: the bot joined with a link to
 * its unit.
 *
 * @module
 */

import type { ClusterKey, ServiceKey } from "../../protocol/peer.ts";
import { botOf } from "../../bot/bot.ts";
import type { EventConsumer } from "../../bot/link/consumer.ts";
import { dialEvents } from "../../bot/link/dial.ts";
import { type LinkServer, serveLink } from "../../bot/link/serve.ts";
import { type Clock, systemClock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { systemRandom } from "../../ports/random.ts";
import { webSocketConnect } from "../../ports/websocket/client.ts";
import { runBot } from "./bot_run.ts";

/** What a unit tells a cluster that it starts. Holds no token. */
export interface ClusterSettings {
  readonly peer: ClusterKey | ServiceKey;
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
  const world = { clock: systemClock, log };
  const { consumer, stop } = await runBot({ ...settings, ...world, bot, fetch, figures });
  const server = settings.peer.kind === "cluster" ? listen(consumer, credential, world) : null;
  const hangUp = dialEvents({
    url: `${unitUrl.replace(/^http/, "ws")}/events`,
    authorization: credential,
    consumer,
    connect: webSocketConnect(),
    random: systemRandom,
    ...world,
  });
  return () => stop().finally(() => server?.stop()).finally(hangUp);
}

/** Opens a port of this machine for the unit's workers, who bring the events themselves. */
function listen(
  consumer: EventConsumer,
  secretKey: string,
  world: { readonly clock: Clock; readonly log: Log },
): LinkServer {
  const server = serveLink({ hostname: "127.0.0.1", port: 0, secretKey, consumer, ...world });
  consumer.listensAt(server.port);
  return server;
}
