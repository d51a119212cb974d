/**
 * A map that forgets its oldest entries, so that a simulation can run for days.
 *
 * @module
 */

/** The newest entries by key. */
export interface Recent<Value> {
  get(key: string): Value | undefined;
  /** Adds an entry as the newest. */
  set(key: string, value: Value): void;
  delete(key: string): void;
}

/** Keeps at most `size` entries. */
export function createRecent<Value>(size: number): Recent<Value> {
  const entries = new Map<string, Value>();
  return {
    get: (key) => entries.get(key),
    set(key, value) {
      entries.set(key, value);
      if (entries.size > size) entries.delete(entries.keys().next().value!);
    },
    delete: (key) => void entries.delete(key),
  };
}
