import assert from "node:assert/strict";
import { CONFIG_DEFAULTS } from "../../../config/config.ts";
import { LocalKeys } from "../../../ports/fleet/keys.ts";
import { localBus } from "../../../ports/fleet/bus.ts";
import { logTo } from "../../../ports/log.ts";
import { memoryStore, type Store } from "../../../ports/store.ts";
import { type Assignment, ownerIn } from "../../../protocol/fleet.ts";
import type { FleetSnapshot } from "../../../protocol/fleet_status.ts";
import type { ShardKey } from "../../../protocol/ids.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import {
  FleetAllotment,
  type KeptHoldings,
  LEAVE_DEADLINE_MS,
} from "../../../unit/fleet/allotment.ts";
import { DOUBT_AFTER_MS } from "../../../unit/fleet/cut_off.ts";
import { settledRecord } from "../../../unit/reshard/record.ts";
import { FakeStream } from "../../support/fleet/fake_stream.ts";
import { FleetSeat } from "../../../unit/fleet/seat.ts";

interface StageOptions {
  readonly store?: Store;
  readonly totalShards?: number;
  /** Who has written the estates. */
  readonly writer?: string;
  readonly natsEvents?: "off" | "stream";
}

/** Unit `a` of a fleet whose leader is the test. */
function stage(
  { store = memoryStore(), totalShards, writer: written, natsEvents = "off" }: StageOptions = {},
) {
  const clock = createVirtualClock();
  const writer = written ?? null;
  const logged: string[] = [];
  const log = logTo((level, event) => logged.push(`${level}: ${event}`));
  const told: FleetSnapshot[] = [];
  const broughtUp: number[] = [];
  const taken: string[] = [];
  const doubts: boolean[] = [];
  const watching = new Set<() => void>();
  const left = Promise.withResolvers<"given" | "deadline">();
  let shareChanges = 0;
  let dropped = 0;
  let toldLine: (isUp: boolean) => void = () => {};
  const acts: string[] = [];
  const fleet = {
    self: "a",
    members: ["a", "b"] as readonly string[],
    leader: "a" as string | null,
    term: 1,
    assignment: null as Assignment | null,
    ownerOf: (shard: ShardKey) => fleet.assignment && ownerIn(fleet.assignment, shard),
    watch(changed: () => void) {
      watching.add(changed);
      return () => void watching.delete(changed);
    },
    start: () => Promise.resolve(fleet.assignment!),
    want: () => Promise.resolve(),
    given: () => Promise.resolve(),
    leave: (deadlineMs: number) => {
      clock.after(deadlineMs, () => left.resolve("deadline"));
      return left.promise;
    },
    stop: () => Promise.resolve(),
  };
  const line = {
    bus: localBus({ clock, log }),
    keys: new LocalKeys().open((then) => queueMicrotask(then)),
    isUp: true,
    warnings: [],
    watch(changed: (isUp: boolean) => void) {
      toldLine = changed;
      return () => {};
    },
    close: () => Promise.resolve(),
    events: new FakeStream(),
  };
  const holdings: KeptHoldings = {
    take: ({ id }, from, by) => Promise.resolve(void taken.push(`${id} ${from} ${by}`)),
    give: () => Promise.resolve(),
    lose: () => Promise.resolve(),
    writerOf: () => Promise.resolve(writer),
    start: () => Promise.resolve(void acts.push("holdings start")),
    close: () => Promise.resolve(void acts.push("holdings close")),
  };
  const allotment = new FleetAllotment({
    config: { ...CONFIG_DEFAULTS, totalShards: totalShards ?? null, natsEvents },
    store,
    clock,
    log,
    line,
    seat: new FleetSeat("a"),
    createFleet({ total, stream }) {
      fleet.assignment ??= assignmentOf(Array(total).fill(null), stream);
      return fleet;
    },
    createHoldings: () => holdings,
    openGate: () => Promise.reject(new Error("nobody identifies here")),
    dropQueues: () => Promise.resolve(void dropped++),
    changed: (snapshot) => told.push(snapshot),
  });
  const assign = (owners: (string | null)[]) => {
    fleet.assignment = assignmentOf(owners, fleet.assignment?.stream ?? "s");
    for (const changed of watching) changed();
  };
  return {
    clock,
    logged,
    told,
    taken,
    doubts,
    broughtUp,
    acts,
    fleet,
    holdings,
    allotment,
    assign,
    left,
    toldLine: (isUp: boolean) => toldLine(isUp),
    shareChanges: () => shareChanges,
    dropped: () => dropped,
    begin: () =>
      allotment.begin({
        reshards: {
          record: settledRecord(1, null),
          shared() {},
          claim: ([shard]) => Promise.resolve(void acts.push(`claim ${shard!.id}`)),
          left: () => Promise.resolve(),
        },
        poolOf: () => assert.fail("nobody asks for workers"),
        bringUp: ({ id }) => broughtUp.push(id),
        shareChanged: () => shareChanges++,
        ask: () => Promise.reject(new Error("nobody is asked")),
        doubt: (isDoubted) => doubts.push(isDoubted),
      }),
  };
}

