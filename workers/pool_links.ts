/**
 * The links of a pool's workers with those who get their events: which worker is told of which, and how they share
 * the credit.
 *
 * @module
 */

import { type PeerKey, peerText } from "../protocol/peer.ts";
import type { ToWorker } from "../protocol/worker_message.ts";
import type { ConsumerMap } from "./consumer_map.ts";
import type { Address, PoolOptions } from "./pool_world.ts";
import type { WorkerSlot } from "./slot.ts";

/** What the links of a pool are made with. */
export interface PoolLinksOptions extends Pick<PoolOptions, "links"> {
  readonly slots: readonly WorkerSlot[];
  readonly consumers: ConsumerMap;
  /** Whether a shard serves the bot. */
  readonly serves: (shardId: number) => boolean;
  /** A worker's link to a cluster that it dials came up or went down. */
  readonly linked: (peer: PeerKey) => void;
}

interface Introduced {
  readonly peer: PeerKey;
  readonly address: Address;
  /** Workers whose link is up. */
  readonly linked: Set<WorkerSlot>;
}

/** The links of one pool. A worker is told of whoever has shards of it, whether these do something or not. */
export class PoolLinks {
  readonly #options: PoolLinksOptions;
  /** Clusters that the workers dial, by the text of the peer. */
  readonly #introduced = new Map<string, Introduced>();

  constructor(options: PoolLinksOptions) {
    this.#options = options;
  }

  /** The link to a consumer came up or went down: every worker that has shards for it is told. */
  link(peer: PeerKey, link: number | null, windowBytes: number): void {
    const slots = this.#slotsFor(peer);
    const share = Math.ceil(windowBytes / Math.max(1, slots.length));
    for (const slot of slots) {
      slot.life?.tell({ type: "LINK", peer, link, windowBytes: share });
    }
  }

  /** A cluster listens at an address, where workers bring it its events; or it does so no more (`null`). */
  introduce(peer: PeerKey, address: Address | null): void {
    const key = peerText(peer);
    if (address) this.#introduced.set(key, { peer, address, linked: new Set() });
    else if (!this.#introduced.delete(key)) return;
    const slots = this.#slotsFor(peer);
    for (const { life } of slots) life?.tell(introduction(peer, address, slots.length));
  }

  /** Whether the workers bring a cluster its events themselves. */
  isIntroduced(peer: PeerKey): boolean {
    return this.#introduced.has(peerText(peer));
  }

  /** Whether every worker with a shard that serves a cluster, which was introduced, has a link to it. */
  isLinked(peer: PeerKey): boolean {
    const { serves } = this.#options;
    const { linked } = this.#introduced.get(peerText(peer)) ?? {};
    return this.#slotsFor(peer, serves).every((slot) => linked?.has(slot));
  }

  /** What a new worker has to know. */
  greet({ life, snapshot: { shards } }: WorkerSlot): void {
    const { links, consumers } = this.#options;
    for (const { peer, link, windowBytes } of links()) {
      if (!consumers.concerns(shards, peer)) continue;
      const share = Math.ceil(windowBytes / this.#slotsFor(peer).length);
      life?.tell({ type: "LINK", peer, link, windowBytes: share });
    }
    for (const { peer, address } of this.#introduced.values()) {
      if (!consumers.concerns(shards, peer)) continue;
      life?.tell(introduction(peer, address, this.#slotsFor(peer).length));
    }
  }

  /** A worker says that its link to a cluster came up or went down. */
  changed(slot: WorkerSlot, peer: PeerKey, isUp: boolean): void {
    const { linked } = this.#introduced.get(peerText(peer)) ?? {};
    if (isUp) linked?.add(slot);
    else if (!linked?.delete(slot)) return;
    this.#options.linked(peer);
  }

  /** A worker is lost, and its links with it. */
  lost(slot: WorkerSlot): void {
    for (const { peer } of this.#introduced.values()) this.changed(slot, peer, false);
  }

  /** The workers that have shards for a cluster; they share its credit. */
  #slotsFor(peer: PeerKey, counts: (shardId: number) => boolean = () => true): WorkerSlot[] {
    const { slots, consumers } = this.#options;
    return slots.filter(({ snapshot: { shards } }) =>
      consumers.concerns(shards.filter(counts), peer)
    );
  }
}

function introduction(peer: PeerKey, address: Address | null, workers: number): ToWorker {
  return address ? { type: "DIAL", peer, ...address, workers } : { type: "HANG_UP", peer };
}
