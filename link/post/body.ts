/**
 * The body of a POST of events: JSON around the payloads, which are in it byte for byte as Discord sent
 * them. `docs/events-over-http.md` specifies it for a stranger.
 *
 * @module
 */

import { type EventRecord, RECORD } from "../../protocol/event_frame.ts";

/** A record, and of how many shards its shard is one. */
export interface PostedEvent {
  readonly totalShards: number;
  readonly record: EventRecord;
}

/** The field that holds the body of a record of each kind that has one. */
const FIELDS: ReadonlyMap<number, string> = new Map([
  [RECORD.DISPATCH, "payload"],
  [RECORD.GAP, "gap"],
  [RECORD.MOVED, "moved"],
]);

/** What is around a payload, its numbers as long as they can be. */
const MOST_HEAD_BYTES = '{"shardId":,"totalShards":,"cursor":,"payload":},'.length +
  2 * String(2 ** 32 - 1).length + String(Number.MAX_SAFE_INTEGER).length;

const encoder = new TextEncoder();

/** What a record takes in a body, or a little more: its numbers are seldom so long. */
export function postedBytes({ body }: Pick<EventRecord, "body">): number {
  return MOST_HEAD_BYTES + body.length;
}

/**
 * The body of one POST.
 *
 * @example
 * ```ts
 * import { encodePost } from "./body.ts";
 * const body = new TextEncoder().encode('{"t":"X","s":1,"op":0,"d":{}}');
 * const record = { shardId: 3, kind: 0, cursor: 7, body };
 * const { events: [event] } = JSON.parse(
 *   new TextDecoder().decode(encodePost("b075", [{ totalShards: 16, record }])),
 * );
 * console.assert(event.shardId === 3 && event.totalShards === 16 && event.payload.t === "X");
 * ```
 */
export function encodePost(
  stream: string,
  events: readonly PostedEvent[],
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let before = `{"stream":${JSON.stringify(stream)},"events":[`;
  for (const { totalShards, record: { shardId, kind, cursor, body } } of events) {
    const head = `${before}{"shardId":${shardId},"totalShards":${totalShards},"cursor":${cursor}`;
    const field = FIELDS.get(kind);
    if (field === undefined || body.length === 0) {
      before = `${head},"kind":${kind}},`;
      continue;
    }
    parts.push(encoder.encode(`${head},"${field}":`), body);
    before = "},";
  }
  parts.push(encoder.encode(events.length === 0 ? `${before}]}` : `${before.slice(0, -1)}]}`));
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
