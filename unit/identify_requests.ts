/**
 * Shards on their way to the identify queue: what the program does about them comes first.
 *
 * @module
 */

import type { IdentifyQueue } from "../gateway/identify/queue.ts";
import type { Log } from "../ports/log.ts";
import { messageOf } from "../protocol/errors.ts";
import type { GatewayController } from "./controllers.ts";

/** What it takes. */
export interface IdentifyRequestOptions {
  readonly queue: Pick<IdentifyQueue, "request" | "release" | "lost">;
  readonly log: Log;
  readonly gateway: Pick<GatewayController, "requestIdentify">;
}

/** Requests that the program may hold up; it cannot jump the queue. */
export class IdentifyRequests {
  readonly #options: IdentifyRequestOptions;
  /** Shard id → its newest request: what became of an older one changes nothing. */
  readonly #held = new Map<number, symbol>();

  constructor(options: IdentifyRequestOptions) {
    this.#options = options;
  }

  /** A shard wants to identify; it joins at once where the program gives no promise. */
  async request(shardId: number): Promise<void> {
    const { queue, log, gateway } = this.#options;
    const turn = Symbol();
    this.#held.set(shardId, turn);
    try {
      const before = gateway.requestIdentify(shardId);
      if (before) await before;
    } catch (error) {
      const about = { shardId, error: messageOf(error) };
      log.error("gateway.requestIdentify failed, the shard joins the queue", about);
    }
    if (this.#held.get(shardId) !== turn) return;
    this.#held.delete(shardId);
    queue.request(shardId);
  }

  /** A shard does not want to identify any more. */
  release(shardId: number): void {
    this.#held.delete(shardId);
    this.#options.queue.release(shardId);
  }

  /** The worker of these shards is lost. */
  lost(shardIds: readonly number[]): void {
    for (const shardId of shardIds) this.#held.delete(shardId);
    this.#options.queue.lost(shardIds);
  }
}
