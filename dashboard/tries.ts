/**
 * How often somebody may guess.
 *
 * @module
 */

import { isIPv6 } from "node:net";
import type { Clock } from "../ports/clock.ts";

/** Wrong guesses that are answered at once. */
const AT_ONCE = 5;
/** Afterwards one in this time. */
const ONE_IN_MS = 10_000;
/** Addresses that are remembered; the others share one allowance. */
const MOST_ADDRESSES = 4_096;
const OTHERS = "others";

/** Wrong guesses of late, by address. */
export class Tries {
  readonly #clock: Pick<Clock, "now">;
  /** Address → when it will have all of its guesses again, by the monotonic clock. */
  readonly #fullAtMs = new Map<string, number>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Time until somebody at this address may guess; 0: now. */
  waitMs(address: string): number {
    const fullInMs = (this.#fullAtMs.get(this.#keyOf(address)) ?? 0) - this.#clock.now();
    return Math.max(0, Math.ceil(fullInMs - (AT_ONCE - 1) * ONE_IN_MS));
  }

  /** Somebody there has guessed wrong. */
  failed(address: string): void {
    const nowMs = this.#clock.now();
    const key = this.#keyOf(address);
    const fullAtMs = Math.max(nowMs, this.#fullAtMs.get(key) ?? 0) + ONE_IN_MS;
    this.#fullAtMs.delete(key);
    this.#fullAtMs.set(key, fullAtMs);
  }

  #keyOf(address: string): string {
    const key = networkOf(address);
    if (this.#fullAtMs.has(key) || this.#fullAtMs.size < MOST_ADDRESSES) return key;
    const nowMs = this.#clock.now();
    for (const [old, fullAtMs] of this.#fullAtMs) {
      if (fullAtMs <= nowMs) this.#fullAtMs.delete(old);
    }
    return this.#fullAtMs.size < MOST_ADDRESSES ? key : OTHERS;
  }
}

/** Whoever has one address of IPv6 has the other 2^64 of its network, too. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.toLowerCase().startsWith("::ffff:")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const left = tail === undefined ? [] : new Array<string>(4).fill("0");
  return [...groups, ...left].slice(0, 4).join(":");
}
