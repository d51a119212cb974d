/**
 * Everybody who gets events from this unit: the built-in clusters that it starts, the remote ones
 * that it dials, or, where neither is configured, those that dial in. One kind at a time: a shard's
 * events go to one place.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { ClusterSnapshot } from "../protocol/status.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Random } from "../ports/random.ts";
import type { Connect } from "../ports/socket.ts";
import { callOut } from "../events/call_out.ts";
import type { Hub } from "../events/hub.ts";
import { partition } from "../gateway/shard_plan.ts";
import type { RunningCluster } from "../workers/cluster_handle.ts";
import { superviseCluster, type Supervision } from "../workers/cluster_supervision.ts";
import type { Config } from "./config.ts";

/** How long a cluster may take to finish what it does before it is killed. */
export const CLUSTER_STOP_DEADLINE_MS = 10_000;

/** What the clusters need. */
export interface ClustersOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly connect: Connect;
  /** Starts a built-in cluster. */
  readonly start: (clusterId: number) => RunningCluster;
  readonly changed: (snapshot: ClusterSnapshot) => void;
}

interface Remote {
  readonly snapshot: ClusterSnapshot;
  /** Ends the dialling, where we dial. */
  readonly hangUp: () => void;
}

/** The clusters of a unit. */
export class Clusters {
  readonly #options: ClustersOptions;
  readonly #builtIn = new Map<number, Supervision>();
  readonly #remote = new Map<number, Remote>();

  constructor(options: ClustersOptions) {
    this.#options = options;
  }

  /** Their ids, from 0. */
  get ids(): number[] {
    const { totalClusters, eventHandlerUrls } = this.#options.config;
    return [...Array(eventHandlerUrls.length || totalClusters).keys()];
  }

  /**
   * Who gets each shard's events: built-in clusters have consecutive ranges, remote ones
   * `shardId % count`, so that a remote one needs to know nothing of the plan.
   */
  ofShards(shardIds: readonly number[]): Record<number, number> {
    const count = this.ids.length;
    if (this.#options.config.botModule === null) {
      return Object.fromEntries(shardIds.map((shardId) => [shardId, shardId % count]));
    }
    const parts = partition(shardIds, count);
    return Object.fromEntries(
      parts.flatMap((part, clusterId) => part.map((shardId) => [shardId, clusterId])),
    );
  }

  /** Starts the built-in ones, dials the remote ones, waits for the others. */
  start(hub: Hub): void {
    const { botModule, eventHandlerUrls } = this.#options.config;
    for (const [clusterId, url] of eventHandlerUrls.entries()) this.#dial(clusterId, url, hub);
    if (botModule !== null) this.ids.forEach((clusterId) => this.#supervise(clusterId));
  }

  /** The hub says that a link came up or went down. */
  link(clusterId: number, isUp: boolean): void {
    const supervision = this.#builtIn.get(clusterId);
    if (supervision) {
      return isUp ? supervision.linkUp() : supervision.linkDown("the event link is down");
    }
    const { hangUp } = this.#remote.get(clusterId) ?? { hangUp() {} };
    const snapshot: ClusterSnapshot = {
      clusterId,
      kind: "remote",
      state: isUp ? "connected" : "away",
      reason: isUp ? "the event link is up" : "the event link is down",
      restarts: 0,
    };
    this.#remote.set(clusterId, { snapshot, hangUp });
    this.#options.changed(snapshot);
  }

  /** Stops a built-in cluster and starts it again; its events wait meanwhile. */
  async restart(clusterId: number): Promise<void> {
    const supervision = this.#builtIn.get(clusterId);
    if (!supervision) {
      const text = `Cannot restart cluster ${clusterId}: this unit starts ${
        [...this.#builtIn.keys()].join(", ") || "none"
      }`;
      throw new GatehouseError("refused", "caller", text, { clusterId });
    }
    await supervision.stop(CLUSTER_STOP_DEADLINE_MS);
    this.#supervise(clusterId);
  }

  /** All of them, as seen from outside. */
  get snapshots(): ClusterSnapshot[] {
    return [
      ...[...this.#builtIn.values()].map((supervision) => supervision.snapshot()),
      ...[...this.#remote.values()].map((remote) => remote.snapshot),
    ];
  }

  /** Dials nobody any more. */
  hangUp(): void {
    for (const remote of this.#remote.values()) remote.hangUp();
  }

  /** Ends the built-in ones. */
  async stop(): Promise<void> {
    const supervisions = [...this.#builtIn.values()];
    await Promise.all(supervisions.map((each) => each.stop(CLUSTER_STOP_DEADLINE_MS)));
  }

  #supervise(clusterId: number): void {
    const { clock, log, start, changed } = this.#options;
    const supervision = superviseCluster({
      clusterId,
      start: () => start(clusterId),
      clock,
      log,
      onChange: changed,
    });
    this.#builtIn.set(clusterId, supervision);
  }

  #dial(clusterId: number, url: string, hub: Hub): void {
    const { config, connect, clock, random, log } = this.#options;
    const secretKey = config.eventHandlerSecretKey;
    this.#remote.set(clusterId, {
      snapshot: { clusterId, kind: "remote", state: "starting", reason: "dialling", restarts: 0 },
      hangUp: callOut({ clusterId, url, secretKey, hub, connect, clock, random, log }),
    });
  }
}
