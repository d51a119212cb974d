/**
 * Consumers on `/gateway`, joined with the unit: their gateway, the shards that they take, and what
 * is written down of both. Sockets are the caller's.
 *
 * @module
 */

import { DownstreamGateway } from "../../downstream/gateway.ts";
import type { DownstreamEvents } from "../../downstream/gateway.ts";
import type { DownstreamSocket } from "../../downstream/world.ts";
import type { Links } from "../../link/links.ts";
import type { Cancel } from "../../ports/clock.ts";
import { randomHex } from "../../ports/random.ts";
import type { World } from "../../ports/world.ts";
import { messageOf } from "../../protocol/errors.ts";
import type { ReadyFacts } from "../../protocol/discord/gateway_frame.ts";
import { parsePayload } from "../../protocol/worker_message.ts";
import type { Estate } from "../../protocol/estate.ts";
import type { Estates } from "../../store/estates.ts";
import type { WorkerPool } from "../../workers/pool.ts";
import type { PlanOptions } from "../worker_plan.ts";
import { ConsumerShards } from "./consumer_shards.ts";

/** Name of the file in the state folder. */
const SAVED_AS = "consumers";
/** It is written this long after a change, at the latest. */
const SAVE_AFTER_MS = 100;

/** Who may consume, and under which address. */
export interface ConsumerDoor {
  /** Our WebSocket address, where a client does not say how it reaches us. */
  readonly url: () => string;
  /** Whether the token of an IDENTIFY is the unit's secret. Must compare in constant time. */
  readonly isSecret: (token: string) => boolean;
}

/** What they are made with. */
export interface ConsumersOptions
  extends
    Pick<PlanOptions, "config" | "totalShards" | "shardIds" | "controllers">,
    Pick<World, "clock" | "log" | "store"> {
  readonly estates: Pick<Estates, "stream" | "until">;
  readonly links: Links;
  readonly pool: WorkerPool;
  readonly door: ConsumerDoor;
}

/** All consumers on `/gateway` of a unit. */
export class Consumers {
  /** The shards that they have or that wait for them. */
  readonly shards: ConsumerShards;
  readonly #options: ConsumersOptions;
  readonly #gateway: DownstreamGateway;
  #cancelSave: Cancel | null = null;
  #stopped = false;

  constructor(options: ConsumersOptions) {
    const { config, totalShards, shardIds, controllers, door, estates } = options;
    this.#options = options;
    this.shards = new ConsumerShards(options);
    this.#gateway = new DownstreamGateway({
      ...options,
      stream: estates.stream,
      url: door.url(),
      terms: {
        totalShards,
        firstShardId: shardIds[0]!,
        lastShardId: shardIds.at(-1)!,
        intents: config.intents,
        isSecret: door.isSecret,
      },
      events: this.shards,
      facts: (shardId, signal) =>
        estates.until({ total: totalShards, id: shardId }, readyFacts, signal),
      send: async (shardId, payload) =>
        await controllers.gateway.sendPayload(shardId, parsePayload(payload)),
      ttlMs: config.consumerSessionTtlMs,
      newId: () => randomHex(16),
      changed: () => this.#saveSoon(),
    });
  }

  /** Whether nobody is let in any more. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Takes over what an earlier life wrote down; before any worker starts. */
  async load(): Promise<void> {
    this.#gateway.load(await this.#options.store.load(SAVED_AS));
  }

  /** Takes an open socket; `url` is our address as its client reaches us. */
  accept(socket: DownstreamSocket, query: URLSearchParams, url: string): DownstreamEvents {
    return this.#gateway.accept(socket, query, url);
  }

  /** Closes every connection so that its client comes back and resumes; writes the sessions down. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#gateway.stop();
    this.shards.stop();
    this.#cancelSave?.();
    await this.#save();
  }

  #saveSoon(): void {
    this.#cancelSave ??= this.#options.clock.after(SAVE_AFTER_MS, () => {
      this.#cancelSave = null;
      this.#save();
    });
  }

  async #save(): Promise<void> {
    const { store, log } = this.#options;
    await store.save(SAVED_AS, this.#gateway.sessions.save()).catch((error) =>
      log.error("sessions of consumers were not saved", { error: messageOf(error) })
    );
  }
}

/** What a READY for a consumer is made of. Guilds come and go after Discord's READY. */
function readyFacts({ facts, guilds }: Estate): ReadyFacts | null {
  return facts && { ...facts, guildIds: guilds?.guildIds ?? facts.guildIds };
}
