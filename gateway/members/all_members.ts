/**
 * All members of one shard's guilds, asked for guild by guild, once per session: `CACHE_ALL_MEMBERS`
 * inside the worker. It decides whose members are wanted; {@linkcode ShardMembers} does the asking.
 *
 * @module
 */

import type { GuildChange, SavedGuilds } from "../../protocol/discord/guild_note.ts";
import { membersBody } from "../../protocol/discord/members.ts";
import type { Clock } from "../../ports/clock.ts";
import { MemberPlan } from "./plan.ts";
import type { MemberRequest, MemberRequests } from "./requests.ts";

/** What it works with. */
export interface AllMembersOptions {
  readonly clock: Clock;
  readonly requests: MemberRequests;
  readonly isReady: () => boolean;
  /** Newest cursor of the shard. */
  readonly newest: () => number;
  /** With this event, the newest, every guild has its last chunk. */
  readonly complete: (cursor: number) => void;
  /** The bot is done with these chunks, too. */
  readonly cached: () => void;
}

/** All members of one shard's guilds. */
export class AllMembers {
  readonly #options: AllMembersOptions;
  /** Guilds that are due and have no request yet. */
  readonly #waiting = new Set<string>();
  /** Guild id → its request. */
  readonly #fetches = new Map<string, MemberRequest>();
  /** `null` before a session, and where nothing is known of the one that is resumed. */
  #plan: MemberPlan | null = null;
  /** Whether READY or RESUMED has come: what comes before the first of them is a replay. */
  #isLive = false;
  /** Newest cursor when every guild had its last chunk. */
  #completeAt: number | null = null;
  #isTold = false;
  #acknowledged = 0;

  constructor(options: AllMembersOptions) {
    this.#options = options;
  }

  /**
   * The shard is about to begin, with the guilds that were kept with its session. Where nothing is known
   * of a session that is resumed it counts as complete: to ask anew for everybody after each restart
   * would be worse than to miss somebody once.
   */
  begin(guilds: SavedGuilds | null): void {
    this.#isLive = false;
    this.#replan(guilds);
  }

  /** The guilds of the shard have changed. */
  changed(change: GuildChange): void {
    if (change.kind === "session") {
      const { guildIds } = change;
      return this.#replan({ guildIds, loadingGuildIds: guildIds });
    }
    const { guildId } = change;
    this.#plan?.change(change, this.#options.clock.now());
    if (!this.#plan?.isDue(guildId)) this.#drop(guildId);
    else if (!this.#fetches.has(guildId)) this.#waiting.add(guildId);
  }

  /** Makes a request of the next guild that waits; false: none does. */
  next(): boolean {
    const { requests, clock } = this.#options;
    const [guildId] = this.#waiting;
    if (guildId === undefined) return false;
    this.#waiting.delete(guildId);
    const about = { guildId, body: membersBody({ guildId }), wantsAll: true };
    this.#fetches.set(guildId, requests.add({ ...about, rank: "background" }, clock.now()));
    return true;
  }

  /** READY or RESUMED has come, after the changes that it brings. */
  live(): void {
    this.#isLive = true;
    this.#plan?.resumed(this.#options.clock.now());
  }

  /** All members of a guild have come, whoever asked for them: the bot gets the chunks. */
  done(guildId: string): void {
    this.#drop(guildId);
    this.#plan?.done(guildId);
  }

  /** The bot is done with everything up to `cursor`. */
  acknowledged(cursor: number): void {
    this.#acknowledged = cursor;
    this.#tell();
  }

  /** Sees whether every guild has its last chunk by now; to be called again after so long, if ever. */
  check(): number {
    const { clock, isReady, newest, complete } = this.#options;
    if (!this.#isLive || this.#completeAt !== null) return Infinity;
    const nowMs = clock.now();
    // While the shard is not ready no guild can come, so that patience does not run out.
    if (this.#plan?.isComplete(isReady() ? nowMs : -Infinity) === false) {
      const waitMs = (this.#plan.patientUntilMs ?? -Infinity) - nowMs;
      return waitMs > 0 ? waitMs : Infinity;
    }
    this.#completeAt = newest();
    complete(this.#completeAt);
    this.#tell();
    return Infinity;
  }

  #replan(guilds: SavedGuilds | null): void {
    for (const guildId of [...this.#fetches.keys()]) this.#drop(guildId);
    this.#plan = guilds && new MemberPlan(guilds, this.#options.clock.now());
    this.#completeAt = null;
    this.#isTold = false;
    this.#waiting.clear();
    for (const guildId of this.#plan?.due ?? []) this.#waiting.add(guildId);
  }

  #drop(guildId: string): void {
    this.#waiting.delete(guildId);
    const request = this.#fetches.get(guildId);
    if (request) this.#options.requests.drop(request);
    this.#fetches.delete(guildId);
  }

  /** The chunks are events: only when the bot has dealt with the last one are they in its cache. */
  #tell(): void {
    if (this.#isTold || this.#completeAt === null) return;
    if (this.#acknowledged < this.#completeAt) return;
    this.#isTold = true;
    this.#options.cached();
  }
}
