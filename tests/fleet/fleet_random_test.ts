/**
 * Whatever befalls a fleet: never do two lead at a time, never do two units know different assignments of one
 * epoch, and all is well soon after it has ended.
 */

import fc from "fast-check";
import { liveThrough, schedules } from "./faults.ts";

/** Two leases, the moves, and what is slow to be noticed. */
const HEALED_MS = 60_000;

Deno.test("Fleet has one leader at most, and heals, whatever befalls it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), schedules(), async (seed, faults) => {
      await liveThrough(seed, faults, HEALED_MS);
    }),
    // To make a schedule of minutes smaller takes longer than to read it.
    { numRuns: 30, endOnFailure: true },
  );
});
