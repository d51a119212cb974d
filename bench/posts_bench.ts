/**
 * From a worker's queue to the bot's handler: by signed POST against the event link. The queue, its lanes and what
 * the links do are those of a shard worker; there is no gateway.
 *
 * @module
 */

import { systemClock, threadNap } from "../ports/clock.ts";
import { silentLog } from "../ports/log.ts";
import { systemRandom } from "../ports/random.ts";
import { webSocketConnect } from "../ports/websocket/client.ts";
import { EventQueue } from "../queue/worker_queue.ts";
import { WorkerLinks } from "../workers/links.ts";
import { figure, median, printTables, type Table, times } from "./measure.ts";
import { cpuUs, startProgram } from "./program.ts";
import { type Received, type ReceiverQuestion, sharedMs } from "./posts/receiver.ts";

const ROUNDS = 3;
const SHARDS = 16;
const PEER = { kind: "cluster", id: 0 } as const;
const SECRET = "a-secret-of-the-two";
const PAYLOAD_BYTES = 1_200;
/** Events per second, and for how long; `null`: as fast as it goes, so many. */
const LOADS = [
  { perSecond: 100, events: 300 },
  { perSecond: 1_000, events: 3_000 },
  { perSecond: 5_000, events: 10_000 },
  { perSecond: null, events: 100_000 },
] as const;
/** So many are in the queue at most when it goes as fast as it goes. */
const MOST_WAITING = 5_000;

type Way = "link" | "post";

interface Measured extends Received {
  readonly perSecond: number;
  /** Of ours and of the bot's, per event. */
  readonly unitUs: number;
  readonly botUs: number;
}

/** The queue of a worker and its links, with a consumer at the other end. */
async function setUp(way: Way) {
  const receiver = startProgram(new URL("./posts/receiver.ts", import.meta.url));
  const ask = <Answer>(question: ReceiverQuestion) => receiver.ask<Answer>(question);
  const url = await ask<string>({ ask: "open", way, secretKey: SECRET });
  const linked = Promise.withResolvers<void>();
  let acknowledged = 0;
  const links: WorkerLinks = new WorkerLinks({
    worker: {
      workerId: 0,
      totalShards: SHARDS,
      stream: "bench",
      posts: { waitMs: 0, answerMs: 10_000 },
    },
    queue: {
      link: (...link) => queue.link(...link),
      acknowledge(...done) {
        queue.acknowledge(...done);
        acknowledged = shardIds().reduce((sum, id) => sum + queue.of(id).acknowledged, 0);
      },
    },
    linked: (_, isUp) => isUp && linked.resolve(),
    clock: systemClock,
    random: systemRandom,
    connect: webSocketConnect(),
    log: silentLog,
  });
  const nap = threadNap();
  const queue = new EventQueue({
    clock: systemClock,
    clusterOfShard: Object.fromEntries(shardIds().map((id) => [id, 0])),
    totalShards: SHARDS,
    limitBytes: 64 * 1024 ** 2,
    delayMs: 4,
    nap: (ms) => links.isPosting || nap(ms),
    send: (peer, link, batch) => void links.deliver(peer, link, batch),
  });
  links.dial({ type: "DIAL", peer: PEER, url, secretKey: SECRET, workers: 1 });
  await linked.promise;
  return { queue, receiver, ask, stop: () => links.stop(), acknowledged: () => acknowledged };
}

const shardIds = () => Array.from({ length: SHARDS }, (_, id) => id);

async function measure(way: Way, load: typeof LOADS[number]): Promise<Measured> {
  const { queue, receiver, ask, stop, acknowledged } = await setUp(way);
  let sent = 0;
  const emit = () => {
    const cursor = Math.floor(sent / SHARDS) + 1;
    queue.accept(sent++ % SHARDS, cursor, payload(cursor));
  };
  const run = async (events: number) => {
    const fromMs = performance.now();
    const last = sent + events;
    const first = sent;
    while (acknowledged() < last) {
      const dueMs = performance.now() - fromMs;
      const due = load.perSecond === null
        ? acknowledged() + MOST_WAITING
        : first + dueMs * load.perSecond / 1_000;
      while (sent < Math.min(due, last)) emit();
      await pause(load.perSecond === null ? 0 : 1);
    }
    return performance.now() - fromMs;
  };
  await run(Math.min(load.events, 5_000) - Math.min(load.events, 5_000) % SHARDS);
  await ask<Received>({ ask: "tell" });
  const cpuBefore = cpuUs();
  const events = load.events - load.events % SHARDS;
  const tookMs = await run(events);
  const unitUs = (cpuUs() - cpuBefore) / events;
  const received = await ask<Received>({ ask: "tell" });
  if (received.events !== events) throw new Error(`${received.events} of ${events} came`);
  stop();
  await receiver.end();
  return {
    ...received,
    perSecond: events / tookMs * 1_000,
    unitUs,
    botUs: received.cpuUs / events,
  };
}

/** One turn of the event loop, or a time that lets others run. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) =>
    ms === 0 ? void setImmediate(resolve) : void setTimeout(resolve, ms)
  );
}

const encoder = new TextEncoder();
const FILL = "x".repeat(PAYLOAD_BYTES - 70);

function payload(s: number): Uint8Array {
  const d = `{"sentMs":${sharedMs()},"fill":"${FILL}"}`;
  return encoder.encode(`{"t":"BENCH","s":${s},"op":0,"d":${d}}`);
}

async function main(): Promise<void> {
  const rows: string[][] = [];
  for (const load of LOADS) {
    const all: Record<Way, Measured[]> = { link: [], post: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const way of ["link", "post"] as const) all[way].push(await measure(way, load));
    }
    const of = (way: Way, field: keyof Measured) => median(all[way].map((each) => each[field]));
    const cpu = (way: Way) => median(all[way].map(({ unitUs, botUs }) => unitUs + botUs));
    for (const way of ["link", "post"] as const) {
      rows.push([
        `${load.perSecond === null ? "as fast as it goes" : `${load.perSecond}/s`}, ${way}`,
        figure(of(way, "perSecond")),
        figure(of(way, "unitUs")),
        figure(of(way, "botUs")),
        figure(of(way, "p50Ms")),
        figure(of(way, "p95Ms")),
        way === "link" ? "baseline" : times(cpu("link") / cpu("post")),
      ]);
    }
  }
  const table: Table = {
    title: `From a worker to a bot: ${SHARDS} shards, ${PAYLOAD_BYTES} B`,
    columns: [
      "load, way",
      "events/s",
      "unit CPU µs",
      "bot CPU µs",
      "p50 ms",
      "p95 ms",
      "link ÷ this",
    ],
    rows,
  };
  printTables([table]);
}

if (import.meta.main) await main();