Deno.test("a unit's events are kept where its line can, if that is wanted", () => {
  assert.equal(stage().allotment.events, null);
  assert.ok(stage({ natsEvents: "stream" }).allotment.events);
});

let epoch = 0;
function assignmentOf(owners: readonly (string | null)[], stream: string): Assignment {
  const totals = [{ total: owners.length, owners, moves: new Map<number, string>() }];
  return { epoch: ++epoch, stream, totals, services: {}, clusters: {} };
}

Deno.test("the first unit of a fleet brings its total and its numbering", async () => {
  const { allotment, fleet } = stage();
  const { estates, opening } = await allotment.open(4);
  assert.deepEqual(opening.shardIds, [0, 1, 2, 3]);
  assert.equal(estates.stream, fleet.assignment!.stream);
});

Deno.test("a unit goes by the fleet's total and numbering, and says where its own are not used", async () => {
  const { allotment, fleet, logged, dropped } = stage({ totalShards: 8 });
  fleet.assignment = assignmentOf(["b", "b"], "theirs");
  const { estates, opening } = await allotment.open(16);
  assert.deepEqual([opening.record.total, estates.stream, dropped()], [2, "theirs", 1]);
  assert.deepEqual(logged, [
    "info: the fleet is joined",
    "warn: the fleet has another number of shards than is set",
  ]);
  assert.deepEqual(allotment.snapshot.warnings, [
    "the fleet has 2 shards, TOTAL_SHARDS=8 of this unit is not used",
  ]);
});

Deno.test("a unit has what it is assigned once it is taken up, and knows who has the rest", async () => {
  const { allotment, assign, begin, clock, taken, broughtUp, shareChanges } = stage();
  await allotment.open(3);
  void begin();
  assert.equal(allotment.has({ total: 3, id: 0 }), false);
  assign(["a", "b", null]);
  await clock.advance(100);
  const has = [0, 1, 2].map((id) => allotment.has({ total: 3, id }));
  const where = [0, 1, 2].map((id) => allotment.whereIs({ total: 3, id }));
  assert.deepEqual([has, where], [[true, false, false], [null, "b", null]]);
  assert.deepEqual([taken, broughtUp, shareChanges()], [["0 given null"], [0], 1]);
});

Deno.test("a unit that has just started asks who had a shard last, once it takes what others give", async () => {
  const { allotment, assign, begin, clock, taken, acts } = stage({ writer: "c" });
  await allotment.open(1);
  void begin();
  assign(["a"]);
  await clock.advance(100);
  assert.deepEqual([acts, taken], [["holdings start", "claim 0"], ["0 dead c"]]);
  await allotment.close();
  assert.deepEqual(acts, ["holdings start", "claim 0", "holdings close"]);
});

