import assert from "node:assert/strict";
import fc from "fast-check";
import { changeBetween } from "../../dashboard/change.ts";
import type { DashboardChange, DashboardShard, DashboardView } from "../../dashboard/words.ts";
import { pageOf, watchedUnit } from "../support/dashboard/watched_unit.ts";
import { shardView } from "../../dashboard/view.ts";
import { shard } from "../support/snapshots.ts";

const MOMENT = {
  atMs: 1,
  eventsPerSecond: 0,
  queued: 0,
  latencyMs: null,
  restPerSecond: 0,
  restWaiting: 0,
  limitedPerSecond: 0,
  memoryBytes: 0,
};

const VIEW = await (async () => {
  const { ask, dashboard } = watchedUnit();
  const { eventsOf } = await import("../support/dashboard/watched_unit.ts");
  const page = eventsOf(await ask("/dashboard/live"));
  await page.next();
  const { data } = (await page.next())!;
  dashboard.stop();
  return data as DashboardView;
})();

const shown = (id: number, changed: Partial<DashboardShard> = {}): DashboardShard => ({
  ...shardView(shard(id, { totalShards: 1_000 }), {
    eventsPerSecond: () => 0,
    lastErrorOf: () => null,
  }),
  ...changed,
});

Deno.test("changeBetween() is next to nothing where nothing has changed", () => {
  const { change } = changeBetween(VIEW, structuredClone(VIEW), MOMENT, 0);
  assert.deepEqual(change, { atMs: VIEW.atMs, moment: MOMENT });
});

Deno.test("changeBetween() tells shards that changed, came and went, and the parts that are others", () => {
  const before = { ...VIEW, shards: [shown(0), shown(1), shown(2)] };
  const now = {
    ...VIEW,
    shards: [shown(0), shown(1, { state: "resuming" as const }), shown(3)],
    unit: { ...VIEW.unit, isReady: false },
    incidents: [{ id: 1, atMs: 5, level: "warn" as const, text: "x", about: "unit" as const }],
  };
  const { change } = changeBetween(before, now, MOMENT, 0);
  assert.deepEqual(Object.keys(change).toSorted(), [
    "atMs",
    "goneShards",
    "incidents",
    "moment",
    "shards",
    "unit",
  ]);
  assert.deepEqual(change.shards!.map(({ key }) => key), ["1/1000", "3/1000"]);
  assert.deepEqual(change.goneShards, ["2/1000"]);
});

Deno.test("changeBetween() tells the figures of many shards in turns, what counts at once, all before long", () => {
  const shards = (queued: number) =>
    Array.from({ length: 1_000 }, (_, id) => shown(id, { queued }));
  let told: DashboardView = { ...VIEW, shards: shards(0) };
  const first = changeBetween(told, { ...VIEW, shards: shards(1) }, MOMENT, 0);
  assert.equal(first.change.shards!.length, 250);
  const closed = shards(1).map((each) =>
    each.shardId === 77 ? { ...each, state: "closing" as const } : each
  );
  const second = changeBetween(told, { ...VIEW, shards: closed }, MOMENT, 0);
  assert.ok(second.change.shards!.some(({ shardId }) => shardId === 77));
  const changes: DashboardChange[] = [];
  const view = told;
  for (let turn = 0; turn < 4; turn++) {
    const step = changeBetween(told, { ...VIEW, shards: shards(1) }, MOMENT, turn);
    told = step.told;
    changes.push(step.change);
  }
  assert.ok(pageOf(view, changes).shards.every(({ queued }) => queued === 1));
});

Deno.test("changeBetween() leaves a page with what it was told of, whatever happens", () => {
  const shards = fc.uniqueArray(
    fc.record({ id: fc.nat(9), queued: fc.nat(3), isReady: fc.boolean() }),
    { selector: ({ id }) => id },
  );
  fc.assert(fc.property(fc.array(shards, { minLength: 1, maxLength: 8 }), (steps) => {
    const views = steps.map((step) => ({
      ...VIEW,
      shards: step.toSorted((a, b) => a.id - b.id).map(({ id, queued, isReady }) =>
        shown(id, { queued, state: isReady ? "ready" : "closing" })
      ),
    }));
    let told: DashboardView = views[0]!;
    const changes = views.slice(1).map((view, turn) => {
      const step = changeBetween(told, view, MOMENT, turn);
      told = step.told;
      return step.change;
    });
    assert.deepEqual(pageOf(views[0]!, changes).shards, told.shards);
    assert.deepEqual(told.shards, views.at(-1)!.shards);
  }));
});
