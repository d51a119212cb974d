/**
 * Those who want to know of each change, and those who wait for one.
 *
 * @module
 */

import type { Cancel } from "../ports/clock.ts";

/** Who watches. */
export class Watching {
  readonly #watching = new Set<{ readonly changed: () => void }>();

  /** Has `changed` called after each change, until cancelled. */
  watch(changed: () => void): Cancel {
    const one = { changed };
    this.#watching.add(one);
    return () => void this.#watching.delete(one);
  }

  /** Resolves once `is` holds, be it now. */
  until(is: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      if (is()) return resolve();
      const cancel = this.watch(() => {
        if (!is()) return;
        cancel();
        resolve();
      });
    });
  }

  /** Something has changed. */
  changed(): void {
    for (const one of [...this.#watching]) if (this.#watching.has(one)) one.changed();
  }

  /** Nobody is told anything any more. */
  end(): void {
    this.#watching.clear();
  }
}
