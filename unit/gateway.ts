/**
 * The gateway side of a unit: what its generations of shards share. Links, the identify gate, the estates,
 * consumers on `/gateway`, and who stands in for a bot that is away. Made once Discord has said how many
 * shards there are.
 *
 * @module
 */

import { type CallDesk, type Greeting, Links } from "../link/links.ts";
import type { IdentifyGate } from "../ports/identify_gate.ts";
import { randomHex } from "../ports/random.ts";
import type { World } from "../ports/world.ts";
import { GatehouseError, messageOf } from "../protocol/errors.ts";
import type { Acknowledged } from "../protocol/event_frame.ts";
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
import { Estates } from "../store/estates.ts";
import { surelyUnderWay } from "../queue/under_way.ts";
import { dropGuilds, inheritQueues } from "../store/queue_folders.ts";
import type { RestProxy } from "../rest/proxy.ts";
import type { Address, WorkerPool } from "../workers/pool.ts";
import { AwayAnswers } from "./away_answers.ts";
import { type ConsumerDoor, Consumers } from "./consumers.ts";
import { Generation, type GenerationOptions } from "./generation.ts";
import { createIdentifyQueue } from "./identify.ts";
import { type Habits, loadHabits } from "./habits.ts";
import { UnitCommands } from "./reshard/commands.ts";
import { Owners } from "./reshard/owners.ts";
import { Voice } from "./reshard/voice.ts";

/** What the generations get from here. */
type Shared = "estates" | "gate" | "away" | "links" | "linked" | "habits" | "ask";

/** What the gateway side is made with: also what its first generation is. */
export interface GatewayOptions extends Omit<GenerationOptions, Shared>, Pick<World, "store"> {
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
  /** One, but while the unit reshards. */
  readonly generations: readonly [Generation, ...Generation[]];
  readonly #options: GatewayOptions;
  readonly #estates: Estates;
  readonly #away: AwayAnswers;
  /** Peers that can be reached, by their text. */
  readonly #reached = new Set<string>();
  readonly #voice: Voice;
  #owners: Owners;

