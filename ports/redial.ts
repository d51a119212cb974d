/**
 * How long to wait before a lost peer is dialled again: doubling, with jitter, so that many do not come
 * back at once.
 *
 * @module
 */

import type { Random } from "./random.ts";

const FIRST_REDIAL_MS = 250;
const LAST_REDIAL_MS = 10_000;

/** How long to wait before dialling again after `failures` failures in a row, at least 1. */
export function redialDelayMs(failures: number, random: Random): number {
  const longest = Math.min(LAST_REDIAL_MS, FIRST_REDIAL_MS * 2 ** (failures - 1));
  return longest * (0.5 + random() / 2);
}
