import assert from "node:assert/strict";
import { silentLog } from "../../../../ports/log.ts";
import { seededRandom } from "../../../../ports/random.ts";
import { memoryStore, type Store } from "../../../../ports/store.ts";
import type { ShardKey } from "../../../../protocol/ids.ts";
import { createVirtualClock } from "../../../../sim/mod.ts";
import {
  claimed,
  handedOver,
  type ReshardRecord,
  settledRecord,
  withMove,
} from "../../../../unit/reshard/record.ts";
import { FleetRecords } from "../../../../unit/reshard/written/fleet_records.ts";
import { createSimBus } from "../../../support/fleet/sim_line.ts";
import { cutsTo, HALF, MOVING } from "../../../support/records.ts";
import { testRecords } from "./records_conformance.ts";

const same = (record: ReshardRecord) => record;
const all = () => true;

function setUp() {
  const clock = createVirtualClock();
  const bus = createSimBus({ clock, random: seededRandom(3) });
  const run = async <Value>(promise: Promise<Value>, ms = 50): Promise<Value> => {
    promise.catch(() => {});
    await clock.advance(ms);
    return await promise;
  };
  const unit = (
    name: string,
    { store = memoryStore(), isOfFleet = true, has = all as (shard: ShardKey) => boolean } = {},
  ) => {
    const line = bus.line(name);
    return {
      line,
      store,
      records: new FleetRecords({ line, store, log: silentLog, isOfFleet, has }),
    };
  };
  return { clock, bus, run, unit };
}

testRecords("FleetRecords", () => {
  const { unit, run } = setUp();
  const store: Store = memoryStore();
  return {
    here: unit("a", { store }).records,
    again: () => unit("a", { store }).records,
    store,
    run,
  };
});

const handAt = (rest: number, epoch = 1) => (record: ReshardRecord) =>
  handedOver(record, rest, 4, new Map([[rest, cutsTo(7)]]), epoch);

Deno.test("what two units write at the same moment is all there, and each hears of the other's", async () => {
  const { unit, run } = setUp();
  const [a, b] = [unit("a"), unit("b")];
  await run(a.records.save(MOVING, same));
  const heard: number[][] = [];
  b.records.watch(({ move }) => heard.push([...move!.moved]));
  await run(Promise.all([a.records.save(MOVING, handAt(0)), b.records.save(MOVING, handAt(1))]));
  assert.deepEqual((await run(a.records.load()))!.move!.moved, [0, 1]);
  assert.deepEqual(heard.at(-1), [0, 1]);
});

Deno.test("cuts go to whoever has the shard next, and are forgotten once they are passed", async () => {
  const { unit, run, bus } = setUp();
  const [a, b] = [unit("a"), unit("b")];
  await run(a.records.save(MOVING, () => HALF));
  assert.ok(!JSON.stringify(bus.entries.get("reshard")!.value).includes("mayRepeat"));
  const shards = [{ id: 1, total: 4 }, { id: 0, total: 2 }];
  const cuts = await run(b.records.cutsOf(shards));
  assert.deepEqual(cuts, { "1/4": cutsTo(10) });
  const own = { ...HALF, cuts };
  await run(b.records.save(own, same));
  await run(b.records.save(own, (record) => ({ ...record, cuts: {} })));
  assert.deepEqual(await run(a.records.cutsOf(shards)), {});
  assert.deepEqual([...bus.entries.keys()].sort(), ["cuts.3.4", "reshard"]);
});

Deno.test("a unit that has lost a shard deletes nothing that the next one needs", async () => {
  const { unit, run } = setUp();
  let isOurs = true;
  const [a, b] = [unit("a", { has: () => isOurs }), unit("b")];
  await run(a.records.save(MOVING, () => HALF));
  isOurs = false;
  await run(a.records.save(HALF, (record) => ({ ...record, cuts: {} })));
  assert.equal(Object.keys(await run(b.records.cutsOf([{ id: 1, total: 4 }]))).length, 1);
});

Deno.test("while the units cannot reach each other nothing is written, neither here nor there, and that is sure", async () => {
  const { unit, run, bus, clock } = setUp();
  const { records, store } = unit("a");
  await run(records.save(MOVING, same));
  assert.equal(records.away, null);
  bus.stop();
  await clock.advance(10_000);
  assert.equal(records.away, "the units of the fleet cannot reach each other");
  await assert.rejects(run(records.save(MOVING, handAt(0))), { code: "refused" });
  assert.deepEqual((await store.load("reshard") as ReshardRecord).move!.moved, []);
  bus.start();
  await clock.advance(5_000);
  assert.equal(records.away, null);
  await run(records.save(MOVING, handAt(0)));
  assert.deepEqual((await store.load("reshard") as ReshardRecord).move!.moved, [0]);
});

