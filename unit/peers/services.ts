/**
 * The services of a unit: code without shards, with a name, that takes commands.
 *
 * @module
 */

import { GatehouseError } from "../../protocol/errors.ts";
import type { ServiceSnapshot } from "../../protocol/status.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { RunningCluster } from "../../clusters/handle.ts";
import { type ClusterControl, ClusterPlace } from "../../clusters/place.ts";

/** On the event link a service is a cluster with a number of its own, from here on. */
export const SERVICE_BASE = 500_000;

/** What the services need. */
export interface ServicesOptions {
  /** Name and module of each. */
  readonly services: readonly { readonly name: string; readonly module: string }[];
  readonly clock: Clock;
  readonly log: Log;
  /** Starts a service. */
  readonly start: (id: number, name: string, module: string) => RunningCluster;
  readonly changed: (snapshot: ServiceSnapshot) => void;
}

/** The services of a unit. */
export class Services {
  readonly #places = new Map<string, ClusterPlace>();
  readonly #names: readonly string[];

  constructor({ services, clock, log, start, changed }: ServicesOptions) {
    this.#names = services.map(({ name }) => name);
    services.forEach(({ name, module }, i) => {
      const place = new ClusterPlace({
        clusterId: SERVICE_BASE + i,
        service: name,
        start: () => start(SERVICE_BASE + i, name, module),
        clock,
        log,
        onChange: ({ state, reason, restarts }) => changed({ name, state, reason, restarts }),
      });
      this.#places.set(name, place);
    });
  }

  /** Their names, in the order of the setting. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** Their numbers on the event link. */
  get ids(): number[] {
    return this.#names.map((_, i) => SERVICE_BASE + i);
  }

  /** The number of one; `null` where there is none of that name. */
  idOf(name: string): number | null {
    const at = this.#names.indexOf(name);
    return at < 0 ? null : SERVICE_BASE + at;
  }

  /** The name of a number; `null` where it is a cluster's. */
  nameOf(id: number): string | null {
    return this.#names[id - SERVICE_BASE] ?? null;
  }

  /**
   * A service, to be spawned, killed and respawned.
   *
   * @throws {GatehouseError} `refused` where there is none of that name.
   */
  get(name: string): ClusterControl {
    const place = this.#places.get(name);
    if (place) return place;
    const text = `Cannot reach service ${name}: there are ${this.#names.join(", ") || "none"}`;
    throw new GatehouseError("refused", "caller", text, { name });
  }

  /** Starts all. */
  start(): void {
    for (const place of this.#places.values()) place.spawn();
  }

  /** The hub says that a link came up or went down. */
  link(id: number, isUp: boolean): void {
    const name = this.nameOf(id);
    if (name !== null) this.#places.get(name)?.link(isUp);
  }

  /** All of them, as seen from outside. */
  get snapshots(): ServiceSnapshot[] {
    return [...this.#places].map(([name, { snapshot: { state, reason, restarts } }]) => (
      { name, state, reason, restarts }
    ));
  }

  /** Ends all. */
  async stop(): Promise<void> {
    await Promise.all([...this.#places.values()].map((place) => place.end()));
  }
}
