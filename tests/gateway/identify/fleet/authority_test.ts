/** The identifies of a fleet of two to four units, whatever becomes of them: the simulator judges. */

import assert from "node:assert/strict";
import { identifySubject } from "../../../../gateway/identify/fleet/words.ts";
import { IDENTIFY_KEY, parseRecord } from "../../../../gateway/identify/fleet/record.ts";
import { shardKeyText } from "../../../../protocol/ids.ts";
import { createStage, type Stage, type StageHost, type StageOptions } from "./stage.ts";

const LONG_MS = 600_000;

/** Units `a`, `b`, …, of which the first leads, and the shards that each has, in ranges. */
async function setUp(names: string, options: StageOptions, hosts: Record<string, StageHost> = {}) {
  const stage = createStage(options);
  const units = [...names].map((name) => stage.start(name, hosts[name]));
  const share = Math.ceil(stage.all.length / units.length);
  const shares = units.map((_, i) => stage.all.slice(i * share, (i + 1) * share));
  await stage.clock.runUntil(() => units.every(({ view }) => view.leader === "a"), LONG_MS);
  const [a, b, c, d] = units;
  return {
    ...stage,
    stage,
    a: a!,
    b: b!,
    c: c!,
    d: d!,
    shares,
    bringUp: () => units.forEach((unit, i) => unit.bringUp(shares[i]!)),
    permits: () => parseRecord(stage.bus.entries.get(IDENTIFY_KEY)?.value)?.permits ?? [],
    ready: (limitMs = LONG_MS) => stage.clock.runUntil(() => stage.isReady(), limitMs),
  };
}

for (const maxConcurrency of [1, 4]) {
  Deno.test(`three units identify in pace and in order at ${maxConcurrency}`, async () => {
    const { bringUp, ready, clock, assertWell, a, b, c } = await setUp("abc", {
      shards: 24,
      maxConcurrency,
    });
    bringUp();
    await ready();
    assertWell();
    const rounds = 24 / maxConcurrency;
    assert.ok(clock.now() < 15_000 + rounds * 5_800, `${clock.now()} ms`);
    await clock.advance(2_000);
    for (const { gate } of [a, b, c]) {
      const { waiting, remaining, held } = gate.snapshot;
      assert.deepEqual([waiting, remaining, held], [0, 976, null]);
    }
  });
}

Deno.test("every unit sees how many wait in the fleet, what is left, and when the next may go", async () => {
  const { bringUp, clock, c, sim } = await setUp("abc", { shards: 12 });
  bringUp();
  await clock.runUntil(() => sim.ledger.identifies.length === 3, LONG_MS);
  await clock.advance(1_500);
  const { waiting, remaining, total, nextSlotMs, maxConcurrency } = c.gate.snapshot;
  assert.deepEqual([waiting, remaining, total, maxConcurrency], [9, 997, 1000, 1]);
  assert.ok(nextSlotMs > 2_000 && nextSlotMs < 4_000, `${nextSlotMs}`);
});

/** Moments at which the leader is lost while `b` has a permit, or is about to. */
const MOMENTS: Record<string, (it: Awaited<ReturnType<typeof setUp>>) => boolean> = {
  "a permit is about to be written": ({ sim: { ledger: { identifies } }, clock }) =>
    identifies.length === 2 && clock.now() > identifies[1]!.atMs + 5_250,
  "a permit is written and not yet told": ({ b, permits }) =>
    permits().some(({ unit }) => unit === "b") && b.allowed.length === 0,
  "a permit is told and not yet used": ({ b }) => b.allowed.length === 1,
  "a permit is used and that is not yet told": ({ sim }) => sim.ledger.identifies.length === 3,
  "a permit is used and that is told and not yet written": ({ b, permits, a }) =>
    b.ready.size === 1 && a.gate.snapshot.remaining === 997 &&
    permits().some(({ unit }) => unit === "b"),
  "a permit is used and that was heard and not yet written": ({ b, permits }) =>
    b.gate.snapshot.remaining === 997 && permits().some(({ unit }) => unit === "b"),
};

