/**
 * Everybody who runs code for this unit: clusters and services, joined by the switchboard. Says when
 * all clusters are ready, and when all members have come. In a fleet they are one society with those of the other
 * units.
 *
 * @module
 */

import type { CallDesk, Peer } from "../../link/links.ts";
import { peerFields, type PeerKey } from "../../protocol/peer.ts";
import type { CommandOptions } from "../../protocol/command.ts";
import type { Assignment } from "../../protocol/fleet.ts";
import { type Directory, Switchboard } from "../../link/switchboard.ts";
import type { World } from "../../ports/world.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../../protocol/ids.ts";
import type { CommandTarget, Wanted } from "../../protocol/link_call.ts";
import type { Status } from "../../protocol/status.ts";
import { Owners } from "../reshard/owners.ts";
import type { Clusters } from "./clusters.ts";
import { find, type FinderOptions, findHere } from "./finder.ts";
import { Elsewhere, type FarCommand, type FarSearch, type PeersFleet } from "./fleet/elsewhere.ts";
import { FleetNews } from "./fleet/news.ts";
import { MembersWatch } from "./members_watch.ts";
import type { Services } from "./services.ts";

/** What joining them needs. */
export interface PeersOptions
  extends Pick<World, "clock" | "log">, Pick<FinderOptions, "cached" | "rest"> {
  readonly clusters: Clusters;
  readonly services: Services;
  /** A method of the unit that a peer calls. */
  readonly unit: (request: unknown) => unknown;
  /** The fleet that the unit is one of. Default: none. */
  readonly fleet?: PeersFleet;
  readonly tell: (status: Status) => void;
  /** Whether this unit has a shard; where that changes, {@linkcode Peers.serve} follows. Default: it has all. */
  readonly has?: (shard: ShardKey) => boolean;
  /** Aborts when the unit stops: of who goes then nobody is warned. Default: never. */
  readonly stopping?: AbortSignal;
}

/** Clusters and services as one society. */
export class Peers implements CallDesk {
  readonly switchboard: Switchboard;
  readonly #options: PeersOptions;
  readonly #directory: Directory;
  /** What other units have; `undefined`: there is no fleet. */
  readonly elsewhere: Elsewhere | undefined;
  readonly #news: FleetNews | undefined;
  /** Of all totals that there are. */
  readonly #clusterOfShard = new Map<ShardKeyText, number>();
  readonly #members = new MembersWatch();
  /** Shards that have been ready, and clusters that have been linked. */
  readonly #wereReady = new Set<ShardKeyText>();
  readonly #wereLinked = new Set<number>();
  /** Shards that serve and have not been ready yet; `null`: nobody has planned any. */
  #unready: Set<ShardKeyText> | null = null;
  /** Clusters that have shards which serve, and have not been linked yet. */
  #unlinked: ReadonlySet<number> = new Set();
  #owners: Owners | null = null;
  /** The assignment that was looked at last, and whether each shard has a unit by it. */
  #seen: Assignment | null | undefined;
  #isEachOwned = false;
  #wasReadyHere = false;
  #areReady = false;
  /** Clusters that have all members of this unit's shards, and not yet of others'. */
  readonly #untold = new Set<number>();
  #areAllTold = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    const { clusters, services, fleet } = options;
    const shardOf = (guildId: string) => this.#owners?.shardOf(guildId) ?? null;
    this.#directory = {
      get clusterIds() {
        return clusters.ids;
      },
      clusterOfGuild: (guildId) => {
        const shard = shardOf(guildId);
        // Be it that the shard is still on its way here: the cluster is.
        if (!shard || (fleet && clusters.areOwn && !this.#isOurs(shard))) return null;
        return this.#clusterOfShard.get(shardKeyText(shard)) ?? null;
      },
      hasService: (name) => services.names.includes(name),
    };
    this.elsewhere = fleet && new Elsewhere({ ...fleet, clusters, shardOf });
    this.switchboard = new Switchboard({
      ...options,
      directory: this.#directory,
      ...(this.elsewhere && { far: this.elsewhere }),
    });
    this.#news = fleet && this.#join(fleet);
  }

