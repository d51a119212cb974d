/**
 * A client of the unit's REST proxy: Discord's API without Discord's token. Rate limits and retries
 * are the proxy's.
 *
 * @module
 */

import { readBody } from "../ports/http/body.ts";
import { parseJson } from "../protocol/json.ts";

/** What a request may carry beside its body. */
export interface RestOptions {
  /** Written to the audit log. See [Discord Docs/Audit Logs](https://discord.com/developers/docs/resources/audit-log). */
  readonly reason?: string;
  readonly signal?: AbortSignal;
}

/**
 * Discord's API as the bot. Paths begin with `/` and have no version: `/channels/1/messages`. A body
 * is sent as JSON, except `FormData`, which is sent as it is. The answer is the parsed JSON, or
 * `undefined` where there is none.
 *
 * Every method throws a {@linkcode RestError} when the answer is not a 2xx, or has more than 32 MiB.
 */
export interface Rest {
  /** The API's address, with the version: for a client of your own. */
  readonly baseUrl: string;
  /** What goes into `Authorization`: good for this unit only, and no token of Discord. */
  readonly authorization: string;
  get(path: string, options?: RestOptions): Promise<unknown>;
  post(path: string, body?: unknown, options?: RestOptions): Promise<unknown>;
  put(path: string, body?: unknown, options?: RestOptions): Promise<unknown>;
  patch(path: string, body?: unknown, options?: RestOptions): Promise<unknown>;
  delete(path: string, options?: RestOptions): Promise<unknown>;
}

/**
 * An answer that is not a 2xx.
 * See [Discord Docs/Error Messages](https://discord.com/developers/docs/reference#error-messages).
 */
export class RestError extends Error {
  override readonly name = "RestError";
  /**
   * @param status HTTP status.
   * @param code Discord's JSON error code; 0 where there is none.
   * @param errors Discord's list of what is wrong with the body, where there is one.
   */
  constructor(
    message: string,
    readonly status: number,
    readonly code: number,
    readonly errors?: unknown,
  ) {
    super(message);
  }
}

/**
 * A client of the proxy at `unitUrl` (`http://127.0.0.1:8787`), with a credential of that unit.
 *
 * @example
 * ```ts
 * import { createRest } from "./rest.ts";
 * const rest = createRest("http://127.0.0.1:8787", "credential", fetch);
 * console.assert(rest.baseUrl === "http://127.0.0.1:8787/api/v10");
 * ```
 */
export function createRest(unitUrl: string, credential: string, fetcher: typeof fetch): Rest {
  const baseUrl = `${unitUrl.replace(/\/+$/, "")}/api/v10`;
  const authorization = `Bot ${credential}`;
  async function send(method: string, path: string, body: unknown, options: RestOptions = {}) {
    const headers = new Headers({ authorization });
    if (options.reason !== undefined) {
      headers.set("x-audit-log-reason", encodeURIComponent(options.reason));
    }
    // The unit does not send anybody elsewhere: nobody else gets the credential.
    const init: RequestInit = { method, headers, redirect: "manual" };
    if (options.signal) init.signal = options.signal;
    if (body instanceof FormData) init.body = body;
    else if (body !== undefined) {
      headers.set("content-type", "application/json");
      init.body = JSON.stringify(body);
    }
    const response = await fetcher(baseUrl + path, init);
    const bytes = await readBody(response.body, MOST_ANSWER_BYTES);
    const request = `${method} ${path}`.replace(TOKENS, "$1…");
    const text = bytes && new TextDecoder().decode(bytes);
    if (text !== null) return answer(request, response.status, text);
    throw failed(request, response.status, `its answer has more than ${MOST_ANSWER_BYTES} bytes`);
  }
  return {
    baseUrl,
    authorization,
    get: (path, options) => send("GET", path, undefined, options),
    post: (path, body, options) => send("POST", path, body, options),
    put: (path, body, options) => send("PUT", path, body, options),
    patch: (path, body, options) => send("PATCH", path, body, options),
    delete: (path, options) => send("DELETE", path, undefined, options),
  };
}

function answer(request: string, status: number, text: string): unknown {
  const value = parse(text);
  if (status >= 200 && status < 300) return value;
  const { code, message, errors } = (value ?? {}) as Record<string, unknown>;
  throw failed(request, status, message ?? "no message", code, errors);
}

function failed(request: string, status: number, why: unknown, code?: unknown, errors?: unknown) {
  const text = `${request} failed with ${status}: ${why}`;
  return new RestError(text, status, typeof code === "number" ? code : 0, errors);
}

/** Far above any answer of Discord's. */
const MOST_ANSWER_BYTES = 32 * 1024 * 1024;

/** Tokens of interactions and webhooks: whoever holds one can answer in our name. */
const TOKENS = /(\/(?:interactions|webhooks)\/\d+\/)[^/?]+/;

function parse(text: string): unknown {
  try {
    return text === "" ? undefined : parseJson(text);
  } catch {
    // A web page of something in between: the status says more than it does.
    return undefined;
  }
}
