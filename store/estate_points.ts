/**
 * What of the estates changes all the time: a few numbers for each shard that ever lived, in one file for all.
 * Who comes after whom is told by them, too: cursors of an id grow, whatever the total.
 *
 * @module
 */

import { type Estate, joined, NO_ESTATE, parseEstate, resumedAfter } from "../protocol/estate.ts";
import { parseShardKey, type ShardKey, type ShardKeyText, shardKeyText } from "../protocol/ids.ts";
import { isCount, isRecord } from "../protocol/record.ts";

/** What of an estate changes all the time. */
export interface Point extends Pick<Estate, "acknowledged" | "readers" | "marks"> {
  readonly highest: number;
  /** Of the session with this base; `null`: there is none. */
  readonly session: { readonly base: number; readonly seq: number } | null;
  /** The shard was given up: nobody comes after it, and only `highest` counts. */
  readonly isOver?: true;
}

/** The point of an estate. */
export function pointOf({ highest, acknowledged, readers, marks, session }: Estate): Point {
  const at = session && { base: session.base, seq: session.seq };
  return { highest: highest ?? 0, acknowledged, readers, marks, session: at };
}

/** The point of a shard that was given up. */
export function overPoint(highest: number): Point {
  return { ...pointOf({ ...NO_ESTATE, highest }), isOver: true };
}

/**
 * The estate of a shard as of a point, whichever of it and the other parts was written later.
 *
 * @param parts What of the estate seldom changes, read from outside; what is missing is not known.
 */
export function estateAt(point: Point, parts: Readonly<Record<string, unknown>>): Estate {
  const estate = parseEstate({ ...point, session: null, ...parts });
  const { session } = estate;
  const isOfPoint = session !== null && session.base === point.session?.base;
  const at = isOfPoint ? resumedAfter(session, point.session.seq) : session;
  return joined({ ...estate, session: at });
}

/** Points read from outside; what is none is left out. */
export function parsePoints(shards: unknown): Map<ShardKeyText, Point> {
  const points = new Map<ShardKeyText, Point>();
  for (const [text, value] of Object.entries(isRecord(shards) ? shards : {})) {
    const key = parseShardKey(text);
    if (!key) continue;
    const fields = isRecord(value) ? value : {};
    const { base, seq } = isRecord(fields.session) ? fields.session : {};
    const session = isCount(base) && isCount(seq) ? { base, seq } : null;
    const point = { ...pointOf(parseEstate(value)), session };
    points.set(
      shardKeyText(key),
      fields.isOver === true ? overPoint(point.highest) : point,
    );
  }
  return points;
}

/**
 * The shard that last had a session under each id, where it was not given up.
 *
 * @param total Where two stand at the same cursor, an heir that never had a session comes after the other.
 */
export function lastOfEachId(
  points: Iterable<readonly [ShardKeyText, Point]>,
  total: number,
): ShardKey[] {
  const last = new Map<number, { key: ShardKey; highest: number }>();
  for (const [text, { highest, isOver }] of points) {
    const key = parseShardKey(text)!;
    if (isOver) continue;
    const other = last.get(key.id) ?? { highest: -1 };
    const isLater = highest > other.highest || (highest === other.highest && key.total === total);
    if (isLater) last.set(key.id, { key, highest });
  }
  return [...last.values()].map(({ key }) => key);
}

/** No cursor above it was given out under an id, by whichever total; `null`: none was. */
export function highestOf(
  id: number,
  all: readonly (readonly [ShardKeyText, Pick<Estate, "highest">])[],
): number | null {
  const own = all.filter(([text]) => text.startsWith(`${id}/`));
  const reached = own.flatMap(([, { highest }]) => highest ?? []);
  return reached.length === 0 ? null : Math.max(...reached);
}

/** Total → how many of its shards have a session. */
export function sessionsIn(points: Iterable<readonly [ShardKeyText, Point]>): Map<number, number> {
  const alive = [...points].filter(([, { session }]) => session !== null);
  const byTotal = Map.groupBy(alive, ([text]) => parseShardKey(text)!.total);
  return new Map([...byTotal].map(([total, shards]) => [total, shards.length]));
}
