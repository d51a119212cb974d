/**
 * Every fault by itself, under load: 500 events/s over 8 shards in virtual time, judged by the
 * simulator's ledger. `deno task soak` mixes them, in real time and with real processes.
 */

import assert from "node:assert/strict";
import type { OpenSpool } from "../../ports/spool.ts";
import { memorySpool } from "../support/memory_spool.ts";
import { memoryStore } from "../../ports/store.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import { createRig } from "../support/rig.ts";

type Rig = Awaited<ReturnType<typeof createRig>>;

const EVENTS_PER_SECOND = 500;

/** A unit, which may be in a later life than its bot. */
interface Stage {
  rig: Rig;
  cut: () => void;
  /** The rig whose bot gets everything. */
  readonly bot: Rig;
  readonly options: Parameters<typeof createRig>[0];
  readonly disk: { isFull: boolean };
}

async function setUp(options: Parameters<typeof createRig>[0] = {}): Promise<Stage> {
  const disk = { isFull: false };
  const whole = {
    shards: 8,
    workers: 2,
    sim: { maxConcurrency: 8, guilds: 64, ringEvents: 20_000, seed: 20261122 },
    compression: "zlib-stream" as const,
    store: memoryStore(),
    openSpool: fillable(memorySpool(), disk),
    ...options,
  };
  const rig = await createRig(whole);
  const cut = rig.start();
  await rig.ready();
  rig.sim.traffic.setRate(EVENTS_PER_SECOND);
  await rig.clock.advance(2_000);
  return { rig, cut, bot: rig, options: whole, disk };
}

/** A disk that can be full. */
function fillable(openSpool: OpenSpool, disk: { isFull: boolean }): OpenSpool {
  return async (shardId, reader) => {
    const spool = await openSpool(shardId, reader);
    return new Proxy(spool, {
      get(target, name) {
        if (name === "append" && disk.isFull) {
          const full = new GatehouseError("disk_full", "host", "no space left on device");
          return () => Promise.reject(full);
        }
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
}

async function nextLife(stage: Stage): Promise<void> {
  const rig = await createRig({ ...stage.options, earlier: stage.rig });
  stage.rig = rig;
  // The bot lives on another host: what it has seen, it knows.
  stage.cut = rig.link(stage.bot.bot);
  rig.gateway.pool.spawnShards();
}

const FAULTS: Record<string, (stage: Stage) => Promise<void>> = {
  async "the bot is killed and comes back"(stage) {
    stage.cut();
    await stage.rig.clock.advance(5_000);
    stage.cut = stage.rig.link(stage.bot.bot);
  },
  async "the link is cut again and again"(stage) {
    for (let i = 0; i < 10; i++) {
      await stage.rig.clock.advance(211);
      stage.cut();
      await stage.rig.clock.advance(97);
      stage.cut = stage.rig.link(stage.bot.bot);
    }
  },
  async "a worker crashes"({ rig }) {
    [...rig.alive][0]!.die();
    await rig.clock.advance(20_000);
  },
  async "the unit gets SIGTERM and starts again"(stage) {
    await stage.rig.stop();
    await stage.rig.clock.advance(1_000);
    await nextLife(stage);
  },
  async "the unit gets SIGKILL and starts again"(stage) {
    for (const thread of [...stage.rig.alive]) thread.die();
    await stage.rig.clock.advance(1_000);
    await nextLife(stage);
  },
  async "the disk is full while the bot is away"(stage) {
    stage.disk.isFull = true;
    stage.cut();
    await stage.rig.clock.advance(10_000);
    stage.disk.isFull = false;
    await stage.rig.clock.advance(5_000);
    stage.cut = stage.rig.link(stage.bot.bot);
  },
  async "the resume host is dead"({ rig }) {
    const over = rig.sim.faults.killResumeHost();
    rig.sim.faults.cut();
    await rig.clock.advance(10_000);
    over();
  },
  async "a peer freezes"({ rig }) {
    rig.sim.faults.freeze({ shardId: 3 });
    await rig.clock.advance(90_000);
  },
  async "frames are corrupt"({ rig }) {
    rig.sim.faults.corruptNext();
    await rig.clock.advance(3_000);
  },
  async "op 7 comes again and again"({ rig }) {
    for (let i = 0; i < 5; i++) {
      rig.sim.faults.reconnect();
      await rig.clock.advance(2_000);
    }
  },
};

for (const [fault, strike] of Object.entries(FAULTS)) {
  Deno.test(`chaos: ${fault}: nothing lost, nothing twice, no identify`, async () => {
    const stage = await setUp();
    await strike(stage);
    await stage.rig.clock.runUntil(() => stage.rig.isReady(), 90_000);
    await stage.rig.clock.advance(2_000);
    await assertWhole(stage);
  });
}

Deno.test("chaos: a cluster is killed and another takes its place: nothing lost, neither sees one twice", async () => {
  const stage = await setUp();
  const { rig, bot: { got } } = stage;
  const kills: number[] = [];
  for (let i = 0; i < 5; i++) {
    stage.cut();
    kills.push(got.length);
    // Another process: it knows nothing of what the one before has seen.
    stage.cut = rig.link(rig.createBot());
    await rig.clock.advance(700);
  }
  rig.sim.traffic.setRate(0);
  await rig.clock.advance(3_000);
  const lives = [0, ...kills].map((from, life) => got.slice(from, kills[life] ?? got.length));
  for (let shardId = 0; shardId < 8; shardId++) {
    const sent = rig.sim.ledger.events.filter((it) => it.shardId === shardId).map((it) => it.s);
    const seen = lives.map((life) =>
      life.filter((it) => it.shardId === shardId).map((it) => it.s!)
    );
    for (const each of seen) assert.deepEqual(each, [...new Set(each)].sort((a, b) => a - b));
    assert.deepEqual([...new Set(seen.flat())].sort((a, b) => a - b), sent, `shard ${shardId}`);
  }
  assert.equal(rig.identifies(), 8);
  rig.assertNoViolations();
});

Deno.test("chaos: a slow consumer: nothing lost, nothing twice, no identify", async () => {
  const stage = await setUp({ handlerMs: 300, windowBytes: 48 * 1024 });
  await stage.rig.clock.advance(10_000);
  await assertWhole(stage);
});

/** What the bot got is what Discord sent. */
async function assertWhole({ rig, bot: { got } }: Stage): Promise<void> {
  const { sim, clock } = rig;
  sim.traffic.setRate(0);
  await clock.runUntil(() => got.length >= sim.ledger.events.length, 600_000);
  await clock.advance(3_000);
  for (let shardId = 0; shardId < 8; shardId++) {
    const sent = sim.ledger.events.filter((it) => it.shardId === shardId).map((it) => it.t);
    const came = got.filter((it) => it.shardId === shardId).map((it) => it.t);
    assert.deepEqual(came, sent, `shard ${shardId}`);
  }
  assert.equal(sim.ledger.identifies.length, 8, "an identify was spent");
  assert.deepEqual(sim.ledger.violations, []);
}
