import assert from "node:assert/strict";
import { ownerIn } from "../../protocol/fleet.ts";
import { FleetStage } from "./stage.ts";

/** Three units that are well. */
async function three(seed = 1, total = 24): Promise<FleetStage> {
  const stage = new FleetStage(seed, total);
  for (const name of ["a", "b", "c"]) stage.begin(name);
  await stage.heal(20_000);
  return stage;
}

const leaderOf = (stage: FleetStage) => stage.present.find(({ fleet }) => fleet.term !== null)!;
const otherThan = (stage: FleetStage, unit: unknown) =>
  stage.present.find((each) => each !== unit)!;

Deno.test("Fleet has one unit lead, and deals the shards out among those that have come", async () => {
  const stage = new FleetStage(1);
  for (const name of ["a", "b", "c"]) stage.begin(name);
  const tookMs = await stage.heal(20_000);
  assert.deepEqual(stage.counts, { a: 8, b: 8, c: 8 });
  assert.ok(tookMs < 15_000, `${tookMs}`);
  const { fleet } = stage.unit("b");
  assert.deepEqual(fleet.assignment!.clusters, {
    a: { first: 0, count: 1 },
    b: { first: 1, count: 1 },
    c: { first: 2, count: 1 },
  });
  assert.equal(fleet.assignment!.stream, `stream of ${fleet.leader}`);
});

Deno.test("Fleet gives a unit that joins its share, and takes nothing from anybody before it was given", async () => {
  const stage = await three();
  const before = stage.unit("a").fleet.assignment!;
  const joiner = stage.begin("d");
  await stage.pass(300);
  assert.ok(joiner.started.isDone);
  assert.deepEqual(stage.unit("a").fleet.assignment!.totals[0]!.owners, before.totals[0]!.owners);
  await stage.pass(1_000);
  assert.deepEqual(stage.counts, { a: 6, b: 6, c: 6, d: 6 });
  // It believes that the others live once it has heard each of them beat.
  await stage.heal(4_500);
});

Deno.test("Fleet has a unit that leaves give everything away first, be it who leads", async () => {
  for (const pick of [leaderOf, (stage: FleetStage) => otherThan(stage, leaderOf(stage))]) {
    const stage = await three();
    const unit = pick(stage);
    let left = "";
    void stage.leave(unit).then((how) => left = how);
    await stage.heal(10_000);
    await stage.pass(1_000);
    await stage.heal(1_000);
    assert.equal(left, "given");
    assert.deepEqual(Object.values(stage.counts), [12, 12]);
    assert.equal(stage.lines("unit is dead, it was not heard of").length, 0);
  }
});

Deno.test("Fleet lets its last unit, and all at once, leave with what they have", async () => {
  const stage = await three();
  const lefts = Promise.all(stage.present.map((unit) => stage.leave(unit)));
  await stage.pass(1_000);
  assert.deepEqual(new Set(await lefts), new Set(["alone"]));
  // They come back, and each finds its own at once, before anybody leads.
  const before = stage.clock.now();
  for (const name of ["a", "b", "c"]) stage.begin(name);
  await stage.pass(100);
  assert.ok(stage.present.every(({ started }) => started.isDone), `${stage.clock.now() - before}`);
  assert.deepEqual(stage.counts, { a: 8, b: 8, c: 8 });
  await stage.heal(20_000);
  assert.deepEqual(stage.counts, { a: 8, b: 8, c: 8 });
});

Deno.test("Fleet takes back from who does not give in time what it has, as from the dead", async () => {
  const stage = await three(1, 600);
  const unit = otherThan(stage, leaderOf(stage));
  let left = "";
  void stage.leave(unit, 2_000).then((how) => left = how);
  await stage.pass(2_500);
  assert.equal(left, "deadline");
  await stage.pass(500);
  assert.equal(stage.counts[unit.name], undefined);
});

Deno.test("Fleet gives what a killed unit had to others within a lease and a little, be it who leads", async () => {
  for (const pick of [leaderOf, (stage: FleetStage) => otherThan(stage, leaderOf(stage))]) {
    const stage = await three();
    stage.kill(pick(stage));
    const tookMs = await stage.heal(30_000);
    assert.ok(tookMs > 10_000 && tookMs < 18_000, `${tookMs}`);
    assert.deepEqual(Object.values(stage.counts), [12, 12]);
  }
});

Deno.test("Fleet leaves a unit that is back within a lease what it had", async () => {
  const stage = await three();
  const { epoch } = stage.unit("a").fleet.assignment!;
  stage.kill(stage.unit("b"));
  await stage.pass(8_000);
  const back = stage.begin("b");
  await stage.pass(100);
  assert.ok(back.started.isDone);
  await stage.heal(20_000);
  assert.equal(stage.unit("a").fleet.assignment!.epoch, epoch);
});

Deno.test("Fleet takes what a unit has that stands still for 30 s, and has it wake to that", async () => {
  const stage = await three();
  const leader = leaderOf(stage);
  const frozen = otherThan(stage, leader);
  const shard = { total: 24, id: 0 };
  for (const unit of [frozen, leader]) {
    unit.line.freeze();
    await stage.pass(30_000);
    const other = otherThan(stage, unit);
    assert.equal(ownerIn(other.fleet.assignment!, shard) === unit.name, false);
    unit.line.thaw();
    await stage.pass(300);
    assert.equal(unit.fleet.ownerOf(shard), other.fleet.ownerOf(shard), "it knows at once");
    await stage.heal(20_000);
    assert.deepEqual(Object.values(stage.counts), [8, 8, 8]);
  }
});

