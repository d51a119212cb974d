/**
 * Methods of a unit that are another's to do: who asks any unit of a fleet need not know which has a shard, a cluster
 * or a service.
 *
 * @module
 */

import { COMMAND_TIMEOUT_MS } from "../../../protocol/command.ts";
import { GatehouseError, messageOf } from "../../../protocol/errors.ts";
import type { ShardKey } from "../../../protocol/ids.ts";
import { shown } from "../../../protocol/record.ts";
import type { World } from "../../../ports/world.ts";
import type { Clusters } from "../clusters.ts";
import type { Elsewhere, PeersFleet } from "./elsewhere.ts";

/** Who calls: see `callUnit`. */
export type Caller = "operator" | "peer";

/** What is asked of a unit. */
export type Asked = Readonly<Record<string, unknown>>;

/** What they need. */
export interface FleetMethodsOptions
  extends Pick<PeersFleet, "view" | "calls">, Pick<World, "log"> {
  readonly elsewhere: Pick<Elsewhere, "unitOf" | "unitOfShard" | "units">;
  readonly clusters: Pick<Clusters, "restartAll">;
  /** The shards that serve, with whichever unit. */
  readonly serving: () => readonly ShardKey[];
  /** Does here what another unit asks for: `callHere` of `methods.ts`. */
  readonly here: (who: Caller, asked: Asked) => unknown;
}

/** A call on its way to the unit that it is for. */
interface FarCall {
  readonly who: Caller;
  readonly asked: Asked;
}

/** The methods of a fleet, as one unit leads to them. */
export class FleetMethods {
  readonly #options: FleetMethodsOptions;

  constructor(options: FleetMethodsOptions) {
    this.#options = options;
    const { calls, clusters, here } = options;
    calls.answer("method", (value) => {
      const { who, asked } = value as FarCall;
      return here(who, asked);
    });
    calls.answer("restartAll", () => clusters.restartAll());
  }

  /** Ids of all shards that serve. */
  get shardIds(): number[] {
    return this.#options.serving().map(({ id }) => id);
  }

  /**
   * The other unit that does what is asked for; `null`: this one does.
   *
   * @throws {GatehouseError} `bad_message` where a unit is named that does not live; `away` where no unit has the
   * shard just now.
   */
  unitFor({ method, unit, shardId, clusterId, service }: Asked): string | null {
    const { elsewhere, serving } = this.#options;
    if (unit !== undefined) return this.#named(unit);
    switch (method) {
      case "shardInfo":
      case "reconnect": {
        const shard = serving().find(({ id }) => id === shardId);
        return shard ? elsewhere.unitOfShard(shard) : null;
      }
      case "spawn":
      case "kill":
      case "respawn":
        if (typeof service === "string") return elsewhere.unitOf({ service });
        return Number.isInteger(clusterId)
          ? elsewhere.unitOf({ clusterId: clusterId as number })
          : null;
      default:
        return null;
    }
  }

  /** Has another unit do it. */
  call(unit: string, who: Caller, asked: Asked): Promise<unknown> {
    const { timeoutMs } = asked;
    const ownMs = typeof timeoutMs === "number" ? timeoutMs : 0;
    const call: FarCall = { who, asked };
    return this.#options.calls.ask(unit, "method", call, COMMAND_TIMEOUT_MS + ownMs);
  }

  /**
   * Restarts the clusters of each unit, one unit after another. One that dies meanwhile has none to restart.
   *
   * @throws Why the first of those that live could not, once all others have been asked.
   */
  async restartAll(): Promise<void> {
    const { calls, clusters, elsewhere, log, view } = this.#options;
    const failures: unknown[] = [];
    await clusters.restartAll().catch((error) => void failures.push(error));
    for (const unit of elsewhere.units) {
      await calls.ask(unit, "restartAll", null, Infinity).catch((error) => {
        log.warn("clusters of a unit were not restarted", { unit, error: messageOf(error) });
        if (view.members.includes(unit)) failures.push(error);
      });
    }
    if (failures.length > 0) throw failures[0];
  }

  #named(unit: unknown): string | null {
    const { self, members } = this.#options.view;
    if (unit === self) return null;
    if (members.includes(unit as string)) return unit as string;
    throw noUnit(unit, members);
  }
}

/** Who names a unit means that one: where it does not live no other does what is asked in its place. */
export function noUnit(unit: unknown, members: readonly string[]): GatehouseError {
  const why = members.length === 0
    ? "this unit is in no fleet"
    : `its fleet has ${members.join(", ")}`;
  return new GatehouseError("bad_message", "caller", `Cannot reach unit ${shown(unit)}: ${why}`);
}
