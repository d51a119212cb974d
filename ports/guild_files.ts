/**
 * The guilds of one shard on disk, as they were at a cursor. What has changed since is in a
 * {@linkcode Spool} beside them.
 *
 * @module
 */

import type { GuildPart } from "./guild_log.ts";
import type { Spool } from "./spool.ts";

/** What a file says of what is in it. */
export interface GuildsHead {
  /** How many shards there are where it is from. */
  readonly totalShards: number;
  /** Name of the numbering that its cursor belongs to. */
  readonly stream: string;
  /** The session of Discord's that the guilds are of. */
  readonly sessionId: string;
  /** The guilds are as they were when everything up to this cursor had come, and nothing after it. */
  readonly cursor: number;
  /** In which form its parts are. */
  readonly form: string;
  /** The bot's id; `null` where no READY has told it. */
  readonly botId: string | null;
}

/** The files of one shard: one that is whole, and perhaps one that is being written. */
export interface GuildFiles {
  /** Cursors of the files that there are, newest first. Whether one is whole, reading it tells. */
  readonly cursors: readonly number[];
  /** Bytes on disk, of what is being written too. */
  readonly bytes: number;
  /**
   * Reads the file of this cursor, part by part as it was written. Gives its head when all of it was there; `null` when it is torn, damaged, another shard's or
   * another version's: what was given to `take` is then of no use.
   *
   * @throws {GatehouseError} `bad_state` when the disk cannot be read at this moment.
   */
  read(cursor: number, take: (part: GuildPart) => void): Promise<GuildsHead | null>;
  /**
   * Begins a file. Those that are there stay until it is committed. One at a time.
   *
   * @throws {GatehouseError} `disk_full`; `bad_state` when it cannot be written for another reason.
   */
  begin(head: GuildsHead): Promise<GuildFile>;
  /**
   * Deletes all of them.
   *
   * @throws {GatehouseError} `bad_state` when one cannot be deleted.
   */
  clear(): Promise<void>;
}

/** A file that is being written. One call at a time; after one that failed only `drop` is left. */
export interface GuildFile {
  /**
   * Writes parts behind those before them.
   *
   * @throws {GatehouseError} `disk_full`; `bad_state` when it cannot be written for another reason.
   */
  write(parts: readonly GuildPart[]): Promise<void>;
  /**
   * Makes it whole: when this resolves it survives a power cut, and the others are gone, or will be
   * when the next one is committed. Before that it counts for nothing.
   *
   * @throws {GatehouseError} As {@linkcode GuildFile.write}.
   */
  commit(): Promise<void>;
  /** Gives it up and deletes it. What cannot be deleted counts for nothing either. */
  drop(): Promise<void>;
}

/** What a shard's guilds are kept in. */
export interface GuildDisk {
  readonly files: GuildFiles;
  /** What has changed since, in order. */
  readonly log: Spool;
}

/**
 * Opens what an earlier life has left of a shard's guilds. Open it once at a time.
 *
 * @throws {GatehouseError} `bad_config` when a newer version wrote it, `bad_state` when it cannot be
 * read.
 */
export type OpenGuildDisk = (shardId: number) => Promise<GuildDisk>;
