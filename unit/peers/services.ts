/**
 * The services of a unit: code without shards, with a name, that takes commands.
 *
 * @module
 */

import { GatehouseError } from "../../protocol/errors.ts";
import type { ServiceSnapshot } from "../../protocol/status.ts";
import type { World } from "../../ports/world.ts";
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
  readonly changed: (snapshot: ServiceSnapshot) => void;
  /** The module of one cannot be loaded, and never could. */
  readonly refused: PlaceOptions["refused"];
}

/** The services of a unit. */
export class Services {
  /** Their names, in the order of the setting. */
  readonly names: readonly string[];
  readonly #places: ReadonlyMap<string, ClusterPlace>;

  constructor(options: ServicesOptions) {
    const { services, start, changed } = options;
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
   * @throws {GatehouseError} `refused` where there is none of that name.
   */
  get(name: string): ClusterControl {
    const place = this.#places.get(name);
    if (place) return place;
    const text = `Cannot reach service ${name}: there are ${this.names.join(", ") || "none"}`;
    throw new GatehouseError("refused", "caller", text, { name });
  }

  /** Starts all. */
  start(): void {
    for (const place of this.#places.values()) place.spawn();
  }

  /** Resolves when each has loaded its module. */
  async loaded(): Promise<void> {
    await Promise.all([...this.#places.values()].map((place) => place.loaded));
  }

  /** Whether one can be reached has changed. */
  link(name: string, isUp: boolean): void {
    this.#places.get(name)?.link(isUp);
  }

  /** All of them, as seen from outside. */
  get snapshots(): ServiceSnapshot[] {
    return [...this.#places].map(([name, { snapshot }]) => ({ name, ...snapshot }));
  }

  /** Ends all. */
  async stop(): Promise<void> {
    await Promise.all([...this.#places.values()].map((place) => place.end()));
  }
}
