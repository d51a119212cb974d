import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeAssignment, firstAssignment } from "../../fleet/assignment.ts";
import { isGathered, withGiven, withTotals } from "../../fleet/changes.ts";
import { MOST_MOVES, plan } from "../../fleet/plan.ts";
import { rangesText } from "../../protocol/ids.ts";
import type { Assignment, UnitCard } from "../../protocol/fleet.ts";
import { ASSIGNMENTS, card, CARDS, countsOf, ended, movesOf, NONE } from "./fleets.ts";

const RUNS = { numRuns: 150 };

function first(total: number, cards: readonly UnitCard[]): Assignment {
  return plan(firstAssignment(total, "s"), { cards, unheard: NONE });
}

function ownedText({ totals }: Assignment, unit: string): string {
  return rangesText(totals[0]!.owners.flatMap((owner, id) => owner === unit ? [id] : []), ",");
}

function stayingOf(cards: readonly UnitCard[]): UnitCard[] {
  return cards.filter(({ isLeaving }) => !isLeaving);
}

Deno.test("plan() deals runs of shards at first, by cores", () => {
  const assignment = first(16, [card("b"), card("a", { cores: 2 }), card("c")]);
  const texts = ["a", "b", "c"].map((unit) => ownedText(assignment, unit));
  assert.deepEqual(texts, ["0-7", "8-11", "12-15"]);
  assert.equal(assignment.totals[0]!.moves.size, 0);
});

Deno.test("plan() moves to who joins what the others have too much, at most 16 at a time of each", () => {
  const [a, b, c] = [card("a"), card("b"), card("c")];
  const before = first(90, [a, b]);
  const joined = plan(before, { cards: [a, b, c], unheard: NONE });
  assert.deepEqual(joined.totals[0]!.owners, before.totals[0]!.owners);
  assert.equal(movesOf(joined).length, 30);
  assert.ok(movesOf(joined).every(({ to }) => to === "c"));
  const { assignment, moved } = ended(before, [a, b, c]);
  assert.equal(moved, 30);
  assert.deepEqual([...countsOf(assignment.totals[0]!).values()], [30, 30, 30]);
  const large = plan(first(1_000, [a]), { cards: [a, c], unheard: NONE });
  assert.equal(movesOf(large).length, MOST_MOVES);
});

Deno.test("plan() gives at once what somebody dead had, first to whom it was moving", () => {
  const [a, b, c] = [card("a"), card("b"), card("c")];
  const joined = plan(first(30, [a, b]), { cards: [a, b, c], unheard: NONE });
  const moving = movesOf(joined).filter(({ from }) => from === "a");
  const dead = plan(joined, { cards: [b, c], unheard: NONE });
  assert.equal(countsOf(dead.totals[0]!).has("a"), false);
  for (const { shard, to } of moving) assert.equal(dead.totals[0]!.owners[shard.id], to);
});

Deno.test("plan() leaves with whom nobody has heard yet what it has, and gives it nothing", () => {
  const [a, b] = [card("a"), card("b")];
  const before = first(20, [a, b]);
  const unheard = plan(before, { cards: [a], unheard: new Set(["b"]) });
  assert.equal(unheard, before);
  const taken = plan(before, { cards: [a], unheard: NONE });
  assert.equal(ownedText(taken, "a"), "0-19");
});

Deno.test("plan() has who leaves give all away, and leaves everything where all do", () => {
  const [a, b] = [card("a"), card("b", { isLeaving: true })];
  const before = first(20, [a, card("b")]);
  assert.equal(ownedText(ended(before, [a, b]).assignment, "a"), "0-19");
  const all = [card("a", { isLeaving: true }), b];
  assert.equal(plan(before, { cards: all, unheard: NONE }), before);
});

Deno.test("plan() gives every shard one owner who lives, and nobody more than its share and one", () => {
  fc.assert(
    fc.property(ASSIGNMENTS, CARDS, (before, cards) => {
      const staying = stayingOf(cards);
      fc.pre(staying.length > 0);
      const planned = plan(before, { cards, unheard: NONE });
      const units = new Set(cards.map(({ unit }) => unit));
      assert.ok(planned.totals[0]!.owners.every((owner) => units.has(owner!)));
      const { assignment } = ended(before, cards);
      const [shares] = assignment.totals;
      const weights = staying.reduce((sum, { cores }) => sum + cores, 0);
      const counts = countsOf(shares!);
      for (const { unit, cores } of staying) {
        const share = shares!.total * cores / weights;
        const count = counts.get(unit) ?? 0;
        assert.ok(
          count >= Math.floor(share) && count <= Math.floor(share) + 1,
          `${unit} ${count} ${share}`,
        );
        counts.delete(unit);
      }
      assert.equal(counts.size, 0, "all have been given away by who leaves");
    }),
    RUNS,
  );
});

