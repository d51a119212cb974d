import assert from "node:assert/strict";
import { logTo } from "../../../ports/log.ts";
import type { Assignment } from "../../../protocol/fleet.ts";
import { shardKeyText } from "../../../protocol/ids.ts";
import { createVirtualClock } from "../../../sim/mod.ts";
import { sleep } from "../../../ports/clock.ts";
import { AGAIN_MS, Keeper, MOST_AT_ONCE } from "../../../unit/fleet/keeper.ts";

/** A keeper of unit `a` whose holdings take 10 ms for everything, and fail where they are told to. */
function stage(written: string | null = null) {
  const clock = createVirtualClock();
  const done: string[] = [];
  const told: string[] = [];
  const logged: string[] = [];
  const came: string[] = [];
  let changes = 0;
  let failing = 0;
  let [most, busy] = [0, 0];
  const watching = new Set<() => void>();
  const act = async (what: string) => {
    most = Math.max(most, ++busy);
    await sleep(clock, 10);
    busy--;
    if (failing > 0) {
      failing--;
      throw new Error("no");
    }
    done.push(what);
  };
  const fleet = {
    self: "a",
    members: ["a", "b"] as readonly string[],
    assignment: null as Assignment | null,
    watch(changed: () => void) {
      watching.add(changed);
      return () => void watching.delete(changed);
    },
    given: (shard: { total: number; id: number }, to: string) => {
      told.push(`${shardKeyText(shard)} ${to}`);
      return Promise.resolve();
    },
  };
  const keeper = new Keeper({
    clock,
    log: logTo((level, event) => logged.push(`${level}: ${event}`)),
    fleet,
    holdings: {
      take: (shard, from, by) => act(`take ${shardKeyText(shard)} ${from} ${by}`),
      give: (shard, to) => act(`give ${shardKeyText(shard)} ${to}`),
      lose: (shard) => act(`lose ${shardKeyText(shard)}`),
    },
    writerOf: () => Promise.resolve(written),
    came: (shard) => came.push(shardKeyText(shard)),
    changed: () => changes++,
  });
  let epoch = 0;
  return {
    clock,
    done,
    told,
    came,
    logged,
    keeper,
    fleet,
    changes: () => changes,
    most: () => most,
    fail: (times: number) => void (failing = times),
    /** The leader has written it; moves are `shard: unit`. */
    assign(owners: (string | null)[], moves: Record<number, string> = {}) {
      const to = new Map(Object.entries(moves).map(([id, unit]) => [Number(id), unit]));
      const totals = [{ total: owners.length, owners, moves: to }];
      fleet.assignment = { epoch: ++epoch, stream: "s", totals, services: {}, clusters: {} };
      for (const changed of watching) changed();
    },
  };
}

Deno.test("a unit takes up what it is assigned, and counts it once it is here", async () => {
  const { keeper, assign, clock, done, came, changes } = stage();
  keeper.start();
  assign(["a", "b", "a"]);
  assert.equal(keeper.has({ total: 3, id: 0 }), false);
  await clock.advance(5);
  assert.equal(keeper.taking, 2);
  await clock.advance(20);
  assert.deepEqual(done, ["take 0/3 given null", "take 2/3 given null"]);
  assert.deepEqual(came, ["0/3", "2/3"]);
  assert.deepEqual(keeper.held.map(({ id }) => id), [0, 2]);
  assert.equal(changes(), 2);
});

Deno.test("a unit gives away what is to go, tells the leader, and forgets it once that is written", async () => {
  const { keeper, assign, clock, done, told } = stage();
  keeper.start();
  assign(["a"]);
  await clock.advance(20);
  assign(["a"], { 0: "b" });
  await clock.advance(20);
  assert.deepEqual(done.slice(1), ["give 0/1 b"]);
  assert.equal(keeper.has({ total: 1, id: 0 }), false);
  assert.deepEqual(told, ["0/1 b"]);
  assign(["b"]);
  await clock.advance(20);
  assert.deepEqual(done.slice(2), ["lose 0/1"]);
});

