/**
 * {@linkcode GuildFiles} in a folder per shard, each file named by its cursor. One begins with a header
 * of 8 bytes; frames of records follow, as in a spool (`segment.ts`):
 *
 * ```
 * 0          7         8
 * │ GHGUILD  │ version │ frame: head │ frame: parts │ … │ frame: end
 * ```
 *
 * A record's cursor is its number within the file; a part is its guild's id, after its length in one
 * byte, and its bytes. A file is whole when all its frames are, its records
 * follow each other without a hole, and the last one is its end: so nothing has to be renamed, and what
 * a crash has left is told from what was finished.
 *
 * @module
 */

import type { GuildFile, GuildFiles, GuildsHead, OpenGuildDisk } from "../ports/guild_files.ts";
import type { GuildPart } from "../ports/guild_log.ts";
import { type Log, silentLog } from "../ports/log.ts";
import { messageOf } from "../protocol/errors.ts";
import { isCursor } from "../protocol/estate.ts";
import type { EventRecord } from "../protocol/event_frame.ts";
import { isCount, parseRecord } from "../protocol/record.ts";
import { diskError, diskFs, type SpoolFile, type SpoolFs } from "./disk.ts";
import { encodeFrames, readFrames } from "./segment.ts";
import { openSpoolDir } from "./spool_files.ts";

/** Version of the format that we write; no other is read. */
const VERSION = 1;
const HEADER = new TextEncoder().encode(`GHGUILD${String.fromCharCode(VERSION)}`);
/** Kinds of record. */
const KIND = { HEAD: 0, PART: 1, END: 2 } as const;
/** About so much is read at once. */
const READ_BYTES = 256 * 1024;
/** What has changed is deleted in files of so many bytes. */
const LOG_SEGMENT_BYTES = 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** How the guilds of shards are kept. */
export interface GuildDirOptions {
  /** Default: this computer's. */
  readonly fs?: SpoolFs;
  /** Hears of damage. Default: nobody. */
  readonly log?: Log;
  /** What has changed is deleted in files of so many bytes. Default: 1 MiB. */
  readonly segmentBytes?: number;
}

/** Guilds in a folder `dir`, those of each shard in a folder of its number. */
export function openGuildDir(
  dir: string,
  { fs = diskFs, log = silentLog, segmentBytes = LOG_SEGMENT_BYTES }: GuildDirOptions = {},
): OpenGuildDisk {
  // What it would tell is of events that a bot misses. Of guilds, who reads them tells what is of no use.
  const openLog = openSpoolDir(dir, { fs, segmentBytes });
  return async (shardId) => {
    const place = { fs, log, shardId, dir: `${dir}/${shardId}` };
    const files = new FolderOfGuilds(place, await sizesIn(place));
    return { files, log: await openLog(shardId) };
  };
}

interface Place {
  readonly fs: SpoolFs;
  readonly log: Log;
  readonly shardId: number;
  readonly dir: string;
}

class FolderOfGuilds implements GuildFiles {
  readonly #place: Place;
  /** Cursor of each file → its bytes. */
  readonly #sizes: Map<number, number>;

  constructor(place: Place, sizes: Map<number, number>) {
    this.#place = place;
    this.#sizes = sizes;
  }

  get cursors(): number[] {
    return [...this.#sizes.keys()].sort((a, b) => b - a);
  }

  get bytes(): number {
    return this.#sizes.values().reduce((sum, bytes) => sum + bytes, 0);
  }

  async read(cursor: number, take: (part: GuildPart) => void): Promise<GuildsHead | null> {
    const { log } = this.#place;
    const path = pathOf(this.#place, cursor);
    const bytes = this.#sizes.get(cursor) ?? 0;
    const head = await readWhole(this.#place, path, bytes, take).catch((thrown: unknown) => {
      throw diskError(`read guilds from ${path}`, thrown, { path });
    });
    if (head?.cursor === cursor) return head;
    log.warn("a file of guilds is not whole, it is of no use", { path, bytes });
    return null;
  }

  async begin(head: GuildsHead): Promise<GuildFile> {
    const { fs, dir } = this.#place;
    const path = pathOf(this.#place, head.cursor);
    try {
      await fs.makeDir(dir);
      const file = await fs.open(path, 0);
      this.#sizes.set(head.cursor, 0);
      const begun = new BegunFile(file, {
        ...this.#place,
        path,
        grown: (bytes) => this.#sizes.set(head.cursor, bytes),
        whole: () => this.#keepOnly(head.cursor),
        gone: () => void this.#sizes.delete(head.cursor),
      });
      await begun.begin(head);
      return begun;
    } catch (thrown) {
      throw diskError(`write guilds to ${path}`, thrown, { path });
    }
  }

  async clear(): Promise<void> {
    const failures = await this.#removeAll(this.cursors);
    if (failures.length > 0) throw diskError("delete guilds", failures[0]);
  }

  /** What cannot be deleted now is when the next file is whole. */
  async #keepOnly(cursor: number): Promise<void> {
    const { log, dir } = this.#place;
    const [failure] = await this.#removeAll(this.cursors.filter((each) => each !== cursor));
    if (failure) log.warn("old guilds were not deleted", { dir, error: messageOf(failure) });
  }

  async #removeAll(cursors: readonly number[]): Promise<unknown[]> {
    const failures: unknown[] = [];
    for (const cursor of cursors) {
      await this.#place.fs.remove(pathOf(this.#place, cursor)).then(
        () => this.#sizes.delete(cursor),
        (error) => failures.push(error),
      );
    }
    return failures;
  }
}

