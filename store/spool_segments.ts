/**
 * The segments of a spool as they lie in a folder: finding them after a crash, and reading one piece
 * by piece.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { Log } from "../ports/log.ts";
import {
  firstCursorOf,
  type FrameRun,
  readFrames,
  SEGMENT_HEADER_BYTES,
  SEGMENT_VERSION,
  segmentVersion,
} from "./segment.ts";
import type { SpoolFs } from "./spool_fs.ts";

/** At least so much is read at once. */
const PIECE_BYTES = 64 * 1024;
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
}

/**
 * Finds the segments in `dir`, oldest first, after whatever ended the last life. The newest one is
 * read through and its torn end cut off; the others were complete when it was begun, so that only
 * their headers are looked at.
 *
 * @throws {GatehouseError} `bad_config` when a newer version wrote one.
 */
export async function findSegments(fs: SpoolFs, dir: string, log: Log): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const { name, bytes } of await fs.list(dir)) {
    const first = firstCursorOf(name);
    if (first === null) continue;
    const path = `${dir}/${name}`;
    refuseNewer(path, await fs.read(path, 0, SEGMENT_HEADER_BYTES));
    segments.push({ path, first, last: null, bytes });
  }
  segments.sort((a, b) => a.first - b.first);
  while (segments.length > 0 && !await recover(fs, segments.at(-1)!, log)) segments.pop();
  return segments;
}

/** Cuts the torn end off a segment. Gives whether there is a record left; if not, it is removed. */
async function recover(fs: SpoolFs, segment: Segment, log: Log): Promise<boolean> {
  let at = SEGMENT_HEADER_BYTES;
  while (at < segment.bytes) {
    const run = await readPiece(fs, segment, at, SCAN_BYTES);
    at += run.usedBytes;
    segment.last = run.records.at(-1)?.cursor ?? segment.last;
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

function refuseNewer(path: string, header: Uint8Array): void {
  const version = segmentVersion(header);
  if (version === null || version <= SEGMENT_VERSION) return;
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
export async function readPiece(
  fs: SpoolFs,
  segment: Segment,
  at: number,
  limitBytes: number,
): Promise<FrameRun> {
  const left = segment.bytes - at;
  for (let wanted = Math.max(limitBytes, PIECE_BYTES);;) {
    const length = Math.min(wanted, left);
    const run = readFrames(await fs.read(segment.path, at, length));
    if (run.rest !== "cut" || run.usedBytes > 0) return run;
    // A frame that goes on beyond the end, or into bytes that are not there any more.
    if (run.neededBytes > left || run.neededBytes <= length) return DAMAGED;
    wanted = run.neededBytes;
  }
}

const DAMAGED: FrameRun = { records: [], usedBytes: 0, rest: "damaged", neededBytes: 0 };
