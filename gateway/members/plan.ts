/**
 * Which guilds of one session have all their members in the bot's hands, which are still to be asked
 * for, and when that is all of them.
 *
 * A guild that is down is left out, and asked for when it comes; so is one that the bot joins later.
 *
 * @module
 */

import type { GuildChange, SavedGuilds } from "../../protocol/discord/guild_note.ts";

/**
 * Guilds that READY has named count as down when nothing has come of them, not even that they are down,
 * and no other guild has come either, for so long.
 */
export const LOADING_PATIENCE_MS = 30_000;

/** `loading`: named by READY, nothing has come of it; `due`: its last chunk has not come. */
type GuildState = "loading" | "down" | "due" | "done";

/** The plan of one session. */
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
