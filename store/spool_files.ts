/**
 * {@linkcode Spool} in files: a folder per shard, in it segments of about 8 MiB that are written at
 * their end only and deleted whole. `segment.ts` is the format.
 *
 * Calls that come while the disk is busy share the next write and one `syncData`: under load the
 * cost of making it last is spread over many events, and an event alone does not wait for others.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";
import { type EventRecord, RECORD_HEADER_BYTES } from "../protocol/event_frame.ts";
import { type Log, silentLog } from "../ports/log.ts";
import { closedSpool, type OpenSpool, requireGrowing, type Spool } from "../ports/spool.ts";
import { diskError, diskFs, type SpoolFile, type SpoolFs } from "./disk.ts";
import { findSegments, type Segment, type SpoolParts, SpoolReader } from "./spool_reader.ts";
import { encodeFrames, SEGMENT_HEADER_BYTES, segmentHeader, segmentName } from "./segment.ts";

/** A segment that has so many bytes is full. */
const SEGMENT_BYTES = 8 * 1024 * 1024;
/** Reading can begin about every so many bytes. */
const MARK_BYTES = 256 * 1024;
/** About so much is written at once. */
const GROUP_BYTES = 1024 * 1024;

/** How spools are kept. */
export interface SpoolDirOptions {
  /** Default: this computer's. */
  readonly fs?: SpoolFs;
  /** Hears of torn ends and of damage. Default: nobody. */
  readonly log?: Log;
  /** A segment that has so many bytes is full. Default: 8 MiB. */
  readonly segmentBytes?: number;
}

/**
 * Spools in a folder `dir`, each shard in a folder of its number, `3`, and its readers beside it, `3@logger`.
 * A spool that holds nothing has no files.
 */
export function openSpoolDir(
  dir: string,
  { fs = diskFs, log = silentLog, segmentBytes = SEGMENT_BYTES }: SpoolDirOptions = {},
): OpenSpool {
  return async (shardId, name) => {
    const own = `${dir}/${shardId}${name === undefined ? "" : `@${name}`}`;
    const place = { fs, log, shardId, tally: { damaged: 0 } };
    const segments = await findSegments(own, place).catch((thrown: unknown) => {
      if (thrown instanceof GatehouseError) throw thrown;
      throw diskError(`open the events of shard ${shardId} on disk`, thrown, { shardId });
    });
    const shared = { ...place, segments };
    const writer = new SegmentWriter({ ...shared, dir: own, segmentBytes });
    const reader = new SpoolReader({ ...shared, damaged: (segment) => writer.leave(segment) });
    return new FileSpool({ ...shared, writer, reader });
  };
}

interface Parts extends SpoolParts {
  readonly writer: SegmentWriter;
  readonly reader: SpoolReader;
}

/** A call of `append` that is not answered yet. */
interface Call {
  readonly records: readonly EventRecord[];
  resolve(): void;
  reject(error: unknown): void;
}

class FileSpool implements Spool {
  readonly #parts: Parts;
  #waiting: Call[] = [];
  /** Cursor of the last record that was taken, on disk or not. */
  #taken: number;
  /** Whether the next write has its turn already. */
  #writes = false;
  #turn: Promise<unknown> = Promise.resolve();
  #isOpen = true;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#taken = this.last ?? -1;
  }

  get first(): number | null {
    return this.#parts.segments[0]?.first ?? null;
  }

  get last(): number | null {
    return this.#parts.segments.at(-1)?.last ?? null;
  }

  get bytes(): number {
    return this.#parts.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get damaged(): number {
    return this.#parts.tally.damaged;
  }

  async append(records: readonly EventRecord[]): Promise<void> {
    const { shardId } = this.#parts;
    if (!this.#isOpen) throw closedSpool(shardId);
    this.#taken = requireGrowing(shardId, this.#taken, records);
    if (records.length === 0) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject });
      this.#planWrite();
    });
  }

  read(cursor: number, limitBytes: number): Promise<EventRecord[]> {
    return this.#inTurn(() => this.#parts.reader.read(cursor, limitBytes));
  }

  trim(cursor: number): Promise<void> {
    return this.#inTurn(() => this.#trim(cursor));
  }

  close(): Promise<void> {
    this.#isOpen = false;
    return this.#inTurn(async () => {
      while (this.#waiting.length > 0) await this.#writeGroup();
      this.#parts.writer.close();
    });
  }

  /** One thing at a time: no file is cut while it is read, none deleted while it is written. */
  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(task);
    // Whoever made the call hears of its failure; the next one has its turn all the same.
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Each group waits for its turn anew, so that reading goes on while much is written. */
  #planWrite(): void {
    if (this.#writes || this.#waiting.length === 0) return;
    this.#writes = true;
    void this.#inTurn(async () => {
      this.#writes = false;
      await this.#writeGroup();
      this.#planWrite();
    });
  }

  /** Writes what is waiting, up to the size of a group, and answers. Never rejects. */
  async #writeGroup(): Promise<void> {
    const { writer, shardId } = this.#parts;
    const group = this.#waiting.splice(0, groupLength(this.#waiting));
    if (group.length === 0) return;
    try {
      await writer.append(group.flatMap(({ records }) => records));
      for (const call of group) call.resolve();
    } catch (thrown) {
      const error = diskError(`write events of shard ${shardId} to disk`, thrown, { shardId });
      const failed = [...group, ...this.#waiting.splice(0)];
      this.#taken = this.last ?? -1;
      for (const call of failed) call.reject(error);
    }
  }

  async #trim(cursor: number): Promise<void> {
    const { fs, segments, writer, shardId } = this.#parts;
    for (let oldest; (oldest = segments[0]) !== undefined; segments.shift()) {
      if ((oldest.last ?? segments[1]!.first - 1) > cursor) return;
      if (segments.length === 1) writer.close();
      try {
        await fs.remove(oldest.path);
      } catch (thrown) {
        throw diskError(`delete old events of shard ${shardId}`, thrown, { shardId });
      }
    }
  }
}

/** How many of the calls are written together. */
function groupLength(calls: readonly Call[]): number {
  let bytes = 0;
  const over = calls.findIndex(({ records }) => {
    bytes += records.reduce((sum, { body }) => sum + RECORD_HEADER_BYTES + body.length, 0);
    return bytes >= GROUP_BYTES;
  });
  return over === -1 ? calls.length : over + 1;
}

interface SegmentWriterOptions extends SpoolParts {
  readonly dir: string;
  /** A segment that has so many bytes is full. */
  readonly segmentBytes: number;
}

/** The writing end of a spool. One call at a time. */
class SegmentWriter {
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
    else if (segment.bytes - (segment.marks.at(-1)?.at ?? 0) >= MARK_BYTES) {
      segment.marks.push({ at: segment.bytes, cursor: segment.last! });
    }
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
    return { segment: { path, first: firstCursor, last: null, bytes: 0, marks: [] }, file };
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
