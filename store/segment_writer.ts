/**
 * Writes at the end of the newest segment of a spool and begins the next one when it is full. What
 * could not be written whole is cut off again.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import type { EventRecord } from "../protocol/event_frame.ts";
import type { Log } from "../ports/log.ts";
import { encodeFrames, SEGMENT_HEADER_BYTES, segmentHeader, segmentName } from "./segment.ts";
import type { SpoolFile, SpoolFs } from "./spool_fs.ts";
import type { Segment } from "./spool_segments.ts";

/** What a writer works on. */
export interface SegmentWriterOptions {
  readonly fs: SpoolFs;
  readonly dir: string;
  /** Oldest first; a segment is added with its first records. */
  readonly segments: Segment[];
  /** A segment that has so many bytes is full. */
  readonly segmentBytes: number;
  readonly log: Log;
}

/** The writing end of a spool. One call at a time. */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  #open: { readonly segment: Segment; readonly file: SpoolFile } | null = null;
  /** Nothing is written behind it any more. */
  #left: Segment | null = null;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
    // A worker that was killed may have a write under way still: it must not strike what we write.
    this.#left = options.segments.at(-1) ?? null;
  }

  /**
   * Writes records down; when it resolves they survive a power cut.
   *
   * @throws What the disk says; then none of them is there.
   */
  async append(records: readonly EventRecord[]): Promise<void> {
    const { segment, file } = this.#open ??= await this.#openSegment(records[0]!.cursor);
    const isNew = segment.bytes === 0;
    const frames = encodeFrames(records);
    try {
      if (isNew) await file.write(segmentHeader());
      await file.write(frames);
      await file.sync();
      // A file that is new is lost with its folder's entry.
      if (isNew) await this.#options.fs.syncDir(this.#options.dir);
    } catch (error) {
      await this.#cutBack();
      throw error;
    }
    if (isNew) this.#options.segments.push(segment);
    segment.bytes += frames.length + (isNew ? SEGMENT_HEADER_BYTES : 0);
    segment.last = records.at(-1)!.cursor;
    if (segment.bytes >= this.#options.segmentBytes) this.close();
  }

  /** Writes nothing behind what `segment` holds: the next records go to another one. */
  leave(segment: Segment): void {
    if (segment === this.#open?.segment) this.close();
    this.#left = segment;
  }

  /** Closes the file; writing again opens it. */
  close(): void {
    this.#open?.file.close();
    this.#open = null;
  }

  async #openSegment(firstCursor: number) {
    const { fs, dir, segments, segmentBytes } = this.#options;
    const newest = segments.at(-1);
    if (newest && newest !== this.#left && newest.bytes < segmentBytes) {
      return { segment: newest, file: await fs.open(newest.path, newest.bytes) };
    }
    if (!newest) await fs.makeDir(dir);
    const path = `${dir}/${segmentName(firstCursor)}`;
    const file = await fs.open(path, 0);
    return { segment: { path, first: firstCursor, last: null, bytes: 0 }, file };
  }

  /** Takes away what a write that failed has left. Opening the file again would do so too. */
  async #cutBack(): Promise<void> {
    const { fs, log } = this.#options;
    const { segment, file } = this.#open!;
    this.#open = null;
    try {
      await file.truncate(segment.bytes);
      await file.sync();
    } catch (error) {
      log.warn("could not cut off a failed write", { path: segment.path, error: messageOf(error) });
    } finally {
      file.close();
    }
    if (segment.bytes > 0) return;
    await fs.remove(segment.path).catch((error: unknown) =>
      log.warn("could not remove a failed file", { path: segment.path, error: messageOf(error) })
    );
  }
}
