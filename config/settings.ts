/**
 * The table of settings: which variable fills which field of {@linkcode Config}, and what its text
 * must look like. Rules between two settings are in `config_rules.ts`.
 *
 * @module
 */

import { isIPv6 } from "node:net";
import type { TextSchema, Valibot } from "../deps.ts";
import { ALL_INTENTS, intentBits, isIntentName } from "../protocol/discord/intents.ts";
import type { Config } from "./config.ts";

/** One variable. */
export interface Setting<Field extends keyof Config = keyof Config> {
  readonly field: Field;
  /** What it has to be, as the end of "expected …". */
  readonly expected: string;
  /** Never shown, not even where it is wrong. */
  readonly secret?: true;
  /** Reads the text of the variable, trimmed and not empty. */
  readonly schema: TextSchema<NonNullable<Config[Field]>>;
}

/** Every variable, by name, in the order of the documentation. */
export type Settings = Readonly<Record<string, Setting>>;

/** Names of the variables that hold secrets. */
export const SECRET_SETTINGS: readonly string[] = [
  "DISCORD_TOKEN",
  "REST_AUTHORIZATION",
  "EVENT_HANDLER_SECRET_KEY",
];

/** The table; it takes the validation library, which is loaded on demand. */
export function settings(v: Valibot): Settings {
  const read = readers(v);
  return {
    ...discord(v, read),
    ...shards(read),
    ...consumers(v, read),
    ...rest(read),
    ...unit(read),
  };
}

