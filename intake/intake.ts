/**
 * What a dispatch goes through before it is queued: a GUILD_CREATE is told apart (load or join), a
 * dispatch may be withheld from the bot, an interaction is watched in case the bot is away.
 *
 * @module
 */

import type { AwayWatch } from "./away_watch.ts";
import { GuildLoads } from "./guild_loads.ts";
import { TypeTally } from "./type_tally.ts";
import { annotate, rename } from "../protocol/discord/body.ts";
import type {
  GuildChange,
  GuildNote,
  SavedGuilds,
  SessionNote,
} from "../protocol/discord/guild_note.ts";

/** Whether the bot is to get a dispatch of a shard. Sees it in order; must not keep the bytes. */
export type EventFilter = (t: string, payload: Uint8Array, shardId: number) => boolean;

/** Who keeps guilds. */
export interface GuildWatch {
  /** A dispatch of a shard came. The bytes are not its own. */
  see(shardId: number, cursor: number, t: string, payload: Uint8Array): void;
}

/** What it is made with. */
export interface IntakeOptions {
  readonly away: AwayWatch;
  /** A guild that loads arrives as `GUILD_LOADED_DD`, Discordeno's name, instead of with a note. */
  readonly guildLoadedDd: boolean;
  /** Whether the bot is to get a dispatch; `null`: it gets all. */
  readonly keep: EventFilter | null;
  /** Keeps guilds; `null`: nobody does. Sees every dispatch first. */
  readonly cache: GuildWatch | null;
  /** Whether a shard rises: what comes on it has come on another, too, and counts there. */
  readonly isRising: (shardId: number) => boolean;
  /**
   * Hears of a dispatch as it came, again or not; the bytes are not its own. One by which a guild of the session
   * loads is told as `GUILD_LOADED_DD`.
   */
  readonly seen: (shardId: number, cursor: number, t: string, payload: Uint8Array) => void;
  /** Queues a dispatch. The bytes are copied. */
  readonly queue: (shardId: number, cursor: number, payload: Uint8Array, t: string) => void;
  /** A guild came, went down or was left, or a session began. */
  readonly guildChanged: (shardId: number, change: GuildChange) => void;
  /** A dispatch that a shard's members hang on, when it has been queued or withheld. */
  readonly members: (shardId: number, t: string, payload: Uint8Array) => void;
}

/** What answers a request for members, or changes whose are to be asked for. */
const ABOUT_MEMBERS: ReadonlySet<string> = new Set([
  "READY",
  "RESUMED",
  "GUILD_CREATE",
  "GUILD_DELETE",
  "GUILD_MEMBERS_CHUNK",
  "RATE_LIMITED",
]);

/** Discordeno's name for a GUILD_CREATE by which a guild of the session loads. */
const GUILD_LOADED = "GUILD_LOADED_DD";

/** The intake of one worker. */
export class Intake {
  /** Dispatches of each type, also of those that the bot was not to get, but not of shards that rise. */
  readonly types: TypeTally = new TypeTally();
  readonly #options: IntakeOptions;
  readonly #guilds = new Map<number, GuildLoads>();
  readonly #withheld = new Map<number, number>();
  /** Shard id → cursor up to which everything came in an earlier life. */
  readonly #known = new Map<number, number>();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** A shard begins, with the guilds that were kept with its session. */
  begin(shardId: number, guilds: SavedGuilds | null): void {
    const { guildChanged } = this.#options;
    this.#guilds.set(shardId, new GuildLoads(guilds, (change) => guildChanged(shardId, change)));
  }

  /** What comes of a shard up to `cursor` came in an earlier life: only who keeps guilds sees it again. */
  skipTo(shardId: number, cursor: number): void {
    this.#known.set(shardId, cursor);
  }

  /** Takes a dispatch. */
  accept(shardId: number, cursor: number, payload: Uint8Array, t: string | null): void {
    const { away, cache, keep, isRising, seen, queue } = this.#options;
    if (t === null) return;
    cache?.see(shardId, cursor, t, payload);
    if (cursor <= (this.#known.get(shardId) ?? -1)) return;
    if (!isRising(shardId)) this.types.count(t);
    const note = this.#guilds.get(shardId)?.see(cursor, t, payload);
    seen(shardId, cursor, isLoad(note) ? GUILD_LOADED : t, payload);
    // Only the bot does without what is withheld: all else goes by it all the same.
    if (keep?.(t, payload, shardId) === false) {
      this.#withheld.set(shardId, this.withheld(shardId) + 1);
    } else {
      // First: where there is no room, the queue drops it at once.
      if (t === "INTERACTION_CREATE") away.took(shardId, cursor, payload);
      queue(shardId, cursor, this.#noted(payload, note), t);
    }
    if (ABOUT_MEMBERS.has(t)) this.#options.members(shardId, t, payload);
  }

  /** A shard is gone. */
  forget(shardId: number): void {
    for (const each of [this.#guilds, this.#withheld, this.#known]) each.delete(shardId);
  }

  /** Dispatches of a shard that the bot was not to get. */
  withheld(shardId: number): number {
    return this.#withheld.get(shardId) ?? 0;
  }

  /** The guilds of a shard that has begun. */
  guilds(shardId: number): GuildLoads | undefined {
    return this.#guilds.get(shardId);
  }

  #noted(payload: Uint8Array, note: GuildNote | SessionNote | undefined): Uint8Array {
    if (!note) return payload;
    const isAsItCame = this.#options.guildLoadedDd && "guild" in note;
    if (!isAsItCame) return annotate(payload, { ...note });
    // Any other GUILD_CREATE as it came, which is what Discordeno's guide does.
    return isLoad(note) ? rename(payload, GUILD_LOADED) : payload;
  }
}

function isLoad(note: GuildNote | SessionNote | undefined): boolean {
  return note !== undefined && "guild" in note && note.guild === "loaded";
}
