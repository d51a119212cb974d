/**
 * Whatever befalls a fleet, in virtual time and under load: once all is well again no event is lost, none came twice,
 * and no identify was spent.
 */

import * as fc from "fast-check";
import { befall, schedules } from "../../support/fleet/schedule.ts";

Deno.test("whatever befalls a fleet, nothing is lost, nothing comes twice, nothing is identified anew", async () => {
  await fc.assert(
    fc.asyncProperty(schedules, fc.integer({ min: 1, max: 1_000_000 }), async (events, seed) => {
      const scenario = await befall(events, seed);
      await scenario.assertWhole({ mayBreak: /^heartbeat missing/ });
    }),
    { numRuns: 10, seed: 14 },
  );
});
