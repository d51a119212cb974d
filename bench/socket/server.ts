/**
 * The sending end of `socket_bench.ts`, in a process of its own: a WebSocket server made by hand that
 * sends frames as fast as it can or at a steady pace, each in a write of its own.
 *
 * @module
 */

import {
  frame,
  type RawPeer,
  rawWebSocketServer,
} from "../../tests/support/raw_websocket_server.ts";
import { answerQuestions } from "../program.ts";

/** What the benchmark asks for. */
export type ServerQuestion =
  | { readonly do: "listen"; readonly tls: boolean }
  /** Sends `count` frames in all, over all connections at the same time, many to a write. */
  | { readonly do: "flood"; readonly count: number; readonly bytes: number }
  /** Sends `count` frames in all, over the connections in turn, one after the other in time. */
  | {
    readonly do: "pace";
    readonly count: number;
    readonly bytes: number;
    readonly perSecond: number;
  };

const BINARY = 2;
const WRITE_BYTES = 64 * 1024;
const peers = new Set<RawPeer>();
const pause = new Int32Array(new SharedArrayBuffer(4));

async function hold(peer: RawPeer): Promise<void> {
  peers.add(peer);
  while (await peer.read() !== null);
  peers.delete(peer);
  peer.cut();
}

async function flood(count: number, bytes: number): Promise<void> {
  const one = frame(BINARY, new Uint8Array(bytes).fill(120));
  const perWrite = Math.ceil(WRITE_BYTES / one.length);
  const many = new Uint8Array(one.length * perWrite);
  for (let i = 0; i < perWrite; i++) many.set(one, i * one.length);
  const each = count / peers.size;
  await Promise.all([...peers].map(async (peer) => {
    for (let sent = 0; sent < each; sent += perWrite) {
      await peer.write(many.subarray(0, Math.min(perWrite, each - sent) * one.length));
    }
  }));
}

/** A timer has whole milliseconds, in which several frames would share a wake-up. */
async function pace(count: number, bytes: number, perSecond: number): Promise<void> {
  const one = frame(BINARY, new Uint8Array(bytes).fill(120));
  const turn = [...peers];
  const startMs = performance.now();
  for (let sent = 0; sent < count;) {
    const due = Math.min(count, Math.floor((performance.now() - startMs) * perSecond / 1000));
    for (; sent < due; sent++) await turn[sent % turn.length]!.write(one);
    await new Promise((resolve) => setImmediate(resolve));
    Atomics.wait(pause, 0, 0, 300 / perSecond);
  }
}

async function answer(question: ServerQuestion): Promise<unknown> {
  switch (question.do) {
    case "listen":
      // By number: the programs of the benchmarks may talk to nothing else.
      return rawWebSocketServer(hold, { tls: question.tls }).url.replace("localhost", "127.0.0.1");
    case "flood":
      return await flood(question.count, question.bytes);
    case "pace":
      return await pace(question.count, question.bytes, question.perSecond);
  }
}

if (import.meta.main) await answerQuestions(answer);
