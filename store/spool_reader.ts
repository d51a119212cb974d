/**
 * The segments of a spool as they lie in a folder: finding them after a crash, and reading them in the
 * order of their cursors, with a GAP in the place of what the disk has lost.
 *
 * @module
 */

import { type EventRecord, gapRecord, RECORD_HEADER_BYTES } from "../protocol/event_frame.ts";
import type { Log } from "../ports/log.ts";
import { GatehouseError } from "../protocol/errors.ts";
import { isCursor } from "../protocol/estate.ts";
import { diskError, type SpoolFs } from "./disk.ts";
import {
  firstCursorOf,
  FRAME_HEADER_BYTES,
  frameEnd,
  type FrameRun,
  readFrames,
  SEGMENT_HEADER_BYTES,
  SEGMENT_VERSION,
  segmentVersion,
} from "./segment.ts";

/** What is needed to look into a spool's files. */
interface SpoolPlace {
  readonly fs: SpoolFs;
  readonly shardId: number;
  readonly log: Log;
  /** Parts of files that were found not to be readable. */
  readonly tally: { damaged: number };
}

/** What both ends of a spool work on. */
export interface SpoolParts extends SpoolPlace {
  /** Oldest first; the writing end adds to it, and takes away from it, between two calls of the other. */
  readonly segments: Segment[];
}

interface SpoolReaderOptions extends SpoolParts {
  /** A segment was found to be damaged; nothing must be written behind the damage. */
  readonly damaged: (segment: Segment) => void;
}

/** A byte of a segment before which every record has a cursor of at most `cursor`. */
export interface Mark {
  readonly at: number;
  readonly cursor: number;
}

/** A byte of a segment where whole frames begin, and the first cursor in them. */
interface Resumption extends Pick<Mark, "at"> {
  readonly first: number;
}

interface Place extends Mark {
  readonly segment: Segment;
}

/** The reading end of a spool; it remembers where it stopped. One call at a time. */
export class SpoolReader {
  readonly #options: SpoolReaderOptions;
  #place: Place | null = null;

  constructor(options: SpoolReaderOptions) {
    this.#options = options;
  }

  /**
   * Records with a cursor above `cursor`: about `limitBytes`, at least one where there is one.
   *
   * @throws {GatehouseError} `bad_state` that names the file and the byte, and in its `data` the
   * cursors that wait there.
   */
  async read(cursor: number, limitBytes: number): Promise<EventRecord[]> {
    const { segments } = this.#options;
    const found: EventRecord[] = [];
    let { index, at } = this.#find(cursor);
    let after = cursor;
    for (let bytes = 0; bytes < limitBytes || found.length === 0;) {
      const segment = segments[index];
      if (segment === undefined) break;
      if (at >= segment.bytes) {
        index++;
        at = SEGMENT_HEADER_BYTES;
        continue;
      }
      const run = await this.#piece(index, at, limitBytes - bytes, after);
      for (const record of run.records) {
        if (record.cursor <= after) continue;
        found.push(record);
        after = record.cursor;
        bytes += RECORD_HEADER_BYTES + record.body.length;
      }
      at += run.usedBytes;
      if (run.rest === "damaged") {
        const next = await this.#behind(index, at, after);
        const gap = this.#gap(index, at, after, next && next.first - 1);
        if (gap !== null) found.push(gap);
        after = gap?.cursor ?? after;
        at = next?.at ?? segment.bytes;
      }
      this.#place = { segment, at, cursor: after };
    }
    return found;
  }

