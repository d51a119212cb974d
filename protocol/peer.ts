/**
 * Who is at the other end of a link: a cluster, a service, or a session on `/gateway` that consumes a
 * shard.
 *
 * @module
 */

import { type ShardKey, shardKeyText } from "./ids.ts";

/** A cluster, by its place. */
export interface ClusterKey {
  readonly kind: "cluster";
  readonly id: number;
}

/** A service, by its name. */
export interface ServiceKey {
  readonly kind: "service";
  readonly name: string;
}

/** Who consumes a shard on `/gateway`. */
export interface ConsumerKey {
  readonly kind: "consumer";
  readonly shard: ShardKey;
}

/** Who is at the other end of a link. */
export type PeerKey = ClusterKey | ServiceKey | ConsumerKey;

/** `cluster 0`, `service api`, `consumer 3/16`: for people, and as a key of maps. */
export function peerText(peer: PeerKey): string {
  if (peer.kind === "cluster") return `cluster ${peer.id}`;
  return peer.kind === "service" ? `service ${peer.name}` : `consumer ${shardKeyText(peer.shard)}`;
}

/** Whether both are the same. */
export function isPeer(a: PeerKey | null, b: PeerKey | null): boolean {
  return a === b || (a !== null && b !== null && peerText(a) === peerText(b));
}

/** A peer in the fields of a log line: `clusterId`, `service` or `shardId`. */
export function peerFields(peer: PeerKey): Record<string, number | string> {
  if (peer.kind === "cluster") return { clusterId: peer.id };
  return peer.kind === "service" ? { service: peer.name } : { shardId: peer.shard.id };
}
