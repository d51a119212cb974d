import assert from "node:assert/strict";
import type { OpenSpool } from "../../ports/spool.ts";
import { sleep } from "../../ports/clock.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { createSimulator } from "../../sim/mod.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { createRig } from "../support/rig.ts";

/** A bot that is slow, and a disk whose writes take so long. */
async function setUp(writeMs: () => number) {
  const clock = createVirtualClock();
  const sim = createSimulator({ clock, shards: 3, recordEvents: true, ringEvents: 50_000 });
  const spools = memorySpool();
  const openSpool: OpenSpool = async (shardId) => {
    const spool = await spools(shardId);
    return {
      get first() {
        return spool.first;
      },
      get last() {
        return spool.last;
      },
      get bytes() {
        return spool.bytes;
      },
      damaged: 0,
      async append(records) {
        await sleep(clock, writeMs());
        await spool.append(records);
      },
      read: (cursor, limitBytes) => spool.read(cursor, limitBytes),
      trim: (cursor) => spool.trim(cursor),
      close: () => spool.close(),
    };
  };
  const rig = await createRig({
    shards: 3,
    earlier: { clock, sim },
    openSpool,
    queueMemoryBytes: 200_000,
    windowBytes: 20_000,
    handlerMs: 200,
  });
  rig.start();
  await rig.ready();
  const counters = () => rig.gateway.serving.shards.map(({ counters }) => counters!);
  const warnings = () =>
    rig.logged.filter(({ event }) => event.startsWith("Discord was not read for a while"));
  return { ...rig, counters, warnings };
}

Deno.test("a worker whose disk stalls leaves Discord unread: no event is lost, and no session", async () => {
  let writeMs = 1;
  const { clock, sim, counters, warnings, ...rig } = await setUp(() => writeMs);
  sim.traffic.setRate(300);
  await clock.advance(5_000);
  for (const stallMs of [3_000, 29_000, 100]) {
    writeMs = stallMs;
    await clock.advance(30_000);
  }
  sim.traffic.setRate(0);
  writeMs = 1;
  await clock.advance(600_000);
  assert.ok(sim.ledger.events.length > 10_000, `${sim.ledger.events.length} events`);
  assert.deepEqual(counters().map(({ dropped, reconnects }) => [dropped, reconnects]), [
    [0, {}],
    [0, {}],
    [0, {}],
  ]);
  assert.ok(warnings().some(({ fields }) => Number(fields.forMs) > 10_000));
  rig.assertNothingLost();
  rig.assertNoViolations();
});

Deno.test("a shard that comes up while its worker's disk stalls keeps the session that it gets", async () => {
  let writeMs = 1;
  const { clock, sim, counters, ...rig } = await setUp(() => writeMs);
  sim.traffic.setRate(300);
  await clock.advance(5_000);
  writeMs = 25_000;
  await clock.advance(2_000);
  sim.faults.cut();
  await clock.advance(45_000);
  writeMs = 1;
  sim.traffic.setRate(0);
  await clock.advance(600_000);
  assert.deepEqual(counters().map(({ dropped, identifies }) => [dropped, identifies]), [
    [0, 1],
    [0, 1],
    [0, 1],
  ]);
  rig.assertNothingLost();
  rig.assertNoViolations();
});
