/**
 * Who waits for something of the estates to change.
 *
 * @module
 */

import type { Cancel } from "../ports/clock.ts";
import type { ShardKey } from "../protocol/ids.ts";

/** The watchers of a unit's estates. */
export class EstateWatchers {
  readonly #watching = new Set<(key: ShardKey) => void>();

  /** Has `changed` called with each shard whose estate has changed, until cancelled. */
  watch(changed: (key: ShardKey) => void): Cancel {
    this.#watching.add(changed);
    return () => void this.#watching.delete(changed);
  }

  /** What `read` finds once that is not `null`; rejects with the signal's reason when that is first. */
  until<Found>(read: () => Found | null, signal: AbortSignal): Promise<Found> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = read();
        if (found === null) return;
        cancel();
        resolve(found);
      };
      const cancel = this.watch(look);
      look();
      signal.addEventListener("abort", () => {
        cancel();
        reject(signal.reason);
      }, { once: true });
    });
  }

  /** The estate of a shard has changed. */
  tell(key: ShardKey): void {
    for (const changed of [...this.#watching]) changed(key);
  }
}
