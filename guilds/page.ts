/**
 * Fragments by key, a few dozen KB of them: as a map while they are in use, packed when they are not.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { bytesOfText, textOfBytes } from "./fragments.ts";

/** Who may change a page. Two states of the same guilds share the pages that neither has changed since. */
export type Owner = object;

/** Shorter texts are kept as they are: what is saved is less than what it costs. */
const SMALL_BYTES = 192;
/** Stands between keys and fragments: no JSON holds it. */
const BETWEEN = "\0";

/** Before bytes that are compressed; nothing that is not begins with it. */
const DEFLATED = 0x01;

/**
 * A page as it is packed: keys and fragments, or their compressed bytes, as a text of one character for each
 * byte. As an array of bytes it would take 200 bytes more, and a shard has ten thousand.
 */
export type Packed = string;

/** Fragments by key, in the order in which they came. */
export class Page {
  readonly owner: Owner;
  readonly #warm: WarmPages;
  #entries: Map<string, string> | null;
  #packed: Packed | null = null;
  /** Of a page that is packed, a character for each key: see {@linkcode Page.has}. */
  #hint: string | null = null;
  #bytes: number;

  /** @param packed What {@linkcode Page.packed} gave, with how many bytes it was; without it: empty. */
  constructor(
    owner: Owner,
    warm: WarmPages,
    packed?: { readonly as: Packed; readonly bytes: number },
  ) {
    this.owner = owner;
    this.#warm = warm;
    this.#entries = packed ? null : new Map();
    this.#packed = packed?.as ?? null;
    this.#bytes = packed?.bytes ?? 0;
    if (!packed) warm.used(this);
  }

  /** Bytes of all keys and fragments. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether it is packed. */
  get isPacked(): boolean {
    return this.#entries === null;
  }

  /** Bytes that it takes as it is, about. */
  get heldBytes(): number {
    return this.#packed?.length ?? this.#bytes;
  }

  /** All of it, to be used again soon. */
  open(): ReadonlyMap<string, string> {
    return this.#open();
  }

  /** All of it, this once: a page that is packed stays so. */
  peek(): ReadonlyMap<string, string> {
    return this.#entries ?? entriesOf(this.#packed!);
  }

  /**
   * Whether there is such a key. A page that is packed is read only where it is likely.
   *
   * @param hash Of the key.
   */
  has(key: string, hash: number): boolean {
    if (!this.#entries && this.#hint?.includes(hintOf(hash)) === false) return false;
    const entries = this.peek();
    if (!this.#entries) this.#hint ??= hintsOf(entries);
    return entries.has(key);
  }

  /** Only by its owner. */
  set(key: string, fragment: string): void {
    const entries = this.#open();
    const known = entries.get(key);
    if (known === fragment) return;
    entries.set(key, fragment);
    this.#grow(
      known === undefined ? key.length + fragment.length + 2 : fragment.length - known.length,
    );
  }

  /** Only by its owner. */
  delete(key: string): void {
    const entries = this.#open();
    const known = entries.get(key);
    if (known === undefined) return;
    entries.delete(key);
    this.#grow(-(key.length + known.length + 2));
  }

  /** A copy that belongs to somebody else. */
  copy(owner: Owner): Page {
    const copy = new Page(owner, this.#warm);
    for (const [key, fragment] of this.peek()) copy.set(key, fragment);
    return copy;
  }

  /** Gives memory back, until it is used again. */
  pack(): void {
    if (!this.#entries) return;
    this.#packed = this.packed();
    this.#hint = hintsOf(this.#entries);
    this.#entries = null;
  }

  /** It as it is when packed; it stays as it is. */
  packed(): Packed {
    if (!this.#entries) return this.#packed!;
    const text = [...this.#entries].flat().join(BETWEEN);
    if (text.length < SMALL_BYTES) return text;
    return textOfBytes(Buffer.concat([MARK, deflateRawSync(bytesOfText(text))]));
  }

  #open(): Map<string, string> {
    if (!this.#entries) {
      this.#entries = entriesOf(this.#packed!);
      this.#packed = this.#hint = null;
    }
    this.#warm.used(this);
    return this.#entries;
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    this.#warm.grew(bytes);
  }
}

/** Even in all bits, also for keys that differ in one digit. */
export function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const MARK = Uint8Array.of(DEFLATED);

function hintOf(hash: number): string {
  return String.fromCharCode(hash & 0xffff);
}

function hintsOf(entries: ReadonlyMap<string, string>): string {
  return Array.from(entries.keys(), (key) => hintOf(hashOf(key))).join("");
}

function entriesOf(packed: Packed): Map<string, string> {
  const isDeflated = packed.charCodeAt(0) === DEFLATED;
  const text = isDeflated ? textOfBytes(inflateRawSync(bytesOfText(packed).subarray(1))) : packed;
  const parts = text === "" ? [] : text.split(BETWEEN);
  const entries = new Map<string, string>();
  for (let i = 0; i < parts.length; i += 2) entries.set(parts[i]!, parts[i + 1]!);
  return entries;
}

/** The pages of a shard that are open, the one that was used last at the end. */
export class WarmPages {
  readonly #pages = new Set<Page>();
  readonly #limitBytes: number;
  #bytes = 0;

  /** @param limitBytes What they may have together, before the first are to be packed. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** Bytes of all that are open. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether one should be packed. */
  get isOver(): boolean {
    return this.#bytes > this.#limitBytes;
  }

  /** A page is of no use any more. */
  forget(page: Page): void {
    if (this.#pages.delete(page)) this.#bytes -= page.bytes;
  }

  /** A page is open, and was used just now. */
  used(page: Page): void {
    if (!this.#pages.delete(page)) this.#bytes += page.bytes;
    this.#pages.add(page);
  }

  /** A page that is open has so many bytes more. */
  grew(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Packs the page that was not used for longest. */
  packOne(): void {
    for (const page of this.#pages) {
      this.#pages.delete(page);
      this.#bytes -= page.bytes;
      return page.pack();
    }
  }
}
