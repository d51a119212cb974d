/**
 * On which terms a client on `/gateway` gets a session: what it may ask for in its address, in
 * IDENTIFY and in RESUME. Decisions only; each refusal says what is right.
 *
 * Intents must be among those that the unit is set to (`INTENTS`). Events are not filtered down to
 * fewer: a client gets everything that the shard gets.
 *
 * @module
 */

import { ALL_INTENTS, INTENTS } from "../protocol/discord/intents.ts";
import { type Presence, presenceOfIdentify } from "../protocol/discord/presence.ts";
import type { GuildTerms } from "../protocol/guild_pieces.ts";
import { READER_NAME, type Seat, type ShardKey, shardRange } from "../protocol/ids.ts";
import type { Compression } from "../protocol/worker_message.ts";
import { isRecord } from "../protocol/record.ts";
import { type DownstreamSession, eventsAfter } from "./session.ts";
import type { Refusal } from "./step.ts";

/** Which shards of ours are behind what clients take, at this moment. */
export interface SeatShards {
  /** How many we have; while guilds move to another total, how many there were. */
  readonly total: number;
  /** That, and the total that guilds move to. */
  readonly totals: readonly number[];
  /**
   * The shards that have the guilds of a shard of any total, and no others; or the one that it is a part of.
   * `null` where it would have some of several.
   */
  of(seat: ShardKey): readonly ShardKey[] | null;
  /** Whether this unit runs a shard. */
  runs(shard: ShardKey): boolean;
  /** The unit that runs a shard which this one does not; `null`: none that is known. Default: none is. */
  whereIs?(shard: ShardKey): string | null;
}

/** What the unit serves, and to whom. */
export interface DownstreamTerms {
  readonly shards: SeatShards;
  /** `INTENTS`, also while Discord refuses some: a client that is refused for good does not come back. */
  readonly intents: number;
  /** Whether a token, without `Bot `, is the unit's secret. Must compare in constant time. */
  readonly isSecret: (token: string) => boolean;
  /** How many may consume a shard at a time: its bot, and those who read beside it, by name. */
  readonly consumersPerShard: number;
  /** Whether clients may go by totals that divide ours: each then has several of our shards as one. */
  readonly otherTotals: boolean;
}

/** What the address asks for. */
export interface Dialect {
  readonly version: number;
  readonly compression: Compression;
}

/** Versions of which Discord's present payloads can be read; without a number it is the newest. */
const VERSIONS: ReadonlySet<string> = new Set(["8", "9", "10"]);

/** Reads the query: 4012 for a version other than 8, 9 and 10, 4002 for what we do not speak. */
export function readDialect(query: URLSearchParams): Dialect | Refusal {
  const version = query.get("v") || "10";
  if (!VERSIONS.has(version)) {
    return { code: 4012, reason: `Invalid API version ${version}: expected v=10.` };
  }
  const encoding = query.get("encoding") || "json";
  if (encoding !== "json") {
    return { code: 4002, reason: `Encoding ${encoding} is not spoken: expected encoding=json.` };
  }
  const compression = query.get("compress") || "none";
  if (compression !== "none" && compression !== "zlib-stream" && compression !== "zstd-stream") {
    const reason = `Compression ${compression} is not spoken: expected zlib-stream or zstd-stream.`;
    return { code: 4002, reason };
  }
  return { version: Number(version), compression };
}

/** Nothing is wrong with an IDENTIFY but that it comes now: it is to come again. */
export interface Later {
  readonly later: string;
}

/** What an IDENTIFY is granted. */
export interface Granted {
  readonly seat: Seat;
  /** Its intents, and from which size on a guild comes without those that are offline. */
  readonly seen: GuildTerms;
  /** The presence to begin with; `null` where the client has no wish. */
  readonly presence: Presence | null;
  /** Whether larger payloads may come deflated, where the address asked for no compression. */
  readonly compress: boolean;
}

