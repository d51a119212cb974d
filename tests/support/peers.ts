/**
 * Peers in few letters.
 *
 * @module
 */

import type { ClusterKey, ConsumerKey, ReaderKey, ServiceKey } from "../../protocol/peer.ts";

/** The cluster of that place. */
export const cluster = (id: number): ClusterKey => ({ kind: "cluster", id });

/** The service of that name. */
export const service = (name: string): ServiceKey => ({ kind: "service", name });

/** Who consumes that shard on `/gateway`; of four, unless told otherwise. */
export const consumer = (id: number, total = 4): ConsumerKey => (
  { kind: "consumer", shard: { id, total } }
);

/** Who reads a shard beside its bot, by that name; of four, unless told otherwise. */
export const reader = (id: number, name: string, total = 4): ReaderKey => (
  { kind: "consumer", shard: { id, total }, reader: name }
);
