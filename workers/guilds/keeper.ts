/**
 * Keeps the guilds of one shard on disk, so that the next worker has them: all of them as of a cursor
 * now and then, a few at a time, and in between what has changed (`spool.ts`). What is on disk is
 * the truth up to some cursor or of no use; what has come after it Discord replays.
 *
 * @module
 */

import { sleep } from "../../ports/clock.ts";
import type { GuildDisk, GuildsHead, OpenGuildDisk } from "../../ports/guild_files.ts";
import type {
  GuildLog,
  GuildPart,
  GuildRecord,
  KeptGuilds,
  LastingGuilds,
} from "../../ports/guild_log.ts";
import { endInTurn } from "../../ports/lives/ending.ts";
import type { Spool } from "../../ports/spool.ts";
import type { World } from "../../ports/world.ts";
import { messageOf } from "../../protocol/errors.ts";
import type { Estate } from "../../protocol/estate.ts";
import { extentOf, type GuildSession, GuildSpool, sessionIn } from "./spool.ts";

/** Discord is asked for so many events again, at most, so that guilds that are a little old can be used. */
export const MOST_REPLAYED = 1_000;
/** When so many events have come since it was last written down how far they came, it is written anew… */
const MANY_EVENTS = 250;
/** …else with every fourth look. */
const LOOKS_PER_MARK = 4;
/** With less of changes than this on disk the guilds are not written anew. */
const LEAST_CHANGED_BYTES = 4 * 1024 * 1024;
/** About so much of guilds is written at once… */
const PIECE_BYTES = 256 * 1024;
/** …and so long after it the next. */
const PIECE_PAUSE_MS = 20;
/**
 * Guilds are not believed before the cursor that they are of has been acknowledged for so long: then the
 * shard's estate is on disk with it, and nobody has to ask for guilds of an earlier one.
 */
const SETTLED_MS = 2_000;
/** So long after guilds could not be written it is tried again. */
const AGAIN_MS = 60_000;
/** So long after they were too old to be written. */
const SOON_MS = 5_000;

/** What keeping guilds takes. */
export interface GuildKeeperOptions extends Pick<World, "clock" | "log"> {
  readonly shardId: number;
  readonly totalShards: number;
  /** Name of the numbering that cursors belong to. */
  readonly stream: string;
  readonly open: OpenGuildDisk;
  /** Whether the disk may take more. */
  readonly mayWrite: () => boolean;
  /** Has one after another of a worker's shards write its guilds down. */
  readonly inTurn: (task: () => Promise<void>) => Promise<void>;
  /** With less of changes than this on disk the guilds are not written anew. Default: 4 MiB. */
  readonly leastChangedBytes?: number;
}

/** The keeper of one shard's guilds, and the log that they write to. */
export class GuildKeeper implements GuildLog {
  readonly #options: GuildKeeperOptions;
  readonly #stopping = new AbortController();
  #disk: GuildDisk | null = null;
  #spool: GuildSpool | null = null;
  #guilds: LastingGuilds | null = null;
  /** The session of the guilds on disk, and those that have begun since. */
  #sessions: GuildSession[] = [];
  /** The guilds on disk are of this cursor; below 0 there are none. */
  #writtenAt = -1;
  /** The log lacks changes up to here: only guilds of a later cursor go with it. */
  #holeAt: number | null = null;
  #writing: Promise<void> | null = null;
  #notBeforeMs = 0;
  #looks = 0;
  /** What has failed, and was told. */
  readonly #told = new Set<"changes" | "guilds">();

  constructor(options: GuildKeeperOptions) {
    this.#options = options;
  }

