/**
 * The gateway side of a unit: what its generations of shards share. Links, the identify gate, the estates,
 * consumers on `/gateway`, and who stands in for a bot that is away. Made once Discord has said how many
 * shards there are.
 *
 * @module
 */

import { type CallDesk, type Greeting, Links } from "../link/links.ts";
import type { Cancel } from "../ports/clock.ts";
import { endInTurn } from "../ports/lives/ending.ts";
import type { IdentifyGate } from "../ports/identify_gate.ts";
import { type Acknowledged, DOOR_TOTAL } from "../protocol/event_frame.ts";
import type { ShardKey } from "../protocol/ids.ts";
import { type PeerKey, peerText } from "../protocol/peer.ts";
import type {
  DeafType,
  IntentsSnapshot,
  InteractionSnapshot,
  ShardDuty,
  ShardSnapshot,
  ShardState,
} from "../protocol/status.ts";
import { surelyUnderWay } from "../queue/under_way.ts";
import type { RestProxy } from "../rest/proxy.ts";
import type { Address, WorkerPool } from "../workers/pool.ts";
import { AwayAnswers } from "./away_answers.ts";
import { type ConsumerDoor, Consumers } from "./consumers.ts";
import { Door } from "./door/door.ts";
import { doorSpools, firstQueueId } from "./door/spools.ts";
import type { Generation } from "./generation.ts";
import type { Habits } from "./habits.ts";
import { type FarCommands, UnitCommands } from "./reshard/commands.ts";
import { Generations, type GenerationsOptions, isOfTotal } from "./reshard/generations.ts";
import type { Opening } from "./reshard/opening.ts";
import type { FarShards } from "./peers/fleet/far_shards.ts";
import { Owners } from "./reshard/owners.ts";
import type { Pools } from "./reshard/pools.ts";
import type { Voice } from "./reshard/voice.ts";

/** A worker that gets its first shard has a link to those who are to have its events within this time. */
const DIAL_MS = 2_000;

/** What the generations get from here. */
type Shared = "gate" | "away" | "links" | "linked" | "ask";

/** What the gateway side is made with. */
export interface GatewayOptions extends Omit<GenerationsOptions, Shared> {
  /** Which total serves; in the midst of a reshard there is another beside it. */
  readonly opening: Opening;
  /** The way to shards of other units. Default: there are none. */
  readonly far?: FarCommands & Pick<FarShards, "take">;
  /** For first responses in the bot's place. */
  readonly rest: Pick<RestProxy, "ask">;
  /** Clusters and services. */
  readonly peers: readonly PeerKey[];
  /** Who may consume on `/gateway`, and where. */
  readonly consumerDoor: ConsumerDoor;
  /** Who makes and takes calls of clusters and services. */
  readonly calls: CallDesk;
  /** Resolves when it is known who serves a guild: at once, but in the moment in which it moves. */
  readonly decided: (guildId: string) => Promise<void>;
  /** Guilds have moved to other shards. */
  readonly ownersChanged: (owners: Owners) => void;
  /** A peer can be reached with everything, or not any more. */
  readonly linkChanged: (peer: PeerKey, isUp: boolean) => void;
  /** Where a cluster that is linked takes its events from the workers; `null`: it does not. */
  readonly addressOf: (peer: PeerKey, greeting: Greeting) => Address | null;
}

/** The gateway side of a unit. */
export class UnitGateway {
  readonly links: Links;
  readonly gate: IdentifyGate;
  readonly consumers: Consumers;
  readonly commands: UnitCommands;
  /** Where Discord brings events over HTTP. */
  readonly door: Door;
  readonly #options: GatewayOptions;
  readonly #generations: Generations;
  /** Where clusters listen that the workers dial, by the text of the peer. */
  readonly #addresses = new Map<string, { readonly peer: PeerKey; readonly address: Address }>();
  readonly #away: AwayAnswers;
  /** Peers that can be reached, by their text. */
  readonly #reached = new Set<string>();
  readonly #voice: Voice;
  #owners: Owners;
  /** Until when a worker may dial that has got its first shard, by the clock. */
  #dialsUntilMs = -Infinity;
  #cancelLook: Cancel | null = null;

