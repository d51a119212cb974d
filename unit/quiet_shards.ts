/**
 * An open connection on which nothing comes, while others get theirs, is not to be trusted.
 *
 * @module
 */

import { QuietWatch } from "../gateway/quiet.ts";
import type { World } from "../ports/world.ts";
import { messageOf } from "../protocol/errors.ts";
import type { WorkerPool } from "../workers/pool.ts";
import type { Config } from "../config/config.ts";

/** What it takes. */
export interface QuietShardsOptions extends Pick<World, "clock" | "log"> {
  readonly config: Pick<Config, "quietAfterMs" | "quietResumeAfterMs">;
  readonly pool: () => Pick<WorkerPool, "shards" | "reconnect">;
}

/** Tells of quiet shards, and lets those resume that stay so. */
export class QuietShards {
  readonly #options: QuietShardsOptions;
  readonly #watch: QuietWatch;

  constructor(options: QuietShardsOptions) {
    this.#options = options;
    const { quietAfterMs, quietResumeAfterMs: resumeAfterMs } = options.config;
    this.#watch = new QuietWatch({ quietAfterMs, resumeAfterMs });
  }

  /** Looks at what the shards have counted. */
  look(): void {
    const { clock, log, pool } = this.#options;
    const samples = pool().shards.map(({ status, counters }) => ({
      ...status,
      received: counters?.received ?? 0,
    }));
    for (const { act, ...finding } of this.#watch.observe(clock.wallMs(), samples)) {
      if (act === "report") log.warn("shard is quiet against the others", finding);
      else {
        log.warn("shard stays quiet, it resumes", finding);
        pool().reconnect(finding.shardId, "keep").catch((error) =>
          log.warn("quiet shard did not resume", { ...finding, error: messageOf(error) })
        );
      }
    }
  }
}
