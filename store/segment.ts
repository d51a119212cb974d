/**
 * One file of a spool, as bytes. It is named by the first cursor in it and begins with a header of 8
 * bytes; frames follow, each a batch of the event link (`protocol/event_frame.ts`):
 *
 * ```
 * 0          7         8               8+4       8+8
 * │ GHSPOOL  │ version │ length of batch │ crc32 │ batch │ length │ crc32 │ batch …
 * ```
 *
 * Numbers are big-endian. A frame is whole or it is nothing: that is how the end that a crash has
 * torn is told from what was written before it. Nothing here reads or writes a file.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { GatehouseError } from "../protocol/errors.ts";
import {
  encodeRecords,
  type EventRecord,
  readRecords,
  RECORD_HEADER_BYTES,
} from "../protocol/event_frame.ts";

/** Version of the format that we write; a newer one is not read. */
export const SEGMENT_VERSION = 1;
/** Bytes before the first frame. */
export const SEGMENT_HEADER_BYTES = 8;

const MAGIC = new TextEncoder().encode("GHSPOOL");
/** Bytes before the batch of a frame. */
export const FRAME_HEADER_BYTES = 8;
/** A frame is closed once it has so many bytes: it is the least that is read, or lost, at once. */
const FRAME_BYTES = 64 * 1024;
/** Digits of the largest cursor, which has 48 bits. */
const CURSOR_DIGITS = 15;

/** Name of the file whose first record has this cursor; names sort as cursors do. */
export function segmentName(firstCursor: number): string {
  return `${String(firstCursor).padStart(CURSOR_DIGITS, "0")}.spool`;
}

/** First cursor of the file of this name; `null` where it is no segment. */
export function firstCursorOf(name: string): number | null {
  const [, digits] = /^(\d{15})\.spool$/.exec(name) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** What a segment begins with. */
export function segmentHeader(): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(...MAGIC, SEGMENT_VERSION);
}

/** Version of the segment that begins with `bytes`; `null` where it does not begin as one does. */
export function segmentVersion(bytes: Uint8Array): number | null {
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) return null;
  return bytes[MAGIC.length] ?? null;
}

/** Records as frames, ready to be written behind others. */
export function encodeFrames(records: readonly EventRecord[]): Uint8Array<ArrayBuffer> {
  const batches = batchesOf(records).map((batch) => encodeRecords(batch));
  const size = batches.reduce((sum, { length }) => sum + FRAME_HEADER_BYTES + length, 0);
  const frames = new Uint8Array(size);
  const view = new DataView(frames.buffer);
  let at = 0;
  for (const batch of batches) {
    view.setUint32(at, batch.length);
    view.setUint32(at + 4, crc32(batch));
    frames.set(batch, at + FRAME_HEADER_BYTES);
    at += FRAME_HEADER_BYTES + batch.length;
  }
  return frames;
}

function batchesOf(records: readonly EventRecord[]): EventRecord[][] {
  const batches: EventRecord[][] = [];
  let bytes = Infinity;
  for (const record of records) {
    if (bytes >= FRAME_BYTES) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)!.push(record);
    bytes += RECORD_HEADER_BYTES + record.body.length;
  }
  return batches;
}

/** What a piece of a segment holds. */
export interface FrameRun {
  /** Records of the whole frames, in order. Bodies are views. */
  readonly records: EventRecord[];
  /** Bytes of the whole frames. */
  readonly usedBytes: number;
  /** What follows them: nothing, a frame that goes on beyond the piece, or none that was written. */
  readonly rest: "nothing" | "cut" | "damaged";
  /** How many bytes of the frame that goes on are needed to learn more. */
  readonly neededBytes: number;
}

/** Reads the frames of a piece that begins where a frame does. */
export function readFrames(bytes: Uint8Array): FrameRun {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: EventRecord[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + FRAME_HEADER_BYTES;
    if (start > bytes.length) return run("cut", FRAME_HEADER_BYTES);
    const length = view.getUint32(at);
    // Zeros, which a crash leaves where bytes were to be written, are no frame, though the checksum
    // of nothing is zero.
    if (length < RECORD_HEADER_BYTES) return run("damaged");
    if (start + length > bytes.length) return run("cut", FRAME_HEADER_BYTES + length);
    const batch = batchOf(bytes.subarray(start, start + length), view.getUint32(at + 4));
    if (batch === null) return run("damaged");
    for (const record of batch) records.push(record);
    at = start + length;
  }
  return run("nothing");

  function run(rest: FrameRun["rest"], neededBytes = 0): FrameRun {
    return { records, usedBytes: at, rest, neededBytes };
  }
}

/** Byte of a segment behind the frame at `at` that begins with `head`, where there is enough of it. */
export function frameEnd(head: Uint8Array, at: number): number | null {
  if (head.length < FRAME_HEADER_BYTES) return null;
  const view = new DataView(head.buffer, head.byteOffset);
  return at + FRAME_HEADER_BYTES + view.getUint32(0);
}

/** The records of a frame; `null` where the bytes are not what was written. */
function batchOf(bytes: Uint8Array, checksum: number): EventRecord[] | null {
  if (crc32(bytes) !== checksum) return null;
  try {
    return readRecords(bytes);
  } catch (error) {
    if (error instanceof GatehouseError && error.code === "bad_frame") return null;
    throw error;
  }
}
