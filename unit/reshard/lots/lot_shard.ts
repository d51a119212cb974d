/**
 * One shard of a lot as the handover sees it: whether it is whole, whether its guilds have loaded, how far
 * its bot has come.
 *
 * @module
 */

import { leavesGuild } from "../../../protocol/discord/identity.ts";
import { INTENTS } from "../../../protocol/discord/intents.ts";
import type { Estate } from "../../../protocol/estate.ts";
import type { ShardKey } from "../../../protocol/ids.ts";
import type { Seen } from "../../../protocol/reshard.ts";
import type { ShardStatus } from "../../../protocol/status.ts";
import type { Sides } from "./sides.ts";

/** Guilds that have not loaded so long after READY are down: nobody waits for them. */
export const LOAD_MS = 60_000;
/** A shard that has stopped for so long is not about to be started again. */
export const DEAD_AFTER_MS = 10_000;
/** A bot that is further behind than that would have the guilds wait for it while they are held. */
export const KEEPS_UP_MS = 2_000;

/** Up to which cursor the bot and all who read beside it are done with what came on a shard. */
export function doneOf({ acknowledged, readers }: Estate): number {
  return Math.min(acknowledged, ...Object.values(readers));
}

/** One shard of a lot. */
export class LotShard {
  readonly key: ShardKey;
  readonly #sides: Pick<Sides, "statusOf" | "estateOf">;
  /** What READY told: another object for each session. */
  #facts: Estate["facts"] = null;
  #loading = new Set<string>();
  #guildIds = new Set<string>();
  #sinceMs = Infinity;
  /** Connection at the time when it was said to be whole. */
  #connection: number | null = null;
  #newest = 0;
  /** What had come at some moment, at least {@linkcode KEEPS_UP_MS} ago once there is a later one. */
  #mark = { cursor: 0, atMs: -Infinity };
  #laterMark = { cursor: 0, atMs: -Infinity };

  constructor(key: ShardKey, sides: Pick<Sides, "statusOf" | "estateOf">) {
    this.key = key;
    this.#sides = sides;
  }

  /** `shard 3 of 16`. */
  get name(): string {
    return `shard ${this.key.id} of ${this.key.total}`;
  }

  /** Its status; a shard that nobody knows is idle. */
  get status(): ShardStatus {
    const none = { state: "idle", reason: "not started", sinceMs: 0, connection: 0 } as const;
    return this.#sides.statusOf(this.key) ?? { shardId: this.key.id, ...none };
  }

  /** Its estate. */
  get estate(): Estate {
    return this.#sides.estateOf(this.key);
  }

  /** Its guilds: those that READY named, and those of which something came. */
  get guildIds(): ReadonlySet<string> {
    return this.#guildIds;
  }

  /** Those of them that have loaded. */
  get loaded(): string[] {
    return [...this.#guildIds].filter((id) => !this.#loading.has(id));
  }

  /** Cursor of the last that was told of it. */
  get newest(): number {
    return this.#newest;
  }

  /** From now on another connection is another shard. */
  isWhole(): void {
    this.#connection = this.status.connection;
  }

  /** Why it has not every event since it was whole; `null`: it has. */
  get brokenBy(): string | null {
    const { state, reason, connection } = this.status;
    if (state !== "ready") return `${this.name} is ${state}: ${reason}`;
    return connection === this.#connection ? null : `${this.name} has reconnected`;
  }

  /** Whether it has stopped for good. */
  isDead(nowMs: number): boolean {
    const { state, sinceMs } = this.status;
    return state === "stopped" && nowMs - sinceMs >= DEAD_AFTER_MS;
  }

  /** What came on it. */
  see(seen: readonly Seen[], nowMs: number): void {
    this.#follow(nowMs);
    for (const { guildId, key } of seen) {
      this.#loading.delete(guildId);
      if (key !== null && leavesGuild(key)) this.#guildIds.delete(guildId);
      else if (guildId !== "") this.#guildIds.add(guildId);
    }
    this.#newest = seen.at(-1)?.cursor ?? this.#newest;
  }

  /** Why it cannot be compared yet; `null`: it is ready, and its guilds have loaded. */
  loadsWith(nowMs: number): string | null {
    const { state, reason } = this.status;
    if (state !== "ready") return `${this.name} is ${state}: ${reason}`;
    this.#follow(nowMs);
    if (this.#sinceMs === Infinity) this.#sinceMs = nowMs;
    if (this.#loading.size === 0 || nowMs - this.#sinceMs >= LOAD_MS) return null;
    return `${this.#loading.size} guilds of ${this.name} have not loaded`;
  }

  /** Takes note of what has come, to know later whether the bot keeps up. */
  tick(nowMs: number): void {
    if (nowMs - this.#laterMark.atMs < KEEPS_UP_MS) return;
    this.#mark = this.#laterMark;
    this.#laterMark = { cursor: this.#newest, atMs: nowMs };
  }

  /** Who has not dealt with what came up to a cursor, by default some seconds ago; `null`: nobody. */
  behind(cursor: number = this.#mark.cursor): string | null {
    const { acknowledged, readers } = this.estate;
    const ofShard = `is not done with what came on ${this.name}`;
    if (acknowledged < cursor) return `the bot ${ofShard}`;
    const reader = Object.keys(readers).find((name) => readers[name]! < cursor);
    return reader === undefined ? null : `the reader ${reader} ${ofShard}`;
  }

  /** Looks whether another session has begun. */
  #follow(nowMs: number): void {
    const { facts, guilds, session } = this.estate;
    if (facts === this.#facts) return;
    this.#facts = facts;
    this.#sinceMs = nowMs;
    const begun = facts?.guildIds ?? [];
    // Of one that an earlier life has begun some have loaded; until it has moved, they are another one's.
    const known = session !== null && session.seq > 0 ? guilds : null;
    const comes = session === null || (session.intents & INTENTS.GUILDS) !== 0;
    this.#loading = new Set(comes ? known?.loadingGuildIds ?? begun : []);
    this.#guildIds = new Set([...begun, ...known?.guildIds ?? []]);
  }
}
