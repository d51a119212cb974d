/**
 * What each shard of a pool does for the bot, seen from the main thread: which are brought up and in which role,
 * which are watched, and how one ends, whatever becomes of its worker.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../../protocol/errors.ts";
import type { Cuts, ShardRole } from "../../protocol/reshard.ts";
import type { Rested } from "../../protocol/worker_message.ts";
import { ASK_DEADLINE_MS, type Asked, type WorkerSlot, type WorkerWord } from "../slot.ts";
import type { PoolOptions } from "../pool_world.ts";

/** Whom it asks and tells. */
export interface ShardRolesOptions extends Pick<PoolOptions, "log" | "estateOf" | "roleOf"> {
  readonly slotOf: (shardId: number) => WorkerSlot;
  /** A shard is to be brought up; its worker runs. */
  readonly bringUp: (shardId: number) => void;
  /** A shard has ended: nothing of it is of use any more. */
  readonly over: (shardId: number) => void;
}

/** What becomes of a session, and of what waits, when a shard ends. */
export type EndHow = Pick<Extract<Asked, { type: "END_SHARD" }>, "session" | "keepsEvents">;

const FOR_GOOD: EndHow = { session: "end", keepsEvents: false };
const RISES: ShardRole = { kind: "rises" };
const allServe = (): ShardRole | null => ({ kind: "serves", cuts: null });

/** The roles of one pool's shards. */
export class ShardRoles {
  readonly #options: ShardRolesOptions;
  /** Shards that were brought up to rise, and neither serve nor are over. */
  readonly #rising = new Set<number>();
  readonly #watched = new Set<number>();
  /** Shard → in which role it was brought up, and in which life of its worker. */
  readonly #brought = new Map<number, Pick<ShardRole, "kind"> & { readonly life: unknown }>();
  readonly #ending = new Map<number, PromiseWithResolvers<void> & { readonly how: EndHow }>();
  /** Shards that are closed, with all that waits of them, because another unit is to have them. */
  readonly #resting = new Set<number>();
  /** Shards that are over: what is still heard of them comes too late. */
  readonly #over = new Set<number>();

  constructor(options: ShardRolesOptions) {
    this.#options = options;
  }