/**
 * What an IDENTIFY is granted: one shard of this unit, or of a total that fits. While guilds move, one that fits
 * the total before or the one to come is to come again, where neither has all of its guilds. See
 * [Discord Docs/Identify](https://discord.com/developers/docs/events/gateway-events#identify).
 */
export function judgeIdentify(d: unknown, terms: DownstreamTerms): Granted | Refusal | Later {
  if (!isRecord(d) || typeof d.token !== "string") {
    return { code: 4002, reason: "IDENTIFY has no token." };
  }
  const pass = readToken(d.token, terms);
  if ("code" in pass) return pass;
  const refusal = refuseShard(d.shard ?? [0, 1], terms, pass.reader) ??
    refuseIntents(d.intents, terms);
  if (refusal) return refusal;
  const [id, total] = (d.shard ?? [0, 1]) as [number, number];
  const seen = { intents: d.intents as number, largeThreshold: largeThreshold(d.large_threshold) };
  const compress = d.compress === true || d.compress === "true";
  const seat = { total, id, ...pass };
  // What the bot shows itself as is not for those beside it to say in passing.
  const presence = pass.reader === undefined ? presenceOfIdentify(d.presence) : null;
  return { seat, seen, presence, compress };
}

/** As Discord has it by itself, and the least and the most that it takes. */
const LARGE_THRESHOLD = { default: 50, least: 50, most: 250 };

/** What is out of bounds is brought into them: a library that asks for less than there is gets the least. */
function largeThreshold(asked: unknown): number {
  const { default: usual, least, most } = LARGE_THRESHOLD;
  return Number.isFinite(asked)
    ? Math.min(most, Math.max(least, Math.round(asked as number)))
    : usual;
}

/** What a RESUME goes on with. */
export interface Resumption {
  readonly session: DownstreamSession;
  /** The client has everything up to this number. */
  readonly s: number;
}

/**
 * The session that a RESUME goes on with, and the number after which; `null` where the session is
 * unknown or what the client misses is no longer kept. See
 * [Discord Docs/Resume](https://discord.com/developers/docs/events/gateway-events#resume).
 */
