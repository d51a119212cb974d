/**
 * Inflates on the public zlib stream: slower and larger than `inflate.ts`, but on documented API
 * only. Deno runs the callbacks of several writes in one tick out of step with their output, so one
 * write is under way at a time.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import type { Compression } from "../../protocol/worker_message.ts";
import { type Inflater, type InflaterEvents, MOST_PAYLOAD_BYTES, payloadEnds } from "./inflater.ts";

/** Inflates on the public stream; payloads come out later, in order. */
export function streamInflater(
  compression: Exclude<Compression, "none">,
  events: InflaterEvents,
): Inflater {
  const stream = compression === "zlib-stream" ? zlib.createInflate() : zlib.createZstdDecompress();
  const endsPayload = payloadEnds(compression);
  const waiting: Uint8Array[] = [];
  let writing = false;
  let over = false;
  let parts: Uint8Array[] = [];
  let size = 0;

  stream.on("data", (part: Uint8Array) => {
    parts.push(part);
    size += part.length;
    if (size > MOST_PAYLOAD_BYTES) fail(`payload over ${MOST_PAYLOAD_BYTES} bytes`);
  });
  stream.on("error", (error: Error) => fail(error.message));

  function fail(reason: string): void {
    if (over) return;
    over = true;
    events.corrupt(reason);
  }

  function next(): void {
    const bytes = waiting.shift();
    if (over || bytes === undefined) return;
    writing = true;
    stream.write(bytes, () => {
      // The output of this write is announced after its callback: let it arrive first.
      stream.flush(zlib.constants.Z_SYNC_FLUSH, () => {
        writing = false;
        if (over) return;
        if (endsPayload(bytes)) payload();
        next();
      });
    });
  }

  function payload(): void {
    const whole = Buffer.concat(parts, size);
    parts = [];
    size = 0;
    events.payload(whole);
  }

  return {
    push(bytes) {
      // A copy: `slice` of a Buffer would be a view.
      waiting.push(new Uint8Array(bytes));
      if (!writing) next();
    },
    end() {
      over = true;
      stream.close();
    },
  };
}
