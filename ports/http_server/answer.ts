/**
 * A `Response` on its way out over HTTP/1.1.
 *
 * @module
 */

import type { ServerResponse } from "node:http";
import type { Clock } from "../clock.ts";

/** A caller that takes nothing of its answer for so long is cut off. */
export const TAKE_DEADLINE_MS = 30_000;

/**
 * Sends an answer; resolves when all of it has been handed on. A body that breaks off, or a caller that
 * does not take it, ends the connection: what was sent by then must not pass for all of it.
 */
export async function answer(out: ServerResponse, response: Response, clock: Clock): Promise<void> {
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader();
  try {
    await send(out, response, reader, clock);
  } catch {
    out.destroy();
    await reader?.cancel().catch(() => {});
  }
}

async function send(
  out: ServerResponse,
  { status, statusText, headers }: Response,
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
  clock: Clock,
): Promise<void> {
  const head: string[] = [];
  for (const [name, value] of headers) head.push(name, value);
  const begin = () => void out.writeHead(status, statusText || undefined, head);
  if (!reader || out.req.method === "HEAD") {
    await reader?.cancel();
    begin();
    return void out.end();
  }
  const first = await reader.read();
  const next = first.done ? Promise.resolve(first) : reader.read();
  if ((await here(next))?.done) {
    // The whole of it is here: one write, with its length.
    if (!headers.has("content-length")) {
      head.push("content-length", String(first.value?.length ?? 0));
    }
    begin();
    return void out.end(first.value);
  }
  begin();
  out.write(first.value);
  for (let part = await next; !part.done;) {
    if (!out.write(part.value)) await taken(out, clock);
    if (out.destroyed) return await reader.cancel();
    part = await reader.read();
  }
  out.end();
}

/** What is there already; `null`: it is yet to come, and nothing is to wait for it. */
async function here<Value>(coming: Promise<Value>): Promise<Value | null> {
  let value: Value | null = null;
  // Who waits for it gets its error, too.
  coming.then((came) => value = came, () => {});
  for (let turn = 0; turn < FEW_TURNS && value === null; turn++) await null;
  return value;
}

/** Of the queue of promises: what is in memory takes no more. */
const FEW_TURNS = 8;

/** Resolves when the caller has taken what was written, or is gone. */
async function taken(out: ServerResponse, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(TAKE_DEADLINE_MS, () => out.destroy());
  out.once("drain", resolve);
  out.once("close", resolve);
  await promise;
  cancel();
  out.off("drain", resolve);
  out.off("close", resolve);
}