export function judgeResume(
  d: unknown,
  terms: DownstreamTerms,
  find: (sessionId: string) => DownstreamSession | undefined,
): Resumption | Refusal | null {
  if (!isRecord(d) || typeof d.token !== "string" || typeof d.session_id !== "string") {
    return { code: 4002, reason: "RESUME has no token or no session_id." };
  }
  const { seq: s = null } = d;
  if (s !== null && !isInteger(s)) {
    return { code: 4002, reason: "RESUME has a seq that is no number." };
  }
  const pass = readToken(d.token, terms);
  if ("code" in pass) return pass;
  const session = find(d.session_id);
  // Of a session in which nothing came there is nothing to resume.
  if (!session || session.shard.reader !== pass.reader || s === null || s < 1) return null;
  const cursor = session.base + s;
  // After a restart of ours nobody knows how far we had come: then the client is believed.
  if (session.sent !== null && cursor > session.sent) {
    const last = session.sent - session.base;
    return { code: 4007, reason: `Invalid seq ${s}: the last one sent is ${last}.` };
  }
  // The guilds before the first event can be had as long as no event is acknowledged.
  return Math.max(cursor, eventsAfter(session)) < session.acknowledged ? null : { session, s };
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

const WRONG_TOKEN: Refusal = {
  code: 4004,
  reason: "Authentication failed: expected this unit's REST_AUTHORIZATION as token.",
};

/**
 * Who somebody is by the token: the bot, or with a name behind the secret, `secret:logger`, who reads beside
 * it.
 */
function readToken(
  token: string,
  { isSecret, consumersPerShard }: DownstreamTerms,
): Pick<Seat, "reader"> | Refusal {
  const bare = token.trim().replace(/^Bot +/i, "");
  const [, secret = "", reader = ""] = /^(.*):([^:]*)$/.exec(bare) ?? [];
  const isNamed = READER_NAME.test(reader) && isSecret(secret);
  if (isNamed && consumersPerShard > 1) return { reader };
  // On loopback without a secret everything is one.
  if (isSecret(bare)) return {};
  return isNamed ? NO_NAMES : WRONG_TOKEN;
}

const NO_NAMES: Refusal = {
  code: 4004,
  reason: "Authentication failed: a name behind the token wants CONSUMERS_PER_SHARD of 2 or more.",
};

function refuseShard(
  shard: unknown,
  terms: DownstreamTerms,
  reader: string | undefined,
): Refusal | Later | null {
  const { shards, otherTotals } = terms;
  const [id, total] = Array.isArray(shard) && shard.length === 2 ? shard as unknown[] : [];
  if (!Number.isSafeInteger(id) || !Number.isSafeInteger(total)) {
    return { code: 4010, reason: "Invalid shard: expected [id, total]." };
  }
  const seat = { id, total } as Seat;
  const given = `[${id}, ${total}]`;
  const fitting = shards.totals.filter((own) => fits(seat.total, own, otherTotals));
  if (fitting.length === 0) {
    const has = `this unit has ${shards.total} in total, see GET /gateway/bot`;
    const more = otherTotals ? ", and serves what divides it or is a multiple" : "";
    return { code: 4010, reason: `Invalid shard ${given}: ${has}${more}.` };
  }
  if (seat.id < 0 || seat.id >= seat.total) return runsElsewhere(seat, shards);
  const own = shards.of(seat);
  if (own === null) {
    return {
      later: `guilds move from ${shards.totals.join(" shards to ")}, those of this one in part`,
    };
  }
  if (reader !== undefined && own[0]!.total < seat.total) {
    const has = `this unit has ${own[0]!.total} in total`;
    const reason = `Invalid shard ${given} for ${reader}: ${has}, which only the bot divides.`;
    return { code: 4010, reason };
  }
  return serves(seat, terms) ? null : runsElsewhere(seat, shards);
}

function fits(total: number, own: number, otherTotals: boolean): boolean {
  return total === own ||
    (otherTotals && total > 0 && (own % total === 0 || total % own === 0));
}

/** Reasons are short: Discord's close frames have room for 123 bytes. */
function runsElsewhere(seat: Seat, shards: SeatShards): Refusal {
  const { id } = seat;
  const { total } = shards;
  const unit = (shards.of(seat) ?? []).map((own) => shards.whereIs?.(own)).find(Boolean);
  if (unit) return { code: 4010, reason: `Invalid shard ${id}: unit ${unit} runs it.` };
  const ids = shardRange(0, total - 1).filter((id) => shards.runs({ total, id }));
  const range = `${ids[0]} to ${ids.at(-1)} of ${total}`;
  return { code: 4010, reason: `Invalid shard ${id}: this unit runs ${range}.` };
}

/** Whether this unit runs a shard, or all that one of another total is made of. */
export function serves(seat: Seat, { shards, otherTotals }: DownstreamTerms): boolean {
  if (!otherTotals && !shards.totals.includes(seat.total)) return false;
  const own = shards.of(seat);
  if (own === null || !own.every((shard) => shards.runs(shard))) return false;
  return seat.reader === undefined || own[0]!.total >= seat.total;
}

function refuseIntents(intents: unknown, terms: DownstreamTerms): Refusal | null {
  if (!Number.isSafeInteger(intents) || (intents as number) < 0) {
    return { code: 4013, reason: "Invalid intents: expected a number." };
  }
  const unknown = BigInt(intents as number) & ~BigInt(ALL_INTENTS);
  if (unknown !== 0n) {
    return { code: 4013, reason: `Invalid intents: nobody knows the bits ${unknown}.` };
  }
  const missing = Object.entries(INTENTS)
    .filter(([, bit]) => ((intents as number) & bit & ~terms.intents) !== 0)
    .map(([name]) => name);
  if (missing.length === 0) return null;
  return { code: 4014, reason: `Disallowed intents, add to INTENTS: ${missing.join(", ")}` };
}
