import assert from "node:assert/strict";
import { claimed } from "../../../../unit/reshard/record.ts";
import { withHanded } from "../../../../unit/reshard/lots/handed.ts";
import { cutsTo, MOVING } from "../../../support/records.ts";

const handed = {
  ...{ rest: 1, total: 4, guilds: 5, anchors: 3, quiet: 1, forced: 1 },
  cuts: new Map([[1, cutsTo(10)], [3, cutsTo(20)]]),
};

Deno.test("withHanded() hands a lot over and counts it as its unit's", () => {
  const once = withHanded(MOVING, handed, { unit: "a", epoch: 7 });
  assert.deepEqual(once.move!.moved, [1]);
  assert.deepEqual(once.move!.words, { 1: { epoch: 7, count: 1 } });
  assert.deepEqual(Object.keys(once.cuts), ["1/4", "3/4"]);
  const twice = withHanded(once, { ...handed, rest: 0 }, { unit: "a", epoch: 8 });
  const { guilds, forced } = twice.move!.tallies.a!;
  assert.deepEqual([guilds, forced], [10, 2]);
});

Deno.test("withHanded() hands nothing over that another unit has by a newer assignment", () => {
  const others = claimed(MOVING, [1], 8);
  assert.throws(() => withHanded(others, handed, { unit: "a", epoch: 7 }), { code: "away" });
  withHanded(others, { ...handed, rest: 0 }, { unit: "a", epoch: 7 });
  withHanded(others, handed, { unit: "b", epoch: 8 });
});
