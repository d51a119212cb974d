/**
 * Which headers the REST proxy passes on, in either direction. Pure.
 *
 * @module
 */

/**
 * Headers that belong to one connection and not to the message
 * ([RFC 9110, 7.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1)); `proxy-*` besides.
 */
const HOP_BY_HOP: readonly string[] = [
  "connection",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Compressions that `fetch` undoes by itself, and leaves in the headers. */
const DECODED: readonly string[] = ["gzip", "br"];

/** What runtimes and their HTTP libraries call themselves: Discord blocks some of these. */
const GENERIC_AGENT =
  /^(deno|node|bun|undici|node-fetch|axios|got|python|aiohttp|go-http-client|java|okhttp|curl|wget|ruby|reqwest)\b/i;

/** Headers of the request to Discord. */
export interface RequestHeaders {
  /** Replaces the caller's `Authorization`; `undefined` leaves it. */
  readonly authorization: string | undefined;
  /** Stands in for a `User-Agent` that is missing or only names a runtime. */
  readonly userAgent: string;
}

/** The caller's headers as they go to Discord. */
export function requestHeaders(caller: Headers, own: RequestHeaders): Headers {
  const headers = endToEnd(caller);
  // Both are the next connection's business: its own host, the length of the body as it is sent.
  for (const name of ["host", "content-length", "expect"]) headers.delete(name);
  // Only what `fetch` decodes for sure: then it is known in which form the body arrives.
  headers.set("accept-encoding", DECODED.join(", "));
  if (own.authorization !== undefined) headers.set("authorization", own.authorization);
  const agent = headers.get("user-agent") ?? "";
  if (agent === "" || GENERIC_AGENT.test(agent)) headers.set("user-agent", own.userAgent);
  return headers;
}

/** Discord's headers as they go to the caller. */
export function responseHeaders(discord: Headers): Headers {
  const headers = endToEnd(discord);
  // Names other addresses of Discord's; the caller would take them for ours.
  headers.delete("alt-svc");
  const encoding = headers.get("content-encoding")?.trim().toLowerCase();
  if (encoding === undefined || !DECODED.includes(encoding)) return headers;
  // The body is plain by now; its length is not known before its end.
  headers.delete("content-encoding");
  headers.delete("content-length");
  return headers;
}

function endToEnd(all: Headers): Headers {
  const headers = new Headers(all);
  const named = (all.get("connection") ?? "").toLowerCase().split(",").map((name) => name.trim());
  for (const name of all.keys()) {
    const isHop = HOP_BY_HOP.includes(name) || named.includes(name) || name.startsWith("proxy-");
    if (isHop) headers.delete(name);
  }
  return headers;
}
