/**
 * The choice behind the `Socket` port: our own frames against `npm:ws` and the runtime's WebSocket as
 * the client of a gateway. What a received message costs, what an idle connection weighs, what a
 * command sent after a pause waits, and what becomes of a connection whose peer is silent.
 *
 * @module
 */

import type { Connect, Socket } from "../ports/socket.ts";
import { frame, rawWebSocketServer } from "../tests/support/raw_websocket_server.ts";
import { TEST_CA } from "../tests/support/test_certificate.ts";
import { figure, median, printTables, quantile, type Table, times } from "./measure.ts";
import { startProgram } from "./program.ts";
import type { ClientQuestion } from "./socket/client.ts";
import { CLIENTS } from "./socket/rivals.ts";
import type { ServerQuestion } from "./socket/server.ts";

const ROUNDS = 3;
const SOCKETS = 16;
const BYTES = 1_200;
/** Messages per second; `Infinity`: as fast as they can be read. */
const PACES = [1_000, 5_000, Infinity];
const PACED_S = 2;
const FLOOD = 16 * 12_000;
const IDLE_SOCKETS = 1_000;
const COMMANDS = 40;
/** How long we wait for a connection to end. */
const PATIENCE_MS = 3_000;

const NAMES = Object.keys(CLIENTS);

/** A client and a server, each a process of its own. */
async function pair(client: string, tls: boolean, sockets: number) {
  const server = startProgram(new URL("./socket/server.ts", import.meta.url));
  const receiver = startProgram(new URL("./socket/client.ts", import.meta.url));
  const url = await server.ask<string>({ do: "listen", tls } satisfies ServerQuestion);
  const open = (sockets: number) =>
    receiver.ask({ do: "open", client, url, sockets } satisfies ClientQuestion);
  await open(sockets);
  return {
    open,
    bytes: () => receiver.ask<number>({ do: "bytes" } satisfies ClientQuestion),
    async cost(perSecond: number): Promise<number> {
      const count = perSecond === Infinity ? FLOOD : perSecond * PACED_S;
      await receiver.ask({ do: "count", messages: count } satisfies ClientQuestion);
      const question: ServerQuestion = perSecond === Infinity
        ? { do: "flood", count, bytes: BYTES }
        : { do: "pace", count, bytes: BYTES, perSecond };
      const sent = server.ask(question);
      const cost = await receiver.ask<number>({ do: "cost" } satisfies ClientQuestion);
      await sent;
      return cost;
    },
    async end() {
      await receiver.end();
      await server.end();
    },
  };
}

/** CPU µs per received message, medians of rounds that take turns. */
async function receiveTable(tls: boolean): Promise<Table> {
  const costs = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of NAMES) {
      const { cost, end } = await pair(name, tls, SOCKETS);
      for (const pace of PACES) {
        const key = `${name} ${pace}`;
        costs.set(key, [...costs.get(key) ?? [], await cost(pace)]);
      }
      await end();
    }
  }
  const [base] = NAMES as [string];
  return {
    title: `Socket, receiving ${BYTES} B on ${SOCKETS} ${tls ? "wss" : "ws"}: CPU µs per message`,
    columns: ["messages", ...NAMES, ...NAMES.slice(1).map((name) => `${base} ÷ ${name}`)],
    rows: PACES.map((pace) => {
      const figures = NAMES.map((name) => median(costs.get(`${name} ${pace}`)!));
      return [
        pace === Infinity ? "flat out" : `${figure(pace)}/s`,
        ...figures.map(figure),
        ...figures.slice(1).map((one) => times(figures[0]! / one)),
      ];
    }),
  };
}

/** KiB that a connection adds to the process while nothing happens on it. */
async function memoryTable(): Promise<Table> {
  const rows: string[][] = [];
  for (const tls of [false, true]) {
    const row: string[] = [];
    for (const name of NAMES) {
      const { bytes, end, open } = await pair(name, tls, SOCKETS);
      const before = await bytes();
      await open(IDLE_SOCKETS);
      row.push(figure((await bytes() - before) / 1024 / IDLE_SOCKETS));
      await end();
    }
    rows.push([tls ? "wss" : "ws", ...row]);
  }
  return {
    title: `Socket, idle: KiB per connection, of ${IDLE_SOCKETS}`,
    columns: ["connection", ...NAMES],
    rows,
  };
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
async function commandMs(connect: Connect): Promise<number[]> {
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
async function destroyedMs(connect: Connect): Promise<number> {
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

async function lifeTable(): Promise<Table> {
  const rows: string[][] = [];
  for (const name of NAMES) {
    const connect = CLIENTS[name]!(TEST_CA);
    const commands = await commandMs(connect);
    const endedMs = await destroyedMs(connect);
    rows.push([
      name,
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

/** All tables. */
export async function run(): Promise<Table[]> {
  return [
    await receiveTable(false),
    await receiveTable(true),
    await memoryTable(),
    await lifeTable(),
  ];
}

if (import.meta.main) {
  printTables(await run());
  // A native socket that was destroyed lives on and would hold the process.
  Deno.exit(0);
}