  /** What a shard does; `null`: nothing. */
  of(shardId: number): ShardRole | null {
    if (this.#ending.has(shardId) || this.#resting.has(shardId)) return null;
    if (this.#over.has(shardId)) return null;
    return this.#rising.has(shardId) ? RISES : (this.#options.roleOf ?? allServe)(shardId);
  }

  /** Whether a shard of a worker does something. */
  isNeeded({ snapshot: { shards } }: WorkerSlot): boolean {
    return shards.some((shardId) => this.of(shardId) !== null);
  }

  /** Brings a shard up in a role; its worker is started where nobody did. */
  bringUp(shardId: number, role: ShardRole): void {
    const slot = this.#options.slotOf(shardId);
    if (role.kind === "rises") this.#rising.add(shardId);
    else this.#rising.delete(shardId);
    this.#over.delete(shardId);
    if (slot.life) this.begin(shardId);
    // One that is about to be started again brings all its shards up.
    else if (slot.snapshot.state === "stopped") slot.start();
  }

  /** A worker runs that has this shard: it is told what the shard does. */
  begin(shardId: number): void {
    if (this.#ending.has(shardId)) return void this.#end(shardId);
    const role = this.of(shardId);
    if (role === null) return;
    const { life } = this.#options.slotOf(shardId);
    const { kind } = role;
    const before = this.#brought.get(shardId);
    // A worker that has just been started has brought up all that it is to, this one perhaps among them.
    if (before?.life === life && before.kind === kind) return;
    this.#brought.set(shardId, { life, kind });
    this.#options.bringUp(shardId);
    if (this.#watched.has(shardId)) this.watch(shardId, true);
  }

  /** Tells what a shard sees, or does so no more. */
  watch(shardId: number, isOn: boolean): void {
    if (isOn) this.#watched.add(shardId);
    else this.#watched.delete(shardId);
    this.#options.slotOf(shardId).life?.tell({ type: "WATCH", shardId, isOn });
  }

  /** A shard that rose serves. */
  serve(shardId: number, cuts: Cuts): void {
    this.#rising.delete(shardId);
    this.#options.slotOf(shardId).life?.tell({ type: "SERVE", shardId, cuts });
  }

  /**
   * Closes a shard, keeping its session and what waits of it; its worker's next life leaves it alone.
   *
   * @throws {GatehouseError} Why it cannot be; then it goes on.
   */
  async rest(shardId: number): Promise<Rested> {
    const { life } = this.#options.slotOf(shardId);
    if (!life || this.of(shardId) === null) throw notHere(shardId);
    this.#resting.add(shardId);
    this.#brought.delete(shardId);
    try {
      return await life.ask({ type: "REST_SHARD", shardId }, ASK_DEADLINE_MS) as Rested;
    } catch (error) {
      this.wake(shardId);
      throw error;
    }
  }

  /** A shard that rests goes on, in the next life of its worker where that is lost. */
  wake(shardId: number): void {
    if (!this.#resting.delete(shardId)) return;
    const slot = this.#options.slotOf(shardId);
    if (slot.life) this.begin(shardId);
    else if (slot.snapshot.state === "stopped" && this.of(shardId) !== null) slot.start();
  }

  /** Ends a shard; by default with its session. Rejects where the pool is stopped before that is done. */
  end(shardId: number, how: EndHow = FOR_GOOD): Promise<void> {
    const known = this.#ending.get(shardId);
    if (known) return known.promise;
    const { state } = this.#options.slotOf(shardId).snapshot;
    const ending = { ...Promise.withResolvers<void>(), how };
    this.#ending.set(shardId, ending);
    // Nobody has it.
    if (state === "stopped" || state === "failed") this.#done(shardId);
    else void this.#end(shardId);
    return ending.promise;
  }

  /** The pool is stopped: what has not ended does not. */
  stop(): void {
    for (const [shardId, { reject }] of this.#ending) {
      const text = `Cannot end shard ${shardId}: its worker is stopped`;
      reject(new GatehouseError("worker_lost", "host", text, { shardId }));
    }
    this.#ending.clear();
  }

  /** What of a worker's word is not of shards that are over; `null`: nothing. */
  heard<Word extends WorkerWord>(word: Word): Word | null {
    if (this.#over.size === 0) return word;
    if (word.type === "SHARD_STATUS") return this.#over.has(word.status.shardId) ? null : word;
    if (word.type === "REPORT") {
      return { ...word, shards: word.shards.filter(({ shardId }) => !this.#over.has(shardId)) };
    }
    if (word.type === "SAFE") {
      const shards = Object.entries(word.shards).filter(([id]) => !this.#over.has(Number(id)));
      return { ...word, shards: Object.fromEntries(shards) };
    }
    return "shardId" in word && this.#over.has(word.shardId) ? null : word;
  }

  /** A worker that is lost meanwhile has a successor, who is told. */
  async #end(shardId: number): Promise<void> {
    const { slotOf, estateOf, log } = this.#options;
    const { life } = slotOf(shardId);
    if (!life) return;
    const readers = Object.keys(estateOf(shardId).readers);
    const { how } = this.#ending.get(shardId)!;
    try {
      await life.ask({ type: "END_SHARD", shardId, readers, ...how }, ASK_DEADLINE_MS);
    } catch (error) {
      if (error instanceof GatehouseError && error.code === "worker_lost") return;
      log.warn("shard did not end by itself", { shardId, error: messageOf(error) });
    }
    this.#done(shardId);
  }

  #done(shardId: number): void {
    const ending = this.#ending.get(shardId);
    if (!ending) return;
    this.#ending.delete(shardId);
    this.#brought.delete(shardId);
    this.#rising.delete(shardId);
    this.#resting.delete(shardId);
    this.#watched.delete(shardId);
    this.#over.add(shardId);
    this.#options.over(shardId);
    ending.resolve();
  }
}

function notHere(shardId: number): GatehouseError {
  const text = `Cannot close shard ${shardId}: it is not up here`;
  return new GatehouseError("worker_lost", "host", text, { shardId });
}
