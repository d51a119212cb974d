/**
 * Small state that survives a restart.
 *
 * @module
 */

import { parseExact, writeExact } from "../protocol/json.ts";

/**
 * One named value, kept whole.
 *
 * - `save` replaces the value atomically: a reader sees the old or the new one, never half of one.
 *   When it resolves, the new one survives a power cut.
 * - `load` gives `undefined` where nothing was saved, or nobody can read what was. It throws where that
 *   cannot be known, or is not ours to read.
 */
export interface Store {
  /** Values that could not be read, and were set aside: `load` gave `undefined`. */
  readonly damaged: number;
  load(name: string): Promise<unknown>;
  save(name: string, value: unknown): Promise<void>;
  /** Forgets a value; that there is none is no error. */
  remove(name: string): Promise<void>;
  /** Resolves when no save is under way, whether each went well or not. */
  settled(): Promise<void>;
}

/** A store that forgets at exit: the first-run mode and tests. */
export function memoryStore(): Store {
  const values = new Map<string, string>();
  return {
    damaged: 0,
    load(name) {
      const text = values.get(name);
      return Promise.resolve(text === undefined ? undefined : parseExact(text));
    },
    save(name, value) {
      values.set(name, writeExact(value));
      return Promise.resolve();
    },
    remove(name) {
      values.delete(name);
      return Promise.resolve();
    },
    settled: () => Promise.resolve(),
  };
}