Deno.test("of a write whose answer is lost nobody knows, and the next time it is told", async () => {
  const { unit, run } = setUp();
  const { records, line } = unit("a");
  await run(records.save(MOVING, same));
  const update = line.keys.update.bind(line.keys);
  line.keys.update = async (...what) => {
    await update(...what);
    throw new Error("no answer");
  };
  await assert.rejects(run(records.save(MOVING, handAt(0))), /no answer/);
  line.keys.update = update;
  const saved = await run(records.save(MOVING, handAt(0)));
  assert.deepEqual(saved.move!.moved, [0]);
});

Deno.test("a full disk of the server refuses for sure", async () => {
  const { unit, run, bus } = setUp();
  const { records } = unit("a");
  await run(records.save(MOVING, same));
  bus.fill(true);
  const paused = (record: ReshardRecord) => withMove(record, { isPaused: true, steered: 1 });
  await assert.rejects(run(records.save(MOVING, paused)), { code: "refused" });
});

Deno.test("who has lots by an earlier assignment cannot hand them over, however often it tries", async () => {
  const { unit, run } = setUp();
  const [a, b] = [unit("a"), unit("b")];
  await run(a.records.save(MOVING, same));
  await run(b.records.save(MOVING, (record) => claimed(record, [0], 8)));
  for (let time = 0; time < 3; time++) await run(a.records.save(MOVING, handAt(0, 7)));
  assert.deepEqual((await run(b.records.load()))!.move!.moved, []);
});

Deno.test("a word that is on its way when others claim the lot arrives too late, whatever it meets there", async () => {
  for (const claimAfterMs of [100, 900, 1_400]) {
    const { unit, run, clock } = setUp();
    const [a, b] = [unit("a"), unit("b")];
    await run(a.records.save(MOVING, same));
    a.line.slow(400);
    const late = a.records.save(MOVING, handAt(0, 7));
    await clock.advance(claimAfterMs);
    await run(b.records.save(MOVING, (record) => claimed(record, [0], 8)));
    await run(late, 5_000);
    assert.deepEqual((await run(b.records.load()))!.move!.moved, [], `${claimAfterMs} ms`);
  }
});

Deno.test("a server that has lost what was written last is told it again, cuts and all", async () => {
  const { unit, run, bus, clock } = setUp();
  const [a, b] = [unit("a"), unit("b", { has: () => false })];
  await run(a.records.save(MOVING, same));
  for (const { records } of [a, b]) records.watch(() => {});
  await clock.advance(20_000);
  const saved = await run(a.records.save(MOVING, handAt(0)));
  await clock.advance(1_000);
  bus.stop();
  bus.start(10_000);
  assert.ok(!bus.entries.has("cuts.0.4"));
  await clock.advance(10_000);
  assert.deepEqual((await run(b.records.load()))!.move!.moved, [0]);
  assert.deepEqual(await run(b.records.cutsOf([{ id: 0, total: 4 }])), saved.cuts);
});

Deno.test("a server that has lost everything is told all of it", async () => {
  const { unit, run, bus, clock } = setUp();
  const { records, store } = unit("a");
  await run(records.save(MOVING, () => HALF));
  records.watch(() => {});
  await clock.advance(100);
  bus.stop();
  bus.start(1_000_000);
  await clock.advance(10_000);
  assert.deepEqual((await run(unit("b").records.load()))!.move!.moved, [1]);
  assert.deepEqual([...bus.entries.keys()].sort(), ["cuts.1.4", "cuts.3.4", "reshard"]);
  // The same where the unit was away meanwhile.
  bus.stop();
  bus.start(1_000_000);
  await clock.advance(5_000);
  assert.deepEqual(await run(unit("c", { store }).records.load()), HALF);
});

Deno.test("what a state folder has of another fleet, or of a unit by itself, is no word of this one", async () => {
  const { unit, run } = setUp();
  const store = memoryStore();
  await store.save("reshard", settledRecord(16, null, 8));
  await run(unit("a").records.save(MOVING, same));
  assert.equal((await run(unit("b", { store, isOfFleet: false }).records.load()))!.total, 2);
  assert.equal((await run(unit("c", { store }).records.load()))!.total, 16);
});
