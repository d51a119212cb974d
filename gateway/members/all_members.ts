/**
 * All members of one shard's guilds, asked for guild by guild, once per session: `CACHE_ALL_MEMBERS`
 * inside the worker. It decides whose members are wanted; {@linkcode ShardMembers} does the asking.
 *
 * @module
 */

import type { GuildChange, SavedGuilds } from "../../protocol/discord/guild_note.ts";
import { membersBody } from "../../protocol/discord/members.ts";
import type { Clock } from "../../ports/clock.ts";
import type { MemberRequest, MemberRequests } from "./requests.ts";

/** What it works with. */
export interface AllMembersOptions {
  readonly shardId: number;
  readonly clock: Clock;
  readonly requests: MemberRequests;
  readonly isReady: () => boolean;
  /** Whether Discord would answer: without GUILD_MEMBERS nobody is asked for, nor counts as asked for. */
  readonly mayAsk: () => boolean;
  /** Newest cursor of a shard. */
  readonly newest: (shardId: number) => number;
  /** With the event `cursor`, the newest, every guild of a shard has its last chunk. */
  readonly complete: (shardId: number, cursor: number) => void;
  /** The bot is done with these chunks, too. */
  readonly cached: (shardId: number) => void;
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
    const { requests, clock, mayAsk } = this.#options;
    const [guildId] = this.#waiting;
    if (guildId === undefined || !mayAsk()) return false;
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
    const { shardId, clock, isReady, newest, complete } = this.#options;
    if (!this.#isLive || this.#completeAt !== null) return Infinity;
    const nowMs = clock.now();
    // While the shard is not ready no guild can come, so that patience does not run out.
    if (this.#plan?.isComplete(isReady() ? nowMs : -Infinity) === false) {
      const waitMs = (this.#plan.patientUntilMs ?? -Infinity) - nowMs;
      return waitMs > 0 ? waitMs : Infinity;
    }
    this.#completeAt = newest(shardId);
    complete(shardId, this.#completeAt);
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
    const { shardId, cached } = this.#options;
    cached(shardId);
  }
}

/**
 * Guilds that READY has named count as down when nothing has come of them, not even that they are down,
 * and no other guild has come either, for so long.
 */
export const LOADING_PATIENCE_MS = 30_000;

/** `loading`: named by READY, nothing has come of it; `due`: its last chunk has not come. */
type GuildState = "loading" | "down" | "due" | "done";

/**
 * Which guilds of one session have all their members in the bot's hands, which are still to be asked
 * for, and when that is all of them. A guild that is down is left out, and asked for when it comes; so is
 * one that the bot joins later.
 */
export class MemberPlan {
  readonly #guilds = new Map<string, GuildState>();
  readonly #counts = { loading: 0, down: 0, due: 0, done: 0 };
  /** When a guild has come last, or when none could before. */
  #arrivalMs: number;

  /** @param guilds The guilds as of READY, or as they were kept with a session that is resumed. */
  constructor({ guildIds, loadingGuildIds, membersCached }: SavedGuilds, nowMs: number) {
    for (const id of guildIds) this.#enter(id, membersCached ? "done" : "due");
    for (const id of loadingGuildIds) this.#enter(id, "loading");
    this.#arrivalMs = nowMs;
  }

  /** Guilds whose last chunk has not come. */
  get due(): string[] {
    return [...this.#guilds].filter(([, state]) => state === "due").map(([id]) => id);
  }

  /** A guild has come, is down, or was left; whether it is to be asked for says {@linkcode due}. */
  change({ kind, guildId }: Exclude<GuildChange, { kind: "session" }>, nowMs: number): void {
    if (kind === "left") this.#enter(guildId, null);
    // What the bot has stays in its hands when the guild goes down and comes back.
    else if (this.#guilds.get(guildId) !== "done") {
      this.#enter(guildId, kind === "here" ? "due" : "down");
    }
    this.#arrivalMs = nowMs;
  }

  /** Whether a guild's members are to be asked for. */
  isDue(guildId: string): boolean {
    return this.#guilds.get(guildId) === "due";
  }

  /** The last chunk of a guild has come. */
  done(guildId: string): void {
    if (this.#guilds.has(guildId)) this.#enter(guildId, "done");
  }

  /** The connection is back: guilds can come again. */
  resumed(nowMs: number): void {
    this.#arrivalMs = nowMs;
  }

  /** From when on it does not wait for guilds that do not come; `null` where it waits for none. */
  get patientUntilMs(): number | null {
    return this.#counts.loading > 0 ? this.#arrivalMs + LOADING_PATIENCE_MS : null;
  }

  /** Whether every guild that is here has its last chunk, and no other is waited for. */
  isComplete(nowMs: number): boolean {
    return this.#counts.due === 0 && (this.patientUntilMs ?? -Infinity) <= nowMs;
  }

  /** @param state `null`: the guild is no more of the plan. */
  #enter(guildId: string, state: GuildState | null): void {
    const before = this.#guilds.get(guildId);
    if (before) this.#counts[before]--;
    if (state) this.#counts[state]++;
    if (state) this.#guilds.set(guildId, state);
    else this.#guilds.delete(guildId);
  }
}
