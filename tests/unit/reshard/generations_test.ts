import assert from "node:assert/strict";
import { memoryStore } from "../../../ports/store.ts";
import { cluster } from "../../support/peers.ts";
import { createRig, type Rig } from "../../support/rig.ts";
import { begun, handedOver, settledRecord } from "../../../unit/reshard/record.ts";

const TWO = { shards: 2, workers: 2, sim: { maxConcurrency: 16, guilds: 12 } } as const;

/** Guilds move from 2 shards to 4; of the lots those of `moved` are there. */
function movingTo4(...moved: number[]) {
  const move = begun(settledRecord(2, null), { to: 4, by: "operator", startedAtMs: 1 });
  return moved.reduce((record, rest) => handedOver(record, rest, 4, new Map()), move);
}

async function settle<Result>(rig: Rig, promise: Promise<Result>): Promise<Result> {
  let isDone = false;
  promise.then(() => isDone = true, () => isDone = true);
  await rig.clock.runUntil(() => isDone, 30_000);
  return await promise;
}

const seen = (rig: Rig) =>
  rig.gateway.shards.map(({ shardId, totalShards, role, state }) =>
    `${shardId}/${totalShards} ${role} ${state}`
  );

const sessionsOf = (rig: Rig) =>
  [...rig.sim.ledger.sessions.values()].filter(({ ended }) => ended === null)
    .map(({ shardId, totalShards }) => `${shardId}/${totalShards}`).sort();

/** Lot 0 is moved by hand: 0 and 2 of 4 serve, 1 of 2 does. */
async function halfway(rig: Rig): Promise<void> {
  rig.start();
  await rig.ready();
  rig.setRecord(movingTo4());
  const generation = await settle(rig, rig.gateway.createGeneration(4));
  assert.deepEqual(sessionsOf(rig), ["0/2", "1/2"], "nobody has asked for any of the others");
  for (const id of [0, 2]) {
    rig.risen.add(`${id}/4`);
    generation.side.bringUp(id, { kind: "rises" });
  }
  await rig.clock.advance(10_000);
  assert.deepEqual(seen(rig), [
    "0/2 serves ready",
    "1/2 serves ready",
    "0/4 rises ready",
    "2/4 rises ready",
  ]);
  rig.setRecord(movingTo4(0));
  for (const id of [0, 2]) {
    generation.side.serve(id, {
      from: [{ total: 2, id: 0 }],
      through: 0,
      guilds: {},
      others: 0,
      loads: [],
      mayRepeat: [],
    });
  }
  await settle(rig, rig.gateway.generations[0].side.endShard(0));
}

Deno.test("shards of two totals live side by side, those that rise beside those that serve", async () => {
  const rig = await createRig(TWO);
  await halfway(rig);
  assert.deepEqual(seen(rig), ["1/2 serves ready", "0/4 serves ready", "2/4 serves ready"]);
  assert.deepEqual(sessionsOf(rig), ["0/4", "1/2", "2/4"]);
  assert.deepEqual(rig.gateway.servingIds, [0, 1, 2]);
  assert.equal(rig.identifies(), 4);
  assert.equal(rig.estates.isOver({ total: 2, id: 0 }), true);
  const before = rig.got.length;
  rig.sim.traffic.setRate(100);
  await rig.clock.advance(2_000);
  assert.ok(rig.got.length > before + 150);
  rig.assertNoViolations();
});

Deno.test("a unit that restarts halfway resumes the shards of both totals, and identifies none", async () => {
  for (const how of ["SIGTERM", "SIGKILL"]) {
    const store = memoryStore();
    const first = await createRig({ ...TWO, store });
    await halfway(first);
    first.sim.traffic.setRate(60);
    await first.clock.advance(2_000);
    if (how === "SIGTERM") await first.stop();
    else for (const thread of [...first.alive]) thread.die();
    await first.clock.advance(1_000);
    const second = await createRig({ ...TWO, store, earlier: first, record: movingTo4(0) });
    second.start();
    await second.clock.runUntil(() => seen(second).every((text) => text.endsWith("ready")), 30_000);
    first.sim.traffic.setRate(0);
    await second.clock.advance(2_000);
    assert.deepEqual(seen(second), ["1/2 serves ready", "0/4 serves ready", "2/4 serves ready"]);
    assert.deepEqual(sessionsOf(second), ["0/4", "1/2", "2/4"]);
    assert.equal(second.identifies(), 4, how);
    const numbered = second.sim.ledger.events.filter(({ totalShards, shardId, t }) =>
      t === "MESSAGE_CREATE" && totalShards === (shardId === 1 ? 2 : 4)
    );
    const ids = (events: readonly { d: unknown }[]) =>
      new Set(events.map(({ d }) => (d as { id: string }).id));
    const came = ids([...first.got, ...second.got].filter(({ t }) => t === "MESSAGE_CREATE"));
    for (const { key } of numbered) assert.ok(came.has(key), `${how}: ${key} was lost`);
    second.assertNoViolations();
  }
});

Deno.test("a total that is dropped leaves no session, no estate but its cursors, and goes on counting", async () => {
  const rig = await createRig(TWO);
  await halfway(rig);
  const generation = rig.gateway.generations[1]!;
  rig.risen.add("1/4").add("3/4");
  for (const id of [1, 3]) generation.side.bringUp(id, { kind: "rises" });
  await rig.clock.advance(10_000);
  const count = () => rig.gateway.pool.eventsByType.totals.READY;
  const ready = count();
  rig.setRecord(settledRecord(4, null));
  await settle(rig, rig.gateway.dropGeneration(2));
  assert.deepEqual(rig.gateway.generations.map(({ total }) => total), [4]);
  assert.deepEqual(sessionsOf(rig), ["0/4", "1/4", "2/4", "3/4"]);
  assert.equal(rig.estates.of({ total: 2, id: 1 }).session, null);
  assert.ok(rig.estates.of({ total: 2, id: 1 }).highest! > 0);
  assert.equal(count(), ready);
  const ended = [...rig.sim.ledger.sessions.values()].filter(({ totalShards }) =>
    totalShards === 2
  );
  assert.ok(ended.every(({ ended }) => ended !== null));
  assert.deepEqual(rig.gateway.pool.workers.map(({ workerId }) => workerId), [2, 3]);
  rig.assertNoViolations();
});

Deno.test("workers of a total that comes beside another have ids of their own, and dial the cluster that is up", async () => {
  const rig = await createRig({ ...TWO, direct: true });
  rig.start();
  await rig.ready();
  rig.setRecord(movingTo4());
  const generation = await settle(rig, rig.gateway.createGeneration(4));
  assert.equal(rig.gateway.pool.isIntroduced(cluster(0)), true);
  for (const id of [0, 2]) {
    rig.risen.add(`${id}/4`);
    generation.side.bringUp(id, { kind: "rises" });
  }
  await rig.clock.advance(10_000);
  assert.deepEqual(rig.place.workers, [0, 1, 2, 3]);
  rig.place.cut(2);
  await rig.clock.advance(1);
  assert.deepEqual(rig.linked, [true], "what rises has nothing for it yet");
});
