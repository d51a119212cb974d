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
  /** Of one that reads the shard beside its bot: its name. The bot itself has none. */
  readonly reader?: string;
}

/** Who reads a shard beside its bot, by name. */
export interface ReaderKey extends ConsumerKey {
  readonly reader: string;
}

/** Who is at the other end of a link. */
export type PeerKey = ClusterKey | ServiceKey | ConsumerKey;

/** `cluster 0`, `service api`, `consumer 3/16`, `consumer 3/16 logger`: for people, and as a key of maps. */
export function peerText(peer: PeerKey): string {
  if (peer.kind === "cluster") return `cluster ${peer.id}`;
  if (peer.kind === "service") return `service ${peer.name}`;
  const consumer = `consumer ${shardKeyText(peer.shard)}`;
  return peer.reader === undefined ? consumer : `${consumer} ${peer.reader}`;
}

/** The key of somebody who reads a shard beside its bot. */
export function readerKey(shard: ShardKey, reader: string): ReaderKey {
  return { kind: "consumer", shard, reader };
}

/** Whether somebody reads a shard beside its bot. */
export function isReader(peer: PeerKey): peer is ReaderKey {
  return peer.kind === "consumer" && peer.reader !== undefined;
}

/** Whether both are the same. */
export function isPeer(a: PeerKey | null, b: PeerKey | null): boolean {
  return a === b || (a !== null && b !== null && peerText(a) === peerText(b));
}

/** A peer in the fields of a log line: `clusterId`, `service`, or `shardId` with its `reader` where it has a name. */
export function peerFields(peer: PeerKey): Record<string, number | string> {
  if (peer.kind === "cluster") return { clusterId: peer.id };
  if (peer.kind === "service") return { service: peer.name };
  const { shard, reader } = peer;
  return { shardId: shard.id, ...(reader !== undefined && { reader }) };
}
