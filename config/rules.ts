/**
 * What two settings together must not say. Each rule sees settings that are right by themselves.
 *
 * @module
 */

import { type IntentName, INTENTS } from "../protocol/discord/intents.ts";
import { CACHED } from "../protocol/guild_pieces.ts";
import { MOST_WORKERS } from "../protocol/ids.ts";
import { type Config, type Field, isLoopback, type Problem, SETTINGS } from "./config.ts";

/** Discord lets one shard per key identify in this time; `SPAWN_SHARD_DELAY_MS` may not undercut it. */
const IDENTIFY_WINDOW_MS = 5_000;

/** What problems are told of, and how. */
export interface RuleOptions {
  /** How a setting is called; by default as its variable. */
  readonly nameOf?: NameOf;
  /** Settings that are wrong by themselves: what does not go with them is not blamed for it. */
  readonly except?: { has(field: Field): boolean };
}

/** Every rule that `config` breaks. */
export function brokenRules(
  config: Config,
  { nameOf = (field) => SETTINGS[field].name, except = new Set() }: RuleOptions = {},
): Problem[] {
  return [shards, doors, events, fleet].flatMap((rules) => [...rules(config, nameOf)])
    .filter(([fields]) => !fields.some((field) => except.has(field)))
    .map(([[blamed], expected]) => {
      return { setting: nameOf(blamed), expected, received: String(config[blamed] ?? "nothing") };
    });
}

type NameOf = (field: Field) => string;
/** Settings that do not go together, first the one to change; and what that one has to be. */
type Broken = [fields: [Field, ...Field[]], expected: string];

function* shards(config: Config, name: NameOf): Iterable<Broken> {
  const { firstShardId: first, lastShardId: last, totalShards: total } = config;
  if (last !== null && last < first) {
    yield [["lastShardId", "firstShardId"], `${name("firstShardId")} (${first}) or more`];
  }
  if (last !== null && total !== null && last >= total) {
    yield [["lastShardId", "totalShards"], `less than ${name("totalShards")} (${total})`];
  }
  if (total !== null && first >= total) {
    yield [["firstShardId", "totalShards"], `less than ${name("totalShards")} (${total})`];
  }
  const { totalWorkers: workers, shardsPerWorker: each } = config;
  const count = (last ?? (total ?? 0) - 1) - first + 1;
  const least = Math.ceil(count / MOST_WORKERS);
  if (workers === null && each !== null && each < least) {
    const why = `${MOST_WORKERS} workers are the most for ${count} shards`;
    yield [
      ["shardsPerWorker", "firstShardId", "lastShardId", "totalShards"],
      `${least} or more, because ${why}`,
    ];
  }
  if (workers !== null && each !== null && workers * each < count) {
    yield [
      ["shardsPerWorker", "totalWorkers", "firstShardId", "lastShardId", "totalShards"],
      `room for ${count} shards in ${name("totalWorkers")} (${workers})`,
    ];
  }
}

function* doors(config: Config, name: NameOf): Iterable<Broken> {
  const { restAuthorization, spawnShardDelayMs } = config;
  const reached = restAuthorization === null ? reachedBy(config) : null;
  if (reached !== null) {
    const why = `${name(reached)} (${config[reached]}) lets other machines in`;
    yield [["restAuthorization", reached], `a secret, because ${why}`];
  }
  if (isDiscord(config) && spawnShardDelayMs < IDENTIFY_WINDOW_MS) {
    const expected = `${IDENTIFY_WINDOW_MS} or more, which is Discord's own limit`;
    yield [["spawnShardDelayMs", "discordApiUrl"], expected];
  }
}

/** The setting by which others than programs of this machine come to the port; `null`: none. */
function reachedBy({ listenHost, publicUrl, trustedProxies }: Config): Field | null {
  if (!isLoopback(listenHost)) return "listenHost";
  // A server in front comes from this machine, whoever it lets in.
  if (publicUrl !== null && !isLoopback(new URL(publicUrl).hostname)) return "publicUrl";
  return trustedProxies.length > 0 ? "trustedProxies" : null;
}