for (const [moment, isIt] of Object.entries(MOMENTS)) {
  for (const how of ["kill", "freeze"] as const) {
    Deno.test(`the pace holds when the leader is lost (${how}) as ${moment}`, async () => {
      const it = await setUp("abc", { shards: 6, latencyMs: 40 });
      const { clock, a, b, c, shares, sim } = it;
      it.bringUp();
      await clock.runUntil(() => isIt(it), LONG_MS);
      if (how === "kill") a.kill();
      else a.line.freeze();
      await clock.advance(16_000);
      // What of its shards has no session is another's now.
      const left = shares[0]!.filter((shard) => !a.ready.has(shardKeyText(shard)));
      c.bringUp(left);
      await clock.advance(14_000);
      a.line.thaw();
      a.drop(left);
      await it.ready();
      assert.deepEqual(sim.ledger.violations, []);
      assert.notEqual(b.view.leader, "a");
      assert.equal(it.identifies(), 6);
      await clock.advance(60_000);
      const { remaining } = b.gate.snapshot;
      assert.ok(remaining <= 994 && remaining >= 992, `${remaining}`);
    });
  }
}

Deno.test("a permit that was held up in a frozen leader, or on the way to a frozen unit, is not taken", async () => {
  for (const [frozen, forMs] of [["a", 12_000], ["b", 40_000]] as const) {
    const it = await setUp("abc", { shards: 3, latencyMs: 40 });
    const { clock, b, sim, bringUp, permits, ready } = it;
    bringUp();
    await clock.runUntil(() => permits().some(({ unit }) => unit === "b"), LONG_MS);
    it[frozen].line.freeze();
    await clock.advance(forMs);
    assert.equal(b.allowed.length, 0);
    it[frozen].line.thaw();
    await ready();
    assert.deepEqual(b.permits, [2], `it was held up in ${frozen}`);
    assert.deepEqual(sim.ledger.violations.filter(({ rule }) => rule !== "order"), []);
    assert.equal(sim.ledger.identifies.length, 3);
  }
});

Deno.test("a unit tells a permit that nobody has written down, and it keeps its key", async () => {
  const { clock, bus, a, b, c, sim, shares, bringUp } = await setUp("abc", {
    shards: 3,
    connectMs: 1,
  });
  b.isIdle = true;
  bringUp();
  await clock.runUntil(() => b.allowed.length === 1, LONG_MS);
  // Leader and server are lost, and what the server knew: the next one leads soon, and knows nothing.
  const lostMs = clock.now();
  a.kill();
  bus.stop();
  bus.start(60_000);
  await clock.runUntil(() => b.view.term !== null || c.view.term !== null, 14_500);
  await clock.advance(lostMs + 19_500 - clock.now());
  b.use(shares[1]![0]!);
  await clock.advance(400);
  assert.equal(sim.ledger.identifies.length, 2, "its key was given away");
  await clock.runUntil(() => sim.ledger.identifies.length === 3, LONG_MS);
  assert.deepEqual(sim.ledger.violations, []);
});

Deno.test("a new leader allows nobody before it has heard of all, or has waited for them", async () => {
  const { clock, a, b, c, all, sim } = await setUp("abc", { shards: 4 });
  b.bringUp(all.slice(1, 2));
  c.bringUp(all.slice(2));
  await clock.advance(100);
  a.kill();
  await clock.runUntil(() => c.view.term !== null || b.view.term !== null, LONG_MS);
  const other = c.view.term === null ? c : b;
  other.line.freeze();
  await clock.advance(8_000);
  assert.equal(sim.ledger.identifies.length, 0);
  other.line.thaw();
  await clock.advance(60_000);
  assert.deepEqual(sim.ledger.identifies.map(({ shardId }) => shardId), [1, 2, 3]);
});

Deno.test("a unit that is cut off with a permit keeps its key for as long as it may use it", async () => {
  const { clock, bus, b, sim, stage, shares, bringUp, ready } = await setUp("abc", {
    shards: 3,
    connectMs: 1,
  });
  b.isIdle = true;
  bringUp();
  await clock.runUntil(() => b.allowed.length === 1, LONG_MS);
  bus.part([["a", "c"]]);
  const cutMs = clock.now();
  await clock.advance(15_000);
  b.use(shares[1]![0]!);
  await clock.advance(1_000);
  assert.equal(sim.ledger.identifies.length, 2, "it may use it");
  await clock.runUntil(() => sim.ledger.identifies.length === 3, LONG_MS);
  assert.ok(clock.now() - cutMs >= 44_000, "its key was given away");
  bus.part(null);
  await ready();
  assert.deepEqual(stage.sim.ledger.violations, []);
});

