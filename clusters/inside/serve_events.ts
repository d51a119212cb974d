/**
 * A remote cluster: the bot's code on any host, dialled by a unit that names it in
 * `EVENT_HANDLER_URL`.
 *
 * @module
 */

import type { Bot } from "../../bot/bot.ts";
import { DAY_MS, describeProblem, MOST_CLUSTERS } from "../../config/config.ts";
import { problemOf } from "../../config/options.ts";
import { apiUrl, host, integer, type Reader, secret } from "../../config/readers.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import { serveLink } from "../../bot/link/serve.ts";
import { systemClock } from "../../ports/clock.ts";
import { type Log, logTo } from "../../ports/log.ts";
import { runBot } from "./run.ts";
import { encodeLogLine } from "../log.ts";
import { processFigures } from "../../ports/figures.ts";

/** How a remote cluster is reached, and how it reaches its unit. */
export interface ServeEventsOptions {
  /** 8788 by default; 0 takes any that is free. */
  readonly port?: number;
  /** `127.0.0.1` by default. */
  readonly hostname?: string;
  /** The unit's `EVENT_HANDLER_SECRET_KEY`. */
  readonly secretKey: string;
  /** The unit's own address, whose `/api` is the bot's REST; `http://127.0.0.1:8787` by default. */
  readonly unitUrl?: string;
  /** The unit's `REST_AUTHORIZATION`. On its loopback address any text will do. */
  readonly restAuthorization?: string;
  /** Place of this cluster in the unit's `EVENT_HANDLER_URL`, from 0; 0 by default. */
  readonly clusterId?: number;
  /** Bytes of events that may be under way unacknowledged; 4 MiB by default. */
  readonly windowBytes?: number;
  /** After this long an event counts as dealt with although its handler has not; 60 s by default. */
  readonly handlerDeadlineMs?: number;
  /** JSON lines on the standard output by default. */
  readonly log?: Log;
}

/** What the options have to be; those that are not set have their defaults. */
const OPTIONS: Readonly<Partial<Record<keyof ServeEventsOptions, Reader<unknown>>>> = {
  port: integer("a port", 0, 65_535),
  hostname: host,
  unitUrl: apiUrl,
  clusterId: integer("a whole number", 0, MOST_CLUSTERS - 1),
  windowBytes: integer("a number of bytes", 1, 1024 ** 3),
  handlerDeadlineMs: integer("milliseconds", 1, DAY_MS),
};

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
  const { hostname = "127.0.0.1", port = 8788, secretKey, log = printLines() } = options;
  check(options);
  const run = await runBot({
    ...options,
    bot,
    log,
    peer: { kind: "cluster", id: options.clusterId ?? 0 },
    unitUrl: options.unitUrl ?? "http://127.0.0.1:8787",
    credential: options.restAuthorization ?? "remote-cluster",
    clock: systemClock,
    fetch,
    figures: processFigures,
  });
  const { consumer } = run;
  try {
    const server = serveLink({ hostname, port, secretKey, consumer, clock: systemClock, log });
    log.info("cluster waits for its unit", { hostname, port: server.port });
    let stopped: Promise<void> | undefined;
    const stop = () => stopped ??= run.stop().finally(() => server.stop());
    return { port: server.port, stop };
  } catch (error) {
    await run.stop();
    throw error;
  }
}

function check(options: ServeEventsOptions): void {
  const given = Object.entries(OPTIONS).filter(([name]) =>
    options[name as keyof ServeEventsOptions] !== undefined
  );
  const problems = [["secretKey", secret("a secret")] as const, ...given].flatMap(([name, read]) =>
    problemOf(name, options[name as keyof ServeEventsOptions], read) ?? []
  );
  if (problems.length === 0) return;
  const text = `Cannot serve events: ${problems.map(describeProblem).join("; ")}`;
  throw new GatehouseError("bad_config", "caller", text, { problems });
}

function printLines(): Log {
  return logTo((level, event, fields) => console.log(encodeLogLine({ level, event, fields })));
}