Deno.test("Fleet asks who leads, and not who stands still and did", async () => {
  const stage = await three();
  leaderOf(stage).line.freeze();
  await stage.pass(20_000);
  assert.deepEqual(Object.values(stage.counts), [12, 12]);
  stage.begin("d");
  await stage.pass(2_500);
  assert.deepEqual(Object.values(stage.counts).toSorted(), [8, 8, 8]);
});

Deno.test("Fleet goes on over a server that is away for a minute, and nobody is taken for dead", async () => {
  const stage = await three();
  const { assignment } = stage.unit("a").fleet;
  stage.bus.stop();
  await stage.pass(14_000);
  assert.deepEqual(stage.present.map(({ fleet }) => fleet.isCutOff), [false, false, false]);
  await stage.pass(46_000);
  assert.deepEqual(stage.present.map(({ fleet }) => fleet.isCutOff), [true, true, true]);
  assert.deepEqual(stage.unit("a").fleet.members, ["a", "b", "c"]);
  stage.bus.start();
  await stage.heal(20_000);
  assert.deepEqual(stage.unit("a").fleet.assignment, assignment);
  assert.equal(stage.lines("unit is dead, it was not heard of").length, 0);
  assert.equal(stage.lines("this unit is back in the fleet").length, 3);
});

Deno.test("Fleet loses nothing where the server has lost what was written last, or all of it", async () => {
  for (const losingMs of [5_000, 600_000]) {
    const stage = await three();
    stage.begin("d");
    await stage.heal(5_000);
    const { assignment } = stage.unit("a").fleet;
    stage.bus.stop();
    await stage.pass(1_000);
    stage.bus.start(losingMs);
    await stage.heal(20_000);
    assert.deepEqual(stage.unit("a").fleet.assignment, assignment, "it was written back");
    stage.kill(stage.unit("d"));
    await stage.heal(20_000);
    assert.ok(stage.unit("a").fleet.assignment!.epoch > assignment!.epoch + 1_000);
  }
});

Deno.test("Fleet does not mind clocks that are half a minute apart", async () => {
  const stage = new FleetStage(1);
  for (const [at, name] of ["a", "b", "c"].entries()) {
    stage.begin(name, {}, { aheadMs: (at - 1) * 30_000 });
  }
  await stage.heal(20_000);
  await stage.pass(120_000);
  const { epoch } = stage.unit("a").fleet.assignment!;
  stage.kill(leaderOf(stage));
  await stage.heal(18_000);
  assert.ok(stage.present[0]!.fleet.assignment!.epoch > epoch);
});

Deno.test("Fleet has the older of two processes of one name go", async () => {
  const stage = await three();
  const old = stage.unit("b");
  const newer = stage.begin("b");
  await stage.pass(1_000);
  assert.deepEqual([old.isReplaced, newer.isReplaced], [true, false]);
  await stage.heal(20_000);
  assert.deepEqual(stage.counts, { a: 8, b: 8, c: 8 });
});

Deno.test("Fleet runs each service once, and moves it from who dies", async () => {
  const stage = new FleetStage(1);
  for (const name of ["a", "b"]) stage.begin(name, { services: ["counter", "images"] });
  await stage.heal(20_000);
  assert.deepEqual(stage.unit("a").fleet.assignment!.services, { counter: "a", images: "b" });
  stage.kill(stage.unit("a"));
  await stage.heal(20_000);
  assert.deepEqual(stage.unit("b").fleet.assignment!.services, { counter: "b", images: "b" });
});

Deno.test("Fleet gathers lots and deals another total by them, as whoever leads is asked", async () => {
  const stage = await three();
  const asks = otherThan(stage, leaderOf(stage)).fleet;
  const want = async (totals: number[], lots: number | null) => {
    const wanted = asks.want({ kind: "serve", totals, lots });
    await stage.pass(500);
    await wanted;
    await stage.heal(10_000);
  };
  await want([24], 8);
  await want([24, 16], 8);
  const { totals } = asks.assignment!;
  for (const { owners } of totals) {
    owners.forEach((owner, id) => assert.equal(owner, totals[0]!.owners[id % 8]));
  }
  await want([16], null);
  assert.deepEqual(Object.values(stage.counts).toSorted(), [5, 5, 6]);
  const refused = assert.rejects(asks.want({ kind: "serve", totals: [7], lots: 2 }), {
    code: "refused",
  });
  await stage.pass(100);
  await refused;
});

Deno.test("Fleet tells who watches, and nobody once it has stopped; then who leads is another", async () => {
  const stage = await three();
  const leader = leaderOf(stage);
  let changes = 0;
  const other = otherThan(stage, leader).fleet;
  other.watch(() => changes++);
  void leader.fleet.stop();
  assert.equal(leader.fleet.term, null);
  await stage.pass(500);
  assert.ok(changes > 0);
  assert.notEqual(other.leader, leader.name);
  assert.ok(other.leader !== null && other.members.includes(leader.name));
  leader.isOver = true;
  await stage.heal(20_000);
});

Deno.test("Fleet that is stopped before it was let in says so", async () => {
  const stage = new FleetStage(1);
  stage.bus.stop();
  const { fleet } = stage.begin("a");
  const started = assert.rejects(fleet.given({ total: 24, id: 0 }, "b").then(() => fleet.start()), {
    code: "away",
  });
  await stage.pass(1_000);
  await fleet.stop();
  await started;
});

Deno.test("Fleet takes no name that is none", () => {
  const stage = new FleetStage(1);
  assert.throws(() => stage.begin("a b"), {
    code: "bad_config",
    message: 'Cannot join a fleet as "a b": a name is 1 to 64 of A-Z a-z 0-9 _ -',
  });
});
