/**
 * Asks Discord what the checks want to know: three requests, and a connection that is closed once Discord has
 * said HELLO.
 *
 * @module
 */

import type { Config } from "../../../config/config.ts";
import { isDiscord } from "../../../config/rules.ts";
import { type GatewayInfo, parseGatewayInfo } from "../../../gateway/gateway_info.ts";
import { silentLog } from "../../../ports/log.ts";
import type { World } from "../../../ports/world.ts";
import { DISCORDS_GATEWAY } from "../../../protocol/discord/token_hosts.ts";
import { messageOf } from "../../../protocol/errors.ts";
import { parseJson } from "../../../protocol/json.ts";
import { isCount, isRecord, parseRecord } from "../../../protocol/record.ts";
import { ERROR_HEADER } from "../../../rest/problem.ts";
import type { AskDiscord } from "../../../rest/proxy.ts";
import { openRest } from "../../open_rest.ts";
import type { Answer, ApplicationFacts, DiscordFacts } from "../facts.ts";
import { greeting } from "./greeting.ts";

/** A person waits for each answer. */
const PATIENCE_MS = 10_000;

/** What asking takes. */
export type DiscordWorld = Pick<World, "clock" | "random" | "connect">;

/** Asks with the pace and the token of a unit of these settings. Never throws. */
export async function gatherDiscord(config: Config, world: DiscordWorld): Promise<DiscordFacts> {
  const patient = {
    ...config,
    restWaitMs: Math.min(config.restWaitMs, PATIENCE_MS),
    restAnswerMs: Math.min(config.restAnswerMs, PATIENCE_MS),
  };
  const rest = await openRest({
    config: patient,
    log: silentLog,
    authorize: () => ({ refused: "nobody may ask" }),
    maxConcurrency: () => 1,
  });
  try {
    return await askAll(config, rest.proxy.ask, world);
  } finally {
    await rest.close();
  }
}

/** The questions. Who is not known is asked no further: each such answer counts against the bot's address. */
export async function askAll(
  config: Config,
  ask: AskDiscord,
  world: DiscordWorld,
): Promise<DiscordFacts> {
  let aheadMs: number | null = null;
  const asked = async <Value>(path: string, read: (body: unknown) => Value) => {
    const answer = await ask(path);
    if (!answer.headers.has(ERROR_HEADER)) {
      const discordMs = Date.parse(answer.headers.get("date") ?? "");
      if (!Number.isNaN(discordMs)) aheadMs ??= world.clock.wallMs() - discordMs;
    }
    return await answerOf(path, answer, read);
  };
  const user = await asked("/users/@me", readUser);
  if ("failed" in user) return { user, application: null, gateway: null, aheadMs, hello: null };
  const [application, gateway] = await Promise.all([
    asked("/applications/@me", readApplication),
    asked("/gateway/bot", (body) => readGateway(config, body)),
  ]);
  const hello = "is" in gateway
    ? await greeting(gateway.is.url, config.gatewayCompression, world)
    : null;
  return { user, application, gateway, aheadMs, hello };
}

async function answerOf<Value>(
  path: string,
  answer: Response,
  read: (body: unknown) => Value,
): Promise<Answer<Value>> {
  const { ok, status, headers } = answer;
  const ours = headers.get(ERROR_HEADER);
  const isOurs = ours !== null;
  try {
    const text = await answer.text();
    if (ok) return { is: read(parseJson(text)) };
    const { message } = parseRecord(text);
    const words = typeof message === "string" ? `: ${message}` : "";
    return { failed: ours ?? `GET ${path} was answered ${status}${words}`, status, isOurs };
  } catch (error) {
    return { failed: `GET ${path}: ${messageOf(error)}`, status, isOurs };
  }
}

function readUser(body: unknown): { id: string; name: string } {
  if (!isRecord(body) || typeof body.id !== "string") throw new Error("it names no user");
  return { id: body.id, name: typeof body.username === "string" ? body.username : "?" };
}

function readApplication(body: unknown): ApplicationFacts {
  if (!isRecord(body) || !isCount(body.flags)) throw new Error("it has no flags");
  const { flags, approximate_guild_count: guilds } = body;
  const text = (value: unknown) => typeof value === "string" && value !== "" ? value : null;
  return {
    flags,
    guilds: isCount(guilds) ? guilds : null,
    publicKey: text(body.verify_key),
    interactionsUrl: text(body.interactions_endpoint_url),
  };
}

function readGateway(config: Config, body: unknown): GatewayInfo {
  const url = isDiscord(config) ? DISCORDS_GATEWAY : null;
  return parseGatewayInfo(body, { url, shards: config.totalShards });
}
