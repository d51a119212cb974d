/**
 * What the proxy itself answers: JSON in the shape of Discord's errors, with headers that say that it
 * came from here, why, and when to try again.
 * See [Discord Docs/Error Messages](https://discord.com/developers/docs/reference#error-messages).
 *
 * @module
 */

/** Header of every answer that is ours and not Discord's; it says why. */
export const ERROR_HEADER = "x-gatehouse-error";

/** Something that the caller has to be told. */
export interface Problem {
  readonly status: number;
  /** In the body. Default: the status in words. */
  readonly message?: string;
  /** Discord's code, where it is Discord's error that is told again. Default 0. */
  readonly code?: number;
  /** Why, for {@linkcode ERROR_HEADER}. Never holds a secret. */
  readonly reason: string;
  /** When to try again; left out where that would not help. */
  readonly retryAfterMs?: number;
}

const WORDS: Readonly<Record<number, string>> = {
  401: "401: Unauthorized",
  404: "404: Not Found",
  408: "408: Request Timeout",
  429: "You are being rate limited.",
  499: "499: Client Closed Request",
  502: "502: Bad Gateway",
  503: "503: Service Unavailable",
  504: "504: Gateway Timeout",
};

/**
 * The answer. A 429 of ours never reached Discord, so its scope is `shared`: libraries do not count
 * it as invalid.
 *
 * @example
 * ```ts
 * import { problemAnswer } from "./problem.ts";
 * const answer = problemAnswer({ status: 429, reason: "its rate limit is used up", retryAfterMs: 1500 });
 * console.assert(answer.headers.get("retry-after") === "2");
 * ```
 */
export function problemAnswer(
  { status, message, code = 0, reason, retryAfterMs }: Problem,
): Response {
  const headers = new Headers({ [ERROR_HEADER]: asHeader(reason) });
  if (retryAfterMs !== undefined) {
    headers.set("retry-after", String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  }
  const body: Record<string, unknown> = { message: message ?? WORDS[status] ?? reason, code };
  if (status === 429) {
    headers.set("x-ratelimit-scope", "shared");
    Object.assign(body, { retry_after: Math.ceil(retryAfterMs ?? 1000) / 1000, global: false });
  }
  return Response.json(body, { status, headers });
}

/** A header takes visible ASCII only. */
function asHeader(reason: string): string {
  return reason.replace(/[^\x20-\x7e]+/g, "?").slice(0, 200);
}
