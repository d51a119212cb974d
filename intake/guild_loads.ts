/**
 * The guilds of one shard, so that one that loads is told from one that the bot joins: the guide's
 * `guildIds` and `loadingGuildIds`.
 * See [Discord Docs/Guild Availability](https://discord.com/developers/docs/events/gateway#guild-availability).
 *
 * A session that is resumed gets no READY, so that the guilds belong to the session and are kept with
 * it: as they were at the event that Discord will go on after, not at the last one received, because
 * what comes in between comes again.
 *
 * @module
 */

import { parseJson } from "../protocol/json.ts";
import { textField } from "../protocol/discord/body.ts";
import { idsOf } from "../protocol/discord/field.ts";
import type {
  GuildChange,
  GuildNote,
  SavedGuilds,
  SessionNote,
} from "../protocol/discord/guild_note.ts";
import { isRecord } from "../protocol/record.ts";

/** Guild id → whether it is still to come. */
type Guilds = Map<string, "loading" | "here">;

/** `cached`: all members of all guilds have come. */
type Change = GuildChange | { readonly kind: "cached" };

/**
 * The guilds of one shard. It has no opinion before a READY, or guilds that were kept with the session:
 * a guild wrongly called new would be welcomed.
 */
export class GuildLoads {
  /** As of the last event received. */
  #guilds: Guilds | null;
  /** As of the last event confirmed. */
  #confirmed: Guilds | null;
  #changes: { readonly cursor: number; readonly change: Change }[] = [];
  #isSaved = true;
  /** As of the last event confirmed. */
  #membersCached: boolean;
  readonly #told: (change: GuildChange) => void;

  /**
   * @param saved What was kept with the session that is resumed.
   * @param told Hears of every change.
   */
  constructor(saved: SavedGuilds | null = null, told: (change: GuildChange) => void = () => {}) {
    this.#guilds = guildsOf(saved);
    this.#confirmed = guildsOf(saved);
    this.#membersCached = saved?.membersCached ?? false;
    this.#told = told;
  }

  /**
   * Every dispatch of the shard passes here, in order, before it is queued.
   *
   * @returns What a GUILD_CREATE means, and what a READY changes; `undefined` for every other event, for
   * a guild that is down while the bot joins it, and where nobody can know.
   */
  see(cursor: number, t: string, payload: Uint8Array): GuildNote | SessionNote | undefined {
    if (!CHANGES.has(t)) return undefined;
    const change = changeOf(t, payload);
    if (!change) return undefined;
    const note = t === "GUILD_DELETE" ? undefined : noteOf(this.#guilds, change);
    this.#guilds = apply(this.#guilds, change);
    this.#changes.push({ cursor, change });
    this.#told(change);
    return note;
  }

  /** Guilds that a GUILD_CREATE has come for, as of the last event received; one that is down is among them. */
  get loaded(): string[] {
    return [...this.#guilds ?? []].flatMap(([id, state]) => state === "here" ? [id] : []);
  }

  /** With the event `cursor`, the newest, all members of all guilds have come. */
  membersCached(cursor: number): void {
    this.#changes.push({ cursor, change: { kind: "cached" } });
  }

  /** The session would now be resumed after `cursor`. */
  confirm(cursor: number): void {
    const after = this.#changes.findIndex((each) => each.cursor > cursor);
    const confirmed = this.#changes.splice(0, after < 0 ? this.#changes.length : after);
    for (const { change } of confirmed) {
      if (change.kind === "cached" || change.kind === "session") {
        this.#membersCached = change.kind === "cached";
      }
      if (change.kind !== "cached") this.#confirmed = apply(this.#confirmed, change);
    }
    if (confirmed.length > 0) this.#isSaved = false;
  }

  /** The guilds as of the last confirmed event, where they are others than at the last call. */
  takeUnsaved(): SavedGuilds | null {
    if (this.#isSaved || !this.#confirmed) return null;
    this.#isSaved = true;
    return savedOf(this.#confirmed, this.#membersCached);
  }

  /** The guilds as of the last event received; `null` where they are not known. */
  get newest(): SavedGuilds | null {
    const last = this.#changes.findLast(({ change: { kind } }) =>
      kind === "cached" || kind === "session"
    );
    const membersCached = last ? last.change.kind === "cached" : this.#membersCached;
    return this.#guilds && savedOf(this.#guilds, membersCached);
  }
}

function savedOf(guilds: Guilds, membersCached: boolean): SavedGuilds {
  const loading = [...guilds].filter(([, state]) => state === "loading");
  return {
    guildIds: [...guilds.keys()],
    loadingGuildIds: loading.map(([id]) => id),
    ...(membersCached ? { membersCached } : {}),
  };
}

const CHANGES: ReadonlySet<string> = new Set(["READY", "GUILD_CREATE", "GUILD_DELETE"]);

/** Below this size a GUILD_CREATE is parsed: it may be `{id, unavailable: true}` and no guild. */
const SMALL_BYTES = 1024;

const decoder = new TextDecoder();

/** What the dispatch changes; `undefined` for nothing, and where it cannot be read. */
function changeOf(t: string, payload: Uint8Array): GuildChange | undefined {
  try {
    if (t === "GUILD_CREATE" && payload.length >= SMALL_BYTES) {
      const guildId = textField(payload, "id");
      return guildId === undefined ? undefined : { kind: "here", guildId };
    }
    const value = parseJson(decoder.decode(payload)) as { d?: unknown } | null;
    return changeIn(t, isRecord(value?.d) ? value.d : {});
  } catch (error) {
    // It goes to the bot as it came, whose side says that it cannot be read.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function changeIn(t: string, d: Record<string, unknown>): GuildChange | undefined {
  if (t === "READY") {
    return { kind: "session", guildIds: Array.isArray(d.guilds) ? idsOf(d.guilds) : [] };
  }
  if (typeof d.id !== "string") return undefined;
  const isOut = d.unavailable === true;
  if (t === "GUILD_DELETE") return { kind: isOut ? "away" : "left", guildId: d.id };
  return isOut ? undefined : { kind: "here", guildId: d.id };
}

function noteOf(guilds: Guilds | null, change: GuildChange): GuildNote | SessionNote | undefined {
  if (!guilds) return undefined;
  if (change.kind === "session") {
    const now = new Set(change.guildIds);
    const left = [...guilds.keys()].filter((id) => !now.has(id));
    return { left, joined: change.guildIds.filter((id) => !guilds.has(id)) };
  }
  const known = guilds.get(change.guildId);
  return { guild: known === "loading" ? "loaded" : known === "here" ? "available" : "joined" };
}

/** The guilds after a change, which is made in place. */
function apply(guilds: Guilds | null, change: GuildChange): Guilds | null {
  if (change.kind === "session") return new Map(change.guildIds.map((id) => [id, "loading"]));
  const { kind, guildId } = change;
  if (kind === "here") guilds?.set(guildId, "here");
  else if (kind === "left") guilds?.delete(guildId);
  // An outage: one that has been here comes back, one that has not is still to load.
  else if (!guilds?.has(guildId)) guilds?.set(guildId, "loading");
  return guilds;
}

function guildsOf(saved: SavedGuilds | null): Guilds | null {
  if (!saved) return null;
  const guilds: Guilds = new Map(saved.guildIds.map((id) => [id, "here"]));
  for (const id of saved.loadingGuildIds) guilds.set(id, "loading");
  return guilds;
}