  constructor(
    options: GatewayOptions,
    gate: IdentifyGate,
    habits: readonly Habits[],
    voice: Voice,
  ) {
    const { config, controllers, calls, estates, opening, peers } = options;
    const { total } = opening.record;
    this.#options = options;
    this.gate = gate;
    this.#voice = voice;
    this.#away = new AwayAnswers({
      ...options,
      ask: options.rest.ask,
      inviteCode: config.botServerInviteCode,
    });
    this.links = new Links({
      ...options,
      totalShards: total,
      calls,
      stream: estates.stream,
      peers: () => peers,
      link: (...changed) => this.#link(...changed),
      acknowledged: (...done) => controllers.events.acknowledged(...done),
    });
    this.#owners = new Owners(opening.record);
    const own = {
      ...options,
      gate,
      away: this.#away,
      ask: options.rest.ask,
      links: () => this.#relayed,
      linked: (peer: PeerKey) => this.#look(peer),
      heldBack: (shard: ShardKey, isHeldBack: boolean) =>
        this.consumers[isHeldBack ? "held" : "lifted"](shard),
    };
    this.#generations = new Generations(own, opening.record, habits);
    this.commands = new UnitCommands({
      ...options,
      owners: () => this.#owners,
      settled: (guildId) => options.decided(guildId),
      poolOf: (shard) => this.#generations.poolOf(shard),
      voice,
      presenceOf: (shard) => estates.of(shard).presence,
    });
    this.door = new Door({
      ...options,
      inviteCode: config.botServerInviteCode,
      clusterIds: peers.flatMap((peer) => peer.kind === "cluster" ? [peer.id] : []),
      firstQueueId: firstQueueId(options.unitName),
      ownerOf: (guildId) => this.#ownerOf(guildId),
      farOf: (shard) => this.#farOf(shard),
      ...doorSpools(options),
      diskLimitBytes: config.queueDiskBytes,
      send: (...batch) => void this.links.deliver(...batch),
    });
    const { buckets } = this.serving;
    const mostShards = Math.max(...buckets.map((shardIds) => shardIds.length));
    const mostConsumers = mostShards * config.consumersPerShard;
    this.consumers = new Consumers({
      ...options,
      totalShards: total,
      windowBytes: surelyUnderWay(config.queueMemoryBytes, mostConsumers),
      links: this.links,
      poolOf: (shard) => this.#generations.poolOf(shard),
      owners: () => this.#owners,
      guildsMissing: ({ total, id }, cursor) =>
        this.#generations.find(total)?.guildsMissing(id, cursor),
      door: options.consumerDoor,
    });
  }

  /** Allows a shard to identify; nothing where it does not live any more. */
  allowIdentify({ total, id }: ShardKey, permit: number): void {
    this.#generations.find(total)?.allowIdentify(id, permit);
  }

  /** Which shard has which guilds now. */
  get owners(): Owners {
    return this.#owners;
  }

  /** Guilds have moved: clients on `/gateway` follow, before the new shards give out anything; then all others. */
  own(owners: Owners): void {
    this.#owners = owners;
    this.#generations.putFirst(owners.total);
    void this.consumers.moved();
    this.#options.ownersChanged(owners);
    this.links.shardsAre(owners.total);
    for (const peer of this.#options.peers) this.#look(peer);
  }

  /** This unit has a shard that it had not: it comes up, and its worker dials whom that has no link with yet. */
  bringUp(shard: ShardKey): void {
    const { clock, roleOf } = this.#options;
    const role = roleOf(shard);
    if (role === null) return;
    this.#dialsUntilMs = clock.now() + DIAL_MS;
    this.#generations.poolOf(shard).bringUp(shard.id, role);
  }

  /** This unit has other shards than before. */
  shareChanged(): void {
    this.own(this.#owners);
  }

  /** One for each total of which shards live; the one first that serves what has not moved. */
  get generations(): readonly [Generation, ...Generation[]] {
    return this.#generations.all;
  }

  /**
   * The workers of a shard's total.
   *
   * @throws {GatehouseError} `refused` where there are none.
   */
  poolOf(shard: ShardKey): WorkerPool {
    return this.#generations.poolOf(shard);
  }

  /** The generation that serves what has not moved. */
  get serving(): Generation {
    return this.#generations.all[0];
  }

  /** How many shards may identify at a time, as Discord has said. */
  get maxConcurrency(): number {
    return this.#options.info.sessionStartLimit.maxConcurrency;
  }

  /** All workers. */
  get pool(): Pools {
    return this.#generations.pool;
  }

  /** The shards of another total, beside those that serve; which of them come up, and when, says `roleOf`. */
  async createGeneration(total: number): Promise<Generation> {
    const generation = await this.#generations.add(total);
    for (const { peer, address } of this.#addresses.values()) {
      if (!generation.pool.isIntroduced(peer)) generation.pool.introduce(peer, address);
    }
    generation.pool.spawnShards();
    return generation;
  }

  /** The shards of a total are no more; of what is left of them only their cursors count. */
  async dropGeneration(total: number): Promise<void> {
    await this.#generations.drop(total);
    for (const peer of this.#options.peers) this.#look(peer);
  }

  /** Ids of the shards that serve, in order: each is there once. */
  get servingIds(): number[] {
    return this.#generations.servingIds;
  }

  /** All shards that live. */
  get shards(): ShardSnapshot[] {
    return this.#generations.shards;
  }

  /** What a shard is for; `null`: it does not live. */
  dutyOf(shard: ShardKey, state: ShardState): ShardDuty | null {
    return this.#generations.dutyOf(shard, state);
  }

  /** The intents that are wanted, and which of them are missing where. */
  get intents(): IntentsSnapshot {
    return this.#generations.intents;
  }

  /** Types whose events have stopped while others flow. */
  get deafTypes(): DeafType[] {
    return this.#generations.deafTypes;
  }

  /** The consumers on `/gateway`; `null` when the unit stops. */
  get openConsumers(): Consumers | null {
    return this.consumers.isStopped ? null : this.consumers;
  }

  /** Where Discord brings events; `null` when the unit stops. */
  get openDoor(): Door | null {
    return this.consumers.isStopped ? null : this.door;
  }

  /** What became of interactions whose bot was away. */
  get interactions(): InteractionSnapshot {
    const { tally } = this.#away;
    const { tally: posted, stoodIn } = this.door;
    return {
      deferred: tally.deferred + stoodIn.deferred,
      answered: tally.answered + stoodIn.answered,
      failed: tally.failed,
      expired: tally.expired + this.#generations.expired + stoodIn.expired,
      posted,
    };
  }

  /**
   * Closes every shard so that its session lives on, writes the points down, ends the workers; consumers
   * are sent away last, when the next unit may have the state folder. Throws what failed, once all of that is done.
   */
  async stop(): Promise<void> {
    this.#cancelLook?.();
    const { estates, store } = this.#options;
    await endInTurn(
      () => this.gate.stop(),
      () => this.consumers.settle(),
      // While the shards close, consumers of theirs have time for their last acknowledgements.
      () => this.links.bye("the unit stops"),
      () => this.#generations.stop(),
      () => this.links.stop("the unit stops"),
      // Nobody acknowledges anything any more.
      () => this.door.close(),
      () => estates.close(),
      () => this.consumers.stop(),
      () => this.#voice.save(),
      // Whoever saved last did not wait: the folder is the next one's from here on.
      () => store.settled(),
    );
  }

  /** A peer is done with events: they are forgotten. Of a total that is gone there is nothing to forget. */
  acknowledge(peer: PeerKey, link: number, { totalShards, cursors }: Acknowledged): void {
    if (totalShards === DOOR_TOTAL) return this.door.acknowledge(peer, link, cursors);
    this.#generations.find(totalShards)?.pool.acknowledge(peer, link, cursors);
  }

  /** The way to the unit that has a shard and clusters of its own; `null`: what is of that shard goes from here. */
  #farOf(shard: ShardKey) {
    const { config, far } = this.#options;
    return far && config.eventHandlerUrls.length === 0 && far.isFar(shard) ? far : null;
  }

  #ownerOf(guildId: string) {
    const shard = this.#owners.shardOf(guildId);
    const clusterId = this.#generations.find(shard.total)?.clusterOfShard[shard.id];
    return { shard, clusterId: clusterId ?? 0 };
  }

  /** The links that batches go over through the main thread. A service has no shards. */
  get #relayed() {
    return this.links.all().filter(({ peer }) => peer.kind !== "service" && !this.#isDirect(peer));
  }

  #isDirect(peer: PeerKey): boolean {
    return this.generations.some(({ pool }) => pool.isIntroduced(peer));
  }

  /** The workers bring a cluster that listens its events themselves; others get them through us. */
  #link(peer: PeerKey, link: number | null, greeting: Greeting): void {
    const address = link === null ? null : this.#options.addressOf(peer, greeting);
    if (address) this.#addresses.set(peerText(peer), { peer, address });
    else this.#addresses.delete(peerText(peer));
    this.door.link(peer, link, greeting.windowBytes);
    for (const { pool, total } of this.generations) {
      if (!isOfTotal(peer, total)) continue;
      pool.introduce(peer, address);
      if (!address && peer.kind !== "service") pool.link(peer, link, greeting.windowBytes);
    }
    this.#look(peer);
  }

  /** Whether a worker that had nothing for a cluster may not have reached it yet; then it is looked again. */
  #isDialling(): boolean {
    const { clock, peers } = this.#options;
    const leftMs = this.#dialsUntilMs - clock.now();
    if (leftMs <= 0) return false;
    this.#cancelLook?.();
    this.#cancelLook = clock.after(leftMs, () => peers.forEach((peer) => this.#look(peer)));
    return true;
  }

  /** A cluster counts as linked when every worker with a shard that serves it has a way to it. */
  #look(peer: PeerKey): void {
    if (peer.kind === "consumer") return;
    const key = peerText(peer);
    const isUp = this.links.of(peer) !== undefined &&
      this.generations.every((each) => each.isLinked(peer));
    if (isUp === this.#reached.has(key)) return;
    if (!isUp && this.links.of(peer) !== undefined && this.#isDialling()) return;
    if (isUp) this.#reached.add(key);
    else this.#reached.delete(key);
    this.#options.linkChanged(peer, isUp);
  }
}