/** What is asked of Discord. */
function discord(v: Valibot, { integer, oneOf, percent, secret, url }: Readers): Settings {
  return {
    DISCORD_TOKEN: setting("discordToken", "the bot's token, one word", secret, true),
    DISCORD_API_URL: setting(
      "discordApiUrl",
      "an http or https URL without a query",
      v.pipe(url(["http:", "https:"]), v.transform((text) => text.replace(/(\/v\d+)?\/*$/, ""))),
    ),
    INTENTS: setting(
      "intents",
      "a number made of Discord's intents, or their names separated by commas",
      v.pipe(v.string(), v.transform(intentsOf), v.number()),
    ),
    GATEWAY_COMPRESSION: setting(
      "gatewayCompression",
      "zlib-stream, zstd-stream or none",
      oneOf(["zlib-stream", "zstd-stream", "none"]),
    ),
    IDENTIFY_RESERVE: setting(
      "identifyReservePercent",
      "a share from 0% to 100%",
      percent,
    ),
    SPAWN_SHARD_DELAY_MS: setting("spawnShardDelayMs", "milliseconds, at least 0", integer(0)),
  };
}

/** Which shards, on how many workers. */
function shards({ flag, integer, oneOf, path }: Readers): Settings {
  return {
    TOTAL_SHARDS: setting("totalShards", "a whole number, at least 1", integer(1)),
    FIRST_SHARD_ID: setting("firstShardId", "a whole number, at least 0", integer(0)),
    LAST_SHARD_ID: setting("lastShardId", "a whole number, at least 0", integer(0)),
    TOTAL_WORKERS: setting("totalWorkers", "a whole number, at least 1", integer(1)),
    SHARDS_PER_WORKER: setting("shardsPerWorker", "a whole number, at least 1", integer(1)),
    QUEUE_MEMORY_BYTES: setting("queueMemoryBytes", "a number of bytes, at least 1", integer(1)),
    QUEUE_DISK_BYTES: setting("queueDiskBytes", "a number of bytes, 0 for none", integer(0)),
    GUILD_LOADED_DD: setting("guildLoadedDd", "1 or 0", flag),
    CACHE: setting("cache", "none, guilds or members", oneOf(["none", "guilds", "members"])),
    CACHE_ALL_MEMBERS: setting("cacheAllMembers", "1 or 0", flag),
    EDITED_MESSAGES: setting(
      "editedMessages",
      "all, filter, or the path or URL of a module without a comma",
      path,
    ),
    WORKER_MODULE: setting("workerModule", "a path or URL without a comma", path),
    QUIET_AFTER_MS: setting("quietAfterMs", "milliseconds, at least 1", integer(1)),
    QUIET_RESUME_AFTER_MS: setting("quietResumeAfterMs", "milliseconds, at least 1", integer(1)),
    QUEUE_OVERFLOW: setting(
      "queueOverflow",
      "drop-cheap or drop-oldest",
      oneOf(["drop-cheap", "drop-oldest"]),
    ),
  };
}

/** Who gets the events. */
function consumers(
  v: Valibot,
  { flags, integer, listOf, oneOf, path, secret, services, url }: Readers,
): Settings {
  return {
    EVENT_HANDLER_URL: setting(
      "eventHandlerUrls",
      "ws or wss URLs separated by commas",
      listOf(",", url(["ws:", "wss:"], true)),
    ),
    EVENT_HANDLER_SECRET_KEY: setting("eventHandlerSecretKey", "a secret, one word", secret, true),
    BOT_MODULE: setting("botModule", "a path or URL without a comma", path),
    BOT_SERVER_INVITE_CODE: setting(
      "botServerInviteCode",
      "an invite's code, without its address",
      v.pipe(v.string(), v.regex(/^[\w-]{2,64}$/)),
    ),
    TOTAL_CLUSTERS: setting("totalClusters", "a whole number, at least 1", integer(1)),
    SERVICES: setting(
      "services",
      "name=module pairs separated by commas, each name once: letters, digits, - and _",
      services,
    ),
    STATS_INTERVAL_MS: setting("statsIntervalMs", "milliseconds, 0 for never", integer(0)),
    CONSUMER_SESSION_TTL_MS: setting(
      "consumerSessionTtlMs",
      "milliseconds, at least 0",
      integer(0),
    ),
    CLUSTER_ISOLATION: setting(
      "clusterIsolation",
      "process or worker",
      oneOf(["process", "worker"]),
    ),
    CLUSTER_PERMISSIONS: setting(
      "clusterPermissions",
      "permission flags of Deno separated by spaces, such as --allow-net=db:5432 (not --allow-all)",
      listOf(" ", flags),
    ),
  };
}

/** The REST proxy. */
function rest({ integer, secret }: Readers): Settings {
  return {
    REST_AUTHORIZATION: setting("restAuthorization", "a secret, one word", secret, true),
    REST_GLOBAL_PER_SECOND: setting(
      "restGlobalPerSecond",
      "a whole number, at least 1",
      integer(1),
    ),
    REST_WAIT_MS: setting("restWaitMs", "milliseconds, at least 0", integer(0)),
    REST_ANSWER_MS: setting("restAnswerMs", "milliseconds, at least 1", integer(1)),
  };
}

/** The unit itself. */
function unit({ flag, host, integer, oneOf, path }: Readers): Settings {
  return {
    LISTEN_HOST: setting(
      "listenHost",
      "an IP address or a host name, without a port",
      host,
    ),
    LISTEN_PORT: setting("listenPort", "a port from 0 to 65535", integer(0, 65_535)),
    STATE_DIR: setting("stateDir", "a path without a comma", path),
    LOG_LEVEL: setting(
      "logLevel",
      "debug, info, warn or error",
      oneOf(["debug", "info", "warn", "error"]),
    ),
    LOG_FORMAT: setting("logFormat", "json or pretty", oneOf(["json", "pretty"])),
    ALLOW_FAULTS: setting(
      "allowFaults",
      "1 or 0",
      flag,
    ),
  };
}

function setting<Field extends keyof Config>(
  field: Field,
  expected: string,
  schema: TextSchema<NonNullable<Config[Field]>>,
  secret?: true,
): Setting {
  return { field, expected, schema, ...(secret ? { secret } : {}) };
}

type Readers = ReturnType<typeof readers>;

/** The kinds of text that settings are made of. */
function readers(v: Valibot) {
  return {
    flag: v.pipe(
      v.string(),
      v.picklist(["1", "true", "0", "false"]),
      v.transform((text) => text === "1" || text === "true"),
    ),
    host: v.pipe(v.string(), v.check((text) => /^[\w.-]+$/.test(text) || isIPv6(text))),
    percent: v.pipe(
      v.string(),
      v.regex(/^\d+(\.\d+)? ?%?$/),
      v.transform(parseFloat),
      v.maxValue(100),
    ),
    integer: (least: number, most = Number.MAX_SAFE_INTEGER) =>
      v.pipe(
        v.string(),
        v.regex(/^\d+$/),
        v.transform(Number),
        v.minValue(least),
        v.maxValue(most),
      ),
    oneOf: <const Choice extends string>(choices: readonly Choice[]) =>
      v.pipe(v.string(), v.transform((text) => text.toLowerCase()), v.picklist(choices)),
    listOf: (separator: string, item: TextSchema<string>) =>
      v.pipe(
        v.string(),
        v.transform((text) => text.split(separator).map((part) => part.trim()).filter(Boolean)),
        v.array(item),
        v.minLength(1),
      ),
    url: (protocols: readonly string[], query = false) =>
      v.pipe(v.string(), v.check((text) => isUrl(text, protocols, query))),
    /** Visible ASCII only: it has to fit into a header. */
    secret: v.pipe(
      v.string(),
      v.transform((text) => text.replace(/^Bot\s+/i, "")),
      v.regex(/^(?!bot$)[\x21-\x7e]+$/i),
    ),
    /** Deno's permission lists are separated by commas, and nothing escapes one. */
    path: v.pipe(v.string(), v.regex(/^[^,]+$/)),
    services: v.pipe(
      v.string(),
      v.transform((text) => text.split(",").map((pair) => pair.trim()).filter(Boolean)),
      v.array(v.pipe(v.string(), v.regex(/^[\w-]+=.+$/))),
      v.minLength(1),
      v.transform((pairs) =>
        pairs.map((pair) => {
          const at = pair.indexOf("=");
          return { name: pair.slice(0, at), module: pair.slice(at + 1) };
        })
      ),
      v.check((all) => new Set(all.map(({ name }) => name)).size === all.length),
    ),
    flags: v.pipe(
      v.string(),
      v.regex(/^--(allow|deny)-(read|write|net|env|sys|run|ffi|import)(=.+)?$/),
    ),
  };
}

function isUrl(text: string, protocols: readonly string[], query: boolean): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const bare = url.hash === "" && url.username === "" && url.password === "";
  return protocols.includes(url.protocol) && bare && (query || url.search === "");
}

/** The bit mask, or `undefined` where a name or a bit is unknown. */
function intentsOf(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const bits = Number(text);
    // Bitwise operators cut numbers to 32 bits, so the size is checked as well.
    return bits <= ALL_INTENTS && (bits & ~ALL_INTENTS) === 0 ? bits : undefined;
  }
  const names = intentNames(text);
  return names.length > 0 && names.every(isIntentName) ? intentBits(names) : undefined;
}

/** The names in a list of intents, as Discord writes them. */
export function intentNames(text: string): string[] {
  return text.split(",").map((name) => name.trim().toUpperCase()).filter(Boolean);
}
