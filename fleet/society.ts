/**
 * Who is there, as a plan needs it.
 *
 * @module
 */

import type { UnitCard } from "../protocol/fleet.ts";

/** Who is there. */
export interface Society {
  /** Cards of those that live. */
  readonly cards: readonly UnitCard[];
  /** Those of whom nobody can say yet whether they live: they keep what they have and get nothing. */
  readonly unheard: ReadonlySet<string>;
}
