import assert from "node:assert/strict";
import { logTo } from "../../../../ports/log.ts";
import type { Assignment } from "../../../../protocol/fleet.ts";
import { createVirtualClock } from "../../../../sim/mod.ts";
import { type ReshardRecord, settledRecord } from "../../../../unit/reshard/record.ts";
import {
  FleetTotals,
  isWanted,
  type WantedTotals,
  wantedTotals,
} from "../../../../unit/reshard/fleet/totals.ts";
import { MOVING } from "../../../support/records.ts";

const two: Assignment = {
  ...{ epoch: 1, stream: "s", services: {}, clusters: {} },
  totals: [{ total: 2, owners: ["a", "b"], moves: new Map() }],
};
const both = wantedTotals(MOVING);

Deno.test("wantedTotals() has both totals while guilds move, lot by lot, else the one that serves", () => {
  assert.deepEqual(both, { kind: "serve", totals: [2, 4], lots: 2 });
  assert.deepEqual(wantedTotals(settledRecord(4, 2)), { kind: "serve", totals: [4], lots: null });
  assert.equal(isWanted(two, both), false);
  assert.equal(isWanted(two, wantedTotals(settledRecord(2, null))), true);
});

function setUp() {
  const clock = createVirtualClock();
  const logged: string[] = [];
  const asked: WantedTotals[] = [];
  const record: { now: ReshardRecord | null } = { now: MOVING };
  const fleet = {
    self: "a",
    assignment: two as Assignment | null,
    term: 1 as number | null,
    fails: false,
    want(wanted: WantedTotals): Promise<void> {
      asked.push(wanted);
      return fleet.fails ? Promise.reject(new Error("nobody leads")) : Promise.resolve();
    },
  };
  const totals = new FleetTotals({
    ...{ clock, fleet, record: () => record.now },
    log: logTo((level) => logged.push(level)),
  });
  return { clock, logged, asked, record, fleet, totals };
}

Deno.test("whoever leads has the assignment follow the record, and nobody else", async () => {
  const { asked, fleet, totals, record, clock } = setUp();
  fleet.term = null;
  totals.look();
  assert.deepEqual(asked, []);
  fleet.term = 2;
  record.now = null;
  totals.look();
  assert.deepEqual(asked, []);
  record.now = MOVING;
  totals.look();
  totals.look();
  assert.deepEqual(asked, [both]);
  const owners = ["a", "b", "a", "b"];
  const four = { total: 4, owners, moves: new Map() };
  fleet.assignment = { ...two, totals: [...two.totals, four], lots: 2 };
  await clock.advance(5_000);
  assert.equal(asked.length, 1);
  totals.stop();
});

Deno.test("what cannot be had is asked for again", async () => {
  const { asked, fleet, totals, logged, clock } = setUp();
  fleet.fails = true;
  totals.look();
  await clock.advance(3_500);
  assert.equal(asked.length, 4);
  assert.ok(logged.every((level) => level === "warn"));
  totals.stop();
  await clock.advance(5_000);
  assert.equal(asked.length, 4);
});
