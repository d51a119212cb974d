import assert from "node:assert/strict";
import type { ShardKey } from "../../../../protocol/ids.ts";
import { type LotPhase, lotsOf } from "../../../../protocol/reshard.ts";
import type { Handover } from "../../../../unit/reshard/lots/handover.ts";
import { OwnLots } from "../../../../unit/reshard/lots/own_lots.ts";
import { ALONE, type Hold } from "../../../../unit/reshard/lots/share.ts";

/** Two lots, of which a unit has what `holds` says. */
function setUp(...holds: Hold[]) {
  const all = lotsOf(2, 4);
  const said: string[] = [];
  const phases = new Map<number, LotPhase>();
  const lots = new OwnLots({
    all,
    fromTotal: 2,
    toTotal: 4,
    share: { ...ALONE, unit: "a", holdOf: ({ id }: ShardKey) => holds[id % 2]! },
    take(lot) {
      said.push(`take ${lot.rest}`);
      phases.set(lot.rest, "waiting");
      return {
        get phase() {
          return phases.get(lot.rest)!;
        },
        get snapshot() {
          return { ...lot, phase: phases.get(lot.rest)!, reason: "", sinceMs: 0 };
        },
        newShards: [],
        leave: () => said.push(`leave ${lot.rest}`),
        stop: () => said.push(`stop ${lot.rest}`),
      } as unknown as Handover;
    },
  });
  const phase = (rest: number, phase: LotPhase) => {
    phases.set(rest, phase);
    lots.changed(all[rest]!);
  };
  lots.look();
  return { lots, said, holds, phase };
}

Deno.test("a unit takes the lots that it has whole, once", () => {
  const { lots, said, holds } = setUp("stays", null);
  lots.look();
  assert.deepEqual(said, ["take 0"]);
  assert.ok(lots.ofShard({ total: 4, id: 2 }) && !lots.ofShard({ total: 4, id: 3 }));
  assert.equal(lots.ofShard({ total: 3, id: 0 }), undefined);
  holds[1] = "stays";
  lots.look();
  assert.deepEqual([said.at(-1), lots.all.length, lots.staying.length], ["take 1", 2, 2]);
});

Deno.test("a lot whose shards are another's is let go of at once, whatever its phase", async () => {
  const { lots, said, holds, phase } = setUp("stays", "stays");
  phase(0, "holding");
  const decided = lots.decided(0);
  holds[0] = null;
  lots.look();
  await decided;
  assert.deepEqual(said, ["take 0", "take 1", "stop 0"]);
  assert.deepEqual(lots.all.length, 1);
});

Deno.test("a lot that is to leave is brought to where nothing is under way, and let go of then", async () => {
  const { lots, said, holds, phase } = setUp("stays", "stays");
  phase(0, "comparing");
  holds[0] = "leaves";
  let isLeft = false;
  const left = lots.left([{ total: 2, id: 0 }]).then(() => isLeft = true);
  await Promise.resolve();
  assert.deepEqual([said.at(-1), isLeft, lots.staying.length], ["leave 0", false, 1]);
  phase(0, "waiting");
  await left;
  assert.deepEqual([said.at(-1), lots.of(0)], ["stop 0", undefined]);
  await lots.left([{ total: 4, id: 2 }]);
});

Deno.test("who waits for a lot to be decided waits as long as it is held, and lots that are not here are", async () => {
  const { lots, phase } = setUp("stays", null);
  phase(0, "holding");
  await lots.decided(1);
  let isDecided = false;
  const decided = lots.decided(0).then(() => isDecided = true);
  phase(0, "writing");
  await Promise.resolve();
  assert.equal(isDecided, false);
  phase(0, "ending");
  await decided;
  const again = (phase(0, "holding"), lots.decided(0));
  lots.stop();
  await again;
});

Deno.test("underWay() tells of the lots with which something is done", () => {
  const { lots, phase } = setUp("stays", "stays");
  phase(1, "rising");
  const { unit, turn, lots: told } = lots.underWay(5);
  assert.deepEqual([unit, turn, told.map(({ rest, phase }) => [rest, phase])], ["a", 5, [[
    1,
    "rising",
  ]]]);
});