Deno.test("a unit that is cut off doubts its sessions, and shows since when", async () => {
  const { allotment, begin, clock, doubts, toldLine, told } = stage();
  await allotment.open(1);
  void begin();
  toldLine(false);
  await clock.advance(DOUBT_AFTER_MS + 1_000);
  assert.deepEqual(doubts, [false, true]);
  assert.ok(told.at(-1)!.cutOffSinceMs !== null);
  toldLine(true);
  await clock.advance(1_000);
  assert.deepEqual([doubts.at(-1), told.at(-1)!.cutOffSinceMs], [false, null]);
});

Deno.test("a change of the fleet is told once a second at most, and what is the same not at all", async () => {
  const { allotment, assign, begin, clock, told } = stage();
  await allotment.open(2);
  void begin();
  for (const owner of ["a", "b", "a", "b"]) assign([owner, "b"]);
  await clock.advance(3_000);
  assert.equal(told.length, 1);
  assign(["b", "b"]);
  await clock.advance(1_000);
  assert.equal(told.length, 2, "another epoch");
});

Deno.test("a unit that leaves waits until all is given away, for so long at most", async () => {
  const { allotment, assign, begin, clock, left, logged } = stage();
  await allotment.open(1);
  void begin();
  assign(["a"]);
  await clock.advance(100);
  let hasLeft = false;
  const leaving = allotment.leave().then(() => hasLeft = true);
  await clock.advance(LEAVE_DEADLINE_MS - 1);
  assert.equal(hasLeft, false);
  await clock.advance(1);
  await leaving;
  assert.ok(logged.includes("warn: the unit stops before all is given away, others take the rest"));
  left.resolve("given");
  await allotment.close();
});

Deno.test("a unit that has not begun leaves nobody", async () => {
  const { allotment } = stage();
  await allotment.leave();
  await allotment.close();
});

Deno.test("a unit that is stopped while it opens, or begins, joins nothing any more", async () => {
  const opening = stage();
  const opened = assert.rejects(opening.allotment.open(1), { code: "away" });
  await opening.allotment.close();
  await opened;
  const beginning = stage();
  await beginning.allotment.open(1);
  const begun = assert.rejects(beginning.begin(), { code: "away" });
  await beginning.allotment.close();
  await begun;
});

Deno.test("a unit that is stopped while it opens has not stopped before its folder is free", async () => {
  const store = memoryStore();
  const reading = Promise.withResolvers<void>();
  const { allotment, clock } = stage({
    store: { ...store, load: (name) => reading.promise.then(() => store.load(name)) },
  });
  const opening = assert.rejects(allotment.open(1), /the unit stops/);
  let isClosed = false;
  const closing = allotment.close().then(() => isClosed = true);
  await clock.advance(0);
  assert.equal(isClosed, false);
  reading.resolve();
  await Promise.all([opening, closing]);
});

Deno.test("a unit whose leave fails takes nothing any more all the same", async () => {
  const { allotment, assign, begin, clock, fleet, taken } = stage();
  await allotment.open(2);
  void begin();
  await clock.advance(10);
  fleet.leave = () => Promise.reject(new Error("nobody answers"));
  await assert.rejects(allotment.leave(), /nobody answers/);
  assign(["a", "a"]);
  await clock.advance(100);
  assert.deepEqual(taken, []);
});

Deno.test("a unit whose estates cannot be written down leaves its fleet all the same", async () => {
  const { allotment, begin, fleet, told, assign, clock, holdings } = stage();
  await allotment.open(1);
  void begin();
  await clock.advance(10);
  let isStopped = false;
  fleet.stop = () => Promise.resolve(void (isStopped = true));
  holdings.close = () => Promise.reject(new Error("nobody takes the estates"));
  await assert.rejects(allotment.close(), /nobody takes the estates/);
  assert.ok(isStopped);
  assign(["b"]);
  await clock.advance(5_000);
  assert.deepEqual(told, [], "it goes on to tell");
});