  /** Where to begin: where the last call stopped, or the last mark of the segment that `cursor` is in. */
  #find(cursor: number): { index: number; at: number } {
    const { segments } = this.#options;
    const next = segments.findIndex(({ first }) => first > cursor + 1);
    const index = Math.max(0, (next === -1 ? segments.length : next) - 1);
    const place = this.#place;
    const remembered = place && place.cursor <= cursor ? segments.indexOf(place.segment) : -1;
    const mark = segments[index]?.marks.findLast((mark) => mark.cursor <= cursor);
    const at = mark?.at ?? SEGMENT_HEADER_BYTES;
    return place && (remembered > index || (remembered === index && place.at >= at))
      ? { index: remembered, at: place.at }
      : { index, at };
  }

  async #piece(index: number, at: number, limitBytes: number, after: number): Promise<FrameRun> {
    const read = (segment: Segment) => readPiece(this.#options, segment, at, limitBytes);
    return await this.#reading(index, at, after, read) ?? DAMAGED;
  }

  /** Where whole frames go on behind a damaged one, if its length can be believed, and with which cursor. */
  #behind(index: number, at: number, after: number): Promise<Resumption | null> {
    return this.#reading(index, at, after, async (segment) => {
      const { fs } = this.#options;
      const next = frameEnd(await fs.read(segment.path, at, FRAME_HEADER_BYTES), at);
      if (next === null || next >= segment.bytes) return null;
      const { records: [first] } = await readPiece(this.#options, segment, next, 1);
      // One from before the segment began does not belong there: it says nothing of what was damaged.
      return first && first.cursor >= segment.first ? { at: next, first: first.cursor } : null;
    });
  }

  /** Gives what `read` does; `null` where the file is gone. */
  async #reading<Read>(
    index: number,
    at: number,
    after: number,
    read: (segment: Segment) => Promise<Read>,
  ): Promise<Read | null> {
    const { shardId, segments } = this.#options;
    const segment = segments[index]!;
    try {
      return await read(segment);
    } catch (thrown) {
      // Another try would not bring it back.
      if ((thrown as { code?: unknown } | null)?.code === "ENOENT") return null;
      const where = `${segment.path} from byte ${at}`;
      throw diskError(`read events of shard ${shardId} from ${where}`, thrown, {
        shardId,
        path: segment.path,
        at,
        ...missing(segments, index, after),
      });
    }
  }

  /**
   * What stands for what is damaged, up to a cursor, or (`null`) for the rest of the segment; `null` where
   * no cursor is missing.
   */
  #gap(index: number, at: number, after: number, last: number | null): EventRecord | null {
    const { shardId, segments, log, tally, damaged } = this.#options;
    const segment = segments[index]!;
    const { from, to: end } = missing(segments, index, after);
    const to = last ?? end;
    tally.damaged++;
    log.error("a file of spilled events is damaged", {
      shardId,
      path: segment.path,
      at,
      from,
      to,
    });
    damaged(segment);
    if (from > to) return null;
    const name = segment.path.split("/").at(-1)!;
    const reason = `the disk lost events: ${name} is damaged at byte ${at}`;
    // Cursors may jump, so that nobody knows how many events there were.
    return gapRecord(shardId, { from, to, count: null, reason });
  }
}

/** The cursors that the rest of a segment may hold, where everything up to `after` is known. */
function missing(segments: readonly Segment[], index: number, after: number) {
  const { first, last } = segments[index]!;
  // Of the newest segment the last cursor is known: it was read through, or written by us.
  return { from: Math.max(after + 1, first), to: last ?? segments[index + 1]!.first - 1 };
}

/** At least so much is read at once. */
const PIECE_BYTES = 4 * 1024;
/** So much is read at once where everything is to be read. */
const SCAN_BYTES = 1024 * 1024;

/** A segment on disk. */
export interface Segment {
  readonly path: string;
  /** Cursor of its first record, which is its name. */
  readonly first: number;
  /** Cursor of its last record; `null` where nobody has looked since the unit started. */
  last: number | null;
  /** Bytes that are good, the header among them. */
  bytes: number;
  /** Places to begin to read from, in order; what an earlier life wrote has none. */
  readonly marks: Mark[];
}

