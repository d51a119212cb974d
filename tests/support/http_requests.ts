/**
 * Short forms for tests of HTTP clients.
 *
 * @module
 */

import { type HttpClient, HttpError, type HttpRequest } from "../../ports/http/client.ts";
import { undiciClient, type UndiciClientOptions } from "../../ports/http/undici.ts";
import { latin1 } from "./raw_http_server.ts";

/** A request whose fields of no interest are filled in. */
export function request(fields: Partial<HttpRequest> = {}): HttpRequest {
  return {
    method: "GET",
    path: "/",
    headers: new Headers(),
    body: null,
    signal: new AbortController().signal,
    ...fields,
  };
}

/** Runs with a client of `origin`, and closes it. */
export async function withClient(
  origin: URL,
  use: (client: HttpClient) => Promise<void>,
  options?: UndiciClientOptions,
): Promise<void> {
  const client = await undiciClient(origin, options);
  try {
    await use(client);
  } finally {
    await client.close();
  }
}

/** The body of an answer, one character a byte. */
export async function textOf(client: HttpClient, fields?: Partial<HttpRequest>): Promise<string> {
  return latin1(await (await client.send(request(fields))).bytes());
}

/** What a request, or the reading of a body, failed with. */
export async function failure(what: Promise<unknown>): Promise<unknown> {
  const answered = Symbol();
  const reason = await what.then(() => answered, (error) => error);
  if (reason === answered) throw new Error("it did not fail");
  return reason;
}

/** As {@linkcode failure}, which has to be an {@linkcode HttpError}. */
export async function httpError(what: Promise<unknown>): Promise<HttpError> {
  const reason = await failure(what);
  if (!(reason instanceof HttpError)) throw new Error("not an HttpError", { cause: reason });
  return reason;
}

/** Waits for what has to happen soon; long enough for a machine under load. */
export async function soon<T>(what: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("it did not happen")), 5_000);
  return await Promise.race([what, late.promise]).finally(() => clearTimeout(timer));
}

/** A stream that a test writes to. */
export function uploadStream(cancelled?: () => void) {
  let to!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => void (to = controller),
    cancel: () => cancelled?.(),
  });
  return {
    stream,
    write: (text: string) => to.enqueue(new TextEncoder().encode(text)),
    close: () => to.close(),
    fail: (error: Error) => to.error(error),
  };
}
