import assert from "node:assert/strict";
import fc from "fast-check";
import { MOST_AWAY, planClusters } from "../../fleet/cluster_ids.ts";
import type { ClusterIds } from "../../protocol/fleet.ts";
import { card, CARDS } from "./fleets.ts";

type Ids = Readonly<Record<string, ClusterIds>>;

Deno.test("planClusters() gives ids in the order of names, and the lowest free ones to who comes", () => {
  const first = planClusters({}, [card("b", { clusters: 2 }), card("a")]);
  assert.deepEqual(first, { a: { first: 0, count: 1 }, b: { first: 1, count: 2 } });
  const joined = planClusters(first, [card("0", { clusters: 3 })]);
  assert.deepEqual(joined["0"], { first: 3, count: 3 });
});

Deno.test("planClusters() keeps the ids of who is away, and of who comes back", () => {
  const first = planClusters({}, [card("a"), card("b")]);
  assert.equal(planClusters(first, [card("b")]), first);
  assert.equal(planClusters(first, [card("a"), card("b")]), first);
});

Deno.test("planClusters() never gives one id to two units, and keeps what it can", () => {
  fc.assert(fc.property(fc.array(CARDS, { minLength: 1, maxLength: 6 }), (steps) => {
    let now: Ids = {};
    for (const cards of steps) {
      const next: Ids = planClusters(now, cards);
      const ids = Object.values(next).flatMap(({ first, count }) =>
        Array.from({ length: count }, (_, at) => first + at)
      );
      assert.equal(new Set(ids).size, ids.length);
      for (const { unit, clusters } of cards) {
        assert.equal(next[unit]!.count, clusters);
        if (now[unit]?.count === clusters) assert.deepEqual(next[unit], now[unit]);
      }
      assert.equal(planClusters(next, cards), next);
      now = next;
    }
  }));
});

Deno.test("planClusters() forgets units that never come back, those with the highest ids first", () => {
  let now: Ids = {};
  for (let n = 0; n < MOST_AWAY + 50; n++) now = planClusters(now, [card(`host-${n}`)]);
  assert.equal(Object.keys(now).length, MOST_AWAY + 1);
  assert.ok("host-0" in now);
});
