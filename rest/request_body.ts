/**
 * The body of a request on its way through. A short one is read at once: it can be sent again if
 * Discord says "not now", and its fields can be looked at. A long one, or one of unknown length, goes
 * through as it comes, once, whatever its size.
 *
 * @module
 */

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
   * Resolves when a short body is all here, or `limitMs` have passed, or the caller has gone; at once
   * for a long one.
   */
  arrives(clock: Clock, limitMs: number): Promise<Arrival>;
}

/** The body of `request`, whose reading begins now. */
export function requestBody(request: Request): RequestBody {
  const { body } = request;
  if (body === null) {
    return { isReplayable: true, length: 0, bytes: null, read: () => NOTHING, arrives: () => HERE };
  }
  const announced = Number(request.headers.get("content-length") ?? NaN);
  const length = Number.isFinite(announced) ? announced : null;
  if (length === null || length >= BUFFERED_BYTES) {
    const read = () => Promise.resolve(body);
    return { isReplayable: false, length, bytes: null, read, arrives: () => HERE };
  }
  let bytes: Uint8Array<ArrayBuffer> | null = null;
  const reading = request.bytes().then((read) => bytes = read);
  // It breaks off when the caller goes away, and then nobody is left who would hear of it.
  const arrival = reading.then((): Arrival => "here", (): Arrival => "gone");
  return {
    isReplayable: true,
    length,
    get bytes() {
      return bytes;
    },
    read: () => reading,
    async arrives(clock, limitMs) {
      const late = Promise.withResolvers<Arrival>();
      const cancel = clock.after(limitMs, () => late.resolve("late"));
      const arrived = await Promise.race([arrival, late.promise]);
      cancel();
      return arrived;
    },
  };
}

const NOTHING = Promise.resolve(null);
const HERE: Promise<Arrival> = Promise.resolve("here");
