/**
 * Bodies of HTTP messages, read with a ceiling: whoever sends one may never end it.
 *
 * @module
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** What came of a body so far. */
export interface BodyStart {
  readonly bytes: Bytes;
  /** All of it, `bytes` too, as it goes on; `null` where `bytes` is all. */
  readonly whole: ReadableStream<Bytes> | null;
}

/**
 * Reads a body until it ends or more than `mostBytes` have come.
 *
 * @throws What the stream fails with.
 *
 * @example
 * ```ts
 * import { readStart } from "./body.ts";
 * const { bytes, whole } = await readStart(new Response("short").body, 1024);
 * console.assert(bytes.length === 5 && whole === null);
 * ```
 */
export async function readStart(
  body: ReadableStream<Bytes> | null,
  mostBytes: number,
): Promise<BodyStart> {
  const parts: Bytes[] = [];
  const reader = body?.getReader();
  for (let length = 0; reader && length <= mostBytes;) {
    const { value } = await reader.read();
    if (!value) return { bytes: joined(parts), whole: null };
    parts.push(value);
    length += value.length;
  }
  const bytes = joined(parts);
  return { bytes, whole: reader ? resumed(bytes, reader) : null };
}

/**
 * Reads a body whole; `null` where it has more than `mostBytes`: the rest of it is cancelled.
 *
 * @throws What the stream fails with.
 */
export async function readBody(
  body: ReadableStream<Bytes> | null,
  mostBytes: number,
): Promise<Bytes | null> {
  const { bytes, whole } = await readStart(body, mostBytes);
  if (whole === null) return bytes;
  await whole.cancel();
  return null;
}

/** A stream of which `first` has been read already. */
export function resumed(
  first: Bytes,
  reader: ReadableStreamDefaultReader<Bytes>,
): ReadableStream<Bytes> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(first),
    async pull(controller) {
      const { value } = await reader.read();
      if (value) controller.enqueue(value);
      else controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/** Pieces of a body as one; the piece itself where there is one. */
export function joined(parts: readonly Bytes[]): Bytes {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
