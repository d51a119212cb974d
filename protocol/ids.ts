/**
 * Numbers that name things, the sums that Discord prescribes for them, and what they tell.
 * See [Discord Docs/Sharding](https://discord.com/developers/docs/events/gateway#sharding).
 *
 * @module
 */

/** The largest bots have a tenth of it; with more a mistake would only cost memory. */
export const MOST_SHARDS = 100_000;

/** Each is a thread. */
export const MOST_WORKERS = 1_024;

/** The first moment that an id can tell: 1 January 2015, ms since the Unix epoch. */
export const DISCORD_EPOCH_MS = 1_420_070_400_000;
/** Ids of Discord: decimal, 64 bits. */
const SNOWFLAKE = /^\d{15,20}$/;

/** A shard by its name: an id alone says too little once shards of two totals live side by side. */
export interface ShardKey {
  readonly total: number;
  readonly id: number;
}

/** A {@linkcode ShardKey} as text, `3/16`: the key of maps, and the name in files. */
export type ShardKeyText = `${number}/${number}`;

/** `3/16` for shard 3 of 16. */
export function shardKeyText({ total, id }: ShardKey): ShardKeyText {
  return `${id}/${total}`;
}

/** The same of what names both in full. */
export function shardText(
  { shardId, totalShards }: { readonly shardId: number; readonly totalShards: number },
): ShardKeyText {
  return `${shardId}/${totalShards}`;
}

/**
 * Numbers as ranges, in order.
 *
 * @example
 * ```ts
 * import { rangesText } from "./ids.ts";
 * console.assert(rangesText([7, 0, 1, 2]) === "0-2, 7");
 * ```
 */
export function rangesText(numbers: readonly number[], between = ", "): string {
  const parts: string[] = [];
  const sorted = numbers.toSorted((a, b) => a - b);
  for (let at = 0; at < sorted.length;) {
    const first = sorted[at]!;
    let last = first;
    while (sorted[++at] === last + 1) last++;
    parts.push(first === last ? String(first) : `${first}-${last}`);
  }
  return parts.join(between);
}

/** `shard 7`, or `shards 0-3, 7`. */
export function shardNames(ids: readonly number[]): string {
  return `${ids.length === 1 ? "shard" : "shards"} ${rangesText(ids)}`;
}

/**
 * What a client on `/gateway` takes: a shard of the total that it goes by, as its bot or, with a name, as
 * somebody who reads beside the bot.
 */
export interface Seat extends ShardKey {
  readonly reader?: string;
}

/** What somebody who reads beside the bot may be called: it names a folder, on any file system. */
export const READER_NAME: RegExp = /^[a-z0-9_-]{1,32}$/;

/** `3/16`, `3/16 logger`: for people, and as a key of maps. */
export function seatText(seat: Seat): string {
  return seat.reader === undefined ? shardKeyText(seat) : `${shardKeyText(seat)} ${seat.reader}`;
}

/** A seat in the fields of a log line: `shardId`, and `reader` where it has a name. */
export function seatFields({ id, reader }: Seat): Record<string, number | string> {
  return { shardId: id, ...(reader !== undefined && { reader }) };
}

/** The shard of this name; `undefined` where it is none. */
export function parseShardKey(text: string): ShardKey | undefined {
  const [, id, total] = /^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? [];
  return id === undefined ? undefined : { total: Number(total), id: Number(id) };
}

/**
 * An id as Discord takes it in a command: a text of digits, a number (Python's libraries send those; a
 * `bigint` where it is too large for ours), or a list of one; as text. `null` for what is none.
 *
 * @example
 * ```ts
 * import { readId } from "./ids.ts";
 * console.assert(readId(["175928847299117063"]) === readId(175928847299117063n));
 * console.assert(readId("all") === null && readId(0.5) === null && readId([]) === null);
 * ```
 */
export function readId(value: unknown): string | null {
  if (Array.isArray(value)) {
    return value.length === 1 && !Array.isArray(value[0]) ? readId(value[0]) : null;
  }
  if (typeof value !== "string" && typeof value !== "bigint" && !Number.isSafeInteger(value)) {
    return null;
  }
  const text = String(value);
  return /^\d{1,20}$/.test(text) ? text : null;
}

/** Which shard of `totalShards` receives the events of a guild: `(guild_id >> 22) % totalShards`. */
export function calculateShardId(guildId: string | bigint, totalShards: number): number {
  return Number((BigInt(guildId) >> 22n) % BigInt(totalShards));
}

/**
 * Whether two seats cannot be taken at a time: they have one name, and are the same or, by different totals, have
 * a shard of ours in common.
 *
 * @param shardsOf The shards of ours behind a seat; `null` where there are none.
 */
export function areAtOdds(
  one: Seat,
  other: Seat,
  shardsOf: (seat: Seat) => readonly ShardKey[] | null,
): boolean {
  if (one.reader !== other.reader) return false;
  if (one.total === other.total) return one.id === other.id;
  const shards = new Set(shardsOf(one)?.map(shardKeyText));
  return shardsOf(other)?.some((shard) => shards.has(shardKeyText(shard))) ?? false;
}

/** The key under which Discord paces identifies: one per key per 5 s. */
export function identifyKey(shardId: number, maxConcurrency: number): number {
  return shardId % maxConcurrency;
}

/** Shard ids from `first` to `last`, both included. */
export function shardRange(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/**
 * When the thing with this id was made, ms since the Unix epoch, by Discord's clock. See
 * [Discord Docs/Snowflakes](https://discord.com/developers/docs/reference#snowflakes).
 *
 * @throws {SyntaxError} When it is not a whole number.
 *
 * @example
 * ```ts
 * import { snowflakeMs } from "./ids.ts";
 * console.assert(snowflakeMs("175928847299117063") === Date.UTC(2016, 3, 30, 11, 18, 25, 796));
 * ```
 */
export function snowflakeMs(id: string): number {
  return Number(BigInt(id) >> 22n) + DISCORD_EPOCH_MS;
}

/**
 * The user id of the bot that a token belongs to: its first segment in base64. It is no secret and
 * stays the same when the token is made anew. `null` where a token is not of that shape.
 *
 * @param token With or without `Bot `.
 *
 * @example
 * ```ts
 * import { botIdOfToken } from "./ids.ts";
 * console.assert(botIdOfToken("MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.x") === "123456789012345678");
 * console.assert(botIdOfToken("sim-token") === null);
 * ```
 */
export function botIdOfToken(token: string): string | null {
  const segments = token.replace(/^Bot\s+/i, "").split(".");
  const first = segments[0]!;
  // Base64 in an alphabet that a number's digits never leave; padding is not written.
  if (segments.length !== 3 || !/^[A-Za-z0-9]+$/.test(first) || first.length % 4 === 1) return null;
  const id = atob(first);
  return SNOWFLAKE.test(id) ? id : null;
}
