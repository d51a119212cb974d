/**
 * Everybody who gets events from this unit: the built-in clusters that it starts, the remote ones
 * that it dials, or, where neither is configured, those that dial in. One kind at a time: a shard's
 * events go to one place.
 *
 * @module
 */

import { GatehouseError } from "../../protocol/errors.ts";
import { shardRange } from "../../protocol/ids.ts";
import type { ClusterSnapshot } from "../../protocol/status.ts";
import { within } from "../../ports/clock.ts";
import { endTogether } from "../../ports/lives/ending.ts";
import type { World } from "../../ports/world.ts";
import { type CallOut, callOut, type CallOutOptions, isPostUrl } from "../../link/call_out.ts";
import type { Links } from "../../link/links.ts";
import { partition } from "../../gateway/shard_plan.ts";
import {
  type ClusterControl,
  ClusterPlace,
  type PlaceOptions,
  type RunningCluster,
} from "../../clusters/place.ts";
import { type Config, isLoopback } from "../../config/config.ts";

/** How long a rolling restart waits for a new cluster's link before it goes on to the next. */
const LINK_DEADLINE_MS = 60_000;

/** What the clusters need. */
export interface ClustersOptions extends Pick<World, "clock" | "random" | "log" | "connect"> {
  readonly config: Config;
  /**
   * In a fleet: the unit's name, and the id of the first of the clusters that are its own, known before any is
   * started (`Assignment.clusters`). Default: there is none.
   */
  readonly fleet?: { readonly unit: string; readonly firstId: () => number };
  /** Starts a built-in cluster. */
  readonly start: (clusterId: number) => RunningCluster;
  readonly changed: (snapshot: ClusterSnapshot) => void;
  /** The bot's module cannot be loaded, and never could. */
  readonly refused: PlaceOptions["refused"];
  /** Sends events to clusters that are POSTed to. Default: the runtime. */
  readonly post?: CallOutOptions["post"];
}

interface Remote {
  readonly snapshot: ClusterSnapshot;
  /** Where we dial. */
  readonly call?: CallOut | undefined;
}

/** The clusters of a unit. */
export class Clusters {
  readonly #options: ClustersOptions;
  readonly #builtIn = new Map<number, ClusterPlace>();
  readonly #remote = new Map<number, Remote>();

  constructor(options: ClustersOptions) {
    this.#options = options;
  }

  /** Their ids: from 0, or in a fleet, where they are this unit's own, from its first. */
  get ids(): number[] {
    const { totalClusters, eventHandlerUrls } = this.#options.config;
    if (eventHandlerUrls.length > 0) return [...eventHandlerUrls.keys()];
    const first = this.#options.fleet?.firstId() ?? 0;
    return Array.from({ length: totalClusters }, (_, i) => first + i);
  }

  /** Whether they belong to this unit: those of `EVENT_HANDLER_URL` are of every unit of a fleet. */
  get areOwn(): boolean {
    return this.#options.config.eventHandlerUrls.length === 0;
  }

  /**
   * Who gets each shard's events: built-in clusters have consecutive ranges, remote ones
   * `shardId % count`, so that a remote one needs to know nothing of the plan. In a fleet built-in ones have every
   * n-th, too: whichever shards the unit has, each has its part of them.
   */
  ofShards(shardIds: readonly number[]): Record<number, number> {
    const { ids } = this;
    const { config, fleet } = this.#options;
    const count = ids.length;
    if (config.botModule === null || fleet) {
      return Object.fromEntries(shardIds.map((shardId) => [shardId, ids[shardId % count]!]));
    }
    const parts = partition(shardIds, count);
    return Object.fromEntries(
      parts.flatMap((part, clusterId) => part.map((shardId) => [shardId, clusterId])),
    );
  }

