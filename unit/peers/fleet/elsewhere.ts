/**
 * What other units of a fleet have, and the way there: clusters, services, and shards with their guilds.
 *
 * @module
 */

import type { CommandOptions } from "../../../protocol/command.ts";
import { GatehouseError, isUnheard, unheard } from "../../../protocol/errors.ts";
import type { Assignment } from "../../../protocol/fleet.ts";
import { type ShardKey, shardKeyText } from "../../../protocol/ids.ts";
import type { CommandTarget, Wanted } from "../../../protocol/link_call.ts";
import type { Bus } from "../../../ports/fleet/bus.ts";
import type { FleetView } from "../../../ports/fleet/fleet.ts";
import type { FarPeers } from "../../../link/switchboard.ts";
import type { Clusters } from "../clusters.ts";
import type { UnitCalls } from "./unit_calls.ts";

/** The fleet that a unit is one of, as its clusters and services need it. */
export interface PeersFleet {
  readonly view: FleetView;
  /** The assignment that holds; `null`: none is known yet. */
  readonly assignment: () => Assignment | null;
  readonly bus: Bus;
  readonly calls: UnitCalls;
}

/** What it takes to know. */
export interface ElsewhereOptions extends Pick<PeersFleet, "view" | "assignment" | "calls"> {
  readonly clusters: Pick<Clusters, "ids" | "areOwn">;
  /** The shard that has a guild; `null`: that is not known yet. */
  readonly shardOf: (guildId: string) => ShardKey | null;
}

/** Whom a single command is for. */
type OneTarget = Exclude<CommandTarget, { all: true }>;

/** A command on its way to who has its target. */
export interface FarCommand {
  readonly to: OneTarget;
  readonly data: unknown;
  readonly options: Required<CommandOptions>;
}

/** What one unit asks another to look for. */
export interface FarSearch {
  readonly wanted: Wanted;
  readonly timeoutMs: number;
  /** Clusters need not be asked. */
  readonly isOnlyCached: boolean;
}

/** The other units, as this one sees them. */
export class Elsewhere implements FarPeers {
  readonly #options: ElsewhereOptions;

  constructor(options: ElsewhereOptions) {
    this.#options = options;
  }

  /** Names of the other units that live. */
  get units(): string[] {
    const { self, members } = this.#options.view;
    return members.filter((unit) => unit !== self);
  }

  /** Ids of the clusters of other units that live. */
  get clusterIds(): number[] {
    const { clusters, assignment } = this.#options;
    if (!clusters.areOwn) return [];
    const idsOf = assignment()?.clusters ?? {};
    return this.units.flatMap((unit) => {
      const { first, count } = idsOf[unit] ?? { first: 0, count: 0 };
      return Array.from({ length: count }, (_, i) => first + i);
    });
  }

  /**
   * The unit that has whom a command is for; `null`: this one has, or nobody.
   *
   * @throws {GatehouseError} `away` where no unit has the guild's shard just now.
   */
  unitOf(to: OneTarget): string | null {
    const { assignment, clusters, shardOf } = this.#options;
    if ("service" in to) return this.#other(assignment()?.services[to.service]);
    // Those of `EVENT_HANDLER_URL` have a link with each unit.
    if (!clusters.areOwn) return null;
    if ("guildId" in to) {
      const shard = shardOf(to.guildId);
      return shard && this.unitOfShard(shard);
    }
    const { clusterId } = to;
    if (clusters.ids.includes(clusterId)) return null;
    const [unit] =
      Object.entries(assignment()?.clusters ?? {}).find(([, { first, count }]) =>
        clusterId >= first && clusterId < first + count
      ) ?? [];
    return this.#other(unit);
  }

  /**
   * The other unit that has a shard; `null`: this one has.
   *
   * @throws {GatehouseError} `away` where none has it just now.
   */
  unitOfShard(shard: ShardKey): string | null {
    const unit = this.#options.view.ownerOf(shard);
    if (unit !== null) return this.#other(unit);
    const text = `Cannot reach shard ${shardKeyText(shard)}: no unit has it just now`;
    throw unheard(text);
  }

  /** See {@linkcode FarPeers}. */
  command(
    unit: string,
    to: OneTarget,
    data: unknown,
    options: Required<CommandOptions>,
  ): Promise<unknown> {
    const command: FarCommand = { to, data, options };
    return this.#options.calls.ask(unit, "command", command, options.timeout);
  }

  /** See {@linkcode FarPeers}. */
  get areShared(): boolean {
    return !this.#options.clusters.areOwn;
  }

  /** See {@linkcode FarPeers}. Of several units the first that has a link is asked, and no other. */
  async commandShared(
    clusterId: number,
    data: unknown,
    options: Required<CommandOptions>,
  ): Promise<unknown> {
    for (const unit of this.units) {
      try {
        return await this.command(unit, { clusterId }, data, options);
      } catch (error) {
        if (!isUnheard(error)) throw error;
      }
    }
    const text = `Cannot reach cluster ${clusterId}: it is not linked with any unit`;
    throw new GatehouseError("away", "peer", text);
  }

  /** Asks the units that may know of a guild, channel, user or member. */
  find(wanted: Wanted, timeoutMs: number): Promise<unknown>[] {
    const { calls, clusters } = this.#options;
    // Clusters of `EVENT_HANDLER_URL` are asked by us; the caches are there.
    const search: FarSearch = { wanted, timeoutMs, isOnlyCached: !clusters.areOwn };
    return this.#knowing(wanted).map((unit) => calls.ask(unit, "find", search, 2 * timeoutMs));
  }

  #knowing(wanted: Wanted): readonly string[] {
    const { shardOf, view } = this.#options;
    if (wanted.kind === "channel" || wanted.kind === "user") return this.units;
    const shard = shardOf(wanted.guildId);
    const unit = shard && this.#other(view.ownerOf(shard) ?? undefined);
    return unit === null ? [] : [unit];
  }

  #other(unit: string | undefined): string | null {
    return unit === undefined || unit === this.#options.view.self ? null : unit;
  }
}
