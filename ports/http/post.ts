/**
 * A POST to somebody's own server: what is needed to bring it something, and to know whether it has it.
 *
 * @module
 */

import { messageOf } from "../../protocol/errors.ts";

/** One POST. */
export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Ends it at any time. */
  readonly signal: AbortSignal;
}

/** What came back. */
export interface PostAnswer {
  readonly status: number;
  /** The header `retry-after`, as it came. */
  readonly retryAfter: string | null;
  /** How the answer begins: a line for people. */
  readonly text: string;
}

/** Sends one POST, and never twice; follows no redirect. Rejects, in words, where no answer came. */
export type HttpPost = (request: PostRequest) => Promise<PostAnswer>;

/** So much of an answer is read, so that its connection can be used again. */
const MOST_BYTES = 16 * 1024;
/** So much of it is of use to a person. */
const MOST_LETTERS = 200;

/** By the runtime's `fetch`, which keeps connections open and speaks HTTP/2 where the server does. */
export const fetchPost: HttpPost = async ({ url, headers, body, signal }) => {
  const options = { method: "POST", body, signal, redirect: "manual" } as const;
  const answer = await fetch(url, {
    ...options,
    // Read after Deno has begun its span of this, and before it has told it the address.
    get headers() {
      endOwnSpan();
      return headers;
    },
  }).catch((error) => {
    throw signal.aborted ? error : new Error(wordsOf(error, url));
  });
  const text = await beginning(answer);
  return { status: answer.status, retryAfter: answer.headers.get("retry-after"), text };
};

/** Where OpenTelemetry's packages, and Deno, keep the span of a context. */
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");

/** What is told of a span that has ended counts no more: so an address, in which there may be a secret, does not. */
function endOwnSpan(): void {
  Deno.telemetry.contextManager.active()?.getValue(SPAN_KEY)?.end();
}

/** What went wrong, without the address, whose query may be secret: the runtime tells it in its own spelling. */
function wordsOf(error: unknown, url: string): string {
  const told = new URL(url);
  told.hash = told.username = told.password = "";
  return [url, told.href].reduce((words, spelt) => words.replaceAll(spelt, ""), messageOf(error))
    .replace(/^.*?url \(\): /, "").replace(/\s+/g, " ");
}

/** A body that breaks off ends there: the status has said what counts. */
async function beginning({ body }: Response): Promise<string> {
  if (body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      bytes += chunk.length;
      if (bytes > MOST_BYTES) break;
    }
  } catch {
    return oneLine(text);
  }
  return oneLine(text);
}

function oneLine(text: string): string {
  // It may end up on a terminal, which controls would be obeyed by.
  return text.replace(/[\p{Cc}\s]+/gu, " ").trim().slice(0, MOST_LETTERS);
}
