/**
 * Reads a spool's segments in the order of their cursors. It remembers where it stopped, and puts a
 * GAP in the place of what the disk has lost.
 *
 * @module
 */

import {
  type EventRecord,
  type Gap,
  RECORD,
  RECORD_HEADER_BYTES,
} from "../protocol/event_frame.ts";
import type { Log } from "../ports/log.ts";
import { diskError } from "./disk_error.ts";
import { type FrameRun, SEGMENT_HEADER_BYTES } from "./segment.ts";
import type { SpoolFs } from "./spool_fs.ts";
import { readPiece, type Segment } from "./spool_segments.ts";

/** What a reader works on. */
export interface SpoolReaderOptions {
  readonly fs: SpoolFs;
  readonly shardId: number;
  /** Oldest first; others add to it and take away from it between two calls. */
  readonly segments: readonly Segment[];
  readonly log: Log;
  /** A segment was found to be damaged; nothing must be written behind the damage. */
  readonly damaged: (segment: Segment) => void;
}

/** A byte of a segment before which every record has a cursor of at most `cursor`. */
interface Place {
  readonly segment: Segment;
  readonly at: number;
  readonly cursor: number;
}

/** The reading end of a spool. One call at a time. */
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
        const gap = this.#gap(index, at, after);
        if (gap !== null) found.push(gap);
        after = gap?.cursor ?? after;
        at = segment.bytes;
      }
      this.#place = { segment, at, cursor: after };
    }
    return found;
  }

  /** Where to begin: where the last call stopped, or the start of the segment that `cursor` is in. */
  #find(cursor: number): { index: number; at: number } {
    const { segments } = this.#options;
    const next = segments.findIndex(({ first }) => first > cursor + 1);
    const index = Math.max(0, (next === -1 ? segments.length : next) - 1);
    const place = this.#place;
    const remembered = place && place.cursor <= cursor ? segments.indexOf(place.segment) : -1;
    return place && remembered >= index
      ? { index: remembered, at: place.at }
      : { index, at: SEGMENT_HEADER_BYTES };
  }

  async #piece(index: number, at: number, limitBytes: number, after: number): Promise<FrameRun> {
    const { fs, shardId, segments } = this.#options;
    const segment = segments[index]!;
    try {
      return await readPiece(fs, segment, at, limitBytes);
    } catch (thrown) {
      const where = `${segment.path} from byte ${at}`;
      throw diskError(`read events of shard ${shardId} from ${where}`, thrown, {
        shardId,
        path: segment.path,
        at,
        ...missing(segments, index, after),
      });
    }
  }

  /** What stands for the rest of a damaged segment; `null` where no cursor is missing. */
  #gap(index: number, at: number, after: number): EventRecord | null {
    const { shardId, segments, log, damaged } = this.#options;
    const segment = segments[index]!;
    const { from, to } = missing(segments, index, after);
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
    const gap: Gap = { from, to, count: null, reason };
    const body = new TextEncoder().encode(JSON.stringify(gap));
    return { shardId, kind: RECORD.GAP, cursor: to, body };
  }
}

/** The cursors that the rest of a segment may hold, where everything up to `after` is known. */
function missing(segments: readonly Segment[], index: number, after: number) {
  const { first, last } = segments[index]!;
  // Of the newest segment the last cursor is known: it was read through, or written by us.
  return { from: Math.max(after + 1, first), to: last ?? segments[index + 1]!.first - 1 };
}
