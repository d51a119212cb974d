/**
 * The past of each shard: what states it went through, what went wrong last; and what of it is worth an incident.
 *
 * @module
 */

import { shardNames, shardText } from "../protocol/ids.ts";
import { duration } from "../protocol/rounded.ts";
import type { Status } from "../protocol/status.ts";
import type { Told } from "./incidents.ts";
import type { DashboardShard, ShardHistory } from "./words.ts";

/** Changes that are kept of one shard, and of all together: where there are many, fewer of each. */
const MOST_CHANGES = 100;
const LEAST_CHANGES = 16;
const MOST_OF_ALL = 32_000;

/** Why a shard ends that is to. */
const ENDINGS: ReadonlySet<string> = new Set(["stopping", "stopped"]);
/** Why a shard reconnects that somebody has asked to. */
const ASKED = "reconnect requested";
/** Said by one that begins in a worker. */
const STARTED = /^started, /;

type Change = ShardHistory["changes"][number];
type ShardWord = Extract<Status, { readonly kind: "shard" }>;

interface Past {
  /** The oldest first. */
  readonly changes: Change[];
  lastError: DashboardShard["lastError"];
  /** Since when it has not been ready though it was; `null`: it is, or never was. */
  awaySinceMs: number | null;
  wasReady: boolean;
}

/** Shards of which the same is to be told. */
interface Group {
  readonly level: Told["level"];
  readonly totalShards: number;
  readonly ids: number[];
  readonly says: (shards: string, isOne: boolean) => string;
}

/** The pasts of all shards. */
export class ShardPasts {
  readonly #pasts = new Map<string, Past>();
  /** What is to be told with the next look, by what it says. */
  readonly #groups = new Map<string, Group>();

  /** Of how many shards something is known. */
  get size(): number {
    return this.#pasts.size;
  }

  /** A shard is in another state than before. */
  see({ shard, totalShards, role }: ShardWord): void {
    const { shardId, state, reason, sinceMs: atMs } = shard;
    const key = shardText({ shardId, totalShards });
    const past = this.#pastOf(key);
    past.changes.push({ atMs, state, reason });
    if (past.changes.length > this.#most) past.changes.shift();
    if (ENDINGS.has(reason) || role !== "serves") return;
    if (state === "ready") this.#isReady(past, shardId, totalShards, atMs);
    else this.#isNotReady(past, shardId, totalShards, { atMs, state, reason });
  }

  /** What went wrong last; `null`: nothing did. */
  lastErrorOf(key: string): DashboardShard["lastError"] {
    return this.#pasts.get(key)?.lastError ?? null;
  }

  /** What states a shard went into, the newest first. */
  changesOf(key: string): Change[] {
    return this.#pasts.get(key)?.changes.toReversed() ?? [];
  }

  /** Something went wrong with a shard that is no state of it. */
  blame(key: string, error: NonNullable<DashboardShard["lastError"]>): void {
    this.#pastOf(key).lastError = error;
  }

  /** Forgets shards that are no more. */
  keep(isThere: (key: string) => boolean): void {
    for (const key of this.#pasts.keys()) if (!isThere(key)) this.#pasts.delete(key);
  }

  /** What has happened since the last time, the same of many shards in one sentence. */
  takeTold(): Told[] {
    const told = [...this.#groups.values()].map(({ level, totalShards, ids, says }): Told => {
      const isOne = ids.length === 1;
      const keys = ids.map((shardId) => shardText({ shardId, totalShards }));
      return {
        level,
        about: "shard",
        text: says(shardNames(ids), isOne),
        ...(isOne ? { of: keys[0]! } : { shards: keys }),
      };
    });
    this.#groups.clear();
    return told;
  }

  get #most(): number {
    const share = Math.floor(MOST_OF_ALL / this.#pasts.size);
    return Math.min(MOST_CHANGES, Math.max(LEAST_CHANGES, share));
  }

  #pastOf(key: string): Past {
    const known = this.#pasts.get(key);
    if (known) return known;
    const past: Past = { changes: [], lastError: null, awaySinceMs: null, wasReady: false };
    this.#pasts.set(key, past);
    return past;
  }

  #isReady(past: Past, shardId: number, totalShards: number, atMs: number): void {
    const { awaySinceMs } = past;
    past.wasReady = true;
    past.awaySinceMs = null;
    if (awaySinceMs === null) return;
    const took = duration(atMs - awaySinceMs);
    this.#tell(`ready ${totalShards} ${took}`, shardId, {
      level: "info",
      totalShards,
      says: (shards, isOne) => `${shards} ${isOne ? "is" : "are"} ready again after ${took}`,
    });
  }

  #isNotReady(
    past: Past,
    shardId: number,
    totalShards: number,
    { atMs, state, ...change }: Change,
  ): void {
    const isAsked = change.reason === ASKED;
    // One that was ready and begins anew has another worker.
    const reason = STARTED.test(change.reason) ? "its worker was lost" : change.reason;
    if (past.wasReady && past.awaySinceMs === null) {
      past.awaySinceMs = atMs;
      this.#tell(`away ${totalShards} ${reason}`, shardId, {
        level: isAsked ? "info" : "warn",
        totalShards,
        says: (shards, isOne) => `${shards} ${isOne ? "reconnects" : "reconnect"}: ${reason}`,
      });
      if (!isAsked) past.lastError = { atMs, text: reason };
    } else if (!isAsked && (state === "backing off" || state === "stopped")) {
      past.lastError = { atMs, text: reason };
    }
  }

  #tell(what: string, shardId: number, group: Omit<Group, "ids">): void {
    const known = this.#groups.get(what);
    if (known) known.ids.push(shardId);
    else this.#groups.set(what, { ...group, ids: [shardId] });
  }
}
