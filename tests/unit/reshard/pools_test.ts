import assert from "node:assert/strict";
import { TypeTally } from "../../../intake/type_tally.ts";
import type { WorkerPool } from "../../../workers/pool.ts";
import { type PoolOfTotal, Pools } from "../../../unit/reshard/pools.ts";

/** Shards of a total, all in one worker; what is done with them. */
function poolOf(total: number, workerId: number, serving: number[], done: string[]): PoolOfTotal {
  const eventsByType = new TypeTally();
  eventsByType.count("READY", total);
  const note = (verb: string) => (...what: unknown[]) =>
    void done.push(`${total}: ${verb} ${what.join(" ")}`);
  const pool = {
    workers: [{ workerId }],
    eventsByType,
    calculateWorkerId: (id: number) => id < total ? workerId : -1,
    spawnShards: note("spawn"),
    tellWorkerToIdentify: note("identify"),
    reconnect: note("reconnect"),
    restart: note("restart"),
    find: () => [Promise.resolve(total)],
  } as unknown as WorkerPool;
  return { total, pool, serves: (id) => serving.includes(id) };
}

/** Of 2 shards the first has gone to 0 and 2 of 4. */
function setUp() {
  const done: string[] = [];
  const all: [PoolOfTotal, ...PoolOfTotal[]] = [
    poolOf(2, 0, [1], done),
    poolOf(4, 1, [0, 2], done),
  ];
  return { pools: new Pools(() => all), all, done };
}

Deno.test("Pools finds a shard by its id alone: by the total whose shard serves, else by one that runs it", async () => {
  const { pools, done } = setUp();
  for (const id of [0, 1, 2, 3]) await pools.reconnect(id, "keep");
  assert.deepEqual(done, [
    "4: reconnect 0 keep",
    "2: reconnect 1 keep",
    "4: reconnect 2 keep",
    "4: reconnect 3 keep",
  ]);
  assert.deepEqual([0, 1, 2, 3, 4].map((id) => pools.calculateWorkerId(id)), [1, 0, 1, 1, -1]);
});

Deno.test("Pools finds a worker by its id, and asks all where all are meant", async () => {
  const { pools, done } = setUp();
  pools.tellWorkerToIdentify(1, 0);
  pools.tellWorkerToIdentify(0, 0);
  pools.restart(1);
  pools.spawnShards();
  assert.deepEqual(done, [
    "4: identify 1 0",
    "2: identify 0 0",
    "4: restart 1",
    "2: spawn ",
    "4: spawn ",
  ]);
  assert.deepEqual(await Promise.all(pools.find({ kind: "user", userId: "1" }, 5)), [2, 4]);
  assert.deepEqual(pools.workers.map(({ workerId }) => workerId), [0, 1]);
});

Deno.test("Pools goes on counting what was counted by workers that are gone", () => {
  const { pools, all } = setUp();
  assert.deepEqual(pools.eventsByType.totals, { READY: 6 });
  const [gone] = all.splice(0, 1);
  pools.note(gone!.pool);
  assert.deepEqual(pools.eventsByType.totals, { READY: 6 });
});