  /** Bytes on disk. */
  get bytes(): number {
    return (this.#disk?.files.bytes ?? 0) + (this.#disk?.log.bytes ?? 0);
  }

  /**
   * Gives `guilds` what an earlier life has left, where it is of use; before the shard's first event.
   *
   * @param safe Everything up to this cursor is dealt with: without the guilds the session would be
   * resumed after it.
   * @returns The cursor after which Discord has to go on at the latest, so that the guilds miss nothing;
   * `null`: they are not known, and it may go on where it likes.
   */
  async load(guilds: LastingGuilds, estate: Estate, safe: number): Promise<number | null> {
    const { log, open, shardId } = this.#options;
    this.#guilds = guilds;
    try {
      this.#disk = await open(shardId);
      const kept = await this.#kept(estate, safe);
      if (typeof kept !== "string") {
        const { log } = this.#disk;
        guilds.load(kept);
        this.#begin(kept.newest, () => Promise.resolve(log));
        return kept.newest;
      }
      if (this.bytes > 0) log.warn("guilds on disk are of no use", { shardId, reason: kept });
    } catch (error) {
      log.error("guilds on disk cannot be used", { shardId, error: messageOf(error) });
    }
    this.#beginAnew(safe);
    return null;
  }

  /** Takes a change; it is on disk soon. */
  append(record: GuildRecord): void {
    this.#spool?.append(record);
    const session = sessionIn(record);
    if (!session) return;
    this.#sessions.push(session);
    // With it all guilds begin anew. Like the session it is written down at once.
    this.#holeAt = null;
    void this.#spool?.mark(record.cursor);
  }

  /** Reads changes, from memory what is not on disk yet. Rejects as {@linkcode GuildLog.read} says. */
  read(cursor: number, limitBytes: number): Promise<GuildRecord[]> {
    if (this.#spool) return this.#spool.read(cursor, limitBytes);
    const { shardId } = this.#options;
    return Promise.reject(new Error(`there is no disk with the guilds of shard ${shardId}`));
  }

  forget(): void {
    if (!this.#stopping.signal.aborted) this.#beginAnew(this.#guilds!.newest);
  }

  /** To be called twice a second: says on disk how far there was nothing, and writes what has grown. */
  look(): void {
    const { clock, leastChangedBytes = LEAST_CHANGED_BYTES, inTurn } = this.#options;
    const spool = this.#spool;
    if (!spool || this.#stopping.signal.aborted) return;
    const { newest } = this.#guilds!;
    const isDue = ++this.#looks % LOOKS_PER_MARK === 0;
    if (isDue || newest - spool.covered >= MANY_EVENTS) void spool.mark(newest);
    if (this.#writing || clock.now() < this.#notBeforeMs) return;
    const enough = Math.max(leastChangedBytes, this.#disk!.files.bytes);
    if (this.#holeAt === null && spool.bytes <= enough) return;
    this.#writing = inTurn(() => this.#write()).finally(() => this.#writing = null);
  }

  /** Writes down what has changed, and closes the files. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#writing;
    if (this.#guilds) await this.#spool?.mark(this.#guilds.newest);
    await this.#spool?.close();
  }

  /** The shard is gone: closes the files and deletes them. Rejects where one cannot be deleted. */
  async discard(): Promise<void> {
    await this.close();
    const { shardId, open } = this.#options;
    const { files, log } = await open(shardId);
    await endInTurn(
      () => files.clear(),
      () => log.last === null ? undefined : log.trim(log.last),
      () => log.close(),
    );
  }

  /** What is on disk, where it is of this session, whole, and not too old; else why it is of no use. */
  async #kept({ session, acknowledged }: Estate, safe: number): Promise<KeptGuilds | string> {
    if (!session) return "the shard has no session";
    const { log } = this.#disk!;
    const base = await this.#base(acknowledged);
    const { reached, isWhole, sessions } = await extentOf(log, base?.cursor ?? null);
    // A log that was given up may have written something on, of before the guilds that are known.
    const known = base && isWhole
      ? [
        { cursor: 0, sessionId: base.sessionId },
        ...sessions.filter((it) => it.cursor > base.cursor),
      ]
      : sessions;
    if (known.length === 0 || reached === null) return "something is missing in them";
    if (known.at(-1)!.sessionId !== session.sessionId) return "they are of another session";
    const behind = safe - reached;
    if (behind > MOST_REPLAYED) {
      return `they are ${behind} events behind, at most ${MOST_REPLAYED} are asked for again`;
    }
    this.#sessions = [...known];
    if (base && isWhole) {
      this.#writtenAt = base.cursor;
      return { ...base, newest: reached };
    }
    // A session begins with no guild: all have come since.
    const cursor = known[0]!.cursor - 1;
    return { cursor, form: this.#guilds!.form, botId: null, parts: [], newest: reached };
  }

  /**
   * The newest guilds that were written down and are not ahead of who is to get them; else those that are
   * least ahead: they are of use once everybody has come so far.
   */
  async #base(
    acknowledged: number,
  ): Promise<GuildsHead & { readonly parts: readonly GuildPart[] } | null> {
    const { totalShards, stream } = this.#options;
    const { files } = this.#disk!;
    const [behind, ahead] = [true, false].map((isBehind) =>
      files.cursors.filter((cursor) => cursor <= acknowledged === isBehind)
    ) as [number[], number[]];
    for (const cursor of [...behind, ...ahead.reverse()]) {
      const parts: GuildPart[] = [];
      const head = await files.read(cursor, (part) => parts.push(part));
      const isOurs = head?.totalShards === totalShards && head.stream === stream &&
        head.form === this.#guilds!.form;
      if (isOurs) return { ...head, parts };
    }
    return null;
  }

  #begin(covered: number, open: () => Promise<Spool>): void {
    const { clock, log, shardId, mayWrite } = this.#options;
    this.#spool = new GuildSpool({
      clock,
      shardId,
      open,
      covered,
      mayWrite,
      failed: (reason) => this.#failed("changes", reason),
      overrun: () => {
        log.info("guilds come faster than the disk takes them, they are written later", {
          shardId,
        });
        this.#beginAnew(this.#guilds!.newest);
      },
      written: () => void this.#told.delete("changes"),
    });
  }

  /** What is on disk is of no use: the log begins anew behind `covered`, with nothing beside it. */
  #beginAnew(covered: number): void {
    this.#spool?.end();
    this.#holeAt = covered;
    this.#writtenAt = -1;
    this.#begin(covered, async () => {
      const { shardId, open } = this.#options;
      const { files, log } = this.#disk ?? await open(shardId);
      await files.clear();
      if (log.last !== null) await log.trim(log.last);
      await log.close();
      // Cursors may begin below those that were there.
      this.#disk = await open(shardId);
      return this.#disk.log;
    });
  }

