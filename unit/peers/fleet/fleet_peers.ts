/**
 * A unit's clusters, services, commands and figures as those of a fleet: what the parts of a unit need for that, in
 * one place. It is the `fleet` of `Clusters`, `Services` and `Peers`, and its `stats` that of `StatsCollector`:
 *
 * ```ts ignore
 * const fleet = new FleetPeers({ clock, log, config, line, seat });
 * const clusters = new Clusters({ …, fleet });
 * const services = new Services({ …, fleet });
 * const peers = new Peers({ …, clusters, services, fleet });
 * const stats = new StatsCollector({ …, fleet: fleet.stats });
 * const { methods, far } = fleet.join({ unit: this, peers, has, … }); // `unit.fleet` is `methods`
 * openGateway({ …, unitName: fleet.unit, far });                      // for workers, and for `UnitCommands`
 * ```
 *
 * @module
 */

import { GatehouseError } from "../../../protocol/errors.ts";
import type { Assignment } from "../../../protocol/fleet.ts";
import type { ShardKey } from "../../../protocol/ids.ts";
import type { Bus } from "../../../ports/fleet/bus.ts";
import type { FleetLine, FleetView } from "../../../ports/fleet/fleet.ts";
import type { World } from "../../../ports/world.ts";
import type { Config } from "../../../config/config.ts";
import { callHere, type MethodsUnit } from "../../methods.ts";
import type { Clusters } from "../clusters.ts";
import type { Peers } from "../peers.ts";
import type { PeersFleet } from "./elsewhere.ts";
import { FarShards, type FarShardsOptions } from "./far_shards.ts";
import { FleetMethods } from "./fleet_methods.ts";
import { FleetStats } from "./fleet_stats.ts";
import type { ServicesFleet } from "./service_turns.ts";
import { UnitCalls } from "./unit_calls.ts";

/** A unit's place among the others, and what is assigned to whom. */
export interface PeersSeat extends FleetView {
  /** The assignment that holds; `null`: none is known yet. */
  readonly assignment: Assignment | null;
}

/** What it is made of. */
export interface FleetPeersOptions extends Pick<World, "clock" | "log"> {
  readonly config: Pick<Config, "statsIntervalMs" | "servicesCutOff">;
  readonly line: FleetLine;
  readonly seat: PeersSeat;
}

/** The unit, once its parts are there. */
export interface JoiningUnit extends Pick<FarShardsOptions, "has" | "gateway"> {
  readonly unit: MethodsUnit & { readonly clusters: Pick<Clusters, "restartAll"> };
  readonly peers: Pick<Peers, "elsewhere" | "stop">;
  /** The shards that serve, with whichever unit; none before they are planned. */
  readonly serving: () => readonly ShardKey[];
}

/** A unit's clusters and services in a fleet. */
export class FleetPeers implements PeersFleet, ServicesFleet {
  readonly unit: string;
  readonly view: FleetView;
  readonly line: FleetLine;
  readonly bus: Bus;
  readonly calls: UnitCalls;
  readonly stats: FleetStats;
  readonly servicesCutOff: Config["servicesCutOff"];
  readonly #options: FleetPeersOptions;
  #peers: JoiningUnit["peers"] | null = null;

  constructor(options: FleetPeersOptions) {
    const { line, seat, config } = options;
    this.#options = options;
    this.unit = seat.self;
    this.view = seat;
    this.line = line;
    this.bus = line.bus;
    this.servicesCutOff = config.servicesCutOff;
    this.calls = new UnitCalls({ ...options, bus: line.bus, view: seat });
    this.stats = new FleetStats({ ...this.#world, intervalMs: config.statsIntervalMs });
  }

  /** The assignment that holds; `null`: none is known yet. */
  readonly assignment = (): Assignment | null => this.#options.seat.assignment;

  /**
   * Id of the first of the clusters that are the unit's own.
   *
   * @throws {GatehouseError} `not_ready` before the fleet has said which.
   */
  readonly firstId = (): number => {
    const ids = this.assignment()?.clusters[this.unit];
    if (ids) return ids.first;
    const text = "Cannot tell ids of clusters: the fleet has not said yet which are this unit's";
    throw new GatehouseError("not_ready", "host", text);
  };

  /** Takes part: answers other units, and leads to them. */
  join({ unit, peers, has, serving, gateway }: JoiningUnit) {
    const elsewhere = peers.elsewhere!;
    this.#peers = peers;
    const methods = new FleetMethods({
      ...this.#world,
      elsewhere,
      serving,
      clusters: unit.clusters,
      here: (who, asked) => callHere(unit, who, asked),
    });
    const far = new FarShards({ ...this.#world, elsewhere, has, gateway });
    return { methods, far };
  }

  /** Takes part no more. */
  stop(): void {
    this.#peers?.stop();
    this.calls.stop();
  }

  get #world() {
    const { clock, log } = this.#options;
    return { clock, log, view: this.view, calls: this.calls, assignment: this.assignment };
  }
}
