/**
 * Everybody who runs code for this unit: clusters and services, joined by the switchboard. Says when
 * all clusters are ready, and when all members have come.
 *
 * @module
 */

import type { CallDesk } from "../../link/hub.ts";
import type { Wanted } from "../../protocol/wanted.ts";
import type { CommandOptions } from "../../protocol/command.ts";
import { type Directory, type Peer, Switchboard } from "../../link/switchboard.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { calculateShardId } from "../../protocol/ids.ts";
import type { CommandTarget } from "../../protocol/link_call.ts";
import type { Status } from "../../protocol/status.ts";
import type { Clusters } from "./clusters.ts";
import { find } from "./finder.ts";
import { type MembersEvent, MembersWatch } from "./members_watch.ts";
import type { Services } from "./services.ts";

/** What joining them needs. */
export interface PeersOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly clusters: Clusters;
  readonly services: Services;
  readonly totalShards: () => number;
  /** A method of the unit that a peer calls. */
  readonly unit: (request: unknown) => unknown;
  /** Asks the caches of the shard workers. */
  readonly cached: (wanted: Wanted, timeoutMs: number) => readonly Promise<unknown>[];
  /** Asks Discord as the bot; the path is below the version. */
  readonly rest: (path: string) => Promise<Response>;
  readonly tell: (status: Status) => void;
}

/** Clusters and services as one society. */
export class Peers implements CallDesk {
  readonly switchboard: Switchboard;
  readonly #options: PeersOptions;
  readonly #clusterOfShard = new Map<number, number>();
  /** Shards that have not been ready yet. */
  readonly #unready = new Set<number>();
  #members: MembersWatch | null = null;
  #areReady = false;
  readonly #cached = new Set<number>();
  #allCached = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.switchboard = new Switchboard({ ...options, directory: this.#directory() });
  }

  /** Numbers of all on the event link. */
  get ids(): number[] {
    const { clusters, services } = this.#options;
    return [...clusters.ids, ...services.ids];
  }

  /** Which cluster gets which shard's events. Call once, before the first link. */
  plan(clusterOfShard: Readonly<Record<number, number>>): void {
    for (const [shardId, clusterId] of Object.entries(clusterOfShard)) {
      this.#clusterOfShard.set(Number(shardId), clusterId);
      this.#unready.add(Number(shardId));
    }
    this.#members = new MembersWatch(this.#clusterOfShard);
  }

  /** The hub says that a link is welcomed or lost. */
  link(id: number, isUp: boolean): void {
    const { clusters, services } = this.#options;
    if (services.nameOf(id) === null) clusters.link(id, isUp);
    else services.link(id, isUp);
  }

  /** See {@linkcode CallDesk}. A newcomer is told what has happened. */
  up(peer: Peer): void {
    this.switchboard.up(peer);
    if (peer.values === null) return;
    if (this.#areReady) this.switchboard.tell([peer.id], "allClustersReady", undefined);
    if (this.#cached.has(peer.id)) this.switchboard.tell([peer.id], "allMembersCached", false);
    if (this.#allCached) this.#tellAllCached([peer.id]);
  }

  /** See {@linkcode CallDesk}. */
  down(id: number, reason: string): void {
    this.switchboard.down(id, reason);
  }

  /** See {@linkcode CallDesk}. */
  receive(id: number, message: Parameters<CallDesk["receive"]>[1]): void {
    this.switchboard.receive(id, message);
  }

  /** A shard is ready. */
  shardReady(shardId: number): void {
    this.#unready.delete(shardId);
    if (this.#unready.size > 0 || this.#areReady) return;
    this.#areReady = true;
    this.#options.tell({ kind: "allClustersReady" });
    this.switchboard.tell(this.switchboard.reachable, "allClustersReady", undefined);
    this.#tellMembers(this.#members?.allClustersReady() ?? []);
  }

  /** All members of a shard's guilds have come. */
  membersCached(shardId: number): void {
    this.#tellMembers(this.#members?.cached(shardId) ?? []);
  }

  /** See {@linkcode CallDesk}. */
  serviceOf(id: number): string | null {
    return this.#options.services.nameOf(id);
  }

  /** Sends a command from the unit itself: see `Ipc`. */
  command(to: CommandTarget, data: unknown, options?: CommandOptions): Promise<unknown> {
    return this.switchboard.command(to, data, options);
  }

  /** What somebody knows of a guild, channel, user or member; `null` where nobody does. */
  find(wanted: Wanted, askDiscord: boolean, timeoutMs?: number): Promise<unknown> {
    const { cached, clusters, rest } = this.#options;
    const { switchboard } = this;
    const clusterOfGuild = (guildId: string) => this.#clusterOfGuild(guildId);
    const clusterIds = () => clusters.ids;
    const options = { switchboard, cached, clusterIds, clusterOfGuild, rest };
    return find(options, wanted, askDiscord, timeoutMs);
  }

  #clusterOfGuild(guildId: string): number | null {
    const totalShards = Math.max(1, this.#options.totalShards());
    return this.#clusterOfShard.get(calculateShardId(guildId, totalShards)) ?? null;
  }

  #tellMembers(events: readonly MembersEvent[]): void {
    for (const event of events) {
      if (event.kind === "cluster") {
        this.#cached.add(event.clusterId);
        this.switchboard.tell([event.clusterId], "allMembersCached", false);
        this.#options.tell({ kind: "ALL_MEMBERS_CACHED", clusterId: event.clusterId });
      } else {
        this.#allCached = true;
        this.#tellAllCached(this.switchboard.reachable);
        this.#options.tell({ kind: "ALL_MEMBERS_CACHED", clusterId: null });
      }
    }
  }

  /** Clusters are told `true`, services without a value. */
  #tellAllCached(ids: readonly number[]): void {
    const { services } = this.#options;
    for (const id of ids) {
      const value = services.nameOf(id) === null ? true : undefined;
      this.switchboard.tell([id], "allMembersCached", value);
    }
  }

  #directory(): Directory {
    const { clusters, services } = this.#options;
    return {
      get clusterIds() {
        return clusters.ids;
      },
      clusterOfGuild: (guildId) => this.#clusterOfGuild(guildId),
      serviceId: (name) => services.idOf(name),
      nameOf: (id) => {
        const name = services.nameOf(id);
        return name === null ? `cluster ${id}` : `service ${name}`;
      },
    };
  }
}
