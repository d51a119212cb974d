/**
 * One request and its answer, as undici tells of them.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type { loadUndici } from "../../deps.ts";
import { messageOf } from "../../protocol/errors.ts";
import { joined } from "./body.ts";
import { endToEnd, HttpError, type HttpRequest } from "./client.ts";

type Client = InstanceType<Awaited<ReturnType<typeof loadUndici>>["Client"]>;
type DispatchOptions = Parameters<Client["dispatch"]>[0];

/** An answer that is announced to be no longer is handed on in one piece. */
const WHOLE_BYTES = 64 * 1024;

/** How much of a body may wait for its reader before the server is held back. */
const QUEUED_BYTES = 64 * 1024;

/**
 * What undici needs to carry out a request: `options`, and itself as the handler of what happens.
 * The handler is of the older kind, which gets the headers as they came.
 */
export class Exchange {
  /** The request as undici takes it. */
  readonly options: DispatchOptions;
  /** Called once, when nothing more will happen; `whole` where the answer came to its end. */
  onEnd: (whole: boolean) => void = () => {};
  readonly #request: HttpRequest;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #onAbort = () => this.#stop();
  #upload: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #abort: ((error: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #head: ResponseInit = {};
  #bodiless = false;
  /** What came of the body before the answer was handed on. */
  #parts: Uint8Array<ArrayBuffer>[] = [];
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  #paused = false;
  #over = false;

  /**
   * Throws {@linkcode HttpError} where HTTP cannot express the request.
   *
   * @param resolve Gets the head of the answer, with its body.
   * @param reject Gets the reason why there is none.
   */
  constructor(
    request: HttpRequest,
    resolve: (response: Response) => void,
    reject: (reason: unknown) => void,
  ) {
    const { method, path, body, signal } = request;
    const headers = sendable(request);
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.options = {
      method,
      path,
      headers,
      body: (body instanceof ReadableStream ? this.#chunks(body) : body) as Uint8Array | null,
      // undici would close the connection after a DELETE with a body.
      ...(method !== "HEAD" && { reset: false }),
    };
    signal.addEventListener("abort", this.#onAbort);
  }

  /** A body of a kind that can be cancelled while its next chunk is waited for. */
  #chunks(body: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
    const reader = this.#upload = body.getReader();
    const next = () => reader.read() as Promise<IteratorResult<Uint8Array>>;
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  /** A connection is open and nothing is written yet: the last moment at which it is sure. */
  onConnect(abort: (error: Error) => void): void {
    // Throwing leaves the connection to the next request.
    if (this.#over) throw new Error("aborted");
    this.#abort = abort;
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    if (status === 101) throw new Error("the server changed the protocol");
    if (status > 599) throw new Error(`the status ${status} is none`);
    if (status < 200) return true;
    this.#resume = resume;
    const headers = headersOf(raw);
    this.#head = { status, headers };
    this.#bodiless = this.#request.method === "HEAD" || BODILESS.has(status);
    const length = headers.find(([name]) => name === "content-length")?.[1];
    // Whatever came together with the head is here before a microtask runs: most answers are whole.
    if (!this.#bodiless && !(Number(length) <= WHOLE_BYTES)) queueMicrotask(() => this.#handOn());
    return true;
  }

  onData(data: Uint8Array): boolean {
    // Not a Buffer, which would come out again where the body is read.
    const chunk = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    if (!this.#body) {
      if (!this.#bodiless) this.#parts.push(chunk);
      return true;
    }
    this.#body.enqueue(chunk);
    this.#paused = !(this.#body.desiredSize! > 0);
    return !this.#paused;
  }

  onComplete(): void {
    this.#end(true);
    if (this.#body) return this.#body.close();
    this.#resolve(new Response(this.#bodiless ? null : joined(this.#parts), this.#head));
  }

  onError(error: Error): void {
    const { signal } = this.#request;
    this.#fail(signal.aborted ? signal.reason : new HttpError(inWords(error), !!this.#abort));
  }

  /** Gives the answer to the caller while its body is still coming. */
  #handOn(): void {
    if (this.#over) return;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        this.#body = controller;
        for (const part of this.#parts) controller.enqueue(part);
        this.#parts = [];
      },
      pull: () => {
        if (!this.#paused) return;
        this.#paused = false;
        this.#resume!();
      },
      cancel: () => this.#abort!(new Error("cancelled")),
    }, new ByteLengthQueuingStrategy({ highWaterMark: QUEUED_BYTES }));
    this.#resolve(new Response(body, this.#head));
  }

  /** The caller's signal: ends the request in whatever state it is. */
  #stop(): void {
    if (this.#abort) this.#abort(new Error("aborted"));
    // Not connected yet: undici asks again when it is.
    else this.#fail(this.#request.signal.reason);
  }

  #fail(reason: unknown): void {
    if (this.#over) return;
    this.#end(false);
    if (this.#body) this.#body.error(reason);
    else this.#reject(reason);
  }

  #end(whole: boolean): void {
    this.#over = true;
    this.onEnd(whole);
    this.#request.signal.removeEventListener("abort", this.#onAbort);
    this.#upload?.cancel().catch(() => {});
  }
}

/** Statuses whose answers have no body, whatever their headers say. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

const WORDS: Readonly<Record<string, string>> = {
  EAI_AGAIN: "the name of the host cannot be looked up now",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ENOTFOUND: "no such host",
  EPIPE: "connection closed while the request was being sent",
  ETIMEDOUT: "connection timed out",
  UND_ERR_BODY_TIMEOUT: "the body of the answer stopped coming",
  UND_ERR_CONNECT_TIMEOUT: "no connection within the deadline",
  UND_ERR_DESTROYED: "the client was closed",
};

/** What went wrong, in one line. None of undici's messages holds the path of a request. */
function inWords(error: Error): string {
  const code = String((error as { code?: unknown }).code ?? "");
  const words = WORDS[code] ?? messageOf(error).replace(/\s+/g, " ");
  return code === "" ? words : `${words} (${code})`;
}

/**
 * The headers of a request as undici takes them: names and values in turn. Throws where undici would
 * refuse the request, which would cost a connection.
 */
export function sendable({ method, path, headers, body, bodyLength }: HttpRequest): string[] {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(method) || method === "CONNECT") throw notHttp("the method");
  if (!/^\/[\x21-\x7e\x80-\xff]*$/.test(path)) throw notHttp("the path");
  const flat: string[] = [];
  for (const [name, value] of endToEnd(headers)) {
    if (name === "host" || name === "content-length") continue;
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw notHttp(`the header ${name}`);
    flat.push(name, value);
  }
  if (bodyLength !== undefined && body instanceof ReadableStream) {
    flat.push("content-length", String(bodyLength));
  }
  return flat;
}

function notHttp(what: string): HttpError {
  return new HttpError(`${what} cannot be sent in HTTP`, false);
}

/** The headers of an answer without those of the connection. */
export function headersOf(raw: readonly Buffer[]): [string, string][] {
  const headers: [string, string][] = [];
  for (let i = 0; i < raw.length; i += 2) {
    headers.push([raw[i]!.toString("latin1").toLowerCase(), raw[i + 1]!.toString("latin1")]);
  }
  return endToEnd(headers);
}
