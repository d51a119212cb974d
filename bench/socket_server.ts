/**
 * The other end of `socket_bench.ts`, in a process of its own: a WebSocket server made by hand that
 * sends frames as fast as it can or at a rate, each in a write of its own.
 *
 * @module
 */

import { frame, type RawPeer, rawWebSocketServer } from "../tests/support/raw_websocket_server.ts";
import { answerQuestions } from "./program.ts";

/** What the benchmark asks for. */
export type ServerQuestion =
  | { readonly do: "listen" }
  /** Sends `count` frames over the one connection, many to a write. */
  | { readonly do: "flood"; readonly count: number; readonly bytes: number }
  /** Sends `count` frames in all, over all connections in turn, each in a write of its own. */
  | {
    readonly do: "trickle";
    readonly count: number;
    readonly bytes: number;
    readonly perSecond: number;
  };

const BINARY = 2;
const WRITE_BYTES = 64 * 1024;
const peers = new Set<RawPeer>();

async function hold(peer: RawPeer): Promise<void> {
  peers.add(peer);
  while (await peer.read() !== null);
  peers.delete(peer);
  peer.cut();
}

async function flood(count: number, bytes: number): Promise<void> {
  const [peer] = peers;
  const one = frame(BINARY, new Uint8Array(bytes).fill(120));
  const perWrite = Math.ceil(WRITE_BYTES / one.length);
  const many = new Uint8Array(one.length * perWrite);
  for (let i = 0; i < perWrite; i++) many.set(one, i * one.length);
  for (let sent = 0; sent < count; sent += perWrite) {
    await peer!.write(
      count - sent >= perWrite ? many : many.subarray(0, (count - sent) * one.length),
    );
  }
}

async function trickle(count: number, bytes: number, perSecond: number): Promise<void> {
  const one = frame(BINARY, new Uint8Array(bytes).fill(120));
  const turn = [...peers];
  const startMs = performance.now();
  for (let sent = 0; sent < count;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const due = Math.min(count, Math.floor((performance.now() - startMs) * perSecond / 1000));
    for (; sent < due; sent++) await turn[sent % turn.length]!.write(one);
  }
}

async function answer(question: ServerQuestion): Promise<unknown> {
  switch (question.do) {
    case "listen":
      return rawWebSocketServer(hold).url;
    case "flood":
      return await flood(question.count, question.bytes);
    case "trickle":
      return await trickle(question.count, question.bytes, question.perSecond);
  }
}

if (import.meta.main) await answerQuestions(answer);
