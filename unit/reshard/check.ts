/**
 * Automatic resharding: every `RESHARD_CHECK_MS`, and when Discord closes a shard for its guilds (4011), Discord
 * is asked how many shards it recommends; `plan.ts` decides, and what it decides is begun.
 *
 * @module
 */

import type { Config } from "../../config/config.ts";
import { type Cancel, every } from "../../ports/clock.ts";
import type { World } from "../../ports/world.ts";
import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../../protocol/ids.ts";
import { servingOf, type Snapshot } from "../../protocol/status.ts";
import type { GatewayInfo } from "../../gateway/gateway_info.ts";
import type { AskDiscord } from "../../rest/proxy.ts";
import { discover } from "../discover.ts";
import { planReshard, type ReshardPlan } from "./plan.ts";
import { beginReshard, isUnderWay, type ReshardingUnit } from "./resharding.ts";

/** What the check works with. */
export interface ReshardCheckOptions extends Pick<World, "clock" | "random" | "log"> {
  readonly config: Pick<
    Config,
    "reshardCheckMs" | "discordApiUrl" | "totalShards" | "gatewayHosts"
  >;
  readonly ask: AskDiscord;
  readonly unit: ReshardingUnit & { readonly snapshot: Snapshot };
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Identifies come back when Discord says, and a little later they are surely there. */
const SLACK_MS = 60_000;
/** What could not be begun is tried again so much later. */
const RETRY_MS = 300_000;

/** Checks one unit. */
export class ReshardCheck {
  readonly #options: ReshardCheckOptions;
  #isLooking = false;
  /** Shards that Discord has closed; those of them that are still stopped are a reason. */
  readonly #closed = new Set<ShardKeyText>();
  #cancelLater: Cancel = () => {};

  constructor(options: ReshardCheckOptions) {
    this.#options = options;
  }

  /** Looks every `RESHARD_CHECK_MS`, the first time when that has passed. */
  start(): void {
    const { clock, config: { reshardCheckMs }, signal } = this.#options;
    if (reshardCheckMs === 0 || signal.aborted) return;
    const cancel = every(clock, reshardCheckMs, () => void this.#look());
    signal.addEventListener("abort", () => {
      cancel();
      this.#cancelLater();
    }, { once: true });
  }

  /** Discord has closed a shard because it has too many guilds, and it has stopped: looks at once. */
  shardingRequired(shard: ShardKey): void {
    const { config, log } = this.#options;
    this.#closed.add(shardKeyText(shard));
    if (config.reshardCheckMs > 0) return void this.#look();
    const advice = "RESHARD_CHECK_MS is 0: POST /control/reshard with a higher number of shards";
    log.error("the unit does not reshard by itself", { shardId: shard.id, advice });
  }

  async #look(): Promise<void> {
    const { unit, log, signal } = this.#options;
    if (this.#isLooking || isUnderWay(unit.resharding?.snapshot ?? null)) return;
    this.#isLooking = true;
    this.#cancelLater();
    try {
      const info = await discover({ ...this.#options, setsClock: false, waits() {} });
      await this.#act(this.#plan(info));
    } catch (error) {
      if (signal.aborted) return;
      log.error("the unit cannot reshard by itself", { why: messageOf(error) });
      // To ask again with a token that is wrong cannot help, and counts as an invalid request.
      const isInVain = error instanceof GatehouseError && error.code === "unauthorized";
      if (!isInVain) this.#later(RETRY_MS);
    } finally {
      this.#isLooking = false;
    }
  }

  #later(afterMs: number): void {
    this.#cancelLater = this.#options.clock.after(afterMs, () => void this.#look());
  }

  #plan({ shards: recommended, sessionStartLimit: limit }: GatewayInfo): ReshardPlan {
    const { unit } = this.#options;
    const { shards: all, identify, guildLimit } = unit.snapshot;
    const shards = servingOf(all);
    const { totalShards } = unit;
    const last = unit.resharding?.snapshot ?? null;
    const closed = shards.find(({ shardId: id, totalShards: total, state }) =>
      state === "stopped" && this.#closed.has(shardKeyText({ total, id }))
    );
    return planReshard({
      totalShards,
      isWhole: unit.shardIds.length === totalShards,
      shards,
      guildLimit,
      closed: closed?.shardId ?? null,
      recommended,
      identify: {
        ...identify,
        maxConcurrency: limit.maxConcurrency,
        // Others may spend of the same budget.
        remaining: Math.min(identify.remaining, limit.remaining),
        resetAfterMs: limit.resetAfterMs,
      },
      isRunning: isUnderWay(last),
      isCancelled: last?.state === "cancelled",
    });
  }

  async #act(plan: ReshardPlan): Promise<void> {
    const { unit, log, clock } = this.#options;
    const { why } = plan;
    switch (plan.act) {
      case "none":
        return log.debug("no reshard is needed", { why });
      case "cannot":
        return log.error("the unit cannot reshard by itself", { why });
      case "wait": {
        const afterMs = plan.afterMs + SLACK_MS;
        const until = new Date(clock.wallMs() + afterMs).toISOString();
        log.warn("a reshard waits for identifies", { to: plan.to, why, until });
        return this.#later(afterMs);
      }
      case "reshard":
        log.info("the unit reshards by itself", { from: unit.totalShards, to: plan.to, why });
        await beginReshard(unit, plan.to, "automatic");
    }
  }
}
