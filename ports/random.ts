/**
 * Chance, as everything above this floor sees it: jitter in production, a seed in tests.
 *
 * @module
 */

/** The next number, at least 0 and below 1. */
export type Random = () => number;

/** The computer's own chance. */
export const systemRandom: Random = () => Math.random();

/** An unguessable text of `bytes` random bytes in hexadecimal: session ids, credentials. */
export function randomHex(bytes: number): string {
  return Array.from(
    crypto.getRandomValues(new Uint8Array(bytes)),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** The same numbers for the same seed (mulberry32). Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
