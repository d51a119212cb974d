/**
 * The gateway side of a unit: what its generations of shards share. Links, the identify gate, the estates,
 * consumers on `/gateway`, and who stands in for a bot that is away. Made once Discord has said how many
 * shards there are.
 *
 * @module
 */

import { type CallDesk, type Greeting, Links } from "../link/links.ts";
import type { IdentifyGate } from "../ports/identify_gate.ts";
import type { World } from "../ports/world.ts";
import { GatehouseError, messageOf } from "../protocol/errors.ts";
import type { Acknowledged } from "../protocol/event_frame.ts";
import { type ShardKey, shardRange } from "../protocol/ids.ts";
import { type PeerKey, peerText } from "../protocol/peer.ts";
import { greatestCommonDivisor } from "../protocol/reshard.ts";
import type {
  DeafType,
  IntentsSnapshot,
  InteractionSnapshot,
  ShardDuty,
  ShardSnapshot,
  ShardState,
} from "../protocol/status.ts";
import { surelyUnderWay } from "../queue/under_way.ts";
import { dropQueues } from "../store/queue_folders.ts";
import type { RestProxy } from "../rest/proxy.ts";
import type { Address, WorkerPool } from "../workers/pool.ts";
import { AwayAnswers } from "./away_answers.ts";
import { type ConsumerDoor, Consumers } from "./consumers.ts";
import { Generation, type GenerationOptions } from "./generation.ts";
import { createIdentifyQueue } from "./identify.ts";
import { type Habits, loadHabits } from "./habits.ts";
import { UnitCommands } from "./reshard/commands.ts";
import type { Opening } from "./reshard/opening.ts";
import { Owners } from "./reshard/owners.ts";
import { Pools } from "./reshard/pools.ts";
import { takeUp } from "./reshard/take_up.ts";
import { Voice } from "./reshard/voice.ts";

/** What the generations get from here. */
type Shared =
  | "gate"
  | "away"
  | "links"
  | "linked"
  | "habits"
  | "ask"
  | "clusterOfShard"
  | "firstWorkerId"
  | "parentsOf"
  | "refusedBefore"
  | "totalShards";

/** What the gateway side is made with: also what its first generation is. */
export interface GatewayOptions extends Omit<GenerationOptions, Shared>, Pick<World, "store"> {
  /** Which total serves; in the midst of a reshard there is another beside it. */
  readonly opening: Opening;
  /** Which cluster gets the events of each of these shards, which may come beside those of another total. */
  readonly clusterOfShards: (
    shardIds: readonly number[],
    before: Generation | null,
  ) => Readonly<Record<number, number>>;
  /** There are shards of this total, and these clusters get their events where they serve. */
  readonly planned: (total: number, clusterOfShard: Readonly<Record<number, number>>) => void;
  /** For first responses in the bot's place. */
  readonly rest: Pick<RestProxy, "ask">;
  /** Clusters and services. */
  readonly peers: readonly PeerKey[];
  /** Who may consume on `/gateway`, and where. */
  readonly consumerDoor: ConsumerDoor;
  /** Who makes and takes calls of clusters and services. */
  readonly calls: CallDesk;
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
  /** All workers. */
  readonly pool: Pools;
  readonly #options: GatewayOptions;
  /** One, but while the unit reshards; the one first that serves what has not moved. */
  #generations: [Generation, ...Generation[]];
  /** Where clusters listen that the workers dial, by the text of the peer. */
  readonly #addresses = new Map<string, { readonly peer: PeerKey; readonly address: Address }>();
  readonly #away: AwayAnswers;
  /** Peers that can be reached, by their text. */
  readonly #reached = new Set<string>();
  readonly #voice: Voice;
  #owners: Owners;

