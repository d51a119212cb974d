/**
 * Shards on their way to the identify queue: what the program does about them comes first.
 *
 * @module
 */

import type { IdentifyGate } from "../ports/identify_gate.ts";
import type { Log } from "../ports/log.ts";
import { messageOf } from "../protocol/errors.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../protocol/ids.ts";
import type { GatewayController } from "./controllers.ts";

/** What it takes. */
export interface IdentifyRequestOptions {
  readonly queue: Pick<IdentifyGate, "request" | "release" | "lost">;
  readonly log: Log;
  readonly gateway: Pick<GatewayController, "requestIdentify">;
}

/** Requests that the program may hold up; it cannot jump the queue. */
export class IdentifyRequests {
  readonly #options: IdentifyRequestOptions;
  /** Shard → its newest request: what became of an older one changes nothing. */
  readonly #held = new Map<ShardKeyText, symbol>();

  constructor(options: IdentifyRequestOptions) {
    this.#options = options;
  }

  /** A shard wants to identify; it joins at once where the program gives no promise. */
  async request(shard: ShardKey): Promise<void> {
    const { queue, log, gateway } = this.#options;
    const key = shardKeyText(shard);
    const turn = Symbol();
    this.#held.set(key, turn);
    try {
      const before = gateway.requestIdentify(shard.id);
      if (before) await before;
    } catch (error) {
      const about = { shardId: shard.id, error: messageOf(error) };
      log.error("gateway.requestIdentify failed, the shard joins the queue", about);
    }
    if (this.#held.get(key) !== turn) return;
    this.#held.delete(key);
    queue.request(shard);
  }

  /** A shard does not want to identify any more. */
  release(shard: ShardKey): void {
    this.#held.delete(shardKeyText(shard));
    this.#options.queue.release(shard);
  }

  /** The worker of these shards is lost. */
  lost(shards: readonly ShardKey[]): void {
    for (const shard of shards) this.#held.delete(shardKeyText(shard));
    this.#options.queue.lost(shards);
  }
}
