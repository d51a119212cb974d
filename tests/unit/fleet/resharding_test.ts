import assert from "node:assert/strict";
import { seededRandom } from "../../../ports/random.ts";
import { silentLog } from "../../../ports/log.ts";
import { memoryStore } from "../../../ports/store.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import { FleetReshards } from "../../../unit/fleet/resharding.ts";
import { FleetSeat } from "../../../unit/fleet/seat.ts";
import { settledRecord } from "../../../unit/reshard/record.ts";
import { createSimBus } from "../../support/fleet/sim_line.ts";

function stage() {
  const clock = createVirtualClock();
  const bus = createSimBus({ clock, random: seededRandom(1) });
  const line = bus.line("a");
  const fleet = new FleetReshards({
    clock: line.clock,
    log: silentLog,
    store: memoryStore(),
    line,
    seat: new FleetSeat("a"),
    isOfFleet: true,
    has: () => true,
  });
  return { clock, bus, fleet };
}

const SHARD = { total: 1, id: 0 };

Deno.test("what is written down of reshards is asked for until somebody can be asked", async () => {
  const { clock, bus, fleet } = stage();
  bus.stop();
  await clock.advance(100);
  let record: unknown = "not yet";
  void fleet.load().then((loaded) => record = loaded);
  await clock.advance(5_000);
  assert.equal(record, "not yet");
  bus.start();
  await clock.advance(5_000);
  assert.equal(record, null);
  fleet.stop();
});

Deno.test("a unit that stops before anybody could be asked asks no more", async () => {
  const { clock, bus, fleet } = stage();
  bus.stop();
  await clock.advance(100);
  const loading = assert.rejects(fleet.load(), { code: "away" });
  await clock.advance(5_000);
  fleet.stop();
  await clock.advance(2_000);
  await loading;
});

Deno.test("a shard is claimed before it is taken, and left before it is given", async () => {
  const { fleet } = stage();
  const acts: string[] = [];
  const act = (what: string) => Promise.resolve(void acts.push(what));
  fleet.join({
    record: settledRecord(1, null),
    shared() {},
    claim: () => act("claim"),
    left: () => act("left"),
  });
  const holdings = fleet.guarded({
    take: (_, from, by) => act(`take ${from} ${by}`),
    give: (_, to) => act(`give ${to}`),
    lose: () => act("lose"),
  });
  await holdings.take(SHARD, "given", null);
  await holdings.give(SHARD, "b");
  await holdings.lose(SHARD);
  assert.deepEqual(acts, ["claim", "take given null", "left", "give b", "lose"]);
  fleet.stop();
});

Deno.test("whose shard cannot be claimed does not take it", async () => {
  const { fleet } = stage();
  fleet.join({
    record: settledRecord(1, null),
    shared() {},
    claim: () => Promise.reject(new Error("away")),
    left: () => Promise.resolve(),
  });
  const holdings = fleet.guarded({
    take: () => assert.fail("it is not claimed"),
    give: () => Promise.resolve(),
    lose: () => Promise.resolve(),
  });
  await assert.rejects(holdings.take(SHARD, "given", null), /away/);
  fleet.stop();
});
