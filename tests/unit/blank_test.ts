import assert from "node:assert/strict";
import { readiness } from "../../unit/readiness.ts";
import { NO_IDENTIFIES, NO_INTERACTIONS, noIntents } from "../../unit/blank.ts";
import { snapshot } from "../support/snapshots.ts";

Deno.test("a unit of which nothing is known promises no identify, and has figures to show", () => {
  const blank = snapshot({ shards: [], identify: NO_IDENTIFIES, interactions: NO_INTERACTIONS });
  assert.deepEqual(noIntents(5), { wanted: 5, refused: [], shards: [] });
  assert.equal(readiness(blank).ready, false);
  assert.equal(blank.identify.remaining, 0);
  const { held, ...counts } = NO_IDENTIFIES;
  assert.equal(held, null);
  const { posted, ...stoodIn } = NO_INTERACTIONS;
  const figures = [counts, stoodIn, posted].flatMap((each) => Object.values(each));
  assert.ok(figures.every((figure) => Number.isFinite(figure)));
});
