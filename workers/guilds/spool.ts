/**
 * A {@linkcode GuildLog} on disk: the dispatches of one shard that change its guilds. Written in batches,
 * beside the way of the events; what a crash takes is at most what came in the last moment, and Discord
 * replays that.
 *
 * It proves of itself that nothing is missing: each record says which one came before it. Where no guild
 * has changed a mark says how far that is.
 *
 * @module
 */

import type { Cancel, Clock } from "../../ports/clock.ts";
import type { GuildLog, GuildRecord } from "../../ports/guild_log.ts";
import type { Spool } from "../../ports/spool.ts";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import { textField } from "../../protocol/discord/body.ts";
import { readEnvelope } from "../../protocol/discord/envelope.ts";
import { type EventRecord, RECORD } from "../../protocol/event_frame.ts";

/** A change is written so long after it came, with those that came meanwhile. */
export const WRITE_AFTER_MS = 250;
/** A disk that has failed is tried again after so long. */
export const RETRY_MS = 1_000;
/** Changes that wait for the disk; with more the log is given up. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;
/** About so much is written at once: more would hold the thread up. */
const BATCH_BYTES = 512 * 1024;
/** Bytes of the cursor of the record before, ahead of each payload. A mark has no payload. */
const LINK_BYTES = 6;
/** About so much is read at once. */
const READ_BYTES = 512 * 1024;

/** What a log is made with. */
export interface GuildSpoolOptions {
  readonly clock: Clock;
  readonly shardId: number;
  /** Opens it; called when it is needed first, and again after it has failed. */
  readonly open: () => Promise<Spool>;
  /** Everything up to this cursor is on disk, or is not needed. */
  readonly covered: number;
  /** Whether the disk may take more. */
  readonly mayWrite: () => boolean;
  /** The disk failed. What waits is kept, and it is tried again. */
  readonly failed: (reason: string) => void;
  /** More has come than the disk takes: the log is given up. */
  readonly overrun: () => void;
  /** Something was written. */
  readonly written?: () => void;
}

/** The log of one shard. */
export class GuildSpool implements Pick<GuildLog, "append" | "read"> {
  readonly #options: GuildSpoolOptions;
  #spool: Spool | null = null;
  /** What is not on disk yet. */
  #waiting: GuildRecord[] = [];
  #waitingBytes = 0;
  #covered: number;
  #newest: number;
  #writing: Promise<boolean> | null = null;
  #cancelWrite: Cancel = () => {};
  /** How long after it was planned the next write is; `Infinity`: none is planned. */
  #plannedMs = Infinity;
  #hasFailed = false;
  #isOver = false;

  constructor(options: GuildSpoolOptions) {
    this.#options = options;
    this.#covered = this.#newest = options.covered;
  }

  /** Everything up to this cursor is on disk. */
  get covered(): number {
    return this.#covered;
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#spool?.bytes ?? 0;
  }

