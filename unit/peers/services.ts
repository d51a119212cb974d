/**
 * The services of a unit: code without shards, with a name, that takes commands. In a fleet each runs on one unit.
 *
 * @module
 */

import { GatehouseError } from "../../protocol/errors.ts";
import type { ServiceSnapshot } from "../../protocol/status.ts";
import { endInTurn, endTogether } from "../../ports/lives/ending.ts";
import type { World } from "../../ports/world.ts";
import { type ServicesFleet, ServiceTurns } from "./fleet/service_turns.ts";
import {
  type ClusterControl,
  ClusterPlace,
  type PlaceOptions,
  type RunningCluster,
} from "../../clusters/place.ts";

/** What the services need. */
export interface ServicesOptions extends Pick<World, "clock" | "log"> {
  /** Name and module of each. */
  readonly services: readonly { readonly name: string; readonly module: string }[];
  /** Starts a service. */
  readonly start: (name: string, module: string) => RunningCluster;
  /** The fleet that the unit is one of, which says which run here. Default: none, and all do. */
  readonly fleet?: ServicesFleet;
  readonly changed: (snapshot: ServiceSnapshot) => void;
  /** The module of one cannot be loaded, and never could. */
  readonly refused: PlaceOptions["refused"];
}

/** The services of a unit. */
export class Services {
  /** Their names, in the order of the setting. */
  readonly names: readonly string[];
  readonly #options: ServicesOptions;
  readonly #places: ReadonlyMap<string, ClusterPlace>;
  /** `undefined`: there is no fleet, or nothing was started yet. */
  #turns: ServiceTurns | undefined;

  constructor(options: ServicesOptions) {
    const { services, start, changed } = options;
    this.#options = options;
    this.names = services.map(({ name }) => name);
    this.#places = new Map(services.map(({ name, module }) => {
      const place = new ClusterPlace({
        ...options,
        peer: { kind: "service", name },
        setting: "SERVICES",
        start: () => start(name, module),
        onChange: (state) => changed({ name, ...state }),
      });
      return [name, place];
    }));
  }

  /**
   * A service, to be spawned, killed and respawned.
   *
   * @throws {GatehouseError} `refused` where there is none of that name, or it is another unit's.
   */
  get(name: string): ClusterControl {
    const place = this.#places.get(name);
    if (place && !this.#isElsewhere(name)) return place;
    if (place) {
      const where = this.#turns?.unitOf(name) ?? "none yet";
      const text = `Cannot reach service ${name}: the unit that runs it is ${where}`;
      throw new GatehouseError("refused", "caller", text, { name });
    }
    const text = `Cannot reach service ${name}: there are ${this.names.join(", ") || "none"}`;
    throw new GatehouseError("refused", "caller", text, { name });
  }

  /** Starts all, or those that the fleet wants here, and from now on whichever it does. */
  start(): void {
    const { fleet } = this.#options;
    if (!fleet) {
      for (const place of this.#places.values()) place.spawn();
      return;
    }
    this.#turns = new ServiceTurns({
      ...this.#options,
      ...fleet,
      names: this.names,
      start: (name) => this.#places.get(name)!.spawn(),
      end: (name) => this.#places.get(name)!.kill(),
    });
  }

  /** In a fleet: the assignment may say something else. */
  look(): void {
    this.#turns?.look();
  }

  /** Resolves when each that runs here has loaded its module. */
  async loaded(): Promise<void> {
    await Promise.all(this.#own.map(([, place]) => place.loaded));
  }

  /** Whether one can be reached has changed. */
  link(name: string, isUp: boolean): void {
    this.#places.get(name)?.link(isUp);
  }

  /** All that run here, as seen from outside. */
  get snapshots(): ServiceSnapshot[] {
    return this.#own.map(([name, { snapshot }]) => ({ name, ...snapshot }));
  }

  /** Ends all. Rejects where one cannot be ended. */
  async stop(): Promise<void> {
    this.#turns?.stop();
    const ends = [...this.#places.values()].map((place) => () => place.end());
    await endInTurn(() => endTogether(...ends), () => this.#turns?.over());
  }

  get #own(): [string, ClusterPlace][] {
    return [...this.#places].filter(([name]) => !this.#isElsewhere(name));
  }

  /** Whether the fleet has one run on another unit, or not yet at all. */
  #isElsewhere(name: string): boolean {
    return this.#options.fleet !== undefined && this.#turns?.isHere(name) !== true;
  }
}