  async #write(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const { clock, totalShards, stream, mayWrite } = this.#options;
    const { files } = this.#disk!;
    const spool = this.#spool!;
    const base = await this.#guilds!.base();
    const sessionId = base &&
      this.#sessions.findLast(({ cursor }) => cursor <= base.cursor)?.sessionId;
    // Soon everybody is done with what the session began with, and with what the log lacks.
    if (!base || !sessionId || base.cursor < (this.#holeAt ?? 0)) return this.#later(SOON_MS);
    if (base.cursor <= this.#writtenAt || !mayWrite()) return this.#later();
    const { cursor, form, botId } = base;
    const settledMs = clock.now() + SETTLED_MS;
    try {
      const file = await files.begin({ totalShards, stream, sessionId, cursor, form, botId });
      try {
        for (const parts of inPieces(base.parts)) {
          await file.write(parts);
          await this.#pause(PIECE_PAUSE_MS);
        }
        await this.#pause(Math.max(0, settledMs - clock.now()));
        // Meanwhile they are not known any more, or something is missing behind them.
        if (spool.isOver) return await file.drop();
        await file.commit();
      } catch (error) {
        await file.drop();
        throw error;
      }
      if (spool.isOver) return;
      this.#writtenAt = cursor;
      this.#holeAt = null;
      this.#told.delete("guilds");
      this.#sessions = this.#sessions.filter((each, i, { length }) =>
        i === length - 1 || each.cursor > cursor
      );
      await spool.trim(cursor);
    } catch (error) {
      this.#later();
      if (!this.#stopping.signal.aborted) this.#failed("guilds", messageOf(error));
    }
  }

  #later(afterMs = AGAIN_MS): void {
    this.#notBeforeMs = this.#options.clock.now() + afterMs;
  }

  #pause(delayMs: number): Promise<void> {
    return sleep(this.#options.clock, delayMs, this.#stopping.signal);
  }

  /** Once, until it has gone well again: the guilds stay in memory. */
  #failed(what: "changes" | "guilds", reason: string): void {
    const { log, shardId } = this.#options;
    if (!this.#told.has(what)) log.error("guilds could not be kept on disk", { shardId, reason });
    this.#told.add(what);
  }
}

/** Parts in pieces of about {@linkcode PIECE_BYTES}, each made when it is asked for. */
function* inPieces(parts: Iterable<GuildPart>): Iterable<GuildPart[]> {
  let piece: GuildPart[] = [];
  let bytes = 0;
  for (const part of parts) {
    piece.push(part);
    bytes += part.bytes.length;
    if (bytes < PIECE_BYTES) continue;
    yield piece;
    piece = [];
    bytes = 0;
  }
  if (piece.length > 0) yield piece;
}
