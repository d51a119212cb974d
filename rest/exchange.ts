/**
 * One request to Discord and its answer, within a deadline. It decides nothing: whether to try again
 * is decided in `proxy.ts`.
 *
 * @module
 */

import { messageOf } from "../protocol/errors.ts";
import type { Clock } from "../ports/clock.ts";
import { HttpError, type HttpSend } from "../ports/http.ts";
import type { HeaderPairs } from "./proxy_headers.ts";
import type { RequestBody } from "./request_body.ts";

/** What is sent. */
export interface Outgoing {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: HeaderPairs;
  readonly body: RequestBody;
  /** The caller went away. */
  readonly signal: AbortSignal;
}

/** What came of it. */
export type Outcome =
  /** `text` is the body of a refusal: 401, 403, 404, 429. */
  | { readonly kind: "answered"; readonly answer: Response; readonly text: string | undefined }
  /** No answer in time; Discord may have carried it out all the same. */
  | { readonly kind: "late" }
  /** The caller went away. */
  | { readonly kind: "abandoned" }
  /** `wasSent` false: it provably did not reach Discord. */
  | { readonly kind: "failed"; readonly reason: string; readonly wasSent: boolean };

/** What an exchange needs. */
export interface ExchangeOptions {
  readonly clock: Clock;
  readonly send: HttpSend;
  /** Time for the head of the answer, ms. */
  readonly answerMs: number;
  /** The same, where the body is long: it has to be sent first. */
  readonly uploadMs: number;
}

/** Answers that are about the request's right to be: small, and looked at. */
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404, 429]);

/** Sends a request once. Never throws. */
export async function exchange(options: ExchangeOptions, outgoing: Outgoing): Promise<Outcome> {
  const { clock, send, answerMs, uploadMs } = options;
  const { method, path, headers, body, signal } = outgoing;
  const ending = new AbortController();
  const leave = () => ending.abort(signal.reason);
  if (signal.aborted) leave();
  signal.addEventListener("abort", leave, { once: true });
  let isLate = false;
  const cancel = clock.after(body.isReplayable ? answerMs : uploadMs, () => {
    isLate = true;
    ending.abort(new Error("no answer in time"));
  });
  try {
    const content = await body.read();
    ending.signal.throwIfAborted();
    const answer = await send({
      method,
      path,
      headers,
      body: content,
      bodyLength: body.length ?? undefined,
      signal: ending.signal,
    });
    if (!REFUSALS.has(answer.status)) return { kind: "answered", answer, text: undefined };
    const bytes = await answer.bytes();
    const { status, headers: said } = answer;
    const again = new Response(bytes.length > 0 ? bytes : null, { status, headers: said });
    return { kind: "answered", answer: again, text: new TextDecoder().decode(bytes) };
  } catch (error) {
    if (isLate) return { kind: "late" };
    if (signal.aborted) return { kind: "abandoned" };
    const wasSent = !(error instanceof HttpError) || error.sent;
    return { kind: "failed", reason: messageOf(error), wasSent };
  } finally {
    cancel();
  }
}
