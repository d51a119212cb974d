/**
 * What a generation keeps an eye on, with each report of its workers: shards that do not become ready,
 * that are quiet, types of events that have stopped, guilds that become too many. Each decision is a pure function elsewhere; here
 * it is told, and what helps is begun.
 *
 * @module
 */

import { DeafWatch } from "../gateway/deaf_watch.ts";
import { QuietWatch } from "../gateway/quiet.ts";
import type { World } from "../ports/world.ts";
import { intentBits } from "../protocol/discord/intents.ts";
import { messageOf } from "../protocol/errors.ts";
import type { DeafType, GuildLimit, ShardSnapshot } from "../protocol/status.ts";
import type { Config } from "../config/config.ts";
import type { WorkerPool } from "../workers/pool.ts";
import { crowdedShards, crowdingAdvice, lookForCrowding } from "./reshard/crowding.ts";
import type { Habits } from "./habits.ts";
import { Renewals, type RenewalsOptions } from "./renewals.ts";
import { UnreadyWatch } from "./unready.ts";

/** What watching takes. */
export interface ShardWatchOptions
  extends Omit<RenewalsOptions, "spacingMs" | "pool">, Pick<World, "clock" | "log"> {
  readonly config: Pick<
    Config,
    "quietAfterMs" | "quietResumeAfterMs" | "deafAfterMs" | "deafIdentify" | "spawnShardDelayMs"
  >;
  readonly pool: Pick<WorkerPool, "reconnect" | "eventsByType">;
  readonly habits: Habits;
  readonly guildLimit: GuildLimit;
}

/** What was known of the types of events is written down so often. */
const SAVE_EVERY_MS = 10 * 60_000;

/** Watches the shards of one generation. */
export class ShardWatch {
  /** Shards that are to have new sessions. */
  readonly renewals: Renewals;
  readonly #options: ShardWatchOptions;
  readonly #quiet: QuietWatch;
  #deaf: DeafWatch;
  /** The shards that were looked at last. */
  #looked: readonly number[] = [];
  /** See `lookForCrowding()`. */
  #crowdingTold = 0;
  #savedMs: number;
  readonly #unready: UnreadyWatch;

  constructor(options: ShardWatchOptions) {
    const { quietAfterMs, quietResumeAfterMs, deafAfterMs, spawnShardDelayMs } = options.config;
    this.#options = options;
    this.renewals = new Renewals({ ...options, spacingMs: spawnShardDelayMs });
    this.#quiet = new QuietWatch({ quietAfterMs, resumeAfterMs: quietResumeAfterMs });
    this.#deaf = new DeafWatch(deafAfterMs, options.habits.saved);
    this.#savedMs = options.clock.now();
    this.#unready = new UnreadyWatch(options.clock.now());
  }

  /** Types that have stopped, and have not come since. */
  get deafTypes(): DeafType[] {
    return this.#deaf.deaf;
  }

  /** To be called about once a second, with all shards. */
  look(shards: readonly ShardSnapshot[]): void {
    this.#forgetGone(shards.map(({ shardId }) => shardId));
    this.#lookForUnready(shards);
    this.#lookForQuiet(shards);
    this.#lookForDeaf(shards);
    this.#lookForCrowding(shards);
    this.renewals.look(shards);
    if (this.#options.clock.now() - this.#savedMs >= SAVE_EVERY_MS) this.save();
  }

  /** With a shard that has gone to another unit types may have gone: what was usual is so no more. */
  #forgetGone(shardIds: readonly number[]): void {
    const now = new Set(shardIds);
    const isGone = this.#looked.some((id) => !now.has(id));
    this.#looked = shardIds;
    if (isGone) this.#deaf = new DeafWatch(this.#options.config.deafAfterMs);
  }

  /** Writes down what is known of the types. */
  save(): void {
    this.#savedMs = this.#options.clock.now();
    this.#options.habits.save(this.#deaf.save());
  }

  /**
   * An open connection on which nothing comes, while others get theirs, is not to be trusted: tells of
   * quiet shards, and lets those resume that stay so.
   */
  #lookForQuiet(shards: readonly ShardSnapshot[]): void {
    const { clock, log, pool } = this.#options;
    const samples = shards.map(({ counters, ...shard }) => ({
      ...shard,
      received: counters?.received ?? 0,
    }));
    for (const { act, ...finding } of this.#quiet.observe(clock.epochMs(), samples)) {
      if (act === "report") log.warn("shard is quiet against the others", finding);
      else {
        log.warn("shard stays quiet, it resumes", finding);
        pool.reconnect(finding.shardId, "keep").catch((error) =>
          log.warn("quiet shard did not resume", { ...finding, error: messageOf(error) })
        );
      }
    }
  }

  /** Sessions that lost a type of events: a RESUME does not help, a new session does. */
  #lookForDeaf(shards: readonly ShardSnapshot[]): void {
    const { clock, log, pool, config } = this.#options;
    const lacking = intentBits(shards.flatMap(({ lacks }) => lacks));
    const { totals } = pool.eventsByType;
    const findings = this.#deaf.observe(clock.epochMs(), totals, shards, lacking);
    for (const { act, sinceMs, ...about } of findings) {
      const fields = { ...about, silentMs: clock.epochMs() - sinceMs };
      if (act === "heard") log.info("events of a type come again", fields);
      else if (act === "gone") {
        log.info("events of a type stay away, from now on they are not expected", fields);
      } else {
        log.error("events of a type have stopped while others flow", fields);
        if (config.deafIdentify) this.renewals.add(shards.map(({ shardId }) => shardId));
      }
    }
  }

  #lookForUnready(shards: readonly ShardSnapshot[]): void {
    const { clock, log } = this.#options;
    const unready = this.#unready.look(clock.now(), shards);
    if (unready) log.warn("shards do not become ready", { ...unready });
  }

  #lookForCrowding(shards: readonly ShardSnapshot[]): void {
    const { guildLimit, log } = this.#options;
    const { told, fullest } = lookForCrowding(shards, guildLimit, this.#crowdingTold);
    this.#crowdingTold = told;
    if (!fullest) return;
    log.warn("a shard is near the limit of guilds", {
      shardId: fullest.shardId,
      guilds: fullest.guilds,
      limit: guildLimit.most,
      crowded: crowdedShards(shards, guildLimit).length,
      advice: crowdingAdvice(guildLimit),
    });
  }
}
