/**
 * Claim: keeping every event until it is acknowledged costs little more than copying its bytes.
 * Measured is the whole way through a worker's queue: accept, flush in batches, acknowledge.
 *
 * @module
 */

import { EventQueue } from "../queue/worker_queue.ts";
import { type Clock, systemClock } from "../ports/clock.ts";
import { compare, costTable, printTables, type Table, type Work } from "./measure.ts";
import { makePayloads, PAYLOAD_KINDS, type PayloadKind } from "./payloads.ts";

/** Events that arrive in one turn of the event loop. */
const PER_TURN = 64;
const MEMORY_BYTES = 64 * 1024 * 1024;
/** Results go here, so that no work is optimised away. */
let sink: unknown;

async function table(kind: PayloadKind): Promise<Table> {
  const payloads = makePayloads(kind, PER_TURN);
  const costs = await compare({
    "decode, parse, stringify: no guarantee": (count) => {
      for (let i = 0; i < count; i++) {
        sink = JSON.stringify(JSON.parse(decoder.decode(payloads[i % PER_TURN])));
      }
    },
    "copy of the bytes: no guarantee": (count) => {
      for (let i = 0; i < count; i++) sink = new Uint8Array(payloads[i % PER_TURN]!);
    },
    "queue, 1 shard": throughQueue(payloads, 1),
    "queue, 64 shards": throughQueue(payloads, 64),
  });
  return costTable(
    `Outbox, accept to acknowledgement, per event: ${kind.label}`,
    costs,
    "decode, parse, stringify: no guarantee",
  );
}

const CLUSTER = { kind: "cluster", id: 0 } as const;

const decoder = new TextDecoder();

function throughQueue(payloads: readonly Uint8Array[], shards: number): Work {
  const turns: (() => void)[] = [];
  const queue = new EventQueue({
    clock: steppedClock(turns),
    totalShards: shards,
    clusterOfShard: Object.fromEntries(Array.from({ length: shards }, (_, id) => [id, 0])),
    limitBytes: MEMORY_BYTES,
    send: (_clusterId, _link, batch) => sink = batch,
  });
  const cursors: Record<string, number> = {};
  let cursor = 0;
  queue.link(CLUSTER, 1, MEMORY_BYTES);
  return (count) => {
    for (let i = 0; i < count; i++) {
      const shardId = i % shards;
      queue.accept(shardId, ++cursor, payloads[i % PER_TURN]!);
      cursors[shardId] = cursor;
      if (i % PER_TURN < PER_TURN - 1 && i < count - 1) continue;
      for (const flush of turns.splice(0)) flush();
      queue.acknowledge(CLUSTER, 1, cursors);
    }
  };
}

/** A clock whose turn of the event loop ends when the benchmark says so. */
function steppedClock(turns: (() => void)[]): Clock {
  return {
    ...systemClock,
    soon(task) {
      turns.push(task);
      return () => void turns.splice(turns.indexOf(task), 1);
    },
  };
}

/** One table per size. */
export async function run(): Promise<Table[]> {
  return [await table(PAYLOAD_KINDS.small), await table(PAYLOAD_KINDS.message)];
}

if (import.meta.main) {
  printTables(await run());
  if (sink === undefined) throw new Error("nothing was measured");
}
