/**
 * The composition root: builds the parts of a unit, joins them, starts and stops them. It decides
 * nothing that a part could decide.
 *
 * @module
 */

import { GatehouseError } from "../protocol/errors.ts";
import type { ShardKey } from "../protocol/ids.ts";
import type { Stats } from "../protocol/stats.ts";
import type { DiscoverySnapshot, ShardStatus, Snapshot, Status } from "../protocol/status.ts";
import type { FleetView } from "../ports/fleet/fleet.ts";
import type { GatewayInfo } from "../gateway/gateway_info.ts";
import type { RestProxy } from "../rest/proxy.ts";
import { endInTurn, endTogether } from "../ports/lives/ending.ts";
import { processFigures } from "../ports/figures.ts";
import type { World } from "../ports/world.ts";
import type { Allotment } from "./shares/allotment.ts";
import { Clusters } from "./peers/clusters.ts";
import { type Controllers, createControllers } from "./controllers.ts";
import { guildLimit } from "./reshard/crowding.ts";
import { NO_IDENTIFIES, NO_INTERACTIONS, noIntents } from "./blank.ts";
import { discover } from "./discover.ts";
import { Feed } from "./feed.ts";
import { joinFleet, type JoinOptions } from "./fleet/join.ts";
import { reshardingFleetOf } from "./fleet/standing.ts";
import type { GatewayOptions, UnitGateway } from "./gateway.ts";
import { Lives, type LivesOptions, type Started } from "./peers/lives.ts";
import { callUnit } from "./methods.ts";
import type { FleetMethods } from "./peers/fleet/fleet_methods.ts";
import type { FarShards } from "./peers/fleet/far_shards.ts";
import type { FleetPeers } from "./peers/fleet/fleet_peers.ts";
import { modulesLoaded } from "./peers/modules_loaded.ts";
import { Peers } from "./peers/peers.ts";
import { openGateway } from "./open_gateway.ts";
import { readiness } from "./readiness.ts";
import { ReshardCheck } from "./reshard/check.ts";
import { Compare } from "./reshard/compare.ts";
import { Owners } from "./reshard/owners.ts";
import type { Resharding, ReshardingFleet } from "./reshard/resharding.ts";
import { Reshards } from "./reshard/reshards.ts";
import { Services } from "./peers/services.ts";
import { StatsCollector } from "./stats.ts";

/** What a unit needs of the world. */
export interface UnitParts
  extends
    World,
    Pick<GatewayOptions, "config" | "cores" | "queueDir" | "consumerDoor" | "spawn">,
    Pick<LivesOptions, "startCluster">,
    Pick<JoinOptions, "line" | "unitName"> {
  readonly rest: Pick<RestProxy, "snapshot" | "ask" | "handle">;
  /** Replaced methods; by default each is as it is by itself. */
  readonly controllers?: Controllers;
  /** An operator wants it stopped in good order: whoever runs it does so. */
  readonly drain: () => void;
}

/** One Gatehouse process' worth of work. */
export class Unit {
  /** Credentials of the built-in clusters and services that live now, and whose each is. */
  readonly credentials: ReadonlyMap<string, Started["peer"]>;
  /** Resolves with a reason when the unit cannot go on and its process has to be restarted. */
  readonly failed: Promise<string>;
  /** What is called for each step that the program may replace. */
  readonly controllers: Controllers;
  /** The consumers of this unit. */
  readonly clusters: Clusters;
  /** The services of this unit. */
  readonly services: Services;
  /** All who run code for this unit, and their commands. */
  readonly peers: Peers;
  /** The units of the fleet, this one among them; `null`: it is by itself. */
  readonly seat: FleetView | null;
  /** What other units of the fleet do for this one; `null`: there are none. */
  readonly fleet: FleetMethods | null;
  /** The REST proxy. */
  readonly rest: UnitParts["rest"];
  /** Whether workers may be crashed. */
  readonly allowFaults: boolean;
  readonly drain: UnitParts["drain"];
  readonly #parts: UnitParts;
  readonly #allotment: Allotment;
  readonly #lives: Lives;
  readonly #joined: FleetPeers | null;
  readonly #far: FarShards | null;
  readonly #stats: StatsCollector;
  readonly #check: ReshardCheck;
  readonly #feed = new Feed<Status>();
  readonly #stopping = new AbortController();
  readonly #refused = Promise.withResolvers<never>();
  readonly #opened = Promise.withResolvers<void>();
  #fail!: (reason: string) => void;
  #isStarted = false;
  #making: Promise<UnitGateway> | null = null;
  #gateway: UnitGateway | null = null;
  #discovery: DiscoverySnapshot | null = null;
  /** Which total serves what; `null` until Discord has been asked. */
  #reshards: Reshards | null = null;
  #startedMs = 0;
  #wasReady = false;

