/**
 * The body of a dispatch, serialised once and shared by every session that gets it: what varies
 * from event to event in front, the rest prepared. It knows nothing of sessions or frames.
 *
 * @module
 */

import { constants, deflateRawSync } from "node:zlib";
import { writeExact } from "../../protocol/json.ts";

/** The end of a body's JSON. */
export interface Tail {
  readonly text: string;
  /**
   * Raw deflate of the text and the `}` that ends the payload, flushed to a byte boundary and
   * without references to earlier data. Only tails that many events share have it.
   */
  readonly deflated?: Uint8Array;
}

/** The body of one dispatch. Its JSON is `head + tail.text`. */
export interface Body {
  /** What tells the event from others of its kind: its id; empty where it has none. */
  readonly key: string;
  readonly head: string;
  readonly tail: Tail;
  /** The tail for sessions without MESSAGE_CONTENT; only messages have one. */
  readonly bareTail?: Tail;
}

/** A body from a value. `bare` is the value for sessions without MESSAGE_CONTENT. */
export function jsonBody(d: unknown, bare?: unknown): Body {
  const id = (d as { id?: unknown } | null)?.id;
  return {
    key: typeof id === "string" ? id : "",
    head: "",
    tail: { text: writeExact(d) },
    ...(bare === undefined ? {} : { bareTail: { text: JSON.stringify(bare) } }),
  };
}

/** The body with the number of its event as its first field, `_event`. */
export function numberedBody(body: Body, event: number): Body {
  if (body.head !== "") return { ...body, head: `{"_event":${event},${body.head.slice(1)}` };
  const rest = ({ text }: Tail): Tail => ({ text: text.slice(1) });
  return {
    ...body,
    head: `{"_event":${event}${body.tail.text === "{}" ? "" : ","}`,
    tail: rest(body.tail),
    ...(body.bareTail ? { bareTail: rest(body.bareTail) } : {}),
  };
}

/** A tail for many events; its deflated form is made on first use. */
export function preparedTail(text: string): Tail {
  let deflated: Uint8Array | undefined;
  return {
    text,
    get deflated() {
      return deflated ??= deflateRawSync(`${text}}`, { finishFlush: constants.Z_SYNC_FLUSH });
    },
  };
}
