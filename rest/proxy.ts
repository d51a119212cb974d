/**
 * The REST proxy: what comes in under `/api` goes to Discord as it is, with the bot's token in place
 * of the caller's credential, and the answer comes back as it is. It reads no body and retries
 * nothing.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import { USER_AGENT } from "../protocol/user_agent.ts";
import type { Log } from "../ports/log.ts";
import type { RestVerdict } from "./auth.ts";
import { requestHeaders, responseHeaders } from "./proxy_headers.ts";

/** What the proxy needs. */
export interface RestProxyOptions {
  /** Discord's API without a version: `https://discord.com/api`. */
  readonly upstream: URL;
  /** The bot's token, without `Bot `. */
  readonly token: string;
  /** Must follow the fetch standard, and decode gzip and br. */
  readonly fetch: typeof fetch;
  /** As whom a request acts. */
  readonly authorize: (request: Request) => RestVerdict;
  readonly log: Log;
}

/** Header of every answer that is ours and not Discord's; it says why. */
export const ERROR_HEADER = "x-gatehouse-error";

/** Shorter bodies are read before they are sent: `fetch` stalls 38 ms on a body that comes late. */
const BUFFERED_BYTES = 64 * 1024;

/**
 * A proxy for requests under `/api`. Method, path, query, headers, body and answer pass unchanged,
 * except what belongs to one connection only (see `proxy_headers.ts`).
 *
 * Answers of its own are in the shape of Discord's errors, with code 0 and the header
 * {@linkcode ERROR_HEADER}: 401 refused, 404 not under `/api`, 502 Discord could not be reached. The
 * token is in none of them and in no line of the log.
 *
 * See [Discord Docs/API Reference](https://discord.com/developers/docs/reference).
 */
export function createRestProxy(
  options: RestProxyOptions,
): (request: Request) => Promise<Response> {
  const { upstream, authorize, log } = options;
  return async (request) => {
    const target = targetOf(upstream, request.url);
    if (!target) return problem(404, "404: Not Found", "the path is not under /api");
    const verdict = authorize(request);
    if (typeof verdict === "object") {
      log.warn("rest request refused", { method: request.method, reason: verdict.refused });
      return problem(401, "401: Unauthorized", verdict.refused);
    }
    try {
      return await forward(options, request, target, verdict === "bot");
    } catch (error) {
      const reason = withoutSecrets(error, [target, options.token]);
      // The caller went away: nobody is left to read the answer, and nothing is wrong.
      if (request.signal.aborted) log.debug("rest request aborted", { method: request.method });
      else log.warn("discord cannot be reached", { method: request.method, reason });
      return problem(502, "502: Bad Gateway", reason);
    }
  };
}

async function forward(
  { fetch, token }: RestProxyOptions,
  request: Request,
  target: string,
  asBot: boolean,
): Promise<Response> {
  const body = await bodyOf(request);
  const response = await fetch(target, {
    method: request.method,
    headers: requestHeaders(request.headers, {
      authorization: asBot ? `Bot ${token}` : undefined,
      userAgent: USER_AGENT,
    }),
    redirect: "manual",
    signal: request.signal,
    ...(body && { body }),
  });
  return new Response(response.body, {
    status: response.status,
    headers: responseHeaders(response.headers),
  });
}

/** `/api/v10/x?y` below the upstream; `undefined` for what is not under `/api`. */
function targetOf(upstream: URL, url: string): string | undefined {
  const { pathname, search } = new URL(url);
  if (!pathname.startsWith("/api/")) return undefined;
  return upstream.origin + upstream.pathname.replace(/\/$/, "") + pathname.slice(4) + search;
}

async function bodyOf(request: Request): Promise<BodyInit | null> {
  const length = Number(request.headers.get("content-length") ?? NaN);
  return length < BUFFERED_BYTES ? await request.bytes() : request.body;
}

/** What went wrong, in one line. The address goes: its path may hold the token of a webhook. */
function withoutSecrets(error: unknown, secrets: readonly string[]): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return secrets.reduce((text, secret) => text.replaceAll(secret, "…"), messageOf(cause))
    .replace(/ for url \([^)]*\)/, "");
}

function problem(status: number, message: string, reason: string): Response {
  // A header takes visible ASCII only.
  const header = reason.replace(/[^\x20-\x7e]+/g, "?").slice(0, 200);
  return Response.json({ message, code: 0 }, { status, headers: { [ERROR_HEADER]: header } });
}
