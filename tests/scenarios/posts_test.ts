/** A bot that gets its events by POST, against Discord's ledger: away, slow, ill, and a unit that restarts. */

import assert from "node:assert/strict";
import { SILENCE_DEADLINE_MS } from "../../workers/slot.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { createRig, type RigOptions } from "../support/rig.ts";

const FOUR = {
  shards: 4,
  workers: 2,
  sim: { maxConcurrency: 4, ringEvents: 50_000 },
} as const;

/** A rig whose shards are ready, under load. */
async function setUp(options: RigOptions = {}) {
  const rig = await createRig({ ...FOUR, receiver: "new", ...options });
  rig.start();
  await rig.ready();
  rig.sim.traffic.setRate(500);
  await rig.clock.advance(2_000);
  return {
    ...rig,
    /** The load ends; everything has come, in order, and nothing was spent for it. */
    async settle() {
      rig.sim.traffic.setRate(0);
      await rig.clock.advance(30_000);
      await rig.ready();
      assert.equal(rig.linked.at(-1), true);
      assert.equal(rig.identifies(), 4, "an identify was spent");
      rig.assertNothingLost();
      rig.assertNoViolations();
      assert.ok(rig.receiver.underWay.sameShard <= 1, "two batches of a shard at a time");
      const { queued } = rig.gateway.serving.shards[0]!.counters!;
      assert.equal(queued, 0);
    },
  };
}

Deno.test("events are POSTed by the workers, each once, and none goes through the main thread", async () => {
  const rig = await setUp();
  await rig.settle();
  assert.equal(rig.receiver.repeats, 0);
  assert.deepEqual(rig.linked, [true]);
  const events = rig.receiver.posts.filter(({ events }) => events.length > 0);
  const workers = new Set(events.map(({ headers }) => headers["gatehouse-worker"]));
  assert.deepEqual([...workers].sort(), ["0", "1"]);
});

Deno.test("a receiver that is away for a minute gets everything, in order, out of memory and disk", async () => {
  const rig = await setUp({ openSpool: memorySpool(), queueMemoryBytes: 200_000 });
  rig.receiver.answer = () => "refused";
  await rig.clock.advance(60_000);
  assert.deepEqual(rig.linked, [true, false]);
  rig.receiver.answer = () => ({});
  await rig.clock.advance(15_000);
  await rig.settle();
  assert.equal(rig.receiver.repeats, 0);
});

Deno.test("a receiver that is slow, ill and out of reach by turns gets everything; repeats are only what got no answer", async () => {
  const rig = await setUp({ openSpool: memorySpool() });
  let posts = 0;
  let lost = 0;
  rig.receiver.answer = ({ events }) => {
    rig.receiver.latencyMs = posts % 5 === 0 ? 2_000 : 20;
    if (++posts % 7 === 0) return { status: 503, retryAfter: "1" };
    if (posts % 11 === 0) return "refused";
    if (posts % 13 !== 0) return {};
    lost += events.length;
    return "lost";
  };
  await rig.clock.advance(60_000);
  rig.receiver.answer = () => ({});
  rig.receiver.latencyMs = 5;
  await rig.settle();
  assert.ok(lost > 0);
  assert.equal(rig.receiver.repeats, lost);
});

Deno.test("a worker that crashes in the midst of its POSTs is followed by one that goes on", async () => {
  const rig = await setUp();
  rig.receiver.latencyMs = 100;
  await rig.clock.advance(1_000);
  [...rig.alive][0]!.die();
  await rig.clock.advance(SILENCE_DEADLINE_MS + 3_000);
  await rig.settle();
});

Deno.test("a unit that stops in good order has nothing sent twice by the next one", async () => {
  const first = await setUp();
  await first.stop();
  const came = first.receiver.got.length;
  const rig = await setUp({ receiver: first.receiver, store: first.store, earlier: first });
  await rig.settle();
  assert.ok(first.receiver.got.length > came);
  assert.equal(first.receiver.repeats, 0);
});

Deno.test("interactions are deferred in the place of a receiver that is away, and come marked", async () => {
  const rig = await setUp();
  rig.receiver.answer = () => "refused";
  await rig.clock.advance(500);
  rig.sim.traffic.burst(20, "INTERACTION_CREATE");
  await rig.clock.advance(5_000);
  rig.receiver.answer = () => ({});
  await rig.clock.advance(12_000);
  await rig.settle();
  const marked = rig.receiver.got.filter(({ payload }) => {
    const { gatehouse } = payload?.d as { gatehouse?: { answered?: string } } ?? {};
    return gatehouse?.answered !== undefined;
  });
  assert.ok(marked.length >= 20, `${marked.length} are marked`);
});
