/**
 * A {@linkcode Store} whose process is killed after so many writes: what comes after them is not
 * there, and the next life finds what was.
 *
 * @module
 */

import type { Store } from "../../ports/store.ts";

/** A store that counts what is written. */
export interface StoppingStore extends Store {
  /** Names that were saved and, with a `-` before them, removed. */
  readonly writes: string[];
}

/** Lets `limit` writes through to `store`; the others never come back. */
export function stoppingStore(store: Store, limit: number): StoppingStore {
  const writes: string[] = [];
  const write = (what: string, task: () => Promise<void>) => {
    if (writes.length >= limit) return new Promise<void>(() => {});
    writes.push(what);
    return task();
  };
  return {
    writes,
    damaged: 0,
    load: (name) => store.load(name),
    save: (name, value) => write(name, () => store.save(name, value)),
    remove: (name) => write(`-${name}`, () => store.remove(name)),
    settled: () => store.settled(),
  };
}
