/**
 * The process that the floor writes to: tells events of a run from others by their stamp, and parses
 * nothing.
 *
 * @module
 */

import { answerQuestions } from "../program.ts";
import type { HandlerQuestion } from "./handler.ts";
import { openSink, type Sink } from "./sink.ts";

/** The stamp stands in front: `{"t":"…","s":1,"op":0,"d":{"run":1,"sentMs":2.5,`. */
const STAMP = /"d":\{"run":(\d+),"sentMs":([\d.]+),/;
const STAMP_BYTES = 128;
const READ_BYTES = 256 * 1024;
const decoder = new TextDecoder();

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
      leave(buffer.subarray(at + 4, Math.min(next, at + 4 + STAMP_BYTES)), sink);
      at = next;
    }
    const rest = buffer.subarray(at, end);
    if (rest.length === buffer.length) buffer = new Uint8Array(buffer.length * 2);
    buffer.set(rest);
    end = rest.length;
  }
}

/** Leaves an event at the sink, if it begins with a stamp. */
function leave(start: Uint8Array, sink: Sink): void {
  const [, run, sentMs] = STAMP.exec(decoder.decode(start)) ?? [];
  if (run !== undefined) sink({ run: Number(run), sentMs: Number(sentMs) });
}

if (import.meta.main) {
  await answerQuestions(({ sinkPort }: HandlerQuestion) => listen(sinkPort));
}
