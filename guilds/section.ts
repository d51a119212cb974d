/**
 * One list of a guild, by id: one page, and when that has grown large, two for the halves of all ids by
 * their hash, and so on. A change touches one page, however many members a guild has.
 *
 * @module
 */

import { hashOf, type Owner, Page, type WarmPages } from "./page.ts";

/** A page that grows beyond it becomes two. */
export const PAGE_BYTES: number = 32 * 1024;
/** No page is divided further: two ids that agree in so many bits do not occur by chance. */
const MOST_BITS = 20;

/** A page, and which ids it has: those whose hash begins with these bits. */
export interface Place {
  readonly page: Page;
  readonly bits: number;
  /** The hash's first bits, as a number. */
  readonly prefix: number;
}

/** Fragments by id. */
export class Section {
  readonly owner: Owner;
  readonly #warm: WarmPages;
  /** By the first `#bits` bits of an id's hash; neighbours may be the same. */
  #places: Place[];
  #bits: number;

  /** An empty one, or one with the pages of another. */
  constructor(owner: Owner, warm: WarmPages, other?: Section) {
    this.owner = owner;
    this.#warm = warm;
    this.#bits = other ? other.#bits : 0;
    this.#places = other
      ? [...other.#places]
      : [{ page: new Page(owner, warm), bits: 0, prefix: 0 }];
  }

  /** A section of pages that {@linkcode Section.places} gave; `null` where some are missing. */
  static of(owner: Owner, warm: WarmPages, places: readonly Place[]): Section | null {
    const section = new Section(owner, warm);
    section.#bits = Math.max(0, ...places.map(({ bits }) => bits));
    if (section.#bits > MOST_BITS) return null;
    section.#places = new Array(2 ** section.#bits);
    for (const place of places) section.#put(place);
    return section.#places.includes(undefined as unknown as Place) ? null : section;
  }

  /** Its pages, in a fixed order. */
  *places(): Generator<Place, void> {
    let last: Place | null = null;
    for (const place of this.#places) {
      if (place !== last) yield place;
      last = place;
    }
  }

  /** The fragment of an id. */
  get(id: string): string | undefined {
    return this.#place(id).page.open().get(id);
  }

  /** Whether there is such an id: what is packed is read only where it is likely. */
  has(id: string): boolean {
    return this.#place(id).page.has(id, hashOf(id));
  }

  /** Only by its owner. */
  set(id: string, fragment: string): void {
    const place = this.#own(this.#place(id));
    place.page.set(id, fragment);
    if (place.page.bytes > PAGE_BYTES && place.page.open().size > 1) this.#divide(place);
  }

  /** Only by its owner. */
  delete(id: string): void {
    const place = this.#place(id);
    if (place.page.open().has(id)) this.#own(place).page.delete(id);
  }

  /** How many bytes it has. */
  get bytes(): number {
    let bytes = 0;
    for (const { page } of this.places()) bytes += page.bytes;
    return bytes;
  }

  /** Memory that it takes, about. */
  get heldBytes(): number {
    let bytes = 0;
    for (const { page } of this.places()) bytes += page.heldBytes;
    return bytes;
  }

  #place(id: string): Place {
    return this.#places[this.#bits === 0 ? 0 : hashOf(id) >>> (32 - this.#bits)]!;
  }

  /** The page as one that may be changed. */
  #own(place: Place): Place {
    if (place.page.owner === this.owner) return place;
    const own = { ...place, page: place.page.copy(this.owner) };
    this.#put(own);
    return own;
  }

  #put(place: Place): void {
    const each = 2 ** (this.#bits - place.bits);
    this.#places.fill(place, place.prefix * each, (place.prefix + 1) * each);
  }

  #divide({ page, bits, prefix }: Place): void {
    if (bits === MOST_BITS) return;
    if (bits === this.#bits) {
      this.#places = this.#places.flatMap((each) => [each, each]);
      this.#bits++;
    }
    const halves = [0, 1].map(() => new Page(this.owner, this.#warm));
    for (const [id, fragment] of page.open()) {
      halves[(hashOf(id) >>> (31 - bits)) & 1]!.set(id, fragment);
    }
    this.#warm.forget(page);
    for (const [half, each] of halves.entries()) {
      this.#put({ page: each, bits: bits + 1, prefix: prefix * 2 + half });
    }
  }
}
