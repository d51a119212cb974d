/**
 * The body of a request on its way through. A short one is read at once: it can be sent again if
 * Discord says "not now", and its fields can be looked at. A long one, or one of unknown length, goes
 * through as it comes, once, whatever its size.
 *
 * @module
 */

import { resumed } from "../ports/http/body.ts";
import type { Clock } from "../ports/clock.ts";

/** Shorter bodies are read before they are sent. */
export const BUFFERED_BYTES = 64 * 1024;

/** What came of waiting for a body. */
export type Arrival = "here" | "late" | "gone";

/** A body. */
export interface RequestBody {
  /** Whether it can be sent more than once. */
  readonly isReplayable: boolean;
  /** Its announced length; `null` where nobody said. */
  readonly length: number | null;
  /** What is known of it by now: all of a short body that has arrived, else `null`. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** What to send. Of a body that streams only the first call gets it. */
  read(): Promise<Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | null>;
  /**
   * Resolves when a short body is all here, or it is known that there is none, or `limitMs` have
   * passed, or the caller has gone; at once for a long one. The other fields are final from then on.
   */
  arrives(clock: Clock, limitMs: number): Promise<Arrival>;
}

/**
 * The body of `request`, whose reading begins now. One that announces neither a length nor chunks has
 * none, see [RFC 9112, 6.3](https://www.rfc-editor.org/rfc/rfc9112#section-6.3), but Deno hands over a
 * stream all the same. That stream tells: HTTP/2 need not announce a body.
 */
export function requestBody(request: Request): RequestBody {
  const { body, headers } = request;
  if (body === null) {
    return { isReplayable: true, length: 0, bytes: null, read: () => NOTHING, arrives: () => HERE };
  }
  const announced = headers.get("content-length");
  if (announced === null && !headers.has("transfer-encoding")) return unannounced(body);
  const length = Number(announced ?? NaN);
  return length < BUFFERED_BYTES ? short(request, length) : long(body, length);
}

function short(request: Request, length: number): RequestBody {
  let bytes: Uint8Array<ArrayBuffer> | null = null;
  const reading = request.bytes().then((read) => bytes = read);
  return {
    isReplayable: true,
    length,
    get bytes() {
      return bytes;
    },
    read: () => reading,
    arrives: within(reading),
  };
}

function long(body: Stream, length: number): RequestBody {
  const read = () => Promise.resolve(body);
  const known = Number.isFinite(length) ? length : null;
  return { isReplayable: false, length: known, bytes: null, read, arrives: () => HERE };
}

/** It is none where the stream ends before a byte has come, else a long one. */
function unannounced(body: Stream): RequestBody {
  const reader = body.getReader();
  let isNone = false;
  const begun = firstOf(reader).then((first) => {
    isNone = first === null;
    return first;
  });
  return {
    bytes: null,
    get isReplayable() {
      return isNone;
    },
    get length() {
      return isNone ? 0 : null;
    },
    read: async () => {
      const first = await begun;
      return first && resumed(first, reader);
    },
    arrives: within(begun),
  };
}

/** The first bytes; `null` where there are none: Deno hands over an empty chunk then. */
async function firstOf(reader: Reader): Promise<Uint8Array<ArrayBuffer> | null> {
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) return null;
    if (value.length > 0) return value;
  }
}

/** Waits for what is being read. */
function within(reading: Promise<unknown>): RequestBody["arrives"] {
  // It breaks off when the caller goes away, and then nobody is left who would hear of it.
  const arrival = reading.then((): Arrival => "here", (): Arrival => "gone");
  return async (clock, limitMs) => {
    const late = Promise.withResolvers<Arrival>();
    const cancel = clock.after(limitMs, () => late.resolve("late"));
    const arrived = await Promise.race([arrival, late.promise]);
    cancel();
    return arrived;
  };
}

type Stream = ReadableStream<Uint8Array<ArrayBuffer>>;
type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

const NOTHING = Promise.resolve(null);
const HERE: Promise<Arrival> = Promise.resolve("here");