interface BegunOptions extends Place {
  readonly path: string;
  readonly grown: (bytes: number) => void;
  readonly whole: () => Promise<void>;
  readonly gone: () => void;
}

class BegunFile implements GuildFile {
  readonly #file: SpoolFile;
  readonly #options: BegunOptions;
  #records = 0;
  #bytes = 0;

  constructor(file: SpoolFile, options: BegunOptions) {
    this.#file = file;
    this.#options = options;
  }

  async begin(head: GuildsHead): Promise<void> {
    try {
      await this.#put(HEADER);
      await this.#append(KIND.HEAD, [encoder.encode(JSON.stringify(head))]);
    } catch (error) {
      await this.drop();
      throw error;
    }
  }

  write(parts: readonly GuildPart[]): Promise<void> {
    return this.#naming(() => this.#append(KIND.PART, parts.map(bodyOf)));
  }

  async commit(): Promise<void> {
    const { fs, dir, whole } = this.#options;
    await this.#naming(async () => {
      await this.#append(KIND.END, [new Uint8Array(0)]);
      await this.#file.sync();
      await fs.syncDir(dir);
    });
    this.#file.close();
    await whole();
  }

  async drop(): Promise<void> {
    const { fs, path, log, gone } = this.#options;
    this.#file.close();
    await fs.remove(path).then(
      gone,
      (error) => log.warn("unfinished guilds were not deleted", { path, error: messageOf(error) }),
    );
  }

  async #append(kind: number, bodies: readonly Uint8Array[]): Promise<void> {
    const { shardId } = this.#options;
    const records = bodies.map((body) => ({ shardId, kind, cursor: this.#records++, body }));
    if (records.length > 0) await this.#put(encodeFrames(records));
  }

  async #put(bytes: Uint8Array): Promise<void> {
    await this.#file.write(bytes);
    this.#bytes += bytes.length;
    this.#options.grown(this.#bytes);
  }

  async #naming(task: () => Promise<void>): Promise<void> {
    const { path } = this.#options;
    await task().catch((thrown: unknown) => {
      throw diskError(`write guilds to ${path}`, thrown, { path });
    });
  }
}

/** Reads a file from its first byte to its last; `null` where it is not one that was finished. */
async function readWhole(
  { fs, shardId }: Place,
  path: string,
  bytes: number,
  take: (part: GuildPart) => void,
): Promise<GuildsHead | null> {
  const header = await fs.read(path, 0, HEADER.length);
  if (header.length < HEADER.length || HEADER.some((byte, at) => header[at] !== byte)) return null;
  const file = { head: null as GuildsHead | null, records: 0, isEnded: false };
  for (let at = HEADER.length, wanted = READ_BYTES; at < bytes;) {
    const run = readFrames(await fs.read(path, at, Math.min(wanted, bytes - at)));
    for (const record of run.records) {
      if (record.shardId !== shardId || !follows(file, record, take)) return null;
    }
    at += run.usedBytes;
    const isTorn = run.usedBytes === 0 &&
      (run.rest !== "cut" || run.neededBytes <= wanted || run.neededBytes > bytes - at);
    if (isTorn || run.rest === "damaged") return null;
    wanted = run.usedBytes > 0 ? READ_BYTES : run.neededBytes;
  }
  return file.isEnded ? file.head : null;
}

/** Takes the next record of a file; gives whether it is one that can be there. */
function follows(
  file: { head: GuildsHead | null; records: number; isEnded: boolean },
  { kind, cursor, body }: EventRecord,
  take: (part: GuildPart) => void,
): boolean {
  if (cursor !== file.records++ || file.isEnded) return false;
  if (cursor === 0) return kind === KIND.HEAD && (file.head = headOf(body)) !== null;
  file.isEnded = kind === KIND.END;
  if (file.isEnded) return true;
  const part = kind === KIND.PART ? partOf(body) : null;
  if (part) take(part);
  return part !== null;
}

function bodyOf({ guildId, bytes }: GuildPart): Uint8Array {
  const body = new Uint8Array(1 + guildId.length + bytes.length);
  body[0] = guildId.length;
  encoder.encodeInto(guildId, body.subarray(1));
  body.set(bytes, 1 + guildId.length);
  return body;
}

/** The part in the body of a record; `null` where it is none. */
function partOf(body: Uint8Array): GuildPart | null {
  const at = 1 + (body[0] ?? Infinity);
  if (at > body.length) return null;
  return {
    guildId: decoder.decode(body.subarray(1, at)),
    bytes: new Uint8Array(body.subarray(at)),
  };
}

function headOf(body: Uint8Array): GuildsHead | null {
  const { totalShards, stream, sessionId, cursor, form, botId } = parseRecord(decoder.decode(body));
  const isHead = isCount(totalShards) && isCursor(cursor) &&
    [stream, sessionId, form, botId ?? ""].every((text) => typeof text === "string");
  return isHead ? { totalShards, stream, sessionId, cursor, form, botId } as GuildsHead : null;
}

/** Names sort as cursors do. */
function pathOf({ dir }: Place, cursor: number): string {
  return `${dir}/${String(cursor).padStart(15, "0")}.guilds`;
}

async function sizesIn({ fs, dir, shardId }: Place): Promise<Map<number, number>> {
  const sizes = new Map<number, number>();
  const files = await fs.list(dir).catch((thrown: unknown) => {
    throw diskError(`open the guilds of shard ${shardId} on disk`, thrown, { shardId });
  });
  for (const { name, bytes } of files) {
    const [, digits] = /^(\d{15})\.guilds$/.exec(name) ?? [];
    if (digits !== undefined) sizes.set(Number(digits), bytes);
  }
  return sizes;
}
