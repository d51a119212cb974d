/**
 * Small values that all units of a fleet see, each under a key and with a revision: what a unit has to
 * know of another one that may be dead. A unit by itself shares them with nobody: {@linkcode LocalKeys}.
 *
 * @module
 */

import { GatehouseError } from "../../protocol/errors.ts";
import type { Cancel } from "../clock.ts";
import type { Json } from "./bus.ts";

/** A value as it was written last. */
export interface Entry {
  readonly value: Json;
  /** Another one after each write, and a higher one for as long as nothing was lost. */
  readonly revision: number;
}

/** Called with each change of a key (`null`: it was deleted), and with no key once all that there is was told. */
export type TakeEntry = (key: string | null, entry: Entry | null) => void;

/**
 * Keys are words of letters, digits, `_` and `-`, joined by dots. Values arrive as copies.
 *
 * Whatever is written may be lost again with the server's disk: nobody may depend on one key more than a
 * unit that has just started does. Every verb but `watch` rejects with `away` while nobody can be asked, and
 * then it is not known whether it was done.
 */
export interface Keys {
  /** `null`: there is none. */
  get(key: string): Promise<Entry | null>;
  /** Writes whatever was there before, and gives the revision. */
  put(key: string, value: Json): Promise<number>;
  /** Writes where there is none; `null`: there is one. */
  create(key: string, value: Json): Promise<number | null>;
  /** Writes where it still is of this revision; `null`: it is not. */
  update(key: string, value: Json, revision: number): Promise<number | null>;
  /** Forgets one; that there is none is no error. */
  delete(key: string): Promise<void>;
  /**
   * Has `take` called with each key that begins with `prefix`, as it is, and then with each change, in order;
   * after the connection was lost again with all that there is. Nothing is called within the call. A value that was
   * replaced, and a key that was deleted, before that was told may go untold.
   *
   * @param prefix A whole key; the beginning of keys, up to a dot; or nothing, for all.
   */
  watch(prefix: string, take: TakeEntry): Cancel;
  /** Tells nothing any more; what is asked rejects with `away`. */
  close(): void;
}

/** Values of this process, which forgets them: what a server keeps for a whole fleet, without the server. */
export class LocalKeys {
  readonly #entries = new Map<string, Entry>();
  readonly #watching = new Set<{ readonly prefix: string; readonly take: TakeEntry }>();
  #revision = 0;

  /** A way to them, for one who can be closed off without the others. `soon` is the clock's. */
  open(soon: (then: () => void) => void): Keys {
    let isClosed = false;
    const own = new Set<Cancel>();
    const asked = <Value>(answer: () => Value): Promise<Value> =>
      new Promise((resolve, reject) =>
        soon(() => {
          if (isClosed) return reject(away());
          resolve(answer());
        })
      );
    return {
      get: (key) => asked(() => this.#entries.get(key) ?? null),
      put: (key, value) => asked(() => this.#write(key, value)),
      create: (key, value) => asked(() => this.#entries.has(key) ? null : this.#write(key, value)),
      update: (key, value, revision) =>
        asked(() => this.#entries.get(key)?.revision === revision ? this.#write(key, value) : null),
      delete: (key) =>
        asked(() => {
          if (this.#entries.delete(key)) this.#tell(key, null);
        }),
      watch: (prefix, take) => {
        let isOn = !isClosed;
        const watcher = {
          prefix,
          take: (key: string | null, entry: Entry | null) =>
            soon(() => void (isOn && take(key, entry))),
        };
        if (isOn) this.#begin(watcher);
        const cancel = () => {
          isOn = false;
          own.delete(cancel);
          this.#watching.delete(watcher);
        };
        own.add(cancel);
        return cancel;
      },
      close() {
        isClosed = true;
        for (const cancel of [...own]) cancel();
      },
    };
  }

  #begin(watcher: { readonly prefix: string; readonly take: TakeEntry }): void {
    this.#watching.add(watcher);
    for (const [key, entry] of this.#entries) {
      if (key.startsWith(watcher.prefix)) watcher.take(key, entry);
    }
    watcher.take(null, null);
  }

  #write(key: string, value: Json): number {
    const entry = { value: structuredClone(value), revision: ++this.#revision };
    this.#entries.set(key, entry);
    this.#tell(key, entry);
    return entry.revision;
  }

  #tell(key: string, entry: Entry | null): void {
    for (const { prefix, take } of this.#watching) if (key.startsWith(prefix)) take(key, entry);
  }
}

function away(): GatehouseError {
  return new GatehouseError("away", "peer", "Cannot ask for keys: the way to them is closed");
}
