/**
 * What a consumer of events is given, and what it gives: see `consumer.ts`.
 *
 * @module
 */

import type { ClusterKey, ServiceKey } from "../../protocol/peer.ts";
import type { LinkCall, LinkReply } from "../../protocol/link_call.ts";
import type { TracedEvent } from "../../ports/telemetry/event_trace.ts";
import type { World } from "../../ports/world.ts";
import type { Dispatch } from "./dispatch.ts";

/** What gets the events. */
export interface Receiver {
  /** Whether anybody listens to events of this name; the others are not parsed. */
  wants(name: string): boolean;
  /**
   * Called in order per shard, without waiting for the one before. What it throws is logged.
   *
   * @param totalShards Of how many the shard is one: shards of two totals may live side by side.
   */
  receive(
    dispatch: Dispatch,
    shardId: number,
    totalShards: number,
    event?: { readonly source: Omit<TracedEvent, "cursor">; readonly cursor: number },
  ): unknown;
}

/** What a consumer needs. */
export interface ConsumerOptions extends Pick<World, "clock" | "log"> {
  readonly peer: ClusterKey | ServiceKey;
  readonly receiver: Receiver;
  /** Bytes that the unit may have under way to us unacknowledged; 4 MiB by default. */
  readonly windowBytes?: number;
  /** After this long an event counts as dealt with although its handler has not; 60 s by default. */
  readonly handlerDeadlineMs?: number;
  /** Who makes and takes calls; without it there are none. */
  readonly calls?: CallPort;
}

/** What makes and takes calls over whichever link is up. */
export interface CallPort {
  /**
   * A unit has welcomed a link: gives what hears what comes over it.
   *
   * @param heardMs When something came from that unit last, or from one of its workers, on the consumer's clock.
   */
  up(
    send: (message: LinkCall | LinkReply) => void,
    totalShards: number,
    heardMs: () => number,
  ): CallLine;
}

/** A link with a unit, as the calls hear of it. */
export interface CallLine {
  /** There are so many shards now. */
  shardsAre(totalShards: number): void;
  receive(message: LinkCall | LinkReply): void;
  /** The link is gone. */
  down(): void;
}

/** The receiving half: the transport calls it. After a newer link was attached nothing happens. */
export interface ConsumerLink {
  text(text: string): void;
  batch(bytes: Uint8Array): void;
  closed(): void;
  /** Whether the unit has welcomed this link. */
  readonly welcomed: boolean;
  /** Whether the other end has said that it goes: its end is no surprise. */
  readonly isEnding: boolean;
}

/** What a consumer has counted since it began. */
export interface ConsumerCounters {
  readonly received: number;
  /** Events that came again and were dropped. */
  readonly repeats: number;
  readonly failed: number;
  /** Handlers that missed their deadline. */
  readonly late: number;
  /** Events whose handlers are at work. */
  readonly unsettled: number;
}
