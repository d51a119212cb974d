/**
 * An event stream in memory, which can be away, lose its answers, and be written by somebody else.
 *
 * @module
 */

import type { EventStream, KeptBatch, NewBatch } from "../../../ports/fleet/event_stream.ts";
import { GatehouseError } from "../../../protocol/errors.ts";
import { type ShardKey, type ShardKeyText, shardKeyText } from "../../../protocol/ids.ts";

/** What a reader finds of one event. */
export interface ReadItem {
  readonly cursor: number;
  readonly event?: unknown;
  readonly gap?: unknown;
  readonly moved?: unknown;
  readonly tooLarge?: { readonly bytes: number };
}

/** A stream whose faults a test chooses. */
export class FakeStream implements EventStream {
  /** What goes wrong with the next calls: nothing is written, or nobody hears that it was. */
  faults: ("away" | "unheard")[] = [];
  isAway = false;
  mostBytes = Infinity;
  readonly batches = new Map<ShardKeyText, (KeptBatch & { readonly body: Uint8Array })[]>();
  #revision = 0;

  /** What a reader finds of a shard. */
  read(shard: ShardKey): ReadItem[] {
    return this.#of(shard).flatMap(({ body }) => JSON.parse(new TextDecoder().decode(body)));
  }

  last(shard: ShardKey): Promise<KeptBatch | null> {
    if (this.isAway || this.faults.shift() === "away") return Promise.reject(away());
    return Promise.resolve(this.#of(shard).at(-1) ?? null);
  }

  append(shard: ShardKey, batch: NewBatch, after: number): Promise<number | null> {
    const fault = this.faults.shift();
    if (this.isAway || fault === "away") return Promise.reject(away());
    if (batch.body.length > this.mostBytes) {
      return Promise.reject(new GatehouseError("too_large", "caller", "Cannot keep it: too large"));
    }
    const all = this.#of(shard);
    if ((all.at(-1)?.revision ?? 0) !== after) return Promise.resolve(null);
    all.push({ ...batch, revision: ++this.#revision });
    return fault === "unheard" ? Promise.reject(away()) : Promise.resolve(this.#revision);
  }

  #of(shard: ShardKey) {
    const key = shardKeyText(shard);
    const all = this.batches.get(key) ?? [];
    this.batches.set(key, all);
    return all;
  }
}

function away(): GatehouseError {
  return new GatehouseError("away", "peer", "Cannot keep events of shard 0: it is away");
}
