/**
 * The process that the floor writes to: tells events of a run from others by their stamp, and parses
 * nothing.
 *
 * @module
 */

import { answerQuestions } from "../../program.ts";
import type { HandlerQuestion } from "./handler.ts";
import { openSink, type Sink } from "../sink.ts";
import { readStamp } from "../stamp.ts";

const READ_BYTES = 256 * 1024;

async function listen(sinkPort: number): Promise<number> {
  const sink = await openSink(sinkPort);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  void listener.accept().then((conn) => read(conn, sink));
  return listener.addr.port;
}

/** Reads events, each with its length in 4 bytes before it. */
async function read(conn: Deno.TcpConn, sink: Sink): Promise<void> {
  let buffer = new Uint8Array(READ_BYTES);
  let end = 0;
  for (;;) {
    const count = await conn.read(buffer.subarray(end));
    if (count === null) return;
    end += count;
    const view = new DataView(buffer.buffer);
    let at = 0;
    while (end - at >= 4) {
      const next = at + 4 + view.getUint32(at, true);
      if (next > end) break;
      const stamp = readStamp(buffer.subarray(at + 4, next));
      if (stamp) sink(stamp);
      at = next;
    }
    const rest = buffer.subarray(at, end);
    if (rest.length === buffer.length) buffer = new Uint8Array(buffer.length * 2);
    buffer.set(rest);
    end = rest.length;
  }
}

if (import.meta.main) {
  await answerQuestions(({ sinkPort }: HandlerQuestion) => listen(sinkPort));
}
