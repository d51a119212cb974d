/**
 * An HTTP client of one server, as a proxy needs it: every byte of a body as it came, and of a
 * request that failed, whether it can have arrived.
 *
 * @module
 */

/** One request to the server that a client is for. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query, exactly as they go on the wire. */
  readonly path: string;
  /** End-to-end headers. `host` and the framing of the body are the client's: those here are ignored. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  /** Bytes must not change until the request is answered. A stream is cancelled when it is not needed. */
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | null;
  /**
   * How many bytes a streamed body has, where that is known: they are announced as `content-length`,
   * and a stream of another length fails the request. Without it the body is sent chunked.
   */
  readonly bodyLength?: number | undefined;
  /** Ends the request, or the body of its answer, at any time. */
  readonly signal: AbortSignal;
}

/**
 * Sends one request, and never twice. Resolves with the head of the answer; the body may still be on
 * its way, and must be read or cancelled: until then it occupies a connection. Of a small body the
 * whole may be waited for; an answer that breaks off before is none.
 *
 * The body is as it came, not decompressed. The headers are those of the message, not of the
 * connection: without `connection`, `transfer-encoding` and their like. Interim answers are skipped.
 *
 * Rejects with {@linkcode HttpError}, or with the signal's reason when aborted; so does the body.
 */
export type HttpSend = (request: HttpRequest) => Promise<Response>;

/** A client of one server. */
export interface HttpClient {
  readonly send: HttpSend;
  /** Ends every connection at once; what is under way fails. Resolves when all are closed. */
  close(): Promise<void>;
}

/** A request that got no answer, or an answer that broke off. The message never holds the path. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  /**
   * @param message What went wrong, in one line.
   * @param sent `false` where the request provably did not reach the server: no byte of it was
   * written. Otherwise nothing is known: it may have been carried out.
   */
  constructor(message: string, readonly sent: boolean) {
    super(message);
  }
}

/** See [RFC 9110, 7.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1); `proxy-*` besides. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The headers of a message, by names in lower case, without those of the connection that it came by. */
export function endToEnd<Header extends readonly [name: string, value: string]>(
  headers: Iterable<Header>,
): Header[] {
  const kept: Header[] = [];
  const named: string[] = [];
  for (const header of headers) {
    const [name, value] = header;
    if (name === "connection") named.push(...value.toLowerCase().split(/[\s,]+/));
    if (!HOP_BY_HOP.has(name) && !name.startsWith("proxy-")) kept.push(header);
  }
  return named.length === 0 ? kept : kept.filter(([name]) => !named.includes(name));
}
