/**
 * Who may identify when, as a unit asks for it: today the queue of its own, in a fleet the one
 * authority of all units.
 *
 * @module
 */

import type { ShardKey } from "../protocol/ids.ts";
import type { IdentifySnapshot } from "../protocol/status.ts";

/**
 * Tells a shard that it may identify. `permit` means something to the gate alone.
 *
 * Called once per request, at any time after it, even before `request` returns; never for a shard that
 * has not asked, or has taken its request back, and not after `stop`.
 */
export type Allow = (shard: ShardKey, permit: number) => void;

/**
 * Paces the identifies of a bot. Whoever else asks the same authority:
 *
 * - One identify per key (`id % max_concurrency`) per 5 s, counted from when IDENTIFY was sent.
 * - Nobody of a later group (`id / max_concurrency`) goes before one of an earlier group that has asked
 *   or is expected.
 * - The daily reserve is never touched.
 *
 * What is told here is on its way when the call returns; nothing is answered but by {@linkcode Allow}.
 */
export interface IdentifyGate {
  /** These shards are about to ask. */
  expect(shards: readonly ShardKey[]): void;
  /** A shard wants to identify. Asking twice is asking once; a permit in hand counts as used. */
  request(shard: ShardKey): void;
  /** A shard has sent IDENTIFY with this permit, be it void by now. Heard even after `stop`. */
  sent(shard: ShardKey, permit: number): void;
  /** A shard does not want to identify any more: its request, or its permit, goes back unused. */
  release(shard: ShardKey): void;
  /** The worker of these shards is lost: their requests are forgotten, their permits count as used. */
  lost(shards: readonly ShardKey[]): void;
  /** Allows nothing any more; the requests and permits of this unit go back. */
  stop(): void;
  /** How things stand, as far as is known here. */
  readonly snapshot: IdentifySnapshot;
}
