/**
 * Which unit of a fleet has the say over a key: consistent hashing. Pure: whoever knows the same members gives
 * the same answer, and a member that comes or goes moves no key but its own.
 *
 * @module
 */

/** Points of each member: so many that no member has a quarter more or less than its share. */
const POINTS = 512;

/**
 * The members on a ring. Each has many points, and a key is of the member whose point comes next.
 *
 * @example
 * ```ts
 * import { Ring } from "./ring.ts";
 * const before = new Ring(["a", "b", "c"]);
 * const after = new Ring(["a", "b"]);
 * const owner = before.ownerOf("channels/1");
 * console.assert(owner === "c" || after.ownerOf("channels/1") === owner);
 * ```
 */
export class Ring {
  /** In order, each with its member beside it. */
  readonly #points: Uint32Array;
  readonly #members: Uint16Array;
  readonly #names: readonly string[];

  /** @param members Their names, in any order; those named twice count once. */
  constructor(members: Iterable<string>) {
    this.#names = [...new Set(members)].sort();
    const points = this.#names.flatMap((name, member) =>
      Array.from({ length: POINTS }, (_, i) => ({ at: positionOf(`${i} ${name}`), member }))
    );
    // Where two fall on one point the order of names decides, which all know alike.
    points.sort((a, b) => a.at - b.at || a.member - b.member);
    this.#points = Uint32Array.from(points, ({ at }) => at);
    this.#members = Uint16Array.from(points, ({ member }) => member);
  }

  /** Names of the members, in order. */
  get members(): readonly string[] {
    return this.#names;
  }

  /** The member that has a key; `null`: there are no members. */
  ownerOf(key: string): string | null {
    if (this.#names.length === 0) return null;
    if (this.#names.length === 1) return this.#names[0]!;
    const at = positionOf(key);
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#points[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return this.#names[this.#members[low === this.#points.length ? 0 : low]!]!;
  }
}

/** Where a text is on the ring, of 2³² places: FNV-1a, then mixed until each bit hangs on all (MurmurHash3). */
function positionOf(text: string): number {
  let mixed = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
