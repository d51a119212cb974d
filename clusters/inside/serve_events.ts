/**
 * A remote cluster: the bot's code on any host, dialled by a unit that names it in
 * `EVENT_HANDLER_URL`.
 *
 * @module
 */

import type { Bot } from "../../bot/bot.ts";
import { host, integer } from "../../config/readers.ts";
import { serveLink } from "../../bot/link/serve.ts";
import { checkOptions, type OptionReaders, type RemoteOptions, runRemote } from "./remote.ts";

/**
 * How a remote cluster is reached, and how it reaches its unit; its `clusterId` is its place in the unit's
 * `EVENT_HANDLER_URL`.
 */
export interface ServeEventsOptions extends RemoteOptions {
  /** 8788 by default; 0 takes any that is free. */
  readonly port?: number;
  /** `127.0.0.1` by default. */
  readonly hostname?: string;
  /** The unit's `EVENT_HANDLER_SECRET_KEY`. */
  readonly secretKey: string;
}

const OPTIONS: OptionReaders = { port: integer("a port", 0, 65_535), hostname: host };

/** A remote cluster that listens. */
export interface EventServer {
  readonly port: number;
  /**
   * Takes no more events, waits for handlers under way, calls the bot's `shutdown()`, closes. Calling it
   * again waits for the same.
   */
  stop(): Promise<void>;
}

/**
 * Runs a bot that a unit dials.
 *
 * @throws {GatehouseError} `bad_config` that names every option that is wrong; the bot is not started.
 * @throws {Deno.errors.AddrInUse} When the port is taken. The bot is shut down before.
 *
 * @example
 * ```ts ignore
 * import { defineBot, serveEvents } from "gatehouse";
 * const bot = defineBot({ events: {} });
 * await serveEvents({ port: 8788, secretKey: Deno.env.get("EVENT_HANDLER_SECRET_KEY")! }, bot);
 * ```
 */
export async function serveEvents(options: ServeEventsOptions, bot: Bot): Promise<EventServer> {
  checkOptions(options, "serve events", ["secretKey"], OPTIONS);
  const { hostname = "127.0.0.1", port = 8788, secretKey } = options;
  const run = await runRemote(options, bot);
  try {
    const server = serveLink({ ...run, hostname, port, secretKey });
    run.log.info("cluster waits for its unit", { hostname, port: server.port });
    let stopped: Promise<void> | undefined;
    const stop = () => stopped ??= run.stop().finally(() => server.stop());
    return { port: server.port, stop };
  } catch (error) {
    await run.stop();
    throw error;
  }
}
