/**
 * The consumer of `worker_hop_bench.ts`, in a process of its own: reads batches off a WebSocket,
 * acknowledges once per turn of the event loop as ours
 * does, and answers when it has as many events as it was asked for.
 *
 * @module
 */

import { readBatch } from "../../protocol/event_frame.ts";
import { answerQuestions } from "../program.ts";

/** Where to get events, and how many. */
export interface ConsumerQuestion {
  readonly url: string;
  readonly count: number;
}

function consume({ url, count }: ConsumerQuestion): Promise<number> {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  let received = 0;
  let unacknowledged = 0;
  return new Promise((resolve, reject) => {
    socket.onclose = () => reject(new Error("the link was closed"));
    socket.onmessage = ({ data }) => {
      const events = readBatch(new Uint8Array(data)).records.length;
      received += events;
      unacknowledged += events;
      if (unacknowledged === events) {
        setImmediate(() => {
          socket.send(String(unacknowledged));
          unacknowledged = 0;
        });
      }
      if (received >= count) resolve(received);
    };
  });
}

if (import.meta.main) await answerQuestions(consume);
