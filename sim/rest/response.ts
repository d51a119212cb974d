/**
 * From an endpoint's answer to the bytes that the client gets, faults included.
 *
 * @module
 */

import { brotliCompressSync, gzipSync } from "node:zlib";
import { type Clock, sleep } from "../../ports/clock.ts";
import type { Reply } from "./call.ts";
import type { RestFault } from "./faults.ts";
import type { TooMany } from "./limiter.ts";

/** Turns an answer into a response, after the delay and with the damage that the faults ask for. */
export async function respond(
  clock: Clock,
  reply: Reply,
  faults: readonly RestFault[] = [],
): Promise<Response> {
  const headers = new Headers(reply.headers);
  let bytes = bytesOf(reply);
  if (reply.json !== undefined) headers.set("content-type", "application/json");
  let cutAfter = Infinity;
  for (const fault of faults) {
    if (fault.kind === "slow") await sleep(clock, fault.delayMs);
    if (fault.kind === "reset") cutAfter = fault.afterBytes;
    if (fault.kind === "compress" && bytes) {
      bytes = new Uint8Array(fault.encoding === "br" ? brotliCompressSync(bytes) : gzipSync(bytes));
      headers.set("content-encoding", fault.encoding);
    }
  }
  const isEndless = faults.some(({ kind }) => kind === "endless");
  const damaged = cutAfter < Infinity ? cut(bytes ?? new Uint8Array(), cutAfter) : bytes;
  const body = isEndless ? endless() : damaged;
  return new Response(body, { status: reply.status, headers });
}

/** What a 429 says. Before v8, times were milliseconds. */
export function tooManyReply(
  { scope, retryAfterMs, code }: TooMany,
  headers: Readonly<Record<string, string>>,
  version: number,
): Reply {
  const wholeMs = Math.ceil(retryAfterMs);
  const old = version < 8;
  return {
    status: 429,
    json: {
      message: messageOf(scope, code),
      retry_after: old ? wholeMs : wholeMs / 1000,
      global: scope === "global",
      ...(code && { code }),
    },
    headers: old ? { ...headers, "Retry-After": String(wholeMs) } : headers,
  };
}

function messageOf(scope: TooMany["scope"], code: number | undefined): string {
  if (code === 20028) {
    return "The write action you are performing on the channel has hit the write rate limit.";
  }
  if (code === 40062) return "Service resource is being rate limited.";
  return scope === "shared" ? "The resource is being rate limited." : "You are being rate limited.";
}

function bytesOf({ json, text }: Reply): Uint8Array<ArrayBuffer> | null {
  const body = json === undefined ? text : JSON.stringify(json);
  return body === undefined ? null : new TextEncoder().encode(body);
}

/** A body that breaks: the server behind it resets the connection. */
function cut(bytes: Uint8Array<ArrayBuffer>, afterBytes: number): ReadableStream<Uint8Array> {
  let begun = false;
  return new ReadableStream({
    pull(controller) {
      if (begun) return controller.error(new Error("The simulator cut the connection"));
      begun = true;
      controller.enqueue(bytes.subarray(0, Math.max(1, afterBytes)));
    },
  });
}

/** A body that never ends: the beginning of a list. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024).fill(0x5b)),
  });
}
