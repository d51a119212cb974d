/**
 * The worker of `worker_hop_bench.ts`: makes batches as a lane does and hands them to the main thread,
 * or to a consumer's WebSocket that it serves itself, as far as the receiver's credit goes.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { encodeBatch, type EventRecord, RECORD } from "../../protocol/event_frame.ts";
import { makePayloads, PAYLOAD_KINDS } from "../payloads.ts";

/** What is to be sent. */
export interface Flow {
  readonly count: number;
  readonly perMessage: number;
  /** `null`: as fast as the receiver's credit allows. */
  readonly perSecond: number | null;
}

/** Main thread → worker. */
export type ToHop =
  | { readonly do: "post"; readonly flow: Flow; readonly move: boolean }
  /** Answered with the port. Sends over the first WebSocket that is opened to it. */
  | { readonly do: "serve"; readonly flow: Flow }
  | { readonly do: "ack"; readonly events: number };

/** Events that may be under way, 4 MiB of 1.2 KB each. */
const CREDIT_EVENTS = 3_400;

const records = makePayloads(PAYLOAD_KINDS.message, 64).map((body, i): EventRecord => (
  { shardId: i, kind: RECORD.DISPATCH, cursor: i + 1, body }
));

let acknowledged = (_events: number) => {};

/** Sends events; the function returned takes acknowledgements. */
function send(
  { count, perMessage, perSecond }: Flow,
  deliver: (batch: Uint8Array<ArrayBuffer>) => void,
): (events: number) => void {
  let sent = 0;
  let credit = CREDIT_EVENTS;
  const startMs = performance.now();
  const due = () =>
    perSecond === null ? count : Math.min(count, (performance.now() - startMs) / 1000 * perSecond);
  const pump = () => {
    while (sent < due() && credit > 0) {
      const events = Math.min(perMessage, count - sent);
      sent += events;
      credit -= events;
      deliver(encodeBatch(1, records.slice(0, events)));
    }
    if (perSecond !== null && sent < count) setTimeout(pump, 1);
  };
  pump();
  return (events) => {
    credit += events;
    if (perSecond === null) pump();
  };
}

function serve(flow: Flow): void {
  Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => self.postMessage({ port }),
  }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    let ack = (_events: number) => {};
    socket.onopen = () => ack = send(flow, (batch) => socket.send(batch));
    socket.onmessage = ({ data }) => ack(Number(data));
    return response;
  });
}

self.onmessage = ({ data }: MessageEvent<ToHop>) => {
  switch (data.do) {
    case "post":
      acknowledged = send(data.flow, (batch) => {
        self.postMessage(batch, data.move ? [batch.buffer] : []);
      });
      return;
    case "serve":
      return serve(data.flow);
    case "ack":
      return acknowledged(data.events);
  }
};

self.postMessage("ready");