Deno.test("a unit that is cut off with a permit keeps its key though the leader that gave it is lost", async () => {
  const { clock, bus, a, b, c, sim, shares, bringUp } = await setUp("abc", {
    shards: 3,
    connectMs: 1,
  });
  b.isIdle = true;
  bringUp();
  await clock.runUntil(() => b.allowed.length === 1, LONG_MS);
  bus.part([["a", "c"]]);
  a.kill();
  // It uses it at the last moment; by then another one leads.
  await clock.advance(19_500);
  b.use(shares[1]![0]!);
  await clock.advance(500);
  assert.deepEqual([c.view.leader, sim.ledger.identifies.length], ["c", 2]);
  await clock.runUntil(() => sim.ledger.identifies.length === 3, LONG_MS);
  const [, cutOff, other] = sim.ledger.identifies;
  assert.ok(other!.atMs - cutOff!.atMs > 5_000, `${other!.atMs - cutOff!.atMs}`);
  assert.deepEqual(sim.ledger.violations, []);
});

Deno.test("nobody identifies while the line is away, and what waits says why", async () => {
  const { clock, bus, a, b, bringUp, ready, identifies, assertWell } = await setUp("ab", {
    shards: 4,
  });
  bus.stop();
  await clock.advance(8_000);
  bringUp();
  await clock.advance(60_000);
  assert.equal(identifies(), 0);
  const hold = { untilMs: null, away: "the line to the other units is down" };
  assert.deepEqual([b.gate.snapshot.held, b.gate.snapshot.waiting], [hold, 2]);
  assert.deepEqual([a.held, b.held], [[hold], [hold]]);
  bus.start();
  await ready();
  assertWell();
  assert.deepEqual([b.held, b.gate.snapshot.held], [[hold, null], null]);
});

Deno.test("what waits says that the key cannot be written, and nobody is allowed who is not written down", async () => {
  const { clock, bus, b, bringUp, ready, identifies, assertWell } = await setUp("ab", {
    shards: 4,
  });
  bringUp();
  await clock.runUntil(() => identifies() === 1, LONG_MS);
  bus.fill(true);
  // The leader cannot say that it leads, either; who leads next cannot begin to.
  await clock.advance(8_000);
  assert.match(b.gate.snapshot.held?.away ?? "", /cannot write key identify: .*disk is full/);
  await clock.advance(60_000);
  assert.equal(identifies(), 1);
  bus.fill(false);
  await ready();
  assertWell();
});

Deno.test("a leader whose key was written by another sends no permit that is not in it", async () => {
  const { clock, bus, b, bringUp, ready, identifies, assertWell, c } = await setUp("abc", {
    shards: 6,
  });
  bringUp();
  await clock.runUntil(() => identifies() === 2, LONG_MS);
  await clock.advance(4_000);
  const { value } = bus.entries.get(IDENTIFY_KEY)!;
  await Promise.all([c.line.keys.put(IDENTIFY_KEY, value), clock.advance(10)]);
  await clock.advance(4_000);
  assert.equal(identifies(), 2, "the lead began anew: all keys wait");
  assert.equal(b.allowed.length, 0);
  await ready();
  assertWell();
});

Deno.test("a server that loses what was written, and its leader with it, costs nothing but time", async () => {
  const { clock, bus, a, b, c, shares, bringUp, ready, sim, identifies } = await setUp("abc", {
    shards: 9,
    maxConcurrency: 3,
    connectMs: 12_000,
  });
  bringUp();
  await clock.runUntil(() => b.allowed.length > 0, LONG_MS);
  a.kill();
  bus.stop();
  await clock.advance(1_000);
  bus.start(60_000);
  assert.equal(bus.entries.get(IDENTIFY_KEY), undefined);
  const left = shares[0]!.filter((shard) => !a.ready.has(shardKeyText(shard)));
  const inVain = sim.ledger.identifies.filter(({ shardId }) =>
    left.some(({ id }) => id === shardId)
  );
  c.bringUp(left);
  await ready();
  assert.deepEqual(sim.ledger.violations, []);
  assert.equal(identifies(), 9 + inVain.length);
  // What was spent in the last second nobody may know.
  const spent = 1000 - b.gate.snapshot.remaining;
  assert.ok(Math.abs(spent - identifies()) <= 3, `${spent} spent`);
});

Deno.test("clocks that are 30 s apart neither shorten the pace nor fill the day up", async () => {
  const { clock, bringUp, ready, sim, a, b, stage } = await setUp("abc", {
    shards: 6,
    remaining: 4,
    reserve: 1,
    windowMs: 600_000,
  }, { a: { aheadMs: -30_000 }, b: { aheadMs: 30_000 }, c: { aheadMs: 15_000 } });
  bringUp();
  await clock.runUntil(() => sim.ledger.identifies.length === 3, LONG_MS);
  await clock.advance(60_000);
  a.kill();
  const left = stage.all.filter((it) => !stage.ready().has(shardKeyText(it)));
  b.bringUp(left);
  await clock.advance(600_000 - clock.now());
  assert.equal(sim.ledger.identifies.length, 3, "the reserve was touched");
  await ready();
  assert.deepEqual(sim.ledger.violations, []);
});

