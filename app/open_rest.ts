/**
 * The REST proxy as the settings want it: in real time, with real connections.
 *
 * @module
 */

import { systemClock } from "../ports/clock.ts";
import { undiciClient } from "../ports/http/undici.ts";
import type { Log } from "../ports/log.ts";
import { openTelemetry } from "../ports/telemetry/telemetry.ts";
import type { AuthRules, BuiltIn, RestVerdict } from "../rest/auth.ts";
import { PER_SECOND } from "../rest/limits/global_pace.ts";
import type { LimitsOptions } from "../rest/limits/limits.ts";
import type { CountedPermits } from "../rest/limits/permits.ts";
import { RestProxy } from "../rest/proxy.ts";
import { type Config, isLoopback } from "../config/config.ts";
import { ownPlace } from "./http/listen.ts";

/** What it takes beside the settings. */
export interface OpenRestOptions {
  readonly config: Config;
  readonly log: Log;
  /** As whom a request acts. */
  readonly authorize: (request: Request) => RestVerdict;
  /** Shards that may identify at a time, as Discord said; by it a large bot is known. */
  readonly maxConcurrency: () => number;
  /** Who gives permits, by which limits. Default: limits that are kept here. */
  readonly permits?: (limits: LimitsOptions) => CountedPermits;
}

/** A proxy with its connections. */
export interface OpenRest {
  readonly proxy: RestProxy;
  close(): Promise<void>;
}

/** Bots from this on are large, and have been given a higher limit. */
const LARGE_CONCURRENCY = 16;

/** Makes the proxy. Nothing is connected before the first request. */
export async function openRest(options: OpenRestOptions): Promise<OpenRest> {
  const { config, log, authorize, maxConcurrency, permits } = options;
  const span = openTelemetry()?.span;
  const perSecond = () => config.restGlobalPerSecond ?? perSecondOf(maxConcurrency());
  const upstream = new URL(config.discordApiUrl);
  const client = await undiciClient(upstream);
  const proxy = new RestProxy({
    upstream,
    token: config.discordToken || null,
    send: client.send,
    authorize,
    clock: systemClock,
    log,
    perSecond,
    ...permits && { permits: permits({ clock: systemClock, perSecond }) },
    ...span && { span },
    patienceMs: config.restWaitMs,
    answerMs: config.restAnswerMs,
  });
  return { proxy, close: () => client.close() };
}

/**
 * Who may come in by the port that is open at `url`.
 *
 * @param credentials Of the clusters and services of ours, and whose each is.
 */
export function authRules(
  config: Config,
  url: string,
  credentials: ReadonlyMap<string, BuiltIn> = new Map(),
): AuthRules {
  return {
    secret: config.restAuthorization ?? undefined,
    credentials,
    linkKey: config.eventHandlerSecretKey,
    loopback: isLoopback(config.listenHost),
    own: ownPlace(config.listenHost, url),
  };
}

/**
 * Requests per second that Discord allows a bot, as far as is known: 50, and more to a large one. The
 * latter is what operators of large bots report; a refusal corrects it.
 */
export function perSecondOf(maxConcurrency: number): number {
  if (maxConcurrency < LARGE_CONCURRENCY) return PER_SECOND;
  return Math.max(500, 25 * maxConcurrency);
}
