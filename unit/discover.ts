/**
 * Asks Discord where to connect and with how many shards, until it answers.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";
import { DISCORDS_GATEWAY, mayHaveToken, tokenHosts } from "../protocol/discord/token_hosts.ts";
import { DISCORD_EPOCH_MS } from "../protocol/ids.ts";
import { parseJson } from "../protocol/json.ts";
import { parseRecord } from "../protocol/record.ts";
import type { DiscoverySnapshot } from "../protocol/status.ts";
import { type Clock, sleep } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { World } from "../ports/world.ts";
import { pauseMs } from "../gateway/backoff.ts";
import { type Config, CONFIG_DEFAULTS } from "../config/config.ts";
import { type GatewayInfo, type KnownInfo, parseGatewayInfo } from "../gateway/gateway_info.ts";
import { ERROR_HEADER } from "../rest/problem.ts";
import type { AskDiscord } from "../rest/proxy.ts";

/** We ask again after a day at the latest, whatever Discord says. */
const LONGEST_MS = 24 * 3_600_000;

/** What asking needs. */
export interface DiscoverOptions extends Pick<World, "clock" | "random" | "log"> {
  readonly config: Pick<Config, "discordApiUrl" | "totalShards" | "gatewayHosts">;
  readonly ask: AskDiscord;
  readonly signal: AbortSignal;
  /** Whether Discord sets the clock: not once anything goes by it. */
  readonly setsClock: boolean;
  /** Until when it waits and why; `null` once Discord has said. */
  readonly waits: (wait: DiscoverySnapshot | null) => void;
}

/**
 * `GET /gateway/bot`, again and again while Discord cannot be reached or is ill: with growing pauses, and
 * not before the time that an answer names.
 *
 * @throws {GatehouseError} `unauthorized` when Discord does not know the token: asking again cannot
 * help, and would count as an invalid request.
 * @throws The signal's reason, when it is aborted.
 */
export async function discover(options: DiscoverOptions): Promise<GatewayInfo> {
  const { clock, random, log, signal, waits } = options;
  for (let attempt = 0;; attempt++) {
    try {
      const info = await ask(options);
      waits(null);
      return info;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof GatehouseError && error.code === "unauthorized") throw error;
      const reason = messageOf(error);
      const namedMs = error instanceof NotNow ? error.retryAfterMs : 0;
      const delayMs = Math.max(namedMs, Math.round(pauseMs("back off", attempt, random)));
      const untilMs = clock.wallMs() + delayMs;
      waits({ reason, untilMs });
      const until = new Date(untilMs).toISOString();
      log.warn("Discord did not say where to connect", { error: reason, delayMs, until });
      await sleep(clock, delayMs, signal);
    }
  }
}

/** An answer that is none yet. */
class NotNow extends GatehouseError {
  /** @param retryAfterMs Discord does not want to be asked before; 0 where it does not say. */
  constructor(message: string, readonly retryAfterMs: number) {
    super("refused", "discord", message);
  }
}

async function ask(
  { config, ask, clock, log, signal, setsClock }: DiscoverOptions,
): Promise<GatewayInfo> {
  const answer = await ask("/gateway/bot", { signal });
  if (setsClock && !answer.headers.has(ERROR_HEADER)) {
    setTheClock(clock, log, answer.headers.get("date"));
  }
  if (answer.ok) {
    const info = parseGatewayInfo(
      await answer.text().then(parseJson).catch(noJson),
      knownWithout(config),
      (problem, instead) => {
        const of = "GET /gateway/bot";
        log.warn("Discord said what cannot be used", { of, problem, instead });
      },
    );
    return trusted(info, config, log);
  }
  const { status, headers } = answer;
  const ours = headers.get(ERROR_HEADER);
  const { message, retry_after } = parseRecord(await answer.text());
  if (status === 401 && ours === null) {
    const text = "Cannot start: Discord does not accept DISCORD_TOKEN (401 Unauthorized); " +
      "copy it again from the developer portal, page Bot, or reset it there";
    throw new GatehouseError("unauthorized", "caller", text);
  }
  const words = typeof message === "string" ? `: ${message}` : "";
  const text = ours === null
    ? `GET /gateway/bot was answered ${status}${words}`
    : `Cannot ask DISCORD_API_URL ${config.discordApiUrl} for /gateway/bot: ${ours}`;
  const waitMs = retryAfterMs(headers.get("retry-after") ?? retry_after);
  throw new NotNow(text + advice(status, ours !== null), waitMs);
}

/** An answer tells its time in whole seconds, and takes some to come. */
const SAME_TIME_MS = 10_000;
const [EARLIEST_MS, LATEST_MS] = [DISCORD_EPOCH_MS, Date.UTC(2100, 0, 1)];

/**
 * How old an interaction is, and when a day's identifies are over, goes by Discord's clock. Ours may be
 * wrong by any time, and what an earlier life wrote down is compared with it.
 */
function setTheClock(clock: Clock, log: Log, date: string | null): void {
  const discordMs = Date.parse(date ?? "");
  const aheadMs = clock.epochMs() - discordMs;
  if (!(discordMs >= EARLIEST_MS && discordMs < LATEST_MS) || Math.abs(aheadMs) < SAME_TIME_MS) {
    return;
  }
  clock.setEpoch(discordMs);
  log.warn("the computer's clock is wrong, Discord's is gone by", { aheadMs });
}

/** A gateway that must not get the token is none: Discord's own takes its place. */
function trusted(info: GatewayInfo, config: DiscoverOptions["config"], log: Log): GatewayInfo {
  if (mayHaveToken(info.url, tokenHosts(config.discordApiUrl, config.gatewayHosts))) return info;
  const { host } = new URL(info.url);
  const instead = new URL(DISCORDS_GATEWAY).host;
  log.error("a host was named that does not get the token", { host, instead });
  return { ...info, url: DISCORDS_GATEWAY };
}

function noJson(cause: unknown): never {
  const text =
    "GET /gateway/bot was answered with something else than JSON; is DISCORD_API_URL right?";
  throw new GatehouseError("bad_message", "discord", text, {}, { cause });
}

/** What to try, where that is not to wait. */
function advice(status: number, isOurs: boolean): string {
  if (isOurs && status === 502) return "; is the address right, and the network up?";
  const isStrange = !isOurs && status < 500 && status !== 429;
  return isStrange ? "; is DISCORD_API_URL right?" : "";
}

function retryAfterMs(seconds: unknown): number {
  const ms = Number(seconds ?? 0) * 1000;
  return ms > 0 ? Math.min(ms, LONGEST_MS) : 0;
}

/** What Discord's answer can be done without. */
function knownWithout({ discordApiUrl, totalShards }: DiscoverOptions["config"]): KnownInfo {
  const isDiscord = discordApiUrl === CONFIG_DEFAULTS.discordApiUrl;
  return { url: isDiscord ? DISCORDS_GATEWAY : null, shards: totalShards };
}
