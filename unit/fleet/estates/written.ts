/**
 * A shard's estate as the units of a fleet write it down for each other: what seldom changes under a key of the
 * shard's, how far the shards of a unit have come under one of the unit's. Nothing in it is secret.
 *
 * | key                      | value                                                            |
 * | ------------------------ | ---------------------------------------------------------------- |
 * | `estate.<id>.<total>`    | {@linkcode Written}: all of an estate, as it was when that was written |
 * | `points.<unit>`          | `{[shard]: point}`: how far each of its shards has come since      |
 * | `missing.<id>.<total>.<unit>` | {@linkcode Missing}: what only that unit's disk has           |
 *
 * @module
 */

import type { Json } from "../../../ports/fleet/bus.ts";
import { type Estate, parseEstate } from "../../../protocol/estate.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../../../protocol/ids.ts";
import { isCount, isRecord } from "../../../protocol/record.ts";
import { estateAt, parsePoints, type Point, pointOf } from "../../../store/estate_points.ts";

/** An estate, and who has written it. */
export interface Written {
  /** The unit that had the shard then. */
  readonly unit: string;
  /** The newest assignment that it knew: a unit of an older one has the shard no more. */
  readonly epoch: number;
  /** Name of the numbering that its cursors belong to. */
  readonly stream: string;
  /** The unit that has got whatever waited, all of it, with this estate; `null`: nobody, the shard runs. */
  readonly givenTo: string | null;
  readonly estate: Estate;
}

/** Events that wait on the disk of a unit that is away, and of which the bot was told that they are missing. */
export interface Missing {
  /** First and last cursor that may be among them. */
  readonly from: number;
  readonly to: number;
}

/** Key of a shard's estate. */
export function estateKey({ id, total }: ShardKey): string {
  return `estate.${id}.${total}`;
}

/** Key of the points of a unit. */
export function pointsKey(unit: string): string {
  return `points.${unit}`;
}

/** Key of what of a shard only a unit's disk has. */
export function missingKey({ id, total }: ShardKey, unit: string): string {
  return `missing.${id}.${total}.${unit}`;
}

/** The shard of a {@linkcode missingKey} of a unit; `null`: it is another's. */
export function missingIn(key: string, unit: string): ShardKey | null {
  const [, id, total] = /^missing\.(\d+)\.(\d+)\./.exec(key) ?? [];
  const shard = { total: Number(total), id: Number(id) };
  return id !== undefined && key === missingKey(shard, unit) ? shard : null;
}

/** Responses in the bot's place that go with an estate, the newest: a value is not to be longer than a key takes. */
const MOST_MARKS = 2_000;

/** What is written under {@linkcode estateKey}. */
export function encodeWritten({ estate, ...head }: Written): Json {
  const { session, facts, guilds, presence } = estate;
  const point = pointOf({ ...estate, marks: estate.marks.slice(-MOST_MARKS) });
  return { ...head, point, session, facts, guilds, presence } as unknown as Json;
}

/**
 * Reads what was written there; `null` where it is none.
 *
 * @param points What is under {@linkcode pointsKey} of its unit; `null`: nothing.
 */
export function parseWritten(shard: ShardKey, value: unknown, points: unknown): Written | null {
  if (!isRecord(value)) return null;
  const { unit, epoch, stream, givenTo, point, ...parts } = value;
  if (typeof unit !== "string" || !isCount(epoch) || typeof stream !== "string") return null;
  const text = shardKeyText(shard);
  const own = parsePoints({ [text]: point }).get(text)!;
  // Of a shard that was given away, nobody has written a point since.
  const isGiven = typeof givenTo === "string";
  const newer = isGiven || !isRecord(points) ? null : parsePoint(points[text]);
  const estate = estateAt(newestOf(own, newer), parts);
  return { unit, epoch, stream, givenTo: isGiven ? givenTo : null, estate };
}

/** The unit that holds whatever waits of a shard, and has nobody else given it. */
export function holderOf({ unit, givenTo }: Written): string {
  return givenTo ?? unit;
}

/**
 * What is written under {@linkcode pointsKey}: for each shard `[acknowledged, highest, base, seq]`, and its readers
 * where there are. It is short, because a unit may have thousands.
 */
export function encodePoints(points: ReadonlyMap<ShardKeyText, Point>): Json {
  const short = [...points].map(([text, { acknowledged, highest, session, readers }]) => {
    const point = [acknowledged, highest, session?.base ?? null, session?.seq ?? null];
    return [text, Object.keys(readers).length === 0 ? point : [...point, { ...readers }]] as const;
  });
  return Object.fromEntries(short);
}

/** `null` where it is none. */
function parsePoint(value: unknown): Omit<Point, "marks"> | null {
  const [acknowledged, highest, base, seq, readers = {}, ...more] = Array.isArray(value)
    ? value
    : [];
  if (!isCount(acknowledged) || !isCount(highest) || !isRecord(readers) || more.length > 0) {
    return null;
  }
  if (base === null && seq === null) {
    return { acknowledged, highest, readers: read(readers), session: null };
  }
  if (!isCount(base) || !isCount(seq)) return null;
  return { acknowledged, highest, readers: read(readers), session: { base, seq } };
}

function read(readers: Record<string, unknown>): Point["readers"] {
  return parseEstate({ readers }).readers;
}

/** Reads what is written under {@linkcode missingKey}; `null` where it is nothing. */
export function parseMissing(value: unknown): Missing | null {
  const { from, to } = isRecord(value) ? value : {};
  return isCount(from) && isCount(to) && from <= to ? { from, to } : null;
}

/** Of a unit that was away twice, both. */
export function joinMissing(one: Missing, other: Missing | null): Missing {
  if (!other) return one;
  return { from: Math.min(one.from, other.from), to: Math.max(one.to, other.to) };
}

/** Points are of one session, or of one that began since; those of another numbering are no estate's. */
function newestOf(own: Point, other: Omit<Point, "marks"> | null): Point {
  if (!other) return own;
  const isNewer = other.highest >= own.highest && other.acknowledged >= own.acknowledged;
  return isNewer && other.session?.base === own.session?.base ? { ...own, ...other } : own;
}
