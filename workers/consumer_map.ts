/**
 * Who consumes which shard now: the cluster that the plan says, somebody else, or nobody.
 *
 * @module
 */

import { isPeer, isReader, type PeerKey } from "../protocol/peer.ts";
import type { ToWorker } from "../protocol/worker_message.ts";

/** Shard → consumer, as planned and as it is. */
export class ConsumerMap {
  readonly #plan: Readonly<Record<number, number>>;
  /** Only what differs from the plan. */
  readonly #changes = new Map<number, PeerKey | null>();

  /** @param plan Shard id → the cluster that has it unless somebody else takes it. */
  constructor(plan: Readonly<Record<number, number>>) {
    this.#plan = plan;
  }

  /** Who has a shard now; `null`: nobody, its events wait. */
  of(shardId: number): PeerKey | null {
    return this.#changes.get(shardId) ??
      (this.#changes.has(shardId) ? null : this.planned(shardId));
  }

  /** Who has a shard by the plan. */
  planned(shardId: number): PeerKey | null {
    const id = this.#plan[shardId];
    return id === undefined ? null : { kind: "cluster", id };
  }

  /** A shard gets another consumer. */
  assign(shardId: number, peer: PeerKey | null): void {
    if (isPeer(peer, this.planned(shardId))) this.#changes.delete(shardId);
    else this.#changes.set(shardId, peer);
  }

  /** Whether a consumer has or reads one of these shards, or gets it back when its taker lets go. */
  concerns(shardIds: readonly number[], peer: PeerKey): boolean {
    if (isReader(peer)) return shardIds.includes(peer.shard.id);
    return shardIds.some((id) => isPeer(this.planned(id), peer) || isPeer(this.of(id), peer));
  }

  /** What a worker that knows only the plan has to be told about its shards. */
  changes(shardIds: readonly number[]): ToWorker[] {
    return shardIds.filter((shardId) => this.#changes.has(shardId)).map((shardId) => (
      { type: "ASSIGN", shardId, peer: this.of(shardId) }
    ));
  }
}