  constructor(parts: UnitParts) {
    this.#parts = parts;
    this.controllers = parts.controllers ?? createControllers(() => this);
    this.failed = new Promise((resolve) => this.#fail = resolve);
    this.drain = parts.drain;
    // Nobody may be waiting for the start.
    this.#refused.promise.catch(() => {});
    const { config, rest } = parts;
    this.rest = rest;
    this.allowFaults = config.allowFaults;
    const { seat, allotment, peers: fleet, crowds } = joinFleet({
      ...parts,
      changed: (fleet) => this.#tell({ kind: "fleet", fleet }),
      replaced: (reason) => this.#fail(reason),
    });
    this.seat = seat;
    this.#allotment = allotment;
    this.#lives = new Lives({ ...parts, ended: (peer) => this.#gateway?.links.ended(peer) });
    this.credentials = this.#lives.credentials;
    this.clusters = new Clusters({
      ...parts,
      ...(fleet && { fleet }),
      start: (id) =>
        this.#lives.start({ peer: { kind: "cluster", id }, module: config.botModule! }),
      changed: (cluster) => this.#tell({ kind: "cluster", cluster }),
      refused: (error) => this.#refuse(error),
    });
    this.services = new Services({
      ...parts,
      ...(fleet && { fleet }),
      services: config.services,
      start: (name, module) => this.#lives.start({ peer: { kind: "service", name }, module }),
      changed: (service) => this.#tell({ kind: "service", service }),
      refused: (error) => this.#refuse(error),
    });
    this.peers = new Peers({
      ...parts,
      clusters: this.clusters,
      services: this.services,
      ...(fleet && { fleet }),
      has: (shard) => this.#allotment.has(shard),
      unit: (request) => callUnit(this, "peer", request),
      cached: (...asked) =>
        config.cache.length === 0 ? [] : this.#gateway?.pool.find(...asked) ?? [],
      rest: (path) => parts.rest.ask(path),
      tell: (status) => this.#tell(status),
      stopping: this.#stopping.signal,
    });
    this.#joined = fleet;
    const joined = fleet?.join({
      unit: this,
      peers: this.peers,
      has: (shard) => this.#allotment.has(shard),
      serving: () => this.#gateway?.owners.serving ?? [],
      gateway: () => this.#gateway!,
    });
    this.fleet = joined?.methods ?? null;
    this.#far = joined?.far ?? null;
    const { signal } = this.#stopping;
    this.#check = new ReshardCheck({ ...parts, ask: rest.ask, unit: this, fleet: crowds, signal });
    this.#stats = new StatsCollector({
      ...parts,
      ...(fleet && { fleet: fleet.stats }),
      switchboard: this.peers.switchboard,
      snapshot: () => this.snapshot,
      startedMs: () => this.#startedMs,
      figures: processFigures,
    });
  }

  /** Event links, workers and the identify queue; `null` until Discord has been asked. */
  get gateway(): UnitGateway | null {
    return this.#gateway;
  }

  /** Resolves when there is a `gateway`, or will be none because the unit stops. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** What a reshard asks of the whole fleet; `null`: there is none. */
  get reshardingFleet(): ReshardingFleet | null {
    return reshardingFleetOf(this.#allotment.snapshot);
  }

  /** What begins and steers reshards; `null` before a shard has started. */
  get resharding(): Resharding | null {
    return this.#isStarted ? this.#reshards : null;
  }

  /** How many shards the bot has; 0 until Discord has said. */
  get totalShards(): number {
    return this.#reshards?.record.total ?? 0;
  }

  /**
   * The shards of this unit that serve, by their ids; none until Discord has been asked. While guilds move to
   * another total they are of both, and each id is of one.
   */
  get shardIds(): number[] {
    return this.#gateway?.servingIds ?? [];
  }

  /** The figures that were collected last; `null` before the first time. */
  get stats(): Stats | null {
    return this.#stats.latest;
  }

  /**
   * Asks Discord where to connect, starts the clusters, brings every shard up. Resolves when all are
   * on their way; `status()` tells when they are ready.
   *
   * @throws {GatehouseError} `unauthorized` when Discord does not accept the token, `bad_config` when
   * the shard range does not fit the number of shards that Discord recommends, or a module of the user's
   * cannot be loaded: no identify was spent then.
   */
  async start(): Promise<void> {
    const { clock, log } = this.#parts;
    this.#startedMs = clock.now();
    const info = await discover({
      ...this.#parts,
      ask: this.#parts.rest.ask,
      signal: this.#stopping.signal,
      setsClock: true,
      waits: (wait) => this.#discovery = wait,
    });
    const gateway = await (this.#making = this.#createGateway(info));
    this.#stopping.signal.throwIfAborted();
    this.#gateway = gateway;
    this.#opened.resolve();
    const { totalShards, shardIds: { length: shards } } = this;
    const { maxConcurrency, remaining: identifiesLeft } = info.sessionStartLimit;
    log.info("shards start", { shards, totalShards, maxConcurrency, identifiesLeft });
    this.clusters.start(gateway.links);
    this.services.start();
    await this.#unlessRefused(modulesLoaded(this.#parts, this.clusters, this.services));
    this.controllers.gateway.spawnShards();
    await this.#unlessRefused(this.#allotment.begin({
      poolOf: (shard) => gateway.poolOf(shard),
      reshards: this.#reshards!,
      bringUp: (shard) => gateway.bringUp(shard),
      shareChanged: () => gateway.shareChanged(),
      ask: (...call) => this.peers.switchboard.ask(...call),
      doubt: (isDoubted) => gateway.pool.doubt(isDoubted),
    }));
    await this.#unlessRefused(gateway.pool.settled());
    this.#isStarted = true;
    this.#tellIfReady();
    this.#reshards!.start();
    this.#stats.repeat({
      ...this.#parts,
      signal: this.#stopping.signal,
      told: (stats) => this.#tell({ kind: "STATS_UPDATED", stats }),
    });
    this.#check.start();
  }

  /** Waits for a step of the start; rejects when the unit is refused, or stopped, meanwhile. */
  #unlessRefused<Result>(step: Promise<Result>): Promise<Result> {
    return Promise.race([step, this.#refused.promise]);
  }

  /** What cannot be loaded ends the start; later, when a program has put a start off, the unit. */
  #refuse(error: GatehouseError): void {
    if (this.#isStarted) this.#fail(error.message);
    else this.#refused.reject(error);
  }

  /**
   * Stops cleanly: sessions are kept, clusters finish what they do. Calling it again does nothing.
   *
   * @throws What failed on the way, once all the rest has been stopped.
   */
  async stop(reason: string): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort(new Error(`the unit stops: ${reason}`));
    this.#refused.reject(this.#stopping.signal.reason);
    this.#opened.resolve();
    this.#tell({ kind: "stopping", reason });
    await endInTurn(
      () => this.#allotment.leave(),
      // Clusters first: what they are working on is acknowledged before the points are written down.
      () => endTogether(() => this.clusters.stop(), () => this.services.stop()),
      () => this.#reshards?.stop(),
      // One that is being made, too; why it cannot be made, the start tells.
      () => this.#making?.then((gateway) => gateway.stop(), () => {}),
      () => this.clusters.hangUp(),
      () => this.#joined?.stop(),
      () => this.#allotment.close(),
      () => this.#feed.end(),
    );
  }

  /** Everything at this moment. */
  get snapshot(): Snapshot {
    const gateway = this.#gateway;
    const { config } = this.#parts;
    return {
      mode: config.mode,
      totalShards: this.totalShards,
      shards: gateway?.shards ?? [],
      workers: gateway?.pool.workers ?? [],
      clusters: this.clusters.snapshots,
      services: this.services.snapshots,
      identify: gateway?.gate.snapshot ?? NO_IDENTIFIES,
      intents: gateway?.intents ?? noIntents(config.intents),
      eventsByType: gateway?.pool.eventsByType.totals ?? {},
      reshard: this.#reshards?.snapshot ?? null,
      guildLimit: guildLimit(config, this.shardIds.length === this.totalShards),
      deafTypes: gateway?.deafTypes ?? [],
      interactions: gateway?.interactions ?? NO_INTERACTIONS,
      stateFilesSetAside: this.#parts.store.damaged,
      rest: this.#parts.rest.snapshot,
      discovery: this.#discovery,
      fleet: this.#allotment.snapshot,
    };
  }

  /** What happens from now on. */
  status(): AsyncGenerator<Status> {
    return this.#feed.read();
  }

  async #createGateway(info: GatewayInfo): Promise<UnitGateway> {
    const parts = this.#parts;
    const allotment = this.#allotment;
    const { estates, opening, reshard } = await this.#unlessRefused(allotment.open(info.shards));
    const reshards = this.#reshards = new Reshards({
      ...parts,
      ...reshard,
      record: opening.record,
      gateway: () => this.#gateway!,
      estateOf: (shard) => estates.of(shard),
      compares: (way) => new Compare(way),
      recorded: (record) => {
        this.#gateway?.own(new Owners(record));
        allotment.recorded();
      },
      changed: (reshard) => this.#tell({ kind: "reshard", reshard }),
    });
    const gateway = await openGateway({
      ...parts,
      controllers: this.controllers,
      info,
      ...(this.#far && { far: this.#far }),
      estates,
      opening,
      share: allotment,
      openGate: (options) => allotment.openGate(options),
      shardIds: opening.shardIds,
      keptIds: opening.keptIds ?? opening.shardIds,
      peers: this.peers.all,
      clusterOfShards: (shardIds, before) =>
        before ? this.clusters.ofHeirs(shardIds.length, before) : this.clusters.ofShards(shardIds),
      planned: (...plan) => this.peers.plan(...plan),
      calls: this.peers,
      ownersChanged: (owners) => this.peers.serve(owners),
      linkChanged: (peer, isUp) => this.peers.link(peer, isUp),
      // Not where the program wants to see the events pass.
      addressOf: (...peer) =>
        this.controllers.areEventsReplaced() ? null : this.#lives.addressOf(...peer),
      roleOf: (shard) => allotment.has(shard) ? reshards.roleOf(shard) : null,
      decided: (guildId) => reshards.decided(guildId),
      seen: (...what) => reshards.see(...what),
      gaveUp: (...shard) => reshards.gaveUp(...shard),
      lost: (shards) => reshards.lost(shards),
      shardChanged: (key, shard) => this.#shardChanged(key, shard),
      shardingRequired: (shard) => this.#check.shardingRequired(shard),
      membersCached: (shard) => this.peers.membersCached(shard),
      exhausted: (reason) => this.#fail(reason),
      refused: (reason) => this.#refuse(new GatehouseError("bad_config", "caller", reason)),
    });
    gateway.own(gateway.owners);
    return gateway;
  }

  #shardChanged(key: ShardKey, shard: ShardStatus): void {
    const role = this.#gateway?.dutyOf(key, shard.state) ?? "serves";
    this.#tell({ kind: "shard", shard, totalShards: key.total, role });
    this.#reshards?.shardChanged(key, shard);
    if (shard.state !== "ready") return;
    this.peers.shardReady(key);
    this.#tellIfReady();
  }

  #tell(status: Status): void {
    this.#feed.publish(status);
    this.#tellIfReady();
  }

  #tellIfReady(): void {
    // Who asks for everything at each step of each shard asks a thousand times too often.
    if (this.#wasReady || !this.peers.haveShardsBeenReady || this.#stopping.signal.aborted) return;
    if (!readiness(this.snapshot).ready) return;
    this.#wasReady = true;
    this.#feed.publish({ kind: "ready", tookMs: this.#parts.clock.now() - this.#startedMs });
  }
}
