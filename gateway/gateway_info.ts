/**
 * What Discord says about connecting: where, how many shards, how many identifies are left.
 * See [Discord Docs/Get Gateway Bot](https://discord.com/developers/docs/events/gateway#get-gateway-bot).
 *
 * @module
 */

import { cannot } from "../protocol/errors.ts";

const bad = cannot("read GET /gateway/bot", "bad_message", "discord");

/** The answer of `GET /gateway/bot`. */
export interface GatewayInfo {
  readonly url: string;
  /** Recommended number of shards. */
  readonly shards: number;
  readonly sessionStartLimit: {
    readonly total: number;
    readonly remaining: number;
    readonly resetAfterMs: number;
    readonly maxConcurrency: number;
  };
}

/**
 * Reads the answer of `GET /gateway/bot`.
 *
 * @throws {GatehouseError} `bad_message` that names the field that is missing or wrong.
 */
export function parseGatewayInfo(body: unknown): GatewayInfo {
  const info = object(body, "the answer");
  const limit = object(info.session_start_limit, "session_start_limit");
  const { url } = info;
  if (typeof url !== "string" || !/^wss?:\/\//.test(url)) {
    throw bad(`url is ${JSON.stringify(url)}, expected a ws:// or wss:// address`);
  }
  return {
    url,
    shards: count(info, "shards", 1),
    sessionStartLimit: {
      total: count(limit, "total", 0),
      remaining: count(limit, "remaining", 0),
      resetAfterMs: count(limit, "reset_after", 0),
      maxConcurrency: count(limit, "max_concurrency", 1),
    },
  };
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw bad(`${name} is ${JSON.stringify(value)}, expected an object`);
}

function count(values: Record<string, unknown>, name: string, least: number): number {
  const value = values[name];
  if (typeof value === "number" && Number.isInteger(value) && value >= least) return value;
  throw bad(`${name} is ${JSON.stringify(value)}, expected a whole number of at least ${least}`);
}
