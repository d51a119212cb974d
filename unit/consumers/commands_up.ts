/**
 * Commands of consumers on `/gateway` on their way up: in order, and not lost with a worker. A client has
 * no way to learn that its command met a worker that was being restarted, so it waits for the next one.
 *
 * @module
 */

import { type Clock, sleep } from "../../ports/clock.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../../protocol/ids.ts";
import type { ShardPayload } from "../../protocol/worker_message.ts";

/** How long a shard whose worker is being restarted is waited for. */
export const WORKER_DEADLINE_MS = 10_000;
const RETRY_MS = 100;

/** Asks a worker anew while it is being restarted, for 10 s at most, or until `isOver`. */
export async function askPatiently<Answer>(
  clock: Clock,
  ask: () => Promise<Answer>,
  isOver: () => boolean,
): Promise<Answer> {
  let deadlineMs = Infinity;
  while (true) {
    try {
      return await ask();
    } catch (error) {
      deadlineMs = Math.min(deadlineMs, clock.now() + WORKER_DEADLINE_MS);
      if (!isWorkerLost(error) || isOver() || clock.now() >= deadlineMs) throw error;
    }
    await sleep(clock, RETRY_MS);
  }
}

/** What {@linkcode CommandsUp} works with. */
export interface CommandsUpOptions {
  readonly clock: Clock;
  /** Hands a command to the shard's worker. */
  readonly send: (shard: ShardKey, payload: ShardPayload) => Promise<void>;
}

/** The commands of all consumers of a unit. */
export class CommandsUp {
  /** Whether nobody is waited for any more. */
  isStopped = false;
  readonly #options: CommandsUpOptions;
  /** The last command of each shard that waits for a worker: those after it wait for it. */
  readonly #late = new Map<ShardKeyText, Promise<void>>();

  constructor(options: CommandsUpOptions) {
    this.#options = options;
  }

  /**
   * Sends a command.
   *
   * @throws What sending it throws; {@linkcode GatehouseError} `worker_lost` where no worker came back.
   */
  async send(shard: ShardKey, payload: ShardPayload): Promise<void> {
    if (this.#late.has(shardKeyText(shard))) return await this.#sendLate(shard, payload);
    try {
      await this.#options.send(shard, payload);
    } catch (error) {
      if (!isWorkerLost(error)) throw error;
      await this.#sendLate(shard, payload);
    }
  }

  /** After those that are late already. */
  async #sendLate(shard: ShardKey, payload: ShardPayload): Promise<void> {
    const { clock, send } = this.#options;
    const key = shardKeyText(shard);
    const before = this.#late.get(key);
    const turn = Promise.withResolvers<void>();
    this.#late.set(key, turn.promise);
    await before;
    try {
      await askPatiently(clock, () => send(shard, payload), () => this.isStopped);
    } finally {
      if (this.#late.get(key) === turn.promise) this.#late.delete(key);
      turn.resolve();
    }
  }
}

function isWorkerLost(error: unknown): boolean {
  return error instanceof GatehouseError && error.code === "worker_lost";
}
