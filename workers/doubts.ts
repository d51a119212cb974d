/**
 * Whether a session with Discord is behind what is known of it. Discord has said all that a session had
 * when it says RESUMED: where a cursor beyond it was given out, what was written down is wrong, and what
 * comes in this session would seem to have come before. Then only a new one helps.
 *
 * @module
 */

import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { SessionPoint } from "../protocol/estate.ts";
import type { ShardStatus } from "../protocol/status.ts";

/** The last of a replay has come so long after the first RESUMED in it. */
export const REPLAY_MS = 5_000;

/** What doubting takes. */
export interface DoubtsOptions {
  readonly clock: Clock;
  readonly log: Pick<Log, "error">;
  /** The newest cursor that a shard has given out. */
  readonly newest: (shardId: number) => number;
  readonly shard: (shardId: number) => DoubtedShard | undefined;
}

/** A shard, as far as it is doubted. */
export interface DoubtedShard {
  readonly status: Pick<ShardStatus, "state" | "connection">;
  readonly point: SessionPoint | null;
  restart(session: "end"): void;
}

/** The doubts of one worker about its shards. */
export class Doubts {
  readonly #options: DoubtsOptions;
  readonly #replayed = new Set<number>();

  constructor(options: DoubtsOptions) {
    this.#options = options;
  }

  /**
   * A shard goes on from before what it has given out: Discord says that again, and among it the RESUMED
   * of an earlier RESUME, after which more comes.
   */
  expectReplay(shardId: number): void {
    this.#replayed.add(shardId);
  }

  /** A shard is ready: looks at once, or when a replay is surely over. */
  ready({ shardId, connection }: Pick<ShardStatus, "shardId" | "connection">): void {
    const { clock, shard } = this.#options;
    if (!this.#replayed.delete(shardId)) return this.#look(shardId);
    clock.after(REPLAY_MS, () => {
      const { status } = shard(shardId) ?? {};
      if (status?.state === "ready" && status.connection === connection) this.#look(shardId);
    });
  }

  #look(shardId: number): void {
    const { clock, log, newest: newestOf, shard: find } = this.#options;
    const shard = find(shardId);
    const newest = newestOf(shardId);
    const { base, seq } = shard?.point ?? { base: newest, seq: 0 };
    if (base + seq >= newest) return;
    const about = { shardId, cursor: base + seq, newest };
    log.error("a session is behind what is known of it, the shard gets a new one", about);
    clock.soon(() => shard?.restart("end"));
  }
}