  /** Answers the other units, and hears how far they are. */
  #join({ calls, view, bus, assignment }: PeersFleet): FleetNews {
    calls.answer("command", (value) => {
      const { to, data, options } = value as FarCommand;
      return this.switchboard.commandHere(to, data, options);
    });
    calls.answer("find", (value) => {
      const { wanted, timeoutMs, isOnlyCached } = value as FarSearch;
      const directory = isOnlyCached ? NOBODY : this.#directory;
      const { switchboard } = this;
      return findHere({ ...this.#options, switchboard, directory }, wanted, timeoutMs);
    });
    const own = () => ({
      epoch: assignment()?.epoch ?? 0,
      isReady: this.isReadyHere,
      uncached: this.#members.uncached,
    });
    const waits = () =>
      !this.#areReady || this.#untold.size > 0 || (this.#members.areAllCached && !this.#areAllTold);
    // What is said of units changes far more often than who has what.
    view.watch(() =>
      void (this.#owners && assignment() !== this.#seen && this.serve(this.#owners))
    );
    const { clock } = this.#options;
    return new FleetNews({ clock, bus, view, own, waits, changed: () => this.#heard() });
  }

  /** Whether a shard is this unit's, in a fleet also before it is up here. */
  #isOurs(shard: ShardKey): boolean {
    const { fleet, has = () => true } = this.#options;
    return fleet ? fleet.view.ownerOf(shard) === fleet.view.self : has(shard);
  }

  #heard(): void {
    this.#tellIfReady();
    this.#tellCached();
  }

  /** All that may have a link. */
  get all(): PeerKey[] {
    const { clusters, services } = this.#options;
    return [
      ...clusters.ids.map((id) => ({ kind: "cluster", id } as const)),
      ...services.names.map((name) => ({ kind: "service", name } as const)),
    ];
  }

  /**
   * Which cluster gets which shard's events. The first total that is planned, before the first link, serves;
   * another one does as far as {@linkcode serve} says.
   */
  plan(total: number, clusterOfShard: Readonly<Record<number, number>>): void {
    for (const [shardId, clusterId] of Object.entries(clusterOfShard)) {
      this.#clusterOfShard.set(shardKeyText({ total, id: Number(shardId) }), clusterId);
    }
    this.serve(this.#owners ?? new Owners({ total, move: null }));
  }

  /**
   * These shards serve from now on. Those of before that had all members, and were ready, leave that to who has
   * their guilds now: nobody is told anything again.
   */
  serve(owners: Owners): void {
    const before = this.#owners;
    this.#owners = owners;
    const { fleet } = this.#options;
    this.#seen = fleet?.assignment();
    this.#isEachOwned = !fleet ||
      owners.serving.every((shard) => fleet.view.ownerOf(shard) !== null);
    const serving = owners.serving.filter((shard) =>
      this.#isOurs(shard) && this.#clusterOfShard.has(shardKeyText(shard))
    );
    const texts = serving.map(shardKeyText);
    this.#unready = new Set(texts.filter((shard) => !this.#wereReady.has(shard)));
    const own = new Map(texts.map((shard) => [shard, this.#clusterOfShard.get(shard)!]));
    this.#unlinked = new Set([...own.values()]).difference(this.#wereLinked);
    const heirs = serving.filter((shard) =>
      before?.serves(shard) === false &&
      before.sharing(shard).every((each) => this.#members.has(shardKeyText(each)))
    );
    this.#members.serve(own, heirs.map(shardKeyText));
    this.#heard();
  }

  /** A peer can be reached, or not any more; the log says so. */
  link(peer: PeerKey, isUp: boolean): void {
    const { clusters, services, log, stopping } = this.#options;
    const { up, away } = peer.kind === "service"
      ? { up: "service is linked", away: "service is away, commands to it fail" }
      : { up: "cluster is linked", away: "cluster is away, its events wait" };
    if (isUp) log.info(up, peerFields(peer));
    else if (!stopping?.aborted) log.warn(away, peerFields(peer));
    if (peer.kind === "service") services.link(peer.name, isUp);
    if (peer.kind !== "cluster") return;
    // Before the unit is: with the last cluster it may be ready as a whole.
    if (isUp) {
      this.#wereLinked.add(peer.id);
      this.#unlinked = this.#unlinked.difference(this.#wereLinked);
      this.#tellIfReady();
    }
    clusters.link(peer.id, isUp);
  }

  /** See {@linkcode CallDesk}. A newcomer is told what has happened. */
  up(far: Peer): void {
    this.switchboard.up(far);
    const { peer, values } = far;
    if (values === null) return;
    if (this.#areReady) this.switchboard.tell([peer], "allClustersReady", undefined);
    if (peer.kind === "cluster" && this.#members.isCached(peer.id) && !this.#untold.has(peer.id)) {
      this.switchboard.tell([peer], "allMembersCached", false);
    }
    if (this.#areAllTold) this.#tellAllCached([peer]);
  }

  /** See {@linkcode CallDesk}. */
  down(peer: PeerKey, reason: string): void {
    this.switchboard.down(peer, reason);
  }

  /** See {@linkcode CallDesk}. */
  receive(peer: PeerKey, message: Parameters<CallDesk["receive"]>[1]): void {
    this.switchboard.receive(peer, message);
  }

  /** A shard is ready, be it that it does not serve yet. */
  shardReady(shard: ShardKey): void {
    this.#wereReady.add(shardKeyText(shard));
    if (!this.#unready?.delete(shardKeyText(shard))) return;
    this.#tellIfReady();
    this.#tellIfAllCached();
  }

  /** Whether every shard of this unit that serves has been ready, and each of its clusters linked. */
  get isReadyHere(): boolean {
    return this.#unready?.size === 0 && this.#unlinked.size === 0;
  }

  /** Whether every shard that serves has been ready, with whichever unit; not before they are planned. */
  get haveShardsBeenReady(): boolean {
    return this.#unready?.size === 0 && this.#areOthersReady;
  }

  /** Also that each shard has a unit. */
  get #areOthersReady(): boolean {
    if (!this.#options.fleet) return true;
    return this.#isEachOwned && this.#news?.isOfAll(({ isReady }) => isReady) === true;
  }

  #tellIfReady(): void {
    if (this.#areReady) return;
    const wasReady = this.#wasReadyHere;
    this.#wasReadyHere = this.isReadyHere;
    if (!this.#wasReadyHere) return;
    // Who is not told yet asks: what comes later need not be said unasked.
    if (!wasReady) this.#news?.tell();
    if (!this.#areOthersReady) return;
    this.#areReady = true;
    this.#options.tell({ kind: "allClustersReady" });
    this.switchboard.tell(this.switchboard.reachable, "allClustersReady", undefined);
  }

  /** All members of a shard's guilds have come. */
  membersCached(shard: ShardKey): void {
    this.#members.cached(shardKeyText(shard));
    this.#tellCached();
  }

  #tellCached(): void {
    const news = this.#members.takeNews();
    for (const clusterId of news) this.#untold.add(clusterId);
    if (news.length > 0) this.#news?.tell();
    for (const clusterId of this.#untold) {
      if (!this.#isCachedElsewhere(clusterId)) continue;
      this.#untold.delete(clusterId);
      this.switchboard.tell([{ kind: "cluster", id: clusterId }], "allMembersCached", false);
      this.#options.tell({ kind: "ALL_MEMBERS_CACHED", clusterId });
    }
    this.#tellIfAllCached();
  }

  /** Of a cluster that other units bring events, too. */
  #isCachedElsewhere(clusterId: number): boolean {
    const isShared = this.#news !== undefined && !this.#options.clusters.areOwn;
    return !isShared || this.#news!.isOfAll(({ uncached }) => !uncached.includes(clusterId));
  }

  /** Tells the other units nothing any more. */
  stop(): void {
    this.#news?.stop();
  }

  /** Sends a command from the unit itself: see `Ipc`. */
  command(to: CommandTarget, data: unknown, options?: CommandOptions): Promise<unknown> {
    return this.switchboard.command(to, data, options);
  }

  /** What somebody knows of a guild, channel, user or member; `null` where nobody does. */
  find(wanted: Wanted, askDiscord: boolean, timeoutMs?: number): Promise<unknown> {
    const { elsewhere } = this;
    const options = {
      ...this.#options,
      switchboard: this.switchboard,
      directory: this.#directory,
      ...(elsewhere && {
        far: (wanted: Wanted, timeoutMs: number) => elsewhere.find(wanted, timeoutMs),
      }),
    };
    return find(options, wanted, askDiscord, timeoutMs);
  }

  /** Everybody is told once, never before all shards have been ready. */
  #tellIfAllCached(): void {
    if (this.#areAllTold || !this.haveShardsBeenReady || !this.#areAllCached) return;
    this.#areAllTold = true;
    this.#tellAllCached(this.switchboard.reachable);
    this.#options.tell({ kind: "ALL_MEMBERS_CACHED", clusterId: null });
  }

  get #areAllCached(): boolean {
    if (!this.#news) return this.#members.areAllCached;
    return this.#members.uncached.length === 0 &&
      this.#news.isOfAll(({ uncached }) => uncached.length === 0);
  }

  /** Clusters are told `true`, services without a value. */
  #tellAllCached(peers: readonly PeerKey[]): void {
    for (const peer of peers) {
      const value = peer.kind === "cluster" ? true : undefined;
      this.switchboard.tell([peer], "allMembersCached", value);
    }
  }
}

const NOBODY: Pick<Directory, "clusterIds" | "clusterOfGuild"> = {
  clusterIds: [],
  clusterOfGuild: () => null,
};
