/**
 * Asks Discord where to connect and with how many shards, until it answers.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";
import { USER_AGENT } from "../protocol/discord/user_agent.ts";
import { sleep } from "../ports/clock.ts";
import type { World } from "../ports/world.ts";
import { pauseMs } from "../gateway/backoff.ts";
import type { Config } from "../config/config.ts";
import { type GatewayInfo, parseGatewayInfo } from "../gateway/gateway_info.ts";

/** How long one answer may take. */
const ANSWER_DEADLINE_MS = 15_000;

/** What asking needs. */
export interface DiscoverOptions extends Pick<World, "fetch" | "clock" | "random" | "log"> {
  readonly config: Pick<Config, "discordApiUrl" | "discordToken">;
  readonly signal: AbortSignal;
}

/**
 * `GET /gateway/bot`, again and again with growing pauses while Discord cannot be reached or is ill.
 *
 * @throws {GatehouseError} `unauthorized` when Discord does not know the token: asking again cannot
 * help, and would count as an invalid request.
 * @throws The signal's reason, when it is aborted.
 */
export async function discover(options: DiscoverOptions): Promise<GatewayInfo> {
  const { clock, random, log, signal } = options;
  for (let attempt = 0;; attempt++) {
    try {
      return await ask(options);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof GatehouseError && error.code === "unauthorized") throw error;
      const delayMs = Math.round(pauseMs("back off", attempt, random));
      log.warn("Discord did not say where to connect", { error: messageOf(error), delayMs });
      await sleep(clock, delayMs, signal);
    }
  }
}

async function ask({ config, fetch, clock, signal }: DiscoverOptions): Promise<GatewayInfo> {
  const deadline = new AbortController();
  const cancel = clock.after(
    ANSWER_DEADLINE_MS,
    () => deadline.abort(new Error(`no answer after ${ANSWER_DEADLINE_MS} ms`)),
  );
  try {
    const response = await fetch(`${config.discordApiUrl}/v10/gateway/bot`, {
      headers: { authorization: `Bot ${config.discordToken}`, "user-agent": USER_AGENT },
      signal: AbortSignal.any([signal, deadline.signal]),
    });
    if (response.ok) return parseGatewayInfo(await response.json());
    await response.body?.cancel();
    if (response.status === 401) {
      const message = "Cannot start: Discord does not accept DISCORD_TOKEN (401 Unauthorized)";
      throw new GatehouseError("unauthorized", "caller", message);
    }
    const text = `GET /gateway/bot was answered ${response.status}`;
    throw new GatehouseError("refused", "discord", text);
  } finally {
    cancel();
  }
}
