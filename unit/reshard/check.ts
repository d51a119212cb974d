/**
 * Automatic resharding, in a fleet by whoever leads: every `RESHARD_CHECK_MS`, and when Discord closes a shard for its guilds (4011), Discord
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
import { fullestShard } from "./crowding.ts";
import { type Crowds, TELL_MS } from "./fleet/crowds.ts";
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
  /** The shards of the other units; without it, or `null`: there are none. */
  readonly fleet?: Pick<Crowds, "isLeader" | "others" | "tell" | "watch"> | null;
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
    const { clock, config: { reshardCheckMs }, fleet, signal } = this.#options;
    if (reshardCheckMs === 0 || signal.aborted) return;
    const cancels = [
      every(clock, reshardCheckMs, () => void this.#look()),
      ...fleet
        ? [every(clock, TELL_MS, () => this.#tell()), fleet.watch(() => void this.#look())]
        : [],
    ];
    signal.addEventListener("abort", () => {
      for (const cancel of cancels) cancel();
      this.#cancelLater();
    }, { once: true });
  }

  /** Discord has closed a shard because it has too many guilds, and it has stopped: looks at once. */
  shardingRequired(shard: ShardKey): void {
    const { config, log } = this.#options;
    this.#closed.add(shardKeyText(shard));
    this.#tell();
    if (config.reshardCheckMs > 0) return void this.#look();
    const advice = "RESHARD_CHECK_MS is 0: POST /control/reshard with a higher number of shards";
    log.error("the unit does not reshard by itself", { shardId: shard.id, advice });
  }

  /** How full this unit's shards are. */
  #tell(): void {
    const { fleet, unit: { totalShards: total } } = this.#options;
    fleet?.tell({ total, fullest: fullestShard(this.#serving), closed: this.#closedShard });
  }

  get #serving() {
    return servingOf(this.#options.unit.snapshot.shards);
  }

  get #closedShard(): number | null {
    const closed = this.#serving.find(({ shardId: id, totalShards: total, state }) =>
      state === "stopped" && this.#closed.has(shardKeyText({ total, id }))
    );
    return closed?.shardId ?? null;
  }

  async #look(): Promise<void> {
    const { unit, log, signal, fleet } = this.#options;
    if (fleet?.isLeader === false) return;
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
    const { unit, fleet } = this.#options;
    const { identify, guildLimit } = unit.snapshot;
    const { totalShards, shardIds, reshardingFleet } = unit;
    // Guilds of a shard that was given up are with others by now.
    const others = fleet?.others.filter(({ total }) => total === totalShards) ?? [];
    const last = unit.resharding?.snapshot ?? null;
    return planReshard({
      totalShards,
      isWhole: reshardingFleet ? reshardingFleet.missing === 0 : shardIds.length === totalShards,
      shards: [...this.#serving, ...others.flatMap(({ fullest }) => fullest ?? [])],
      guildLimit,
      closed: [this.#closedShard, ...others.map(({ closed }) => closed)]
        .find((closed) => closed !== null) ?? null,
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
