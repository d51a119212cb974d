/**
 * All guilds of a shard at one moment. A second state of them costs nothing until one of both changes: they
 * share what neither has touched.
 *
 * @module
 */

import { CHANGES } from "./changes.ts";
import {
  checked,
  edited,
  elementsOf,
  fieldOf,
  fieldsOf,
  isObject,
  ownText,
  wordIn,
  wordOf,
} from "./fragments.ts";
import { buildGuild, Guild } from "./guild.ts";
import type { Kept } from "./kept.ts";
import type { Owner, WarmPages } from "./page.ts";
import type { Work } from "./slices.ts";

/** Changes all guilds. */
type ApplyToAll = (guilds: Guilds, d: string, kept: Kept) => Work<void> | void;

const TO_ALL: ReadonlyMap<string, ApplyToAll> = new Map<string, ApplyToAll>([
  // A session begins with nothing but the names of its guilds.
  ["READY", (guilds, d) => guilds.begin(d)],
  ["GUILD_CREATE", (guilds, d, kept) => guilds.create(d, kept)],
  ["GUILD_DELETE", (guilds, d) => guilds.delete(d)],
  ["USER_UPDATE", (guilds, d) => guilds.updateBot(d)],
]);

/** Dispatches that may be long: they are checked in steps, and their bodies end where they end. */
export const LONG: ReadonlySet<string> = new Set(["GUILD_CREATE", "GUILD_MEMBERS_CHUNK"]);

/** Whether a dispatch changes anything of guilds that is kept. */
export function isChange(t: string, kept: Kept): boolean {
  return TO_ALL.has(t) || (CHANGES.get(t)?.concerns?.(kept) ?? CHANGES.has(t));
}

/** The guilds of a shard. */
export class Guilds {
  readonly #warm: WarmPages;
  #owner: Owner = {};
  #guilds: Map<string, Guild | null>;
  #botId: string | null;

  /** None; or those of another, where the bot's id is known before a READY. */
  constructor(
    warm: WarmPages,
    guilds: Iterable<readonly [id: string, guild: Guild | null]> = [],
    botId: string | null = null,
  ) {
    this.#warm = warm;
    this.#guilds = new Map(guilds);
    this.#botId = botId;
  }

  /** Its id; `null` before the first READY. */
  get botId(): string | null {
    return this.#botId;
  }

  /** Every guild by id; `null`: not available. */
  get all(): ReadonlyMap<string, Guild | null> {
    return this.#guilds;
  }

  /** Memory that they take, about. */
  get heldBytes(): number {
    return this.#guilds.values().reduce((sum, guild) => sum + (guild?.heldBytes ?? 0), 0);
  }

  /** The same guilds, which go on by themselves. */
  fork(): Guilds {
    // What was ours alone is now of both.
    this.#owner = {};
    return new Guilds(this.#warm, this.#guilds, this.#botId);
  }

  /**
   * A dispatch came.
   *
   * @param d Its body. Of those in {@linkcode LONG} what follows it is not looked at.
   * @throws {SyntaxError} When it cannot be taken apart.
   */
  *apply(t: string, d: string, kept: Kept): Work<void> {
    if (!LONG.has(t)) checked(d);
    const toAll = TO_ALL.get(t);
    const change = CHANGES.get(t);
    if (toAll) yield* toAll(this, d, kept) ?? [];
    else if (change && change.concerns?.(kept) !== false) {
      const guild = this.#own(wordOf(d, change.guildField ?? "guild_id"));
      if (guild) yield* change.apply(guild, d, { kept, botId: this.#botId }) ?? [];
    }
  }

  /** READY. */
  begin(d: string): void {
    const user = fieldOf(d, "user");
    const botId = isObject(user) ? wordOf(user, "id") : undefined;
    if (botId !== undefined) this.#botId = ownText(botId);
    const ids = elementsOf(fieldOf(d, "guilds")).filter(isObject).map((each) => wordOf(each, "id"));
    this.#guilds = new Map(ids.filter((id) => id !== undefined).map((id) => [ownText(id), null]));
  }

  /** GUILD_CREATE. It may be long: what it says is known when it has been taken apart, in steps. */
  *create(d: string, kept: Kept): Work<void> {
    const around = { kept, botId: this.#botId };
    const guild = yield* buildGuild(d, around, this.#owner, this.#warm);
    const id = wordIn(guild.field("id"));
    if (id === undefined) return;
    // One that is down while the bot joins it has nothing but its id.
    this.#guilds.set(ownText(id), guild.field("unavailable") === "true" ? null : guild);
  }

  /** GUILD_DELETE: one that is only down comes again by a GUILD_CREATE. */
  delete(d: string): void {
    const id = wordOf(d, "id");
    if (id === undefined) return;
    if (fieldOf(d, "unavailable") === "true") this.#guilds.set(ownText(id), null);
    else this.#guilds.delete(id);
  }

  /** USER_UPDATE: the bot's user is in all its members. What a member's user does not have is not for it. */
  *updateBot(d: string): Work<void> {
    const id = wordOf(d, "id");
    if (id === undefined || id !== this.#botId) return;
    const told = fieldsOf(d);
    for (const guildId of this.#guilds.keys()) {
      const member = this.#guilds.get(guildId)?.get("members", id);
      const user = member === undefined ? undefined : fieldOf(member, "user");
      if (!isObject(user)) continue;
      const names = fieldsOf(user);
      const changes = new Map([...told].filter(([name]) => names.has(name)));
      const changed = edited(member!, new Map([["user", edited(user, changes)]]));
      this.#own(guildId)!.set("members", id, changed);
      yield;
    }
  }

  /** A guild as one that may be changed. */
  #own(id: string | undefined): Guild | undefined {
    const guild = id === undefined ? undefined : this.#guilds.get(id);
    if (!guild || guild.owner === this.#owner) return guild ?? undefined;
    const own = new Guild(this.#owner, this.#warm, guild);
    this.#guilds.set(id!, own);
    return own;
  }
}