function* events(config: Config, name: NameOf): Iterable<Broken> {
  const { botModule, cache, cacheAllMembers, eventHandlerUrls, intents } = config;
  if (botModule !== null && eventHandlerUrls.length > 0) {
    const expected = `nothing while ${name("eventHandlerUrls")} is set`;
    yield [["botModule", "eventHandlerUrls"], `${expected}: a shard's events go to one place`];
  }
  const posted = eventHandlerUrls.filter((url) => /^https?:/i.test(url));
  const far = posted.find((url) => !isLoopback(new URL(url).hostname));
  if (far !== undefined && config.eventHandlerSecretKey === null) {
    const why = `${name("eventHandlerUrls")} (${far}) is POSTed to, and must know that it is us`;
    yield [["eventHandlerSecretKey", "eventHandlerUrls"], `a secret, because ${why}`];
  }
  const needs: [Field, unknown, readonly IntentName[]][] = [
    // What Discord does not tell of would be remembered as it once was.
    ["cache", cache.join(","), intentsOf(cache)],
    // Without GUILD_MEMBERS Discord sends nobody; without GUILDS it does not say which guilds there are.
    ["cacheAllMembers", "set", cacheAllMembers ? intentsOf(["members"]) : []],
  ];
  for (const [field, value, names] of needs) {
    const missing = names.filter((each) => (intents & INTENTS[each]) === 0).join(" and ");
    const why = `${name(field)} is ${value}`;
    if (missing !== "") yield [["intents", field], `${missing} among them, because ${why}`];
  }
}

function* fleet(config: Config, name: NameOf): Iterable<Broken> {
  const isSet = (field: Field) => !([null, 0, "", "off"] as unknown[]).includes(config[field]);
  const isJoined = config.natsUrls.length > 0;
  for (const field of ["firstShardId", "lastShardId"] as const) {
    const expected = `nothing while ${name("natsUrls")} is set: the fleet deals the shards out`;
    if (isJoined && isSet(field)) yield [[field, "natsUrls"], expected];
  }
  const lonely = isJoined ? [] : NATS_FIELDS.filter(isSet).slice(0, 1);
  for (const field of lonely) {
    yield [["natsUrls", field], `a server of NATS, because ${name(field)} is set`];
  }
  for (const [needed, field] of NATS_PAIRS) {
    if (isSet(field) && !isSet(needed)) {
      yield [[needed, field], `something, because ${name(field)} is set`];
    }
  }
  // The one that is no secret is blamed: what it is, is shown.
  for (const [blamed, field] of NATS_WAYS_IN) {
    if (isSet(blamed) && isSet(field)) {
      yield [[blamed, field], `nothing while ${name(field)} is set: one way in is enough`];
    }
  }
}

/** What says nothing without a server. */
const NATS_FIELDS: readonly Field[] = [
  "natsCredentials",
  "natsUser",
  "natsToken",
  "natsTlsCa",
  "natsTlsCert",
  "natsEvents",
];
/** The first is needed by the second. */
const NATS_PAIRS: readonly (readonly [Field, Field])[] = [
  ["natsUser", "natsPassword"],
  ["natsPassword", "natsUser"],
  ["natsTlsCert", "natsTlsKey"],
  ["natsTlsKey", "natsTlsCert"],
];
/** Two that do not go together. */
const NATS_WAYS_IN: readonly (readonly [Field, Field])[] = [
  ["natsUser", "natsCredentials"],
  ["natsUser", "natsToken"],
  ["natsCredentials", "natsToken"],
];

/** Intents by which Discord tells of what is kept: of guilds, whatever it is. */
function intentsOf(cache: Config["cache"]): IntentName[] {
  return cache.length === 0 ? [] : [...new Set([CACHED.guilds, ...cache.map((it) => CACHED[it])])];
}

/** Whether the API is Discord's own, and not a proxy or a simulator that has rules of its own. */
export function isDiscord(config: Pick<Config, "mode" | "discordApiUrl">): boolean {
  const host = new URL(config.discordApiUrl).hostname;
  return config.mode === "discord" && (host === "discord.com" || host.endsWith(".discord.com"));
}