  /** Whether it was given up: nothing is written any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes a record; one that is there already is not taken again. */
  append(record: GuildRecord): void {
    if (this.#isOver || record.cursor <= this.#newest) return;
    this.#newest = record.cursor;
    this.#waiting.push(record);
    this.#waitingBytes += record.payload.length;
    if (this.#waitingBytes > MOST_WAITING_BYTES) {
      this.end();
      this.#options.overrun();
    } else if (!this.#writing) this.#plan();
  }

  /** Nothing else changes guilds up to this cursor; that is on disk with the next write, which is now. */
  async mark(cursor: number): Promise<void> {
    this.#newest = Math.max(this.#newest, cursor);
    const newest = this.#newest;
    let isWell = true;
    while (isWell && !this.#isOver && this.#covered < newest) {
      isWell = await (this.#writing ?? this.#write());
    }
  }

  async read(cursor: number, limitBytes: number): Promise<GuildRecord[]> {
    let reached = cursor;
    while (reached < this.#covered) {
      const records = await (await this.#opened()).read(reached, limitBytes);
      const read = records.length > 0 ? changesIn(records, reached) : null;
      if (read === null) throw missing(this.#options.shardId, reached);
      if (read.found.length > 0) return read.found;
      reached = read.reached;
    }
    if (this.#isOver) throw missing(this.#options.shardId, reached);
    let bytes = 0;
    const found: GuildRecord[] = [];
    for (const record of this.#waiting) {
      if (record.cursor <= reached) continue;
      if (bytes >= limitBytes && found.length > 0) break;
      bytes += record.payload.length;
      found.push(record);
    }
    return found;
  }

  /** Everything up to `cursor` is elsewhere. Rejects as {@linkcode Spool.trim} does. */
  async trim(cursor: number): Promise<void> {
    await this.#spool?.trim(cursor);
  }

  /** Nothing is written or read any more; what waits is dropped. */
  end(): void {
    this.#isOver = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#cancelWrite();
  }

  /** Writes what is waiting and closes the files. */
  async close(): Promise<void> {
    await this.mark(this.#newest);
    this.end();
    await this.#spool?.close();
  }

  /** When the next write is: soon, at once where there is much, later after a failure. */
  #plan(): void {
    const isMuch = this.#waitingBytes >= BATCH_BYTES;
    const afterMs = this.#hasFailed ? RETRY_MS : isMuch ? 0 : WRITE_AFTER_MS;
    if (this.#plannedMs <= afterMs) return;
    this.#cancelWrite();
    this.#plannedMs = afterMs;
    this.#cancelWrite = this.#options.clock.after(afterMs, () => {
      this.#plannedMs = Infinity;
      if (!this.#writing) void this.#write();
    });
  }

  /** Gives whether it went well. */
  #write(): Promise<boolean> {
    return this.#writing = this.#append().finally(() => this.#writing = null);
  }

  async #append(): Promise<boolean> {
    const { shardId, mayWrite, failed, written } = this.#options;
    const batch = firstOf(this.#waiting);
    const isAll = batch.length === this.#waiting.length;
    const covered = isAll ? this.#newest : batch.at(-1)!.cursor;
    let problem: string | null = null;
    try {
      const records = recordsOf(shardId, batch, this.#covered, covered);
      if (mayWrite()) await (await this.#opened()).append(records);
      else problem = "QUEUE_DISK_BYTES are used up";
    } catch (error) {
      problem = messageOf(error);
    }
    if (this.#isOver) return false;
    this.#hasFailed = problem !== null;
    if (problem === null) {
      written?.();
      this.#covered = covered;
      this.#waiting = this.#waiting.slice(batch.length);
      for (const { payload } of batch) this.#waitingBytes -= payload.length;
    } else failed(problem);
    if (this.#waiting.length > 0) this.#plan();
    return problem === null;
  }

  async #opened(): Promise<Spool> {
    return this.#spool ??= await this.#options.open();
  }
}

/** The first of some changes: about {@linkcode BATCH_BYTES}. */
function firstOf(changes: readonly GuildRecord[]): readonly GuildRecord[] {
  let bytes = 0;
  const over = changes.findIndex(({ payload }) => (bytes += payload.length) >= BATCH_BYTES);
  return over < 0 ? changes.slice() : changes.slice(0, over + 1);
}

/** Changes as they are written behind what goes up to `before`, up to `covered`. */
function recordsOf(
  shardId: number,
  changes: readonly GuildRecord[],
  before: number,
  covered: number,
): EventRecord[] {
  const kind = RECORD.DISPATCH;
  let last = before;
  const records = changes.map(({ cursor, payload }): EventRecord => {
    const body = linked(last, payload);
    last = cursor;
    return { shardId, kind, cursor, body };
  });
  if (last === covered) return records;
  return [...records, { shardId, kind, cursor: covered, body: linked(last, new Uint8Array(0)) }];
}

function linked(before: number, payload: Uint8Array): Uint8Array {
  const body = new Uint8Array(LINK_BYTES + payload.length);
  const view = new DataView(body.buffer);
  view.setUint16(0, Math.floor(before / 0x1_0000_0000));
  view.setUint32(2, before >>> 0);
  body.set(payload, LINK_BYTES);
  return body;
}

/** The changes among records that stand behind `after`; `null` where one is missing. */
function changesIn(
  records: readonly EventRecord[],
  after: number,
): { found: GuildRecord[]; reached: number } | null {
  const found: GuildRecord[] = [];
  let reached = after;
  for (const record of records) {
    const link = linkOf(record);
    if (link === null || link > reached) return null;
    reached = record.cursor;
    const change = changeIn(record);
    if (change) found.push(change);
  }
  return { found, reached };
}

/** What is on disk of a log. */
export interface LogExtent {
  /** Up to here it has every change; `null` where nobody can say. */
  readonly reached: number | null;
  /** Whether it has every change since `after`. */
  readonly isWhole: boolean;
  /** The READYs since which it has every change, oldest first. */
  readonly sessions: readonly GuildSession[];
}

/** A session of Discord's: of all guilds in it something is told after its READY. */
export interface GuildSession {
  /** Of its READY. */
  readonly cursor: number;
  /** `null` where READY did not say it as a text. */
  readonly sessionId: string | null;
}

/** The session that a change begins; `null`: it is no READY. */
export function sessionIn({ cursor, payload }: GuildRecord): GuildSession | null {
  if (readEnvelope(payload).t !== "READY") return null;
  return { cursor, sessionId: textField(payload, "session_id") ?? null };
}

/**
 * Reads a log through.
 *
 * @param after Changes up to here are known otherwise; `null`: none are.
 * @throws {GatehouseError} `bad_state` when the disk cannot be read at this moment.
 */
export async function extentOf(
  spool: Pick<Spool, "read">,
  after: number | null,
): Promise<LogExtent> {
  let reached = after;
  let isWhole = after !== null;
  let sessions: GuildSession[] = [];
  for (let at = -1;;) {
    const records = await spool.read(at, READ_BYTES);
    if (records.length === 0) return { reached, isWhole, sessions };
    for (const record of records) {
      at = record.cursor;
      const link = linkOf(record);
      if (link === null || reached === null || link > reached) {
        isWhole = false;
        sessions = [];
      }
      reached = link === null ? null : Math.max(reached ?? 0, record.cursor);
      const change = link === null ? null : changeIn(record);
      const session = change && sessionIn(change);
      if (session) sessions.push(session);
    }
  }
}

/** The cursor of the record before it; `null` where it is not of a log, and stands for what is lost. */
function linkOf({ kind, body }: EventRecord): number | null {
  if (kind !== RECORD.DISPATCH || body.length < LINK_BYTES) return null;
  const view = new DataView(body.buffer, body.byteOffset);
  return view.getUint16(0) * 0x1_0000_0000 + view.getUint32(2);
}

function changeIn({ cursor, body }: EventRecord): GuildRecord | null {
  if (body.length === LINK_BYTES) return null;
  return { cursor, payload: body.slice(LINK_BYTES) as Uint8Array<ArrayBuffer> };
}

function missing(shardId: number, after: number): GatehouseError {
  const text =
    `Cannot read how guilds of shard ${shardId} have changed: some is missing after ${after}`;
  return new GatehouseError("bad_state", "host", text, { shardId, after });
}
