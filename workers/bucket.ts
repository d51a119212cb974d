/**
 * The shards of one worker, and the queue of their events: what runs inside a shard worker.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";
import type { ShardCounters } from "../protocol/status.ts";
import type {
  FromWorker,
  Reply,
  ShardInfo,
  ToWorker,
  WorkerOptions,
} from "../protocol/worker_message.ts";
import { every } from "../ports/clock.ts";
import { logTo } from "../ports/log.ts";
import { EventQueue } from "../events/queue.ts";
import type { ConnectionWorld } from "../gateway/connection.ts";
import { Shard } from "../gateway/shard.ts";
import type { ShardWorld } from "../gateway/shard_world.ts";

/** Sends a message to the main thread. */
export type Post = (message: FromWorker) => void;

/** The shards of one worker. */
export class Bucket {
  readonly #options: WorkerOptions;
  readonly #post: Post;
  readonly #queue: EventQueue;
  readonly #shards = new Map<number, Shard>();
  readonly #world: ShardWorld;

  /** Begins to report at once; shards come with `IDENTIFY_SHARD`. */
  constructor(options: WorkerOptions, world: ConnectionWorld, post: Post) {
    this.#options = options;
    this.#post = post;
    this.#queue = new EventQueue({
      clock: world.clock,
      clusterOfShard: options.clusterOfShard,
      limitBytes: options.queueMemoryBytes,
      send: (clusterId, link, batch) => post({ type: "EVENTS", clusterId, link, batch }),
    });
    this.#world = { ...world, ...this.#surroundings() };
    every(world.clock, options.reportIntervalMs, () => this.#report());
    post({ type: "STARTED" });
  }

  /** Does what the main thread asks. */
  receive(message: Exclude<ToWorker, { type: "START" }>): void {
    switch (message.type) {
      case "IDENTIFY_SHARD":
        return this.#bring(message.shardId).start(message.session, message.cursorFloor);
      case "ALLOW_IDENTIFY":
        return this.#shards.get(message.shardId)?.allow(message.permit);
      case "SHARD_PAYLOAD":
        return this.#answer(message.nonce, () => this.#shard(message).send(message.payload));
      case "GET_SHARD_INFO":
        return this.#answer(message.nonce, () => this.#info(message.shardId));
      case "RECONNECT_SHARD":
        return this.#answer(message.nonce, () => this.#shard(message).restart(message.session));
      case "STOP":
        return this.#answer(message.nonce, () => this.#stop(message.session));
      case "LINK":
        return this.#queue.link(message.clusterId, message.link, message.windowBytes);
      case "ACK":
        return this.#queue.acknowledge(message.clusterId, message.link, message.cursors);
      case "CRASH":
        return crash(message.how);
    }
  }

  #surroundings(): Omit<ShardWorld, keyof ConnectionWorld> {
    const post = this.#post;
    return {
      gate: {
        ask: (shardId) => post({ type: "REQUEST_IDENTIFY", shardId }),
        sent: (shardId, permit) => post({ type: "IDENTIFY_SENT", shardId, permit }),
        release: (shardId) => post({ type: "RELEASE_IDENTIFY", shardId }),
      },
      sink: this.#queue,
      status: (status) => {
        // Who is told that a shard is ready wants to know what it took.
        if (status.state === "ready") this.#report();
        post({ type: "SHARD_STATUS", status });
      },
      session: (shardId, session) => post({ type: "SESSION", shardId, session }),
      log: logTo((level, event, fields) => post({ type: "LOG", level, event, fields })),
    };
  }

  /** The shard, made when it is first asked for. */
  #bring(shardId: number): Shard {
    const known = this.#shards.get(shardId);
    if (known) return known;
    const { token, gatewayUrl, intents, totalShards, compression } = this.#options;
    const settings = { shardId, totalShards, intents, token, gatewayUrl, compression };
    const shard = new Shard(settings, this.#world);
    this.#shards.set(shardId, shard);
    return shard;
  }

  #shard({ shardId }: { readonly shardId: number }): Shard {
    const shard = this.#shards.get(shardId);
    if (shard) return shard;
    const ids = [...this.#shards.keys()].join(", ") || "none";
    const text = `Cannot reach shard ${shardId}: worker ${this.#options.workerId} has ${ids}`;
    throw new GatehouseError("no_shard", "caller", text, { shardId });
  }

  #answer(nonce: number, work: () => unknown): void {
    const reply = (reply: Reply) => this.#post({ type: "NONCE_REPLY", nonce, reply });
    const fail = (error: unknown) => {
      const code = error instanceof GatehouseError ? error.code : "refused";
      reply({ ok: false, code, message: messageOf(error) });
    };
    try {
      Promise.resolve(work()).then((value) => reply({ ok: true, value }), fail);
    } catch (error) {
      fail(error);
    }
  }

  #info(shardId: number): ShardInfo {
    const shard = this.#shard({ shardId });
    return { status: shard.status, counters: this.#counters(shardId, shard), session: shard.point };
  }

  async #stop(session: "keep" | "end"): Promise<void> {
    await Promise.all([...this.#shards.values()].map((shard) => shard.stop(session)));
    this.#report();
  }

  #report(): void {
    const shards = [...this.#shards].map(([shardId, shard]) => this.#counters(shardId, shard));
    this.#post({ type: "REPORT", shards });
  }

  #counters(shardId: number, { tally, latencyMs }: Shard): ShardCounters {
    const { forwarded, acknowledged, dropped, queued, queuedBytes } = this.#queue.outbox(shardId);
    const sent = { forwarded, acknowledged, dropped, queued, queuedBytes };
    return { shardId, latencyMs, ...sent, ...tally, reconnects: { ...tally.reconnects } };
  }
}

/** Dies in the way that a test asked for. */
function crash(how: "throw" | "exit" | "hang"): void {
  if (how === "throw") throw new Error("crash requested");
  if (how === "exit") return globalThis.close();
  for (;;);
}
