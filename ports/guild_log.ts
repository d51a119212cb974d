/**
 * What lets the guilds of a shard outlive their worker: a log of the dispatches that change them, and a
 * base that it goes on from. Guilds are made and read by `guilds/shard_guilds.ts`, kept by whoever has a
 * disk.
 *
 * @module
 */

/** A dispatch that changes guilds, byte for byte as it came. Nobody changes the bytes. */
export interface GuildRecord {
  readonly cursor: number;
  /** The whole payload. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/**
 * Where the dispatches of a shard that change guilds are written down as they come. Memory keeps the
 * oldest of those that not every consumer is done with, as far as there is room; the others are read
 * again from here.
 */
export interface GuildLog {
  /** Takes a record, newer than all before it. Never waits: what is not on disk yet can be read all the same. */
  append(record: GuildRecord): void;
  /**
   * Records above `cursor`, oldest first: about `limitBytes` of them, at least one where there is one.
   *
   * @throws When they cannot be read, or one is missing: then the guilds are not known any more.
   */
  read(cursor: number, limitBytes: number): Promise<readonly GuildRecord[]>;
  /**
   * The guilds are not known any more: what was written of them, log and base, is of no use. They are known
   * again from the next READY on, which is then appended: with it there is a new base to be had.
   */
  forget(): void;
}

/** Part of a guild, at most about 256 KB unless a single channel or member is larger. */
export interface GuildPart {
  readonly guildId: string;
  /** In a form of our own, see {@linkcode GuildBase.form}. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The guilds of a shard as of a cursor. It stays as it is, whatever comes meanwhile. */
export interface GuildBase {
  readonly cursor: number;
  /** In which form the parts are, and what is kept: parts of another form must not be loaded. */
  readonly form: string;
  /** The bot's id; `null` where no READY has told it. */
  readonly botId: string | null;
  /** All parts, those of a guild one after another. Each is made when it is asked for, in well below 5 ms. */
  readonly parts: Iterable<GuildPart>;
}

/** What was kept of a shard in an earlier life. */
export interface KeptGuilds extends GuildBase {
  /**
   * The log has every record above the base up to this cursor. At least `cursor`: where Discord was heard
   * further without a change, further.
   */
  readonly newest: number;
}

/** The guilds of a shard, for whoever keeps them: `ShardGuilds` is it. */
export interface LastingGuilds {
  /** The form that this version, with these settings, reads and writes. */
  readonly form: string;
  /** Cursor of the newest dispatch seen, whether it changes guilds or not; 0 before the first. */
  readonly newest: number;
  /**
   * The guilds as of the cursor up to which everybody is done; `null` where they are not known. Once all
   * parts are on disk, records of the log up to `cursor` are of no use any more.
   */
  base(): Promise<GuildBase | null>;
  /**
   * Before the shard is brought up: what an earlier life kept. From then on the guilds are known as of its
   * cursor, and go on with the log up to what has been acknowledged.
   *
   * @throws {GatehouseError} `bad_state` where the form is another, or a part cannot be read: they are
   * unknown then.
   */
  load(kept: KeptGuilds): void;
  /**
   * Discord will go on after this cursor. Where the guilds are known of less, something is missing, and they
   * are not known any more.
   */
  goesOnAfter(cursor: number): void;
}