/**
 * Finds the segments in `dir`, oldest first, after whatever ended the last life. The newest one is
 * read through and its torn end cut off; the others were complete when it was begun, so that only
 * their headers are looked at.
 *
 * @throws {GatehouseError} `bad_config` when a newer version wrote one.
 */
export async function findSegments(dir: string, place: SpoolPlace): Promise<Segment[]> {
  const { fs } = place;
  const segments: Segment[] = [];
  for (const { name, bytes } of await fs.list(dir)) {
    const first = firstCursorOf(name);
    if (first === null) continue;
    const path = `${dir}/${name}`;
    const segment: Segment = { path, first, last: null, bytes, marks: [] };
    await refuseNewer(place, segment);
    segments.push(segment);
  }
  segments.sort((a, b) => a.first - b.first);
  while (segments.length > 0 && !await recover(place, segments.at(-1)!)) segments.pop();
  return segments;
}

/** Cuts the torn end off a segment. Gives whether there is a record left; if not, it is removed. */
async function recover(place: SpoolPlace, segment: Segment): Promise<boolean> {
  const { fs, log } = place;
  let at = SEGMENT_HEADER_BYTES;
  while (at < segment.bytes) {
    const run = await readPiece(place, segment, at, SCAN_BYTES);
    at += run.usedBytes;
    for (const { cursor } of run.records) segment.last = Math.max(segment.last ?? 0, cursor);
    if (run.rest === "damaged") break;
  }
  const tornBytes = segment.bytes - at;
  if (tornBytes > 0) log.warn("cut off a torn end", { path: segment.path, at, tornBytes });
  if (segment.last === null) {
    await fs.remove(segment.path);
    return false;
  }
  if (tornBytes > 0) {
    const file = await fs.open(segment.path, at);
    await file.sync().finally(() => file.close());
    segment.bytes = at;
  }
  return true;
}

async function refuseNewer(place: SpoolPlace, segment: Segment): Promise<void> {
  const { path } = segment;
  const version = segmentVersion(await place.fs.read(path, 0, SEGMENT_HEADER_BYTES));
  if (version === null || version <= SEGMENT_VERSION) return;
  // No version has a checksum of its own; what follows it has, and is as we write it.
  if ((await readPiece(place, segment, SEGMENT_HEADER_BYTES, 1)).usedBytes > 0) return;
  throw new GatehouseError(
    "bad_config",
    "host",
    `Cannot read ${path}: it has version ${version}, this Gatehouse knows ${SEGMENT_VERSION}; ` +
      "start the newer Gatehouse again, or move the file away, which loses the events in it",
    { path, version },
  );
}

/**
 * The frames of a segment from byte `at` on: about `limitBytes`, at least one frame. Where `rest` is
 * `damaged` there is nothing to be had behind them.
 */
async function readPiece(
  place: SpoolPlace,
  segment: Segment,
  at: number,
  limitBytes: number,
): Promise<FrameRun> {
  const left = segment.bytes - at;
  for (let wanted = Math.max(limitBytes, PIECE_BYTES);;) {
    const length = Math.min(wanted, left);
    const run = readFrames(await place.fs.read(segment.path, at, length));
    if (run.usedBytes > 0) return { ...run, records: own(place, segment, run.records) };
    if (run.rest !== "cut") return DAMAGED;
    // A frame that goes on beyond the end, or into bytes that are not there any more.
    if (run.neededBytes > left || run.neededBytes <= length) return DAMAGED;
    wanted = run.neededBytes;
  }
}

/** The records that can be this shard's; another's are whole, and do not belong there. */
function own({ shardId, log, tally }: SpoolPlace, { path }: Segment, records: EventRecord[]) {
  const own = records.filter((record) => record.shardId === shardId && isCursor(record.cursor));
  const strange = records.length - own.length;
  if (strange === 0) return records;
  tally.damaged++;
  log.error("a file of spilled events has others in it", { shardId, path, strange });
  return own;
}

const DAMAGED: FrameRun = { records: [], usedBytes: 0, rest: "damaged", neededBytes: 0 };
