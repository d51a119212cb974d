/**
 * A request as it came over HTTP/1.1, as a `Request`.
 *
 * @module
 */

import type { IncomingMessage } from "node:http";

/**
 * Gives the request, or the status that refuses it. Its body is read no faster than it is taken.
 *
 * @param signal Aborts when the caller goes away before its answer is complete.
 */
export function toRequest(message: IncomingMessage, signal: AbortSignal): Request | 400 | 405 {
  const { method = "GET", rawHeaders, headers, url = "" } = message;
  if (!METHOD.test(method)) return 405;
  const host = headers.host ?? "localhost";
  // Of a target with a host of its own, as a proxy gets it, only the path is ours.
  const target = url.replace(/^https?:\/\/[^/?#]*/i, "");
  // What is no bare host and port could change where the path begins.
  if (!HOST.test(host) || !target.startsWith("/")) return 400;
  const pairs: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  const body = hasBody(message) ? bodyOf(message) : null;
  try {
    return new Request(`http://${host}${target}`, {
      method,
      headers: pairs,
      body,
      signal,
      ...(body && { duplex: "half" }),
    });
  } catch {
    return 400;
  }
}

/** Not those that `fetch` forbids. */
const METHOD = /^(?!(CONNECT|TRACE|TRACK)$)[A-Z-]+$/;
const HOST = /^([\w.-]*|\[[\da-f:.]+\])(:\d{1,5})?$/i;

/** A body of GET or HEAD means nothing; one that announces neither a length nor chunks is none. */
function hasBody({ method, headers }: IncomingMessage): boolean {
  if (method === "GET" || method === "HEAD") return false;
  return "transfer-encoding" in headers || Number(headers["content-length"] ?? 0) > 0;
}

function bodyOf(message: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isOver = false;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      message.on("data", (bytes: Uint8Array<ArrayBuffer>) => {
        if (isOver) return;
        controller.enqueue(bytes);
        if (controller.desiredSize! <= 0) message.pause();
      });
      message.on("end", () => {
        if (!isOver) controller.close();
        isOver = true;
      });
      message.on("error", gone);
      message.on("close", gone);
      function gone() {
        if (!isOver) {
          controller.error(new TypeError("the caller went away before its body was here"));
        }
        isOver = true;
      }
    },
    pull: () => void message.resume(),
    cancel() {
      isOver = true;
      message.pause();
    },
  }, new ByteLengthQueuingStrategy({ highWaterMark: BUFFERED_BYTES }));
}

/** What is read of a body before somebody takes it. */
const BUFFERED_BYTES = 64 * 1024;