Deno.test("a unit takes back what it has given when it is not to go any more", async () => {
  const { keeper, assign, clock, done } = stage();
  keeper.start();
  assign(["a"]);
  await clock.advance(20);
  assign(["a"], { 0: "b" });
  await clock.advance(20);
  assign(["a"]);
  await clock.advance(20);
  assert.deepEqual(done.slice(2), ["take 0/1 given a"]);
  assert.equal(keeper.has({ total: 1, id: 0 }), true);
});

Deno.test("a unit loses what is another's at once, and knows whose it takes up later", async () => {
  const { keeper, assign, clock, done, fleet } = stage("nobody asks");
  keeper.start();
  assign(["b"]);
  await clock.advance(5);
  fleet.members = ["a"];
  assign(["a"]);
  await clock.advance(20);
  assign(["b"]);
  await clock.advance(1);
  assert.equal(keeper.has({ total: 1, id: 0 }), false);
  await clock.advance(20);
  assign(["b"], { 0: "a" });
  await clock.advance(5);
  fleet.members = ["a", "b"];
  assign(["a"]);
  await clock.advance(20);
  assert.deepEqual(done, ["take 0/1 dead b", "lose 0/1", "take 0/1 given b"]);
});

Deno.test("what fails is tried again a second later, and warned of when it fails again and again", async () => {
  const { keeper, assign, clock, done, fail, logged } = stage();
  keeper.start();
  fail(5);
  assign(["a"]);
  await clock.advance(AGAIN_MS);
  assert.deepEqual(done, []);
  await clock.advance(AGAIN_MS * 5 + 100);
  assert.deepEqual(done, ["take 0/1 given null"]);
  const levels = logged.filter((line) => line.includes("shard was not taken up"))
    .map((line) => line.split(":")[0]);
  assert.deepEqual(levels, ["debug", "debug", "debug", "warn", "warn"]);
});

Deno.test("what is another's and could not be put away is tried again, and not taken up before", async () => {
  const { keeper, assign, clock, done, fail } = stage();
  keeper.start();
  assign(["a"]);
  await clock.advance(20);
  fail(2);
  assign(["b"]);
  await clock.advance(20);
  assert.deepEqual([keeper.has({ total: 1, id: 0 }), done], [false, ["take 0/1 given null"]]);
  assign(["a"]);
  await clock.advance(AGAIN_MS * 3);
  assert.deepEqual(done, ["take 0/1 given null", "lose 0/1", "take 0/1 dead b"]);
  assert.equal(keeper.has({ total: 1, id: 0 }), true);
});

Deno.test("so many shards are taken up at a time, all in the end, and `settled` waits for them", async () => {
  const { keeper, assign, clock, done, most } = stage();
  keeper.start();
  assign(Array(100).fill("a"));
  let isSettled = false;
  keeper.settled().then(() => isSettled = true);
  await clock.advance(30);
  assert.equal(isSettled, false);
  await clock.advance(200);
  assert.equal(done.length, 100);
  assert.equal(most(), MOST_AT_ONCE);
  assert.equal(isSettled, true);
});

Deno.test("a keeper that was stopped does nothing more, and keeps nobody waiting", async () => {
  const { keeper, assign, clock, done } = stage();
  keeper.start();
  const settled = keeper.settled();
  keeper.stop();
  assign(["a"]);
  await clock.advance(1_000);
  assert.deepEqual(done, []);
  await settled;
});

Deno.test("a keeper that is stopped brings nothing up that it is just taking, and says so to nobody", async () => {
  const { keeper, assign, clock, done, came, changes } = stage();
  keeper.start();
  assign(["a"]);
  await clock.advance(5);
  keeper.stop();
  await clock.advance(1_000);
  assert.deepEqual([done, came, changes()], [["take 0/1 given null"], [], 0]);
});