  constructor(
    options: GatewayOptions,
    gate: IdentifyGate,
    habits: readonly Habits[],
    voice: Voice,
  ) {
    const { config, controllers, calls, estates, opening, peers } = options;
    const { total, move } = opening.record;
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
    this.pool = new Pools(() => this.#generations);
    this.#generations = [this.#create(total, options.shardIds, habits[0]!)];
    if (move) {
      this.#generations.push(this.#create(move.to, shardRange(0, move.to - 1), habits[1]!));
    }
    this.commands = new UnitCommands({
      ...options,
      owners: () => this.#owners,
      settled: () => Promise.resolve(),
      poolOf: (shard) => this.#poolOf(shard),
      voice,
      presenceOf: (shard) => estates.of(shard).presence,
    });
    const mostShards = Math.max(...this.pool.workers.map(({ shards }) => shards.length));
    const mostConsumers = mostShards * config.consumersPerShard;
    this.consumers = new Consumers({
      ...options,
      totalShards: total,
      windowBytes: surelyUnderWay(config.queueMemoryBytes, mostConsumers),
      links: this.links,
      poolOf: (shard) => this.#poolOf(shard),
      guildsMissing: ({ total, id }, cursor) => this.#find(total)?.guildsMissing(id, cursor),
      door: options.consumerDoor,
    });
  }

  /** Takes up what an earlier life wrote down, and joins the parts. Connects nothing yet. */
  static async create(options: GatewayOptions): Promise<UnitGateway> {
    const { log, opening: { record } } = options;
    const gate = await createIdentifyQueue({
      ...options,
      allow: ({ total, id }, permit) => gateway.#find(total)?.allowIdentify(id, permit),
      notSaved: (error) => log.error("identify budget was not saved", { error: messageOf(error) }),
    });
    await takeUp(options);
    const totals = [record.total, ...(record.move ? [record.move.to] : [])];
    const habits = await Promise.all(
      totals.map((totalShards) => loadHabits({ ...options, totalShards })),
    );
    const voice = await Voice.load({ ...options, ask: options.rest.ask });
    const gateway = new UnitGateway(options, gate, habits, voice);
    await gateway.consumers.load();
    return gateway;
  }

  /** Which shard has which guilds now. */
  get owners(): Owners {
    return this.#owners;
  }

  /**
   * Guilds have moved: commands for them go elsewhere, who is linked learns a new number of shards, and of
   * whom it is told that it is linked may be others.
   */
  own(owners: Owners): void {
    this.#owners = owners;
    const isFirst = (each: Generation) => each.total === owners.total;
    this.#generations.sort((a, b) => Number(isFirst(b)) - Number(isFirst(a)));
    this.#options.ownersChanged(owners);
    this.links.shardsAre(owners.total);
    for (const peer of this.#options.peers) this.#look(peer);
  }

  /** One for each total of which shards live; the one first that serves what has not moved. */
  get generations(): readonly [Generation, ...Generation[]] {
    return this.#generations;
  }

  /** The generation that serves what has not moved. */
  get serving(): Generation {
    return this.#generations[0];
  }

  /**
   * The shards of another total, beside those that serve. Its workers start; which of its shards come up, and
   * when, is for `roleOf` to say. What was left of that total is forgotten.
   */
  async createGeneration(total: number): Promise<Generation> {
    const { estates } = this.#options;
    const known = this.#find(total);
    if (known) return known;
    // Also what has just begun: in the midst of a reshard each goes on from what is written down of itself.
    estates.forgetAll(total);
    await estates.saved();
    await this.#dropQueues(total);
    const habits = await loadHabits({ ...this.#options, totalShards: total });
    const generation = this.#create(total, shardRange(0, total - 1), habits);
    this.#generations.push(generation);
    for (const { peer, address } of this.#addresses.values()) {
      generation.pool.introduce(peer, address);
    }
    generation.pool.spawnShards();
    await generation.pool.settled();
    return generation;
  }

  /** The shards of a total are no more: sessions that live are ended, what is left of them is forgotten. */
  async dropGeneration(total: number): Promise<void> {
    const { estates } = this.#options;
    const generation = this.#find(total);
    if (!generation) return;
    const [first, ...others] = this.#generations.filter((each) => each !== generation);
    if (!first) throw new Error(`Cannot drop the shards of ${total} in total: there are no others`);
    await generation.stop("end");
    this.pool.note(generation.pool);
    this.#generations = [first, ...others];
    estates.forgetAll(total);
    await estates.saved();
    await this.#dropQueues(total);
    for (const peer of this.#options.peers) this.#look(peer);
  }

  #create(total: number, shardIds: readonly number[], habits: Habits): Generation {
    const options = this.#options;
    const [before = null] = this.#generations ?? [];
    const clusterOfShard = options.clusterOfShards(shardIds, before);
    options.planned(total, clusterOfShard);
    return new Generation({
      ...options,
      totalShards: total,
      shardIds,
      clusterOfShard,
      firstWorkerId: this.#nextWorkerId(),
      parentsOf: (shard) => this.#parentsOf(shard),
      refusedBefore: before?.refused ?? 0,
      gate: this.gate,
      away: this.#away,
      // Of both totals' it is the one that serves what has not moved whose habits count.
      habits: {
        ...habits,
        save: (known) => void (this.serving.total === total && habits.save(known)),
      },
      ask: options.rest.ask,
      links: () => this.#relayed.filter(({ peer }) => isOfTotal(peer, total)),
      linked: (peer) => this.#look(peer),
    });
  }

  #nextWorkerId(): number {
    const ids = this.#generations?.flatMap(({ pool }) => pool.workers) ?? [];
    return Math.max(-1, ...ids.map(({ workerId }) => workerId)) + 1;
  }

  /** The shards of the other total that have guilds of a shard. */
  #parentsOf({ total, id }: ShardKey): ShardKey[] {
    const others = this.#generations.filter((each) => each.total !== total);
    return others.flatMap((other) => {
      const lots = greatestCommonDivisor(total, other.total);
      return shardRange(0, other.total - 1).filter((parent) => parent % lots === id % lots)
        .map((parent) => ({ total: other.total, id: parent }));
    });
  }

  async #dropQueues(total: number): Promise<void> {
    const { queueDir, log } = this.#options;
    if (queueDir === null) return;
    await dropQueues(queueDir, (key) => key.total === total).catch((error) =>
      log.warn("events of shards that are over were not deleted", { error: messageOf(error) })
    );
  }

  /** Ids of the shards that serve, of each generation, in order: each is there once. */
  get servingIds(): number[] {
    return this.#generations.flatMap(({ servingIds }) => servingIds).sort((a, b) => a - b);
  }

  /** All shards that live, of each generation. */
  get shards(): ShardSnapshot[] {
    return this.#generations.flatMap(({ shards }) => shards);
  }

  /** What a shard is for; `null`: it does not live. */
  dutyOf({ total, id }: ShardKey, state: ShardState): ShardDuty | null {
    return this.#find(total)?.dutyOf(id, state) ?? null;
  }

  /** The intents that are wanted, and which of them are missing where. */
  get intents(): IntentsSnapshot {
    const all = this.#generations.map(({ intents }) => intents);
    return { ...all[0]!, shards: all.flatMap(({ shards }) => shards).sort((a, b) => a - b) };
  }

  /** Types whose events have stopped while others flow. */
  get deafTypes(): DeafType[] {
    return this.#generations.flatMap(({ deafTypes }) => deafTypes);
  }

  /** The consumers on `/gateway`; `null` when the unit stops. */
  get openConsumers(): Consumers | null {
    return this.consumers.isStopped ? null : this.consumers;
  }

  /** What became of interactions whose bot was away. */
  get interactions(): InteractionSnapshot {
    const shards = this.#generations.flatMap(({ pool }) => pool.shards);
    const dropped = shards.reduce((sum, { counters }) => sum + (counters?.expired ?? 0), 0);
    return { ...this.#away.tally, expired: this.#away.tally.expired + dropped };
  }

  /**
   * Closes every shard so that its session lives on, writes the points down, ends the workers; consumers
   * are sent away last, when the next unit may have the state folder.
   */
  async stop(): Promise<void> {
    this.gate.stop();
    await this.consumers.settle();
    // While the shards close, consumers of theirs have time for their last acknowledgements.
    this.links.bye("the unit stops");
    await Promise.all(this.#generations.map((each) => each.stop("keep")));
    this.links.stop("the unit stops");
    await this.#options.estates.close();
    await this.consumers.stop();
    await this.#voice.save();
    // Whoever saved last did not wait: the folder is the next one's from here on.
    await this.#options.store.settled();
  }

  /** A peer is done with events: they are forgotten. Of a total that is gone there is nothing to forget. */
  acknowledge(peer: PeerKey, link: number, { totalShards, cursors }: Acknowledged): void {
    this.#find(totalShards)?.pool.acknowledge(peer, link, cursors);
  }

  #find(total: number): Generation | undefined {
    return this.#generations.find((each) => each.total === total);
  }

  #poolOf({ total }: ShardKey): WorkerPool {
    const pool = this.#find(total)?.pool;
    if (pool) return pool;
    const totals = this.#generations.map((each) => each.total).join(" and ");
    const text = `Cannot reach a shard of ${total} in total: this unit has ${totals}`;
    throw new GatehouseError("refused", "caller", text);
  }

  /** The links that batches go over through the main thread. A service has no shards. */
  get #relayed() {
    return this.links.all().filter(({ peer }) => peer.kind !== "service" && !this.#isDirect(peer));
  }

  #isDirect(peer: PeerKey): boolean {
    return this.#generations.some(({ pool }) => pool.isIntroduced(peer));
  }

