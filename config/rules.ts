/**
 * What two settings together must not say. Each rule sees settings that are right by themselves.
 *
 * @module
 */

import { INTENTS } from "../protocol/discord/intents.ts";
import { type Config, isLoopback, type Problem } from "./config.ts";

/** Discord lets one shard per key identify in this time; `SPAWN_SHARD_DELAY_MS` may not undercut it. */
const IDENTIFY_WINDOW_MS = 5_000;

/** Every rule that `config` breaks. */
export function brokenRules(config: Config): Problem[] {
  return [
    ...shardRange(config),
    ...workers(config),
    ...doors(config),
    ...consumers(config),
    ...cache(config),
    ...members(config),
  ];
}

function* shardRange(config: Config): Iterable<Problem> {
  const { firstShardId: first, lastShardId: last, totalShards: total } = config;
  if (last !== null && last < first) {
    yield problem("LAST_SHARD_ID", `FIRST_SHARD_ID (${first}) or more`, last);
  }
  if (last !== null && total !== null && last >= total) {
    yield problem("LAST_SHARD_ID", `less than TOTAL_SHARDS (${total})`, last);
  }
  if (total !== null && first >= total) {
    yield problem("FIRST_SHARD_ID", `less than TOTAL_SHARDS (${total})`, first);
  }
}

function* workers(config: Config): Iterable<Problem> {
  const { totalWorkers, shardsPerWorker, firstShardId: first, totalShards } = config;
  if (totalWorkers === null || shardsPerWorker === null) return;
  const last = config.lastShardId ?? (totalShards === null ? null : totalShards - 1);
  if (last !== null && totalWorkers * shardsPerWorker < last - first + 1) {
    const shards = last - first + 1;
    yield problem(
      "SHARDS_PER_WORKER",
      `room for ${shards} shards in TOTAL_WORKERS (${totalWorkers})`,
      shardsPerWorker,
    );
  }
}

function* doors(config: Config): Iterable<Problem> {
  if (!isLoopback(config.listenHost) && config.restAuthorization === null) {
    yield problem(
      "REST_AUTHORIZATION",
      `a secret, because LISTEN_HOST (${config.listenHost}) can be reached from other machines`,
      "nothing",
    );
  }
  if (isDiscord(config) && config.spawnShardDelayMs < IDENTIFY_WINDOW_MS) {
    yield problem(
      "SPAWN_SHARD_DELAY_MS",
      `${IDENTIFY_WINDOW_MS} or more, which is Discord's own limit`,
      config.spawnShardDelayMs,
    );
  }
}

function* consumers(config: Config): Iterable<Problem> {
  if (config.botModule !== null && config.eventHandlerUrls.length > 0) {
    yield problem(
      "BOT_MODULE",
      "nothing while EVENT_HANDLER_URL is set: a shard's events go to one place",
      config.botModule,
    );
  }
}

/** Without GUILD_MEMBERS Discord sends nobody; without GUILDS it does not say which guilds there are. */
function* members({ cacheAllMembers, intents }: Config): Iterable<Problem> {
  if (cacheAllMembers) {
    yield* needs(intents, ["GUILDS", "GUILD_MEMBERS"], "CACHE_ALL_MEMBERS is set");
  }
}

/** What Discord does not tell of would be remembered as it once was. */
function* cache({ cache, intents }: Config): Iterable<Problem> {
  const wanted = cache === "members" ? ["GUILDS", "GUILD_MEMBERS"] as const : ["GUILDS"] as const;
  if (cache !== "none") yield* needs(intents, wanted, `CACHE is ${cache}`);
}

function* needs(
  intents: number,
  names: readonly (keyof typeof INTENTS)[],
  why: string,
): Iterable<Problem> {
  const missing = names.filter((name) => (intents & INTENTS[name]) === 0);
  if (missing.length === 0) return;
  yield problem("INTENTS", `${missing.join(" and ")} among them, because ${why}`, intents);
}

/** Whether the API is Discord's own, and not a proxy or a simulator that has rules of its own. */
export function isDiscord(config: Pick<Config, "mode" | "discordApiUrl">): boolean {
  const host = new URL(config.discordApiUrl).hostname;
  return config.mode === "discord" && (host === "discord.com" || host.endsWith(".discord.com"));
}

function problem(setting: string, expected: string, received: string | number): Problem {
  return { setting, expected, received: String(received) };
}
