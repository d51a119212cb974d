/**
 * What Discord says about connecting: where, how many shards, how many identifies are left.
 * See [Discord Docs/Get Gateway Bot](https://discord.com/developers/docs/events/gateway#get-gateway-bot).
 *
 * @module
 */

import { GATEWAY_URL, type Note, usable, wholeNumber } from "../protocol/discord/field.ts";
import { cannot } from "../protocol/errors.ts";
import { MOST_SHARDS } from "../protocol/ids.ts";
import { isRecord, shown } from "../protocol/record.ts";

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

/** What is known without asking; `null`: nothing is. */
export interface KnownInfo {
  /** Where the gateway is, as documented. */
  readonly url: string | null;
  /** How many shards are wanted, whatever is recommended. */
  readonly shards: number | null;
}

const DAY_MS = 24 * 60 * 60_000;
/** The largest bots have a tenth of each. */
const [MOST_CONCURRENCY, MOST_IDENTIFIES] = [10_000, 1_000_000];
/** What a bot of any size has been seen to have at least. */
const LEAST_LIMIT = { total: 1_000, concurrency: 1 };

/**
 * Reads the answer of `GET /gateway/bot`. What cannot be used of it is told, and what is known without
 * asking takes its place; of the limits the lowest that Discord gives, for a day.
 *
 * @throws {GatehouseError} `bad_message` that names what is wrong where nothing can take its place.
 */
export function parseGatewayInfo(
  body: unknown,
  known: KnownInfo = { url: null, shards: null },
  note: Note = () => {},
): GatewayInfo {
  if (!isRecord(body)) throw bad(`the answer is ${shown(body)}, expected an object`);
  let missing = "";
  const wrong = (problem: string) => void (missing ||= problem);
  const [urlNote, shardsNote] = [known.url, known.shards].map((it) => it === null ? wrong : note);
  const url = usable(body, "url", GATEWAY_URL, known.url, urlNote!);
  const shards = usable(body, "shards", wholeNumber(1, MOST_SHARDS), known.shards, shardsNote!);
  if (url === null || shards === null) throw bad(missing);
  return { url, shards, sessionStartLimit: limitOf(body.session_start_limit, note) };
}

function limitOf(value: unknown, note: Note): GatewayInfo["sessionStartLimit"] {
  const limit = isRecord(value) ? value : {};
  const count = (name: string, least: number, most: number, without: number) =>
    usable(limit, name, wholeNumber(least, most), without, note);
  const total = count("total", 1, MOST_IDENTIFIES, LEAST_LIMIT.total);
  return {
    total,
    // What we have spent ourselves we know: `budgetFrom` takes the lower one.
    remaining: count("remaining", 0, total, total),
    resetAfterMs: count("reset_after", 0, DAY_MS, DAY_MS),
    maxConcurrency: count("max_concurrency", 1, MOST_CONCURRENCY, LEAST_LIMIT.concurrency),
  };
}