  /** The workers bring a cluster that listens its events themselves; others get them through us. */
  #link(peer: PeerKey, link: number | null, greeting: Greeting): void {
    const address = link === null ? null : this.#options.addressOf(peer, greeting);
    if (address) this.#addresses.set(peerText(peer), { peer, address });
    else this.#addresses.delete(peerText(peer));
    for (const { pool, total } of this.#generations) {
      if (!isOfTotal(peer, total)) continue;
      pool.introduce(peer, address);
      if (!address && peer.kind !== "service") pool.link(peer, link, greeting.windowBytes);
    }
    this.#look(peer);
  }

  /** A cluster counts as linked when every worker with a shard that serves it has a way to it. */
  #look(peer: PeerKey): void {
    if (peer.kind === "consumer") return;
    const key = peerText(peer);
    const isUp = this.links.of(peer) !== undefined &&
      this.#generations.every((each) => each.isLinked(peer));
    if (isUp === this.#reached.has(key)) return;
    if (isUp) this.#reached.add(key);
    else this.#reached.delete(key);
    this.#options.linkChanged(peer, isUp);
  }
}

/** Whether shards of a total may have events for a peer. */
function isOfTotal(peer: PeerKey, total: number): boolean {
  return peer.kind !== "consumer" || peer.shard.total === total;
}
