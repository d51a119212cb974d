/**
 * A stream of events that is kept for whoever reads it, in batches of one shard each.
 *
 * @module
 */

import type { ShardKey } from "../../protocol/ids.ts";

/** A batch that is kept. */
export interface KeptBatch {
  /** Another one for each batch. */
  readonly revision: number;
  /** Up to this cursor everything of the shard is there. */
  readonly cursor: number;
  /** The numbering that the cursor belongs to. */
  readonly numbering: string;
}

/** A batch to be kept. */
export interface NewBatch extends Omit<KeptBatch, "revision"> {
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A stream. Both verbs reject with `away` while nothing can be kept: then it is not known whether it was. */
export interface EventStream {
  /** The newest of a shard; `null`: there is none, or it is kept no more. */
  last(shard: ShardKey): Promise<KeptBatch | null>;
  /**
   * Appends a batch where the newest of its shard still is that of the revision `after` (0: there is none), and
   * gives its revision; `null`: there is a newer one, or that one is kept no more. Once it resolves it is kept.
   *
   * @throws {GatehouseError} `too_large`: so much is not carried at once; `away`.
   */
  append(shard: ShardKey, batch: NewBatch, after: number): Promise<number | null>;
}
