/**
 * How a shard of a pool goes to another unit, and how one comes: what waits is read out there, and put in here.
 *
 * @module
 */

import { GatehouseError } from "../../protocol/errors.ts";
import type { Rested } from "../../protocol/worker_message.ts";
import { ASK_DEADLINE_MS, type Asked, type WorkerSlot } from "../slot.ts";
import type { ShardRoles } from "./roles.ts";

/** Whom it asks and tells. */
export interface ShardMovesOptions {
  readonly slotOf: (shardId: number) => WorkerSlot;
  readonly roles: Pick<ShardRoles, "end" | "rest" | "wake">;
}

/** The moves of one pool's shards. */
export class ShardMoves {
  readonly #options: ShardMovesOptions;

  constructor(options: ShardMovesOptions) {
    this.#options = options;
  }

  /**
   * Closes a shard that is up, keeping its session and what waits of it. Nothing brings it up again but
   * {@linkcode ShardMoves.wake}.
   *
   * @throws {GatehouseError} Why it cannot be, such as `worker_lost`; then it goes on.
   */
  rest(shardId: number): Promise<Rested> {
    return this.#options.roles.rest(shardId);
  }

  /** A shard that rests goes on, with what waits of it. */
  wake(shardId: number): void {
    this.#options.roles.wake(shardId);
  }

  /**
   * A shard is another unit's: it is closed, keeping its session, and forgotten; of what waits nothing is left, or
   * with `keepsEvents` what is on disk. Rejects where the pool is stopped before.
   */
  async lose(shardId: number, keepsEvents: boolean): Promise<void> {
    await this.#options.roles.end(shardId, { session: "keep", keepsEvents });
  }

  /**
   * Records that wait of a shard above a cursor, one after another: about so many bytes, at least one where there is
   * one; for its bot (`null`) or a reader.
   *
   * @throws {GatehouseError} `worker_lost`, `deadline`, or what its disk says.
   */
  async readOut(
    shardId: number,
    reader: string | null,
    after: number,
    limitBytes: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const question = { type: "READ_OUT", shardId, reader, after, limitBytes } as const;
    return await this.#ask(shardId, question) as Uint8Array<ArrayBuffer>;
  }

  /**
   * Keeps records that waited elsewhere for a shard that is not up here; its worker is started where it is not.
   *
   * @param isFirst They are the first: what was there before is nobody's, and deleted.
   * @throws {GatehouseError} `disk_full`, `illegal_step` where the shard is up, `worker_lost`, `deadline`.
   */
  async putIn(
    shardId: number,
    reader: string | null,
    records: Uint8Array<ArrayBuffer>,
    isFirst: boolean,
  ): Promise<void> {
    const slot = this.#options.slotOf(shardId);
    if (slot.snapshot.state === "stopped") slot.start();
    await this.#ask(shardId, { type: "PUT_IN", shardId, reader, isFirst, records });
  }

  async #ask(shardId: number, question: Asked): Promise<unknown> {
    const { life } = this.#options.slotOf(shardId);
    if (life) return await life.ask(question, ASK_DEADLINE_MS);
    const text = `Cannot move shard ${shardId}: its worker is being restarted`;
    throw new GatehouseError("worker_lost", "host", text, { shardId });
  }
}
