/**
 * How often all members of a guild may be asked for: once in 30 s per guild and bot. See
 * [Discord Docs/Request Guild Members](https://discord.com/developers/docs/events/gateway-events#request-guild-members).
 *
 * @module
 */

/** Discord's 30 s, and one more for a request that was slower on its way than the next. */
export const ALL_MEMBERS_PACE_MS = 31_000;

/** The pace of one shard's guilds, as far as this shard knows: somebody else's request counts too. */
export class AllMembersPace {
  /** Guild id → when it may be asked for again; the oldest note first. */
  readonly #freeMs = new Map<string, number>();

  /** When a guild may be asked for; in the past, or never heard of: now. */
  freeMs(guildId: string): number {
    return this.#freeMs.get(guildId) ?? -Infinity;
  }

  /** It was asked for, just now. */
  note(guildId: string, nowMs: number): void {
    this.#keep(guildId, nowMs + ALL_MEMBERS_PACE_MS, nowMs);
  }

  /** Discord says that it may be asked for at `freeMs`. */
  limited(guildId: string, freeMs: number, nowMs: number): void {
    this.#keep(guildId, freeMs, nowMs);
  }

  #keep(guildId: string, freeMs: number, nowMs: number): void {
    this.#freeMs.delete(guildId);
    this.#freeMs.set(guildId, freeMs);
    for (const [oldest, overMs] of this.#freeMs) {
      if (overMs > nowMs) return;
      this.#freeMs.delete(oldest);
    }
  }
}