  /**
   * The same of shards that take over from those of another total. Where each has guilds of one of those only,
   * a built-in cluster keeps its guilds, and what it knows of them; else guilds go where the plan has them.
   */
  ofHeirs(
    total: number,
    before: { readonly total: number; readonly clusterOfShard: Readonly<Record<number, number>> },
  ): Record<number, number> {
    const shardIds = shardRange(0, total - 1);
    const isGrowth = total % before.total === 0;
    if (this.#options.config.botModule === null || !isGrowth) return this.ofShards(shardIds);
    return Object.fromEntries(
      shardIds.map((shardId) => [shardId, before.clusterOfShard[shardId % before.total]!]),
    );
  }

  /** Starts the built-in ones, dials the remote ones, waits for the others. */
  start(links: Links): void {
    const { botModule, eventHandlerUrls } = this.#options.config;
    for (const [clusterId, url] of eventHandlerUrls.entries()) this.#dial(clusterId, url, links);
    if (botModule === null) return;
    for (const clusterId of this.ids) this.#place(clusterId).spawn();
  }

  /** Resolves when each built-in one has loaded the bot. */
  async loaded(): Promise<void> {
    await Promise.all([...this.#builtIn.values()].map((place) => place.loaded));
  }

  /** Whether one can be reached has changed. */
  link(clusterId: number, isUp: boolean): void {
    const place = this.#builtIn.get(clusterId);
    if (place) return place.link(isUp);
    const call = this.#remote.get(clusterId)?.call;
    const isPosted = isPostUrl(this.#options.config.eventHandlerUrls[clusterId] ?? "");
    const snapshot: ClusterSnapshot = {
      clusterId,
      kind: "remote",
      state: isUp ? "connected" : "away",
      reason: isPosted
        ? isUp ? "it takes its events by POST" : "its last POST was not taken"
        : isUp
        ? "the event link is up"
        : "the event link is down",
      restarts: 0,
    };
    this.#remote.set(clusterId, { snapshot, call });
    this.#options.changed(snapshot);
  }

  /**
   * A built-in cluster, to be spawned, killed and respawned; its events wait meanwhile.
   *
   * @throws {GatehouseError} `refused` where this unit does not start it.
   */
  get(clusterId: number): ClusterControl {
    const place = this.#builtIn.get(clusterId);
    if (place) return place;
    const text = `Cannot reach cluster ${clusterId}: this unit starts ${
      [...this.#builtIn.keys()].join(", ") || "none"
    }`;
    throw new GatehouseError("refused", "caller", text, { clusterId });
  }

  /**
   * Restarts the built-in clusters one after another: each when the one before is linked again, or has
   * had a minute to be. Shards stay connected, events wait.
   */
  async restartAll(): Promise<void> {
    for (const place of this.#builtIn.values()) {
      await place.respawn();
      await within(this.#options.clock, LINK_DEADLINE_MS, place.linked);
    }
  }

  /** All of them, as seen from outside. */
  get snapshots(): ClusterSnapshot[] {
    return [
      ...[...this.#builtIn].map(([clusterId, place]): ClusterSnapshot => (
        { clusterId, kind: "built in", ...place.snapshot }
      )),
      ...[...this.#remote.values()].map((remote) => remote.snapshot),
    ];
  }

  /** Dials nobody any more. */
  hangUp(): void {
    for (const { call } of this.#remote.values()) call?.hangUp();
  }

  /** Ends the built-in ones; to those that are POSTed to nothing more goes, and their last answers are waited for. */
  async stop(): Promise<void> {
    await endTogether(
      ...[...this.#builtIn.values()].map((place) => () => place.end()),
      ...[...this.#remote.values()].map(({ call }) => () => call?.settled()),
    );
  }

  #place(clusterId: number): ClusterPlace {
    const { start, changed } = this.#options;
    const place = new ClusterPlace({
      ...this.#options,
      peer: { kind: "cluster", id: clusterId },
      setting: "BOT_MODULE",
      start: () => start(clusterId),
      onChange: (state) => changed({ clusterId, kind: "built in", ...state }),
    });
    this.#builtIn.set(clusterId, place);
    return place;
  }

  #dial(clusterId: number, url: string, links: Links): void {
    const peer = { kind: "cluster", id: clusterId } as const;
    const { config, fleet } = this.#options;
    const { eventHandlerSecretKey: secretKey } = config;
    const posts = { waitMs: config.eventHandlerWaitMs, answerMs: config.eventHandlerAnswerMs };
    const unit = fleet && { unit: fleet.unit };
    const { protocol, hostname, host } = new URL(url);
    if (protocol === "http:" && !isLoopback(hostname)) {
      this.#options.log.warn("events go over the network unencrypted", { clusterId, host });
    }
    this.#remote.set(clusterId, {
      snapshot: { clusterId, kind: "remote", state: "starting", reason: "dialling", restarts: 0 },
      call: callOut({ ...this.#options, ...unit, peer, url, secretKey, links, posts }),
    });
  }
}
