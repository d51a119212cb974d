/**
 * {@linkcode Spool} in files: a folder per shard, in it segments of about 8 MiB that are written at
 * their end only and deleted whole. `segment.ts` is the format.
 *
 * Calls that come while the disk is busy share the next write and one `syncData`: under load the
 * cost of making it last is spread over many events, and an event alone does not wait for others.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import { type EventRecord, RECORD_HEADER_BYTES } from "../protocol/event_frame.ts";
import { type Log, silentLog } from "../ports/log.ts";
import { closedSpool, type OpenSpool, requireGrowing, type Spool } from "../ports/spool.ts";
import { diskError } from "./disk_error.ts";
import { SegmentWriter } from "./segment_writer.ts";
import { diskFs, type SpoolFs } from "./spool_fs.ts";
import { SpoolReader } from "./spool_reader.ts";
import { findSegments, type Segment } from "./spool_segments.ts";

/** A segment that has so many bytes is full. */
const SEGMENT_BYTES = 8 * 1024 * 1024;
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
 * Spools in a folder `dir`, each shard in a folder of its number. A spool that holds nothing has no
 * files.
 */
export function openSpoolDir(
  dir: string,
  { fs = diskFs, log = silentLog, segmentBytes = SEGMENT_BYTES }: SpoolDirOptions = {},
): OpenSpool {
  return async (shardId) => {
    const own = `${dir}/${shardId}`;
    const segments = await findSegments(fs, own, log).catch((thrown: unknown) => {
      if (thrown instanceof GatehouseError) throw thrown;
      throw diskError(`open the events of shard ${shardId} on disk`, thrown, { shardId });
    });
    const shared = { fs, log, segments, shardId };
    const writer = new SegmentWriter({ ...shared, dir: own, segmentBytes });
    const reader = new SpoolReader({ ...shared, damaged: (segment) => writer.leave(segment) });
    return new FileSpool({ ...shared, writer, reader });
  };
}

interface Parts {
  readonly fs: SpoolFs;
  readonly shardId: number;
  readonly segments: Segment[];
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
