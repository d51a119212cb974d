/**
 * The choice behind the `Socket` port: `npm:ws` against the runtime's own WebSocket as the client of
 * a gateway. What a received message costs, what a command sent after a pause waits, and what becomes
 * of a connection whose peer is silent.
 *
 * @module
 */

import type { Connect, Socket } from "../ports/socket.ts";
import { nativeConnect } from "../ports/socket_native.ts";
import { wsConnect } from "../ports/socket_ws.ts";
import { frame, rawWebSocketServer } from "../tests/support/raw_websocket_server.ts";
import { figure, median, printTables, quantile, type Table, times } from "./measure.ts";
import { cpuUs, type Program, startProgram } from "./program.ts";
import type { ServerQuestion } from "./socket_server.ts";

const ROUNDS = 5;
const COMMANDS = 40;
/** How long we wait for a connection to end. */
const PATIENCE_MS = 3_000;

interface Client {
  readonly name: string;
  readonly connect: Connect;
}

/** CPU µs per received message, median of the rounds, one figure per client. */
async function receiveCosts(
  clients: readonly Client[],
  sockets: number,
  question: Extract<ServerQuestion, { count: number }>,
): Promise<number[]> {
  const costs = clients.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, client] of clients.entries()) {
      costs[i]!.push(await receiveCost(client, sockets, question));
    }
  }
  return costs.map(median);
}

async function receiveCost(
  { connect }: Client,
  sockets: number,
  question: Extract<ServerQuestion, { count: number }>,
): Promise<number> {
  const server: Program = startProgram(new URL("./socket_server.ts", import.meta.url));
  const url = await server.ask<string>({ do: "listen" });
  let received = 0;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const message = () => void (++received === question.count && resolve());
  const open = await Promise.all(
    Array.from({ length: sockets }, () => opened(connect, url, message)),
  );
  const before = cpuUs();
  await Promise.all([server.ask(question), all]);
  const cost = (cpuUs() - before) / question.count;
  for (const socket of open) socket.destroy();
  await server.end();
  return cost;
}

function opened(connect: Connect, url: string, message: () => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(url, {
      open: () => resolve(socket),
      message,
      closed: (code) => reject(new Error(`closed with ${code}`)),
      failed: (reason) => reject(new Error(reason)),
    });
  });
}

/** Round trips of a command of 2 KB that is sent after a pause, in ms. */
async function commandMs({ connect }: Client): Promise<number[]> {
  await using server = rawWebSocketServer(async (peer) => {
    while (await peer.read() !== null) await peer.write(frame(2, "x"));
  });
  let answered = () => {};
  const socket = await opened(connect, server.url, () => answered());
  const text = "x".repeat(2_000);
  const tookMs: number[] = [];
  for (let i = 0; i < COMMANDS; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const startMs = performance.now();
    await new Promise<void>((resolve) => {
      answered = resolve;
      socket.send(text);
    });
    tookMs.push(performance.now() - startMs);
  }
  socket.destroy();
  return tookMs;
}

/** ms from `destroy()` until a silent peer sees the connection end; `NaN`: not while we waited. */
async function destroyedMs({ connect }: Client): Promise<number> {
  let over = (_endedMs: number) => {};
  const server = rawWebSocketServer(async (peer) => {
    // Reads and answers nothing, not even a close frame.
    while (await peer.read() !== null);
    over(performance.now());
  });
  const socket = await opened(connect, server.url, () => {});
  socket.close(4900, "");
  await new Promise((resolve) => setTimeout(resolve, 100));
  const startMs = performance.now();
  const endedMs = await new Promise<number>((resolve) => {
    over = resolve;
    socket.destroy();
    setTimeout(() => resolve(NaN), PATIENCE_MS);
  });
  await server[Symbol.asyncDispose]();
  return endedMs - startMs;
}

async function receiveTable(clients: readonly Client[]): Promise<Table> {
  const cases: [string, number, Extract<ServerQuestion, { count: number }>][] = [
    ["300 B, one busy connection", 1, { do: "flood", count: 200_000, bytes: 300 }],
    ["1.2 KB, one busy connection", 1, { do: "flood", count: 100_000, bytes: 1_200 }],
    ["300 B, 64 connections, 10,000/s", 64, {
      do: "trickle",
      count: 10_000,
      bytes: 300,
      perSecond: 10_000,
    }],
  ];
  const rows: string[][] = [];
  for (const [label, sockets, question] of cases) {
    const [ws, native] = await receiveCosts(clients, sockets, question) as [number, number];
    rows.push([label, figure(ws), figure(native), times(native / ws)]);
  }
  return {
    title: "Socket, receiving: CPU µs per message",
    columns: ["messages", "npm:ws", "native", "native ÷ ws"],
    rows,
  };
}

async function lifeTable(clients: readonly Client[]): Promise<Table> {
  const rows: string[][] = [];
  for (const client of clients) {
    const commands = await commandMs(client);
    const endedMs = await destroyedMs(client);
    rows.push([
      client.name,
      figure(median(commands)),
      figure(quantile(commands, 0.95)),
      Number.isNaN(endedMs) ? `not in ${PATIENCE_MS}` : figure(endedMs),
    ]);
  }
  return {
    title: "Socket, sending after a pause and ending: ms",
    columns: ["client", "2 KB command p50", "p95", "destroy() of a silent peer"],
    rows,
  };
}

/** Both tables. */
export async function run(): Promise<Table[]> {
  const clients: Client[] = [
    { name: "npm:ws", connect: await wsConnect() },
    { name: "native", connect: nativeConnect },
  ];
  return [await receiveTable(clients), await lifeTable(clients)];
}

if (import.meta.main) {
  printTables(await run());
  // A native socket that was destroyed lives on and would hold the process.
  Deno.exit(0);
}
