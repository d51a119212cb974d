/**
 * Two questions on the way from a shard worker to a cluster. What is a batch worth against a message
 * per event, and should a worker hand its batches to the main thread, which relays them to the
 * cluster's WebSocket, or serve that WebSocket itself?
 *
 * @module
 */

import type { ConsumerQuestion } from "./hop/consumer.ts";
import type { Flow, ToHop } from "./hop/worker.ts";
import { figure, median, printTables, type Table, times } from "./measure.ts";
import { cpuUs, startProgram } from "./program.ts";

const ROUNDS = 3;
/** As fast as it goes: a moderate batch, and one of 64 KB. */
const FLOODS: readonly Flow[] = [
  { count: 150_000, perMessage: 8, perSecond: null },
  { count: 200_000, perMessage: 53, perSecond: null },
];
/** Most of the time there is little to do, and what costs is to wake up. */
const TRICKLE: Flow = { count: 10_000, perMessage: 1, perSecond: 5_000 };

interface Measured {
  readonly perSecond: number;
  readonly cpuUs: number;
}

interface HopWorker {
  post(message: ToHop): void;
  heard: (data: unknown) => void;
  end(): void;
}

/** Resolves when the worker's code runs: its start is not measured. */
async function startWorker(): Promise<HopWorker> {
  const worker = new Worker(new URL("./hop/worker.ts", import.meta.url), { type: "module" });
  const hop: HopWorker = {
    post: (message) => worker.postMessage(message),
    heard() {},
    end: () => worker.terminate(),
  };
  await new Promise((resolve) => worker.onmessage = resolve);
  worker.onmessage = ({ data }) => hop.heard(data);
  return hop;
}

async function measured(count: number, work: () => Promise<void>): Promise<Measured> {
  const startMs = performance.now();
  const startCpuUs = cpuUs();
  await work();
  return {
    perSecond: count / (performance.now() - startMs) * 1000,
    cpuUs: (cpuUs() - startCpuUs) / count,
  };
}

/** Worker to main thread, nothing else. */
async function hop(flow: Flow, move: boolean): Promise<Measured> {
  const { count, perMessage } = flow;
  const worker = await startWorker();
  const result = await measured(count, () =>
    new Promise((resolve) => {
      let received = 0;
      let unacknowledged = 0;
      worker.heard = () => {
        const events = Math.min(perMessage, count - received);
        received += events;
        unacknowledged += events;
        if (unacknowledged === events) {
          setImmediate(() => {
            worker.post({ do: "ack", events: unacknowledged });
            unacknowledged = 0;
          });
        }
        if (received >= count) resolve();
      };
      worker.post({ do: "post", flow, move });
    }));
  worker.end();
  return result;
}

/** Worker to main thread to the consumer's socket, which the main thread serves. */
async function relayed(flow: Flow, move: boolean): Promise<Measured> {
  const worker = await startWorker();
  const { promise: listening, resolve } = Promise.withResolvers<number>();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => resolve(port),
  }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    worker.heard = (batch) => socket.send(batch as Uint8Array<ArrayBuffer>);
    socket.onopen = () => worker.post({ do: "post", flow, move });
    socket.onmessage = ({ data }) => worker.post({ do: "ack", events: Number(data) });
    return response;
  });
  const result = await consumed(await listening, flow.count);
  worker.end();
  await server.shutdown();
  return result;
}

/** Worker to the consumer's socket, which the worker serves. */
async function served(flow: Flow): Promise<Measured> {
  const worker = await startWorker();
  const port = await new Promise<number>((resolve) => {
    worker.heard = (data) => resolve((data as { port: number }).port);
    worker.post({ do: "serve", flow });
  });
  const result = await consumed(port, flow.count);
  worker.end();
  return result;
}

async function consumed(port: number, count: number): Promise<Measured> {
  const consumer = startProgram(new URL("./hop/consumer.ts", import.meta.url));
  const question: ConsumerQuestion = { url: `ws://127.0.0.1:${port}`, count };
  const result = await measured(count, async () => void await consumer.ask(question));
  await consumer.end();
  return result;
}

/** Each variant in turn, median of the rounds. */
async function rounds(
  variants: readonly (readonly [string, () => Promise<Measured>])[],
): Promise<string[][]> {
  const results = variants.map((): Measured[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, [, run]] of variants.entries()) results[i]!.push(await run());
  }
  const costs = results.map((all) => median(all.map(({ cpuUs }) => cpuUs)));
  return variants.map(([name], i) => [
    name,
    figure(median(results[i]!.map(({ perSecond }) => perSecond))),
    figure(costs[i]!),
    i === 0 ? "baseline" : times(costs[0]! / costs[i]!),
  ]);
}

const COLUMNS = ["variant", "events/s", "CPU µs per event", "baseline ÷ this"];

async function hopTable(): Promise<Table> {
  const flow = (count: number, perMessage: number): Flow => ({
    count,
    perMessage,
    perSecond: null,
  });
  const rows = await rounds([
    ["one message per event", () => hop(flow(60_000, 1), false)],
    ["batches of 8", () => hop(flow(200_000, 8), false)],
    ["batches of 64 KB", () => hop(flow(400_000, 53), false)],
    ["batches of 64 KB, buffer moved", () => hop(flow(400_000, 53), true)],
  ]);
  return { title: "Worker to main thread, events of 1.2 KB", columns: COLUMNS, rows };
}

async function linkTable(flow: Flow): Promise<Table> {
  const rows = await rounds([
    ["relayed by the main thread", () => relayed(flow, false)],
    ["relayed, buffers moved", () => relayed(flow, true)],
    ["served by the worker", () => served(flow)],
  ]);
  const pace = flow.perSecond === null ? "" : `, ${flow.perSecond.toLocaleString("en-US")}/s`;
  const title = `Worker to a cluster's WebSocket, batches of ${flow.perMessage}${pace}`;
  return { title, columns: COLUMNS, rows };
}

/** The tables. */
export async function run(): Promise<Table[]> {
  const tables = [await hopTable()];
  for (const flow of [TRICKLE, ...FLOODS]) tables.push(await linkTable(flow));
  return tables;
}

if (import.meta.main) {
  printTables(await run());
  Deno.exit(0);
}
