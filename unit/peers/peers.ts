/**
 * Everybody who runs code for this unit: clusters and services, joined by the switchboard. Says when
 * all clusters are ready, and when all members have come.
 *
 * @module
 */

import type { CallDesk, Peer } from "../../link/links.ts";
import type { PeerKey } from "../../protocol/peer.ts";
import type { CommandOptions } from "../../protocol/command.ts";
import { type Directory, Switchboard } from "../../link/switchboard.ts";
import type { World } from "../../ports/world.ts";
import {
  calculateShardId,
  type ShardKey,
  type ShardKeyText,
  shardKeyText,
} from "../../protocol/ids.ts";
import type { CommandTarget, Wanted } from "../../protocol/link_call.ts";
import type { Status } from "../../protocol/status.ts";
import type { Clusters } from "./clusters.ts";
import { find, type FinderOptions } from "./finder.ts";
import { MembersWatch } from "./members_watch.ts";
import type { Services } from "./services.ts";

/** What joining them needs. */
export interface PeersOptions
  extends Pick<World, "clock" | "log">, Pick<FinderOptions, "cached" | "rest"> {
  readonly clusters: Clusters;
  readonly services: Services;
  readonly totalShards: () => number;
  /** A method of the unit that a peer calls. */
  readonly unit: (request: unknown) => unknown;
  readonly tell: (status: Status) => void;
}

/** Clusters and services as one society. */
export class Peers implements CallDesk {
  readonly switchboard: Switchboard;
  readonly #options: PeersOptions;
  readonly #directory: Directory;
  readonly #clusterOfShard = new Map<ShardKeyText, number>();
  /** Shards that have not been ready yet. */
  readonly #unready = new Set<ShardKeyText>();
  /** Clusters that have shards and have not been linked yet. */
  readonly #unlinked = new Set<number>();
  #members: MembersWatch | null = null;
  #areReady = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    const { clusters, services, totalShards } = options;
    this.#directory = {
      get clusterIds() {
        return clusters.ids;
      },
      clusterOfGuild: (guildId) => {
        const total = Math.max(1, totalShards());
        const shard = shardKeyText({ total, id: calculateShardId(guildId, total) });
        return this.#clusterOfShard.get(shard) ?? null;
      },
      hasService: (name) => services.names.includes(name),
    };
    this.switchboard = new Switchboard({ ...options, directory: this.#directory });
  }

  /** All that may have a link. */
  get all(): PeerKey[] {
    const { clusters, services } = this.#options;
    return [
      ...clusters.ids.map((id) => ({ kind: "cluster", id } as const)),
      ...services.names.map((name) => ({ kind: "service", name } as const)),
    ];
  }

  /** Which cluster gets which shard's events. Call once, before the first link. */
  plan(total: number, clusterOfShard: Readonly<Record<number, number>>): void {
    for (const [shardId, clusterId] of Object.entries(clusterOfShard)) {
      const shard = shardKeyText({ total, id: Number(shardId) });
      this.#clusterOfShard.set(shard, clusterId);
      this.#unready.add(shard);
      this.#unlinked.add(clusterId);
    }
    this.#members = new MembersWatch(this.#clusterOfShard);
  }

  /** A peer can be reached, or not any more. */
  link(peer: PeerKey, isUp: boolean): void {
    const { clusters, services } = this.#options;
    if (peer.kind === "service") services.link(peer.name, isUp);
    if (peer.kind !== "cluster") return;
    // Before the unit is: with the last cluster it may be ready as a whole.
    if (isUp && this.#unlinked.delete(peer.id)) this.#tellIfReady();
    clusters.link(peer.id, isUp);
  }

  /** See {@linkcode CallDesk}. A newcomer is told what has happened. */
  up(far: Peer): void {
    this.switchboard.up(far);
    const { peer, values } = far;
    if (values === null) return;
    if (this.#areReady) this.switchboard.tell([peer], "allClustersReady", undefined);
    if (peer.kind === "cluster" && this.#members?.isCached(peer.id)) {
      this.switchboard.tell([peer], "allMembersCached", false);
    }
    if (this.#areAllCached) this.#tellAllCached([peer]);
  }

  /** See {@linkcode CallDesk}. */
  down(peer: PeerKey, reason: string): void {
    this.switchboard.down(peer, reason);
  }

  /** See {@linkcode CallDesk}. */
  receive(peer: PeerKey, message: Parameters<CallDesk["receive"]>[1]): void {
    this.switchboard.receive(peer, message);
  }

  /** A shard is ready. */
  shardReady(shard: ShardKey): void {
    if (!this.#unready.delete(shardKeyText(shard))) return;
    this.#tellIfReady();
    if (this.haveShardsBeenReady) this.#tellIfAllCached();
  }

  /** Whether every shard has been ready; not before they are planned. */
  get haveShardsBeenReady(): boolean {
    return this.#members !== null && this.#unready.size === 0;
  }

  #tellIfReady(): void {
    if (this.#unready.size + this.#unlinked.size > 0) return;
    this.#areReady = true;
    this.#options.tell({ kind: "allClustersReady" });
    this.switchboard.tell(this.switchboard.reachable, "allClustersReady", undefined);
  }

  /** All members of a shard's guilds have come. */
  membersCached(shard: ShardKey): void {
    const clusterId = this.#members?.cached(shardKeyText(shard)) ?? null;
    if (clusterId === null) return;
    this.switchboard.tell([{ kind: "cluster", id: clusterId }], "allMembersCached", false);
    this.#options.tell({ kind: "ALL_MEMBERS_CACHED", clusterId });
    this.#tellIfAllCached();
  }

  /** Sends a command from the unit itself: see `Ipc`. */
  command(to: CommandTarget, data: unknown, options?: CommandOptions): Promise<unknown> {
    return this.switchboard.command(to, data, options);
  }

  /** What somebody knows of a guild, channel, user or member; `null` where nobody does. */
  find(wanted: Wanted, askDiscord: boolean, timeoutMs?: number): Promise<unknown> {
    const options = {
      ...this.#options,
      switchboard: this.switchboard,
      directory: this.#directory,
    };
    return find(options, wanted, askDiscord, timeoutMs);
  }

  /** Everybody was told, or is about to be: never before all have been ready. */
  get #areAllCached(): boolean {
    return this.haveShardsBeenReady && this.#members?.areAllCached === true;
  }

  /** Asked once after the last of both, so that everybody is told once. */
  #tellIfAllCached(): void {
    if (!this.#areAllCached) return;
    this.#tellAllCached(this.switchboard.reachable);
    this.#options.tell({ kind: "ALL_MEMBERS_CACHED", clusterId: null });
  }

  /** Clusters are told `true`, services without a value. */
  #tellAllCached(peers: readonly PeerKey[]): void {
    for (const peer of peers) {
      const value = peer.kind === "cluster" ? true : undefined;
      this.switchboard.tell([peer], "allMembersCached", value);
    }
  }
}
