/**
 * How many connections a port holds, in all and of one address, and which goes when there is no room:
 * the one that does least, and of those the one that has done so longest. Pure.
 *
 * @module
 */

/** What a connection does. When there is no room the lowest goes first; the last two stay. */
export const RANK = {
  /** It has not sent the head of a request yet. */
  HALF_OPEN: 0,
  /** It waits between two requests. */
  IDLE: 1,
  /** A WebSocket whose client has not said who it is. */
  STRANGER: 2,
  /** A request is under way. */
  BUSY: 3,
  /** A WebSocket whose client is known. */
  KNOWN: 4,
} as const;

/** One of {@linkcode RANK}. */
export type Rank = typeof RANK[keyof typeof RANK];

/** A connection that has been let in. */
export interface Seat {
  readonly rank: Rank;
  /** It does something else from now on. */
  move(rank: Rank): void;
  /** It is over. Safe to call again. */
  leave(): void;
}

/** How many there may be. */
export interface SeatsOptions {
  /** In all. */
  readonly most: number;
  /** Of one address that is not of this machine. */
  readonly mostOfOne: number;
}

interface Taken extends Seat {
  rank: Rank;
  readonly from: string;
  readonly end: () => void;
}

/** The connections of a port. */
export class Seats {
  readonly #options: SeatsOptions;
  /** The one that has done what it does longest comes first. */
  readonly #taken = new Set<Taken>();
  readonly #byAddress = new Map<string, number>();
  /** Connections that were ended, or not let in, because there was no room. */
  cut = 0;

  constructor(options: SeatsOptions) {
    this.#options = options;
  }

  /** How many there are. */
  get size(): number {
    return this.#taken.size;
  }

  /**
   * Lets a connection in, which may cost another one its place.
   *
   * @param end Ends the connection at once.
   * @returns `null` where all that are here do more than to wait.
   */
  take(address: string, end: () => void): Seat | null {
    const from = neighbourhood(address);
    const { most, mostOfOne } = this.#options;
    const isCrowd = from !== NEAR && this.#of(from) >= mostOfOne;
    if (isCrowd || this.size >= most) {
      this.cut++;
      const least = this.#least(isCrowd ? from : null);
      if (!least) return null;
      least.leave();
      least.end();
    }
    const seat: Taken = {
      from,
      end,
      rank: RANK.HALF_OPEN,
      move: (rank) => {
        if (seat.rank === rank || !this.#taken.delete(seat)) return;
        seat.rank = rank;
        this.#taken.add(seat);
      },
      leave: () => void (this.#taken.delete(seat) && this.#count(from, -1)),
    };
    this.#taken.add(seat);
    this.#count(from, 1);
    return seat;
  }

  /** Ends every connection, or those that do less than `rank`. */
  clear(rank: Rank | typeof Infinity = Infinity): void {
    for (const seat of [...this.#taken].filter((taken) => taken.rank < rank)) {
      seat.leave();
      seat.end();
    }
  }

  #least(from: string | null): Taken | null {
    let least: Taken | null = null;
    for (const seat of this.#taken) {
      if (seat.rank >= RANK.BUSY || (from !== null && seat.from !== from)) continue;
      if (!least || seat.rank < least.rank) least = seat;
      if (least.rank === RANK.HALF_OPEN) break;
    }
    return least;
  }

  #of(from: string): number {
    return this.#byAddress.get(from) ?? 0;
  }

  #count(from: string, by: number): void {
    const count = this.#of(from) + by;
    if (count === 0) this.#byAddress.delete(from);
    else this.#byAddress.set(from, count);
  }
}

const NEAR = "this machine";

/** What one stranger can have many addresses of counts as one: an IPv6 network of 64 bits. */
function neighbourhood(address: string): string {
  const plain = address.toLowerCase().replace(/^::ffff:(?=[\d.]+$)/, "");
  if (plain === "::1" || plain.startsWith("127.")) return NEAR;
  if (!plain.includes(":")) return plain;
  const [head = "", tail] = plain.split("%", 1)[0]!.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array(Math.max(0, 8 - groups.length - rest.length)).fill("0");
  return [...groups, ...zeros, ...rest].slice(0, 4).join(":");
}
