/**
 * What joins the units, as a computer that can fail: the keys with all that was ever written to them, so that it
 * can come back without the last of it, and who has subscribed to what.
 *
 * @module
 */

import type { Clock } from "../../../ports/clock.ts";
import type { Json } from "../../../ports/fleet/bus.ts";
import type { Entry, TakeEntry } from "../../../ports/fleet/keys.ts";

/** What has passed so far. */
export interface Tally {
  published: number;
  delivered: number;
  asked: number;
  keyReads: number;
  keyWrites: number;
  /** Changes of keys that were told to who watches. */
  told: number;
  /** Characters of JSON in all of it. */
  characters: number;
}

/** Who takes what is published on a subject, or answers what is asked there. */
export interface Ear {
  readonly unit: string;
  readonly kind: "subscriber" | "answerer";
  readonly subject: string;
  /** `reply` is there for what is asked. */
  take(value: Json, reply: ((answer: Reply) => void) | null): void;
}

/** What becomes of a question. */
export type Reply = { readonly answer: Json } | { readonly thrown: unknown };

/** Who watches keys. */
export interface Watcher {
  readonly prefix: string;
  readonly tell: TakeEntry;
}

/** How far back writes can be lost. */
export const REMEMBERED_MS = 600_000;
const MOST_WRITTEN = 20_000;

interface Written {
  readonly atMs: number;
  readonly key: string;
  readonly entry: Entry | null;
  readonly revision: number;
}

/** The server. */
export class SimServer {
  readonly tally: Tally = {
    published: 0,
    delivered: 0,
    asked: 0,
    keyReads: 0,
    keyWrites: 0,
    told: 0,
    characters: 0,
  };
  readonly ears = new Set<Ear>();
  readonly watchers = new Set<Watcher>();
  /** It cannot be reached by anybody. */
  isAway = false;
  /** Nothing more can be written. */
  isFull = false;
  readonly #clock: Clock;
  #entries = new Map<string, Entry>();
  /** As it all was before the first of what is remembered as written. */
  #before = new Map<string, Written>();
  #written: Written[] = [];
  #revision = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** All keys and values, for who judges. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  /** Those that hear a subject. */
  earsOf(kind: Ear["kind"], subject: string): Ear[] {
    return [...this.ears].filter((ear) => ear.kind === kind && ear.subject === subject);
  }

  get(key: string): Entry | null {
    this.tally.keyReads++;
    return this.#entries.get(key) ?? null;
  }

  /** Writes what `next` makes of what there is; `undefined`: leaves it. Gives the revision. */
  write(key: string, next: (now: Entry | null) => Json | undefined | "delete"): number | null {
    this.tally.keyWrites++;
    const now = this.#entries.get(key) ?? null;
    const value = next(now);
    if (value === undefined) return null;
    const revision = ++this.#revision;
    this.#keep(key, value === "delete" ? null : { value, revision }, revision);
    return revision;
  }

  /** Forgets a key. */
  delete(key: string): void {
    this.tally.keyWrites++;
    if (this.#entries.has(key)) this.#keep(key, null, ++this.#revision);
  }

  /** Tells a watcher all that there is. */
  tellAll({ prefix, tell }: Watcher): void {
    for (const [key, entry] of this.#entries) {
      if (key.startsWith(prefix)) this.#tell(tell, key, entry);
    }
    tell(null, null);
  }

  /**
   * Its disk has lost what was written in the last `ms`, at most {@linkcode REMEMBERED_MS}: keys and revisions are
   * as they were before.
   */
  lose(ms: number): void {
    const sinceMs = this.#clock.now() - ms;
    this.#written = this.#written.filter(({ atMs }) => atMs < sinceMs);
    const kept = [...this.#before.values(), ...this.#written];
    this.#entries = new Map();
    for (const { key, entry } of kept) {
      this.#entries.delete(key);
      if (entry) this.#entries.set(key, entry);
    }
    this.#revision = Math.max(0, ...kept.map(({ revision }) => revision));
  }

  #keep(key: string, entry: Entry | null, revision: number): void {
    // In the order of the last write, as a stream has them.
    this.#entries.delete(key);
    if (entry) this.#entries.set(key, entry);
    this.#written.push({ atMs: this.#clock.now(), key, entry, revision });
    if (this.#written.length > MOST_WRITTEN) this.#forgetOld();
    for (const { prefix, tell } of this.watchers) {
      if (key.startsWith(prefix)) this.#tell(tell, key, entry);
    }
  }

  #forgetOld(): void {
    const sinceMs = this.#clock.now() - REMEMBERED_MS;
    const old = this.#written.findIndex(({ atMs }) => atMs >= sinceMs);
    for (const written of this.#written.splice(0, Math.max(0, old))) {
      this.#before.delete(written.key);
      this.#before.set(written.key, written);
    }
  }

  #tell(tell: TakeEntry, key: string, entry: Entry | null): void {
    this.tally.told++;
    this.tally.characters += sizeOf(entry?.value);
    tell(key, entry && { ...entry, value: structuredClone(entry.value) });
  }
}

/** Characters of a value on the wire. */
export function sizeOf(value: Json | undefined): number {
  return value === undefined ? 0 : JSON.stringify(value).length;
}