  constructor(
    options: GatewayOptions,
    gate: IdentifyGate,
    estates: Estates,
    habits: Habits,
    voice: Voice,
  ) {
    const { config, controllers, calls, peers } = options;
    this.#options = options;
    this.gate = gate;
    this.#estates = estates;
    this.#voice = voice;
    this.#away = new AwayAnswers({
      ...options,
      ask: options.rest.ask,
      inviteCode: config.botServerInviteCode,
      estates,
    });
    this.links = new Links({
      ...options,
      calls,
      stream: estates.stream,
      peers: () => peers,
      link: (...changed) => this.#link(...changed),
      acknowledged: (...done) => controllers.events.acknowledged(...done),
    });
    this.generations = [
      new Generation({
        ...options,
        estates,
        gate,
        away: this.#away,
        habits,
        ask: options.rest.ask,
        links: () => this.#relayed,
        linked: (peer) => this.#look(peer),
      }),
    ];
    this.#owners = new Owners({ total: options.totalShards, move: null });
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
      windowBytes: surelyUnderWay(config.queueMemoryBytes, mostConsumers),
      estates,
      links: this.links,
      poolOf: (shard) => this.#poolOf(shard),
      guildsMissing: ({ total, id }, cursor) => this.#find(total)?.guildsMissing(id, cursor),
      door: options.consumerDoor,
    });
  }

  /** Reads what an earlier life wrote down, and joins the parts. Connects nothing yet. */
  static async create(options: GatewayOptions): Promise<UnitGateway> {
    const { log, totalShards, shardIds, queueDir } = options;
    const gate = await createIdentifyQueue({
      ...options,
      allow: ({ total, id }, permit) => gateway.#find(total)?.allowIdentify(id, permit),
      notSaved: (error) => log.error("identify budget was not saved", { error: messageOf(error) }),
    });
    const estates = await Estates.open({ ...options, newStream: randomHex(8) });
    const { intents, refusedIntents } = options.config;
    await estates.begin(totalShards, shardIds, intents, refusedIntents === "stop");
    if (queueDir !== null) {
      // What stays where it was, Discord replays as far as it can.
      await inheritQueues(queueDir, totalShards, shardIds).catch((error) =>
        log.error("events of an earlier run cannot be used", { error: messageOf(error) })
      );
      const keeps = options.config.cache.length > 0 && options.config.queueDiskBytes > 0;
      await dropGuilds(queueDir, keeps ? [totalShards] : [], shardIds).catch((error) =>
        log.warn("guilds of an earlier run were not deleted", { error: messageOf(error) })
      );
    }
    const habits = await loadHabits(options);
    const voice = await Voice.load({ ...options, ask: options.rest.ask });
    const gateway = new UnitGateway(options, gate, estates, habits, voice);
    await gateway.consumers.load();
    return gateway;
  }

  /** Which shard has which guilds now. */
  get owners(): Owners {
    return this.#owners;
  }

  /** Guilds have moved: commands for them go elsewhere, and who is linked learns a new number of shards. */
  own(owners: Owners): void {
    this.#owners = owners;
    this.#options.ownersChanged(owners);
    this.links.shardsAre(owners.total);
  }

  /** The generation that serves: the last one that is whole. */
  get serving(): Generation {
    return this.generations[0];
  }

  /** The workers of the generation that serves. */
  get pool(): WorkerPool {
    return this.serving.pool;
  }

  /** All shards that live, of each generation. */
  get shards(): ShardSnapshot[] {
    return this.generations.flatMap(({ shards }) => shards);
  }

  /** What a shard is for; `null`: it does not live. */
  dutyOf({ total, id }: ShardKey, state: ShardState): ShardDuty | null {
    return this.#find(total)?.dutyOf(id, state) ?? null;
  }

  /** The intents that are wanted, and which of them are missing where. */
  get intents(): IntentsSnapshot {
    return this.serving.intents;
  }

  /** Types whose events have stopped while others flow. */
  get deafTypes(): DeafType[] {
    return this.serving.deafTypes;
  }

  /** The consumers on `/gateway`; `null` when the unit stops. */
  get openConsumers(): Consumers | null {
    return this.consumers.isStopped ? null : this.consumers;
  }

  /** What became of interactions whose bot was away. */
  get interactions(): InteractionSnapshot {
    const shards = this.generations.flatMap(({ pool }) => pool.shards);
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
    await Promise.all(this.generations.map((each) => each.stop("keep")));
    this.links.stop("the unit stops");
    await this.#estates.close();
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
    return this.generations.find((each) => each.total === total);
  }

  #poolOf({ total }: ShardKey): WorkerPool {
    const pool = this.#find(total)?.pool;
    if (pool) return pool;
    const totals = this.generations.map((each) => each.total).join(" and ");
    const text = `Cannot reach a shard of ${total} in total: this unit has ${totals}`;
    throw new GatehouseError("refused", "caller", text);
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
    for (const { pool, total } of this.generations) {
      if (peer.kind === "consumer" && peer.shard.total !== total) continue;
      pool.introduce(peer, address);
      if (!address && peer.kind !== "service") pool.link(peer, link, greeting.windowBytes);
    }
    this.#look(peer);
  }

  /** A cluster counts as linked when every worker that has events for it has a way to it. */
  #look(peer: PeerKey): void {
    if (peer.kind === "consumer") return;
    const key = peerText(peer);
    const isUp = this.links.of(peer) !== undefined &&
      this.generations.every(({ pool }) => !pool.isIntroduced(peer) || pool.isLinked(peer));
    if (isUp === this.#reached.has(key)) return;
    if (isUp) this.#reached.add(key);
    else this.#reached.delete(key);
    this.#options.linkChanged(peer, isUp);
  }
}
