import assert from "node:assert/strict";
import { memoryStore } from "../../ports/store.ts";
import { shardKeyText } from "../../protocol/ids.ts";
import { dealtInTurn } from "../../unit/shares/share.ts";
import { cluster } from "../support/peers.ts";
import { connect } from "../support/library.ts";
import { createRig } from "../support/rig.ts";
import { Owners } from "../../unit/reshard/owners.ts";

const TWO_WORKERS = { shards: 2, workers: 2, sim: { maxConcurrency: 2 } } as const;

Deno.test("a cluster that is relayed counts as linked as soon as its link is welcomed", async () => {
  const rig = await createRig(TWO_WORKERS);
  const cut = rig.start();
  await rig.clock.advance(2);
  assert.deepEqual(rig.linked, [true]);
  assert.equal(rig.gateway.pool.isIntroduced(cluster(0)), false);
  cut();
  assert.deepEqual(rig.linked, [true, false]);
});

Deno.test("a cluster that the workers dial counts as linked once every one of them is welcomed", async () => {
  const rig = await createRig({ ...TWO_WORKERS, direct: true });
  rig.place.bot = null;
  const cut = rig.start();
  await rig.clock.advance(2);
  assert.equal(rig.gateway.links.of(cluster(0)), 1, "its own link is up");
  assert.deepEqual(rig.linked, []);
  await rig.clock.runUntil(() => rig.linked.length > 0, 5_000);
  assert.deepEqual([rig.linked, rig.place.workers], [[true], [0, 1]]);
  rig.place.cut(1);
  await rig.clock.runUntil(() => rig.linked.length > 1, 100);
  assert.deepEqual([rig.linked, rig.place.workers], [[true, false], [0]]);
  await rig.clock.runUntil(() => rig.linked.length > 2, 5_000);
  assert.deepEqual(rig.linked, [true, false, true]);
  cut();
  await rig.clock.advance(10);
  assert.deepEqual([rig.linked.slice(3), rig.place.workers], [[false], []], "they have hung up");
});

Deno.test("when guilds have moved commands follow them, and who is linked learns the new number of shards", async () => {
  const rig = await createRig(TWO_WORKERS);
  rig.start();
  await rig.ready();
  const changes = () => rig.logged.filter(({ event }) => event === "number of shards has changed");
  const owners = new Owners({ total: 2, move: { to: 4, moved: [1] } });
  rig.gateway.own(owners);
  assert.deepEqual([rig.owned, rig.gateway.owners, changes().length], [[owners], owners, 0]);
  const payload = { op: 4, d: { guild_id: String(3n << 22n), channel_id: null } };
  await assert.rejects(rig.gateway.commands.send(1, payload), /a shard of 4 in total/);
  rig.gateway.own(new Owners({ total: 4, move: null }));
  await rig.clock.advance(10);
  assert.deepEqual(changes().map(({ fields }) => fields), [{ totalShards: 4 }]);
});

Deno.test("a cluster's newer link is news, although the older one never went down", async () => {
  const rig = await createRig({ ...TWO_WORKERS, direct: true });
  rig.start();
  await rig.clock.advance(100);
  rig.link(rig.createBot());
  await rig.clock.advance(1_000);
  assert.deepEqual(rig.linked, [true, false, true]);
  assert.deepEqual(rig.place.workers, [0, 1]);
});

Deno.test("a gateway that stops has the last acknowledgements written down, of relayed and dialled alike", async () => {
  for (const direct of [false, true]) {
    const store = memoryStore();
    const rig = await createRig({ ...TWO_WORKERS, direct, store });
    rig.start();
    await rig.ready();
    rig.sim.traffic.setRate(500);
    await rig.clock.advance(3_000);
    await rig.stop();
    rig.sim.traffic.setRate(0);
    const counts = await createRig({ ...TWO_WORKERS, direct, store, earlier: rig });
    counts.start();
    await counts.ready();
    await counts.clock.advance(3_000);
    const all = [...rig.got, ...counts.got].filter(({ t }) => t !== "RESUMED");
    const sent = rig.sim.ledger.events.filter(({ t }) => t !== "RESUMED");
    assert.equal(all.length, sent.length, direct ? "dialled" : "relayed");
  }
});

/** A share of eight shards on two workers, which changes. */
function shareOf(...ids: number[]) {
  const own = new Set(ids);
  return {
    own,
    has: ({ id }: { readonly id: number }) => own.has(id),
    whereIs: () => "b",
    isFixed: false,
    deal: dealtInTurn,
  };
}

Deno.test("a unit brings up and shows the shards that it has, in workers that have something to do; others as they come", async () => {
  const share = shareOf(0, 2);
  const rig = await createRig({ shards: 8, workers: 2, sim: { maxConcurrency: 16 }, share });
  rig.start();
  await rig.ready();
  const shown = () => rig.gateway.shards.map(keyTextOf);
  assert.deepEqual([shown(), rig.gateway.servingIds], [["0/8", "2/8"], [0, 2]]);
  assert.deepEqual(rig.gateway.pool.workers.map(({ workerId }) => workerId), [0]);
  assert.deepEqual(rig.sim.ledger.identifies.map(({ shardId }) => shardId), [0, 2]);
  share.own.add(5);
  rig.gateway.bringUp({ total: 8, id: 5 });
  rig.gateway.shareChanged();
  await rig.ready();
  assert.deepEqual([shown(), rig.gateway.servingIds], [["0/8", "2/8", "5/8"], [0, 2, 5]]);
  assert.deepEqual(rig.gateway.pool.workers.map(({ workerId }) => workerId), [0, 1]);
  rig.assertNoViolations();
});

const keyTextOf = ({ shardId, totalShards }: { shardId: number; totalShards: number }) =>
  shardKeyText({ id: shardId, total: totalShards });

Deno.test("a client on /gateway that wants a shard of another unit is told which one has it", async () => {
  const rig = await createRig({ shards: 8, workers: 2, share: shareOf(0, 1) });
  rig.start();
  const library = connect(rig);
  library.identify(undefined, [3, 8]);
  await rig.clock.advance(100);
  assert.equal(library.closedWith, 4010);
});

Deno.test("a cluster is not away because a worker that gets its first shard dials it first", async () => {
  const share = shareOf(0);
  const options = { shards: 8, workers: 2, sim: { maxConcurrency: 16 }, share, direct: true };
  const rig = await createRig(options);
  rig.start();
  await rig.ready();
  assert.deepEqual([rig.linked, rig.place.workers], [[true], [0]]);
  share.own.add(1);
  rig.gateway.bringUp({ total: 8, id: 1 });
  rig.gateway.shareChanged();
  await rig.ready();
  assert.deepEqual([rig.linked, rig.place.workers], [[true], [0, 1]]);
});

Deno.test("a cluster that a worker with its first shard cannot reach is away soon", async () => {
  const share = shareOf(0);
  const options = { shards: 8, workers: 2, sim: { maxConcurrency: 16 }, share, direct: true };
  const rig = await createRig(options);
  rig.start();
  await rig.ready();
  rig.place.bot = null;
  share.own.add(1);
  rig.gateway.bringUp({ total: 8, id: 1 });
  rig.gateway.shareChanged();
  await rig.clock.advance(1_000);
  assert.deepEqual(rig.linked, [true]);
  await rig.clock.advance(2_000);
  assert.deepEqual(rig.linked, [true, false]);
});