Deno.test("plan() is the same again, whatever the order of cards, and changes nothing twice", () => {
  fc.assert(
    fc.property(ASSIGNMENTS, CARDS, (before, cards) => {
      const planned = plan(before, { cards, unheard: NONE });
      const again = plan(before, { cards: cards.toReversed(), unheard: NONE });
      assert.deepEqual(encodeAssignment(planned), encodeAssignment(again));
      assert.equal(plan(planned, { cards, unheard: NONE }), planned);
    }),
    RUNS,
  );
});

Deno.test("plan() moves no more than it has to when one joins, leaves or dies", () => {
  const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
  const settledFleet = fc.tuple(fc.integer({ min: 1, max: 300 }), CARDS)
    .map(([total, cards]) => ({
      total,
      cards: cards.map((each) => ({ ...each, isLeaving: false })),
    }));
  fc.assert(
    fc.property(settledFleet, fc.integer({ min: 1, max: 8 }), ({ total, cards }, cores) => {
      const before = first(total, cards);
      const joined = ended(before, [...cards, card("joiner", { cores })]);
      const joinerHas = countsOf(joined.assignment.totals[0]!).get("joiner") ?? 0;
      // Roundings of the others may take one each; with equal cores they take none.
      const isEven = new Set([...cards.map((each) => each.cores), cores]).size === 1;
      assert.ok(
        joined.moved - joinerHas <= (isEven ? 0 : cards.length),
        `${joined.moved} ${joinerHas}`,
      );
      if (cards.length === 1) return;
      const [gone, ...others] = cards;
      const had = countsOf(before.totals[0]!).get(gone!.unit) ?? 0;
      const left = ended(before, [...others, { ...gone!, isLeaving: true }]);
      assert.ok(left.moved - had <= (isEven ? 0 : cards.length), `${left.moved} ${had}`);
      const died = plan(before, { cards: others, unheard: NONE });
      const changed = died.totals[0]!.owners.map((unit, id) =>
        +(unit !== before.totals[0]!.owners[id])
      );
      assert.equal(sum(changed), had, "only what was the dead one's has another owner at once");
    }),
    RUNS,
  );
});

Deno.test("plan() never has more moves of one unit under way than it may, and goes on with those that are", () => {
  fc.assert(
    fc.property(ASSIGNMENTS, CARDS, (before, cards) => {
      // As they begin, no unit gives more than it may.
      const settled = {
        ...before,
        totals: before.totals.map((each) => ({ ...each, moves: new Map() })),
      };
      const planned = plan(settled, { cards, unheard: NONE });
      const givers = Map.groupBy(movesOf(planned), ({ from }) => from);
      for (const moves of givers.values()) assert.ok(moves.length <= MOST_MOVES);
      const [move] = movesOf(planned);
      if (!move) return;
      const given = plan(withGiven(planned, move.shard, move.from, move.to)!, {
        cards,
        unheard: NONE,
      });
      const still = new Map(movesOf(given).map(({ shard, to }) => [shard.id, to]));
      for (const { shard, to } of movesOf(planned).slice(1)) assert.equal(still.get(shard.id), to);
    }),
    RUNS,
  );
});

Deno.test("plan() gathers the shards of a lot on one unit, and deals the other total's by lot", () => {
  const cases = fc.record({
    lots: fc.integer({ min: 1, max: 24 }),
    from: fc.integer({ min: 1, max: 5 }),
    to: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(cases, CARDS, ({ lots, from, to }, drawn) => {
      const cards = drawn.map((each) => ({ ...each, isLeaving: false }));
      const [old, next] = [lots * from, lots * to];
      const dealt = withTotals(first(old, cards), [old], lots);
      const gathered = ended(dealt, cards).assignment;
      assert.ok(isGathered(gathered));
      const both = withTotals(gathered, old === next ? [old] : [old, next], lots);
      const { assignment, moved } = ended(both, cards);
      assert.equal(moved, 0, "the new total's shards are where the lot is");
      assert.ok(isGathered(assignment));
      const over = ended(withTotals(assignment, [next], null), cards).assignment;
      const counts = [...countsOf(over.totals[0]!).values()];
      assert.equal(counts.reduce((a, b) => a + b, 0), next);
    }),
    RUNS,
  );
});

Deno.test("plan() gathers a lot with one of those who have a part of it", () => {
  const cards = Array.from({ length: 10 }, (_, at) => card(`unit-${at}`));
  const { moved } = ended(withTotals(first(100, cards), [100], 20), cards);
  assert.equal(moved, 80, "one of five stays");
});

Deno.test("plan() takes a dead unit's lots over whole", () => {
  const cards = ["a", "b", "c"].map((unit) => card(unit));
  const both = ended(withTotals(first(24, cards), [24, 48], 12), cards).assignment;
  assert.ok(isGathered(both));
  const died = plan(both, { cards: cards.slice(1), unheard: NONE });
  assert.ok(isGathered(died));
  assert.deepEqual(died.totals.map(countsOf), [
    new Map([["b", 12], ["c", 12]]),
    new Map([["b", 24], ["c", 24]]),
  ]);
});
