/** Buckets against a server that counts, under random schedules. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Window } from "../../../sim/rest/bucket.ts";
import { play, type Trip, tripsOf, WINDOW } from "./bucket_model.ts";

const ROUTE = "POST /channels/:id/messages";

const isNeverRefused = (window: Window, trips: Trip[], isShared: boolean) => {
  const { refused, stuck } = play(window, trips, (route) => isShared ? "" : route);
  assert.deepEqual({ refused, stuck }, { refused: 0, stuck: 0 });
};

Deno.test("a request that Bucket lets out is never refused, however late and out of order", () => {
  fc.assert(
    fc.property(
      WINDOW,
      tripsOf([ROUTE], ["answered", "answered", "answered", "unsent"]),
      (window, trips) => isNeverRefused(window, trips, true),
    ),
    { numRuns: 1_000 },
  );
});

Deno.test("Bucket is never refused where two routes of one name share one count", () => {
  fc.assert(
    fc.property(
      WINDOW,
      tripsOf(["a", "b"], ["answered", "answered", "answered", "unsent"]),
      (window, trips) => isNeverRefused(window, trips, true),
    ),
    { numRuns: 1_000 },
  );
});

Deno.test("Bucket is never refused where two routes of one name have counts of their own", () => {
  fc.assert(
    fc.property(
      WINDOW,
      tripsOf(["a", "b"], ["answered", "answered", "answered", "unsent"]),
      (window, trips) => isNeverRefused(window, trips, false),
    ),
    { numRuns: 1_000 },
  );
});

Deno.test("Bucket is not refused either where answers are lost, once the first has come", () => {
  const fates = ["answered", "answered", "lost"] as const;
  fc.assert(
    fc.property(WINDOW, tripsOf([ROUTE], fates), (window, trips) => {
      const first: Trip = { route: ROUTE, pauseMs: 0, upMs: 10, downMs: 10 };
      isNeverRefused(window, [first, ...trips], true);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("Bucket uses at least 80 % of its limit when requests always wait", () => {
  const way = fc.integer({ min: 0, max: 5 });
  fc.assert(
    fc.property(WINDOW, fc.array(fc.tuple(way, way), { minLength: 1 }), fc.boolean(), checkFlow),
    { numRuns: 200 },
  );
});

/** Ways are in hundredths of the window: a round trip takes a tenth of it at most. */
function checkFlow(
  window: Window,
  ways: readonly (readonly [number, number])[],
  hasTwoRoutes: boolean,
): void {
  const { limit, windowMs } = window;
  const forMs = 40 * windowMs;
  const trips = Array.from({ length: 50 * limit }, (_, i): Trip => {
    const [up, down] = ways[i % ways.length]!;
    const route = hasTwoRoutes && i % 3 === 0 ? "b" : "a";
    return { route, pauseMs: 0, upMs: up * windowMs / 100, downMs: down * windowMs / 100 };
  });
  const { allowedMs, refused } = play(window, trips, () => "", forMs);
  assert.equal(refused, 0);
  assert.ok(allowedMs.length >= 0.8 * 40 * limit, `${allowedMs.length} of ${40 * limit}`);
}
