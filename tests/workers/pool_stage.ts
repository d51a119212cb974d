/**
 * A pool over threads that the test speaks for.
 *
 * @module
 */

import { logTo } from "../../ports/log.ts";
import { type Estate, NO_ESTATE } from "../../protocol/estate.ts";
import type { PeerKey } from "../../protocol/peer.ts";
import type { ToWorker } from "../../protocol/worker_message.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";
import { type PoolEvents, type PoolOptions, WorkerPool } from "../../workers/pool.ts";
import { fakeThreads, WORKER } from "../support/fake_threads.ts";

/** Where shard 1 can be picked up. */
export const POINT = {
  shardId: 1,
  totalShards: 4,
  intents: 1,
  sessionId: "s",
  resumeUrl: "wss://resume.test",
  seq: 7,
  base: 0,
};

/** Shard 1 has lived. */
export const estateOf = (shardId: number): Estate =>
  shardId === 1 ? { ...NO_ESTATE, session: POINT, highest: 7, acknowledged: 5 } : NO_ESTATE;

/** Shards 0 and 1 in worker 0, 2 and 3 in worker 1; cluster 0 has 0 and 1, cluster 1 the others. */
export function setUp(
  buckets = [[0, 1], [2, 3]],
  clusterOfShard = WORKER.clusterOfShard,
  changed: Partial<PoolOptions> = {},
) {
  const clock = createVirtualClock();
  const { spawn, threads } = fakeThreads();
  const told: string[] = [];
  const lines: string[] = [];
  const links: { peer: PeerKey; link: number; windowBytes: number }[] = [];
  const events = new Proxy({}, {
    get: (_, name) => (...args: unknown[]) =>
      void told.push(`${String(name)} ${JSON.stringify(args)}`),
  }) as PoolEvents;
  const pool: WorkerPool = new WorkerPool({
    clock,
    log: logTo((level, event, fields) => lines.push(`${level} ${event} ${JSON.stringify(fields)}`)),
    spawn,
    buckets,
    worker: { ...WORKER, clusterOfShard },
    estateOf,
    links: () => links,
    bringUp: (workerId, shardId) => pool.tellWorkerToIdentify(workerId, shardId),
    events,
    ...changed,
  });
  const toldTo = (worker: number, type: ToWorker["type"]) =>
    threads[worker]!.told.filter((message) => message.type === type);
  return { clock, pool, threads, told, lines, links, toldTo };
}
