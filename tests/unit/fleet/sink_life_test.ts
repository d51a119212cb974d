/** The event stream of a unit whose workers, server and life end: what the simulator sent, each once, in order. */

import assert from "node:assert/strict";
import { memoryStore } from "../../../ports/store.ts";
import { ALONE } from "../../../unit/shares/share.ts";
import { FakeStream } from "../../support/fleet/fake_stream.ts";
import { createRig, type Rig } from "../../support/rig.ts";

const SHARDS = 2;

async function life(
  stream: FakeStream,
  more: { store?: ReturnType<typeof memoryStore>; earlier?: Rig } = {},
) {
  const share = { ...ALONE, events: stream };
  const rig = await createRig({
    shards: SHARDS,
    workers: 2,
    sim: { maxConcurrency: 2 },
    share,
    ...more,
  });
  rig.start();
  await rig.ready();
  return rig;
}

// deno-lint-ignore no-explicit-any -- what a gateway says
const read = (stream: FakeStream, id: number): any[] =>
  stream.read({ id, total: SHARDS }).flatMap(({ event }) => event ?? []);

/** Whether a shard's events in the stream are those that were sent, from where it began. */
function check(rig: Rig, stream: FakeStream): void {
  for (let id = 0; id < SHARDS; id++) {
    const told = read(stream, id).map(({ t, s }) => `${t} ${s}`).filter((it) =>
      !/^RESUMED/.test(it)
    );
    const sent = rig.sim.ledger.events.filter(({ shardId, t }) => shardId === id && t !== "RESUMED")
      .map(({ t, s }) => `${t} ${s}`);
    assert.ok(told.length > 500, `${told.length} of shard ${id}`);
    assert.deepEqual(told, sent.slice(sent.length - told.length));
    assert.ok(sent.length - told.length < 40, `${sent.length - told.length} before it began`);
    const cursors = stream.read({ id, total: SHARDS }).map(({ cursor }) => cursor);
    assert.deepEqual(cursors, [...new Set(cursors)].toSorted((a, b) => a - b));
  }
}

Deno.test("the event stream has each event once, whatever becomes of workers, of NATS and of the unit", async () => {
  const stream = new FakeStream();
  const store = memoryStore();
  const rig = await life(stream, { store });
  rig.sim.traffic.setRate(300);
  await rig.clock.advance(3_000);
  for (const { workerId } of rig.gateway.pool.workers) rig.gateway.pool.restart(workerId);
  await rig.clock.advance(5_000);
  stream.isAway = true;
  await rig.clock.advance(10_000);
  stream.isAway = false;
  stream.faults = ["unheard", "unheard", "away", "unheard"];
  await rig.clock.advance(15_000);
  await rig.stop();
  const next = await life(stream, { store, earlier: rig });
  await next.clock.advance(3_000);
  rig.sim.traffic.setRate(0);
  await next.clock.advance(10_000);
  check(next, stream);
  await next.stop();
});
