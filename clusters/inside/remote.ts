/**
 * What a remote cluster is told, whether its unit dials it or it dials its unit.
 *
 * @module
 */

import { DAY_MS, describeProblem, MOST_CLUSTERS } from "../../config/config.ts";
import { problemOf } from "../../config/options.ts";
import { apiUrl, integer, type Reader, secret } from "../../config/readers.ts";
import type { Bot } from "../../bot/bot.ts";
import { systemClock } from "../../ports/clock.ts";
import { processFigures } from "../../ports/figures.ts";
import { type Log, logTo } from "../../ports/log.ts";
import type { World } from "../../ports/world.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import { encodeLogLine } from "../log.ts";
import { type BotRun, runBot } from "./run.ts";

/** How a remote cluster reaches its unit, and which of its clusters it is. */
export interface RemoteOptions {
  /** The unit's own address, whose `/api` is the bot's REST; `http://127.0.0.1:8787` by default. */
  readonly unitUrl?: string;
  /** The unit's `REST_AUTHORIZATION`. On its loopback address any text will do. */
  readonly restAuthorization?: string;
  /** Which of the unit's clusters it is, from 0; 0 by default. */
  readonly clusterId?: number;
  /** Bytes of events that may be under way unacknowledged; 4 MiB by default. */
  readonly windowBytes?: number;
  /** After this long an event counts as dealt with although its handler has not; 60 s by default. */
  readonly handlerDeadlineMs?: number;
  /** JSON lines on the standard output by default. */
  readonly log?: Log;
}

/** What an option has to be, by its name. */
export type OptionReaders = Readonly<Record<string, Reader<unknown>>>;

/** What {@linkcode RemoteOptions} have to be; those that are not set have their defaults. */
const REMOTE: OptionReaders = {
  unitUrl: apiUrl,
  clusterId: integer("a whole number", 0, MOST_CLUSTERS - 1),
  windowBytes: integer("a number of bytes", 1, 1024 ** 3),
  handlerDeadlineMs: integer("milliseconds", 1, DAY_MS),
};

/**
 * Checks options.
 *
 * @param what What cannot be done otherwise.
 * @param needed Names of secrets that have to be set.
 * @param more What the options have to be that are not {@linkcode RemoteOptions}.
 * @throws {GatehouseError} `bad_config` that names every option that is wrong.
 */
export function checkOptions(
  options: object,
  what: string,
  needed: readonly string[],
  more: OptionReaders = {},
): void {
  const values = new Map<string, unknown>(Object.entries(options));
  const given = Object.entries({ ...REMOTE, ...more })
    .filter(([name]) => values.get(name) !== undefined);
  const secrets = needed.map((name) => [name, secret("a secret")] as const);
  const problems = [...secrets, ...given].flatMap(([name, read]) =>
    problemOf(name, values.get(name), read) ?? []
  );
  if (problems.length === 0) return;
  const text = `Cannot ${what}: ${problems.map(describeProblem).join("; ")}`;
  throw new GatehouseError("bad_config", "caller", text, { problems });
}

/** A remote cluster that has started. */
export interface RemoteRun extends BotRun, Pick<World, "clock" | "log"> {
  /** The options, or their defaults. */
  readonly unitUrl: string;
  readonly restAuthorization: string;
}

/** Starts a bot with these options, or their defaults. Rejects with what its `start()` throws. */
export async function runRemote(options: RemoteOptions, bot: Bot): Promise<RemoteRun> {
  const {
    unitUrl = "http://127.0.0.1:8787",
    restAuthorization = "remote-cluster",
    clusterId = 0,
    log = printLines(),
  } = options;
  const reached = { unitUrl, restAuthorization };
  const world = { clock: systemClock, log };
  const run = await runBot({
    ...options,
    ...world,
    bot,
    peer: { kind: "cluster", id: clusterId },
    unitUrl,
    credential: restAuthorization,
    fetch,
    figures: processFigures,
  });
  return { ...run, ...world, ...reached };
}

function printLines(): Log {
  return logTo((level, event, fields) => console.log(encodeLogLine({ level, event, fields })));
}
