/**
 * The heads of HTTP messages: what of a request may go on the wire, and what of an answer is the
 * message's and not the connection's. Pure.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { HttpError, type HttpRequest } from "./http.ts";

/**
 * The headers of a request as undici takes them: names and values in turn. Throws where undici would
 * refuse the request, which would cost a connection.
 */
export function sendable({ method, path, headers, body, bodyLength }: HttpRequest): string[] {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(method) || method === "CONNECT") throw notHttp("the method");
  if (!/^\/[\x21-\x7e\x80-\xff]*$/.test(path)) throw notHttp("the path");
  const flat: string[] = [];
  for (const [name, value] of headers) {
    if (HOP_BY_HOP.has(name) || name === "host" || name === "content-length") continue;
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

/** Headers of one connection: RFC 9110, 7.6.1. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** The headers of an answer without those of the connection. */
export function endToEnd(raw: readonly Buffer[]): [string, string][] {
  const headers: [string, string][] = [];
  const named: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toString("latin1").toLowerCase();
    if (name === "connection") named.push(...raw[i + 1]!.toString().toLowerCase().split(/[\s,]+/));
    if (HOP_BY_HOP.has(name) || name.startsWith("proxy-")) continue;
    headers.push([name, raw[i + 1]!.toString("latin1")]);
  }
  return named.length === 0 ? headers : headers.filter(([name]) => !named.includes(name));
}