Deno.test("a unit that was by itself brings what it knows of the day's identifies", async () => {
  const { clock, a, b, bringUp, identifies } = await setUp("ab", { shards: 8, reserve: 2 }, {
    b: { budget: (nowMs) => ({ total: 1000, remaining: 5, resetAtMs: nowMs + 3_600_000 }) },
  });
  await clock.advance(2_000);
  assert.deepEqual([a.gate.snapshot.remaining, b.gate.snapshot.remaining], [5, 5]);
  assert.equal(a.known?.remaining, 5, "it writes down what holds in the fleet");
  bringUp();
  await clock.advance(120_000);
  assert.equal(identifies(), 3);
  const { held, waiting } = b.gate.snapshot;
  assert.ok(held?.untilMs, "the reserve holds the rest back");
  assert.equal(waiting, 5);
});

Deno.test("a lower group of one unit goes before a later one of another, once it is expected", async () => {
  const { clock, a, b, all, identifies, sim } = await setUp("ab", { shards: 4, maxConcurrency: 2 });
  a.gate.expect(all.slice(0, 2));
  await clock.advance(8_000);
  b.bringUp(all.slice(2));
  await clock.advance(20_000);
  assert.equal(identifies(), 0);
  a.bringUp(all.slice(0, 1));
  a.gate.release(all[1]!);
  await clock.advance(30_000);
  const begun = sim.ledger.identifies.map(({ shardId }) => shardId);
  assert.deepEqual([begun[0], begun.toSorted()], [0, [0, 2, 3]]);
});

Deno.test("of a unit that dies all requests are forgotten, and its permits count as used", async () => {
  const { clock, a, b, all, identifies, permits, sim } = await setUp("ab", { shards: 4 });
  b.isIdle = true;
  b.bringUp(all.slice(0, 3));
  await clock.runUntil(() => b.allowed.length === 1, LONG_MS);
  a.bringUp(all.slice(3));
  b.kill();
  const diedMs = clock.now();
  await clock.runUntil(() => identifies() === 1, LONG_MS);
  assert.ok(clock.now() - diedMs > 44_000 && clock.now() - diedMs < 60_000);
  await clock.advance(5_000);
  assert.deepEqual([permits(), a.gate.snapshot.remaining, a.gate.snapshot.waiting], [[], 998, 0]);
  assert.deepEqual(sim.ledger.violations, []);
});

Deno.test("a worker that is lost on one unit costs the fleet what it held", async () => {
  const { clock, a, b, all, identifies } = await setUp("ab", { shards: 4 });
  b.isIdle = true;
  b.bringUp(all.slice(0, 2));
  a.bringUp(all.slice(2, 3));
  await clock.runUntil(() => b.allowed.length === 1, LONG_MS);
  b.gate.lost(all.slice(0, 2));
  await clock.runUntil(() => identifies() === 1, 6_000);
  assert.equal(a.allowed.length, 1);
  await clock.advance(2_000);
  assert.equal(b.gate.snapshot.remaining, 998);
});

Deno.test("a unit that is asked though it does not lead refuses", async () => {
  const { clock, a, b } = await setUp("ab", { shards: 1 });
  await clock.advance(100);
  const asked = assert.rejects(b.line.bus.ask(identifySubject("b"), {}, 1_000), { code: "away" });
  const bad = assert.rejects(a.line.bus.ask(identifySubject("a"), {}, 1_000), {
    code: "bad_message",
  });
  await clock.advance(2_000);
  await Promise.all([asked, bad]);
});

Deno.test("the identifies of a fleet go on as another unit leads, and again", async () => {
  const stage: Stage = createStage({ shards: 16, maxConcurrency: 2 });
  const { clock, all } = stage;
  for (const name of ["a", "b", "c", "d"]) stage.start(name);
  await clock.advance(5_000);
  for (const [i, unit] of [...stage.units.values()].entries()) {
    unit.bringUp(all.slice(4 * i, 4 * i + 4));
  }
  const led: string[] = [];
  while (!stage.isReady()) {
    await clock.advance(25_000);
    const leader = stage.leader();
    if (!leader || led.length === 3) continue;
    led.push(leader.view.self);
    leader.line.freeze();
    await clock.advance(20_000);
    leader.line.thaw();
  }
  assert.equal(new Set(led).size > 1, true, led.join());
  stage.assertWell();
});
