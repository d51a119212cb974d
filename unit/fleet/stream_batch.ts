/**
 * A batch of the event stream, as `docs/protocols.md` tells it to a stranger: a JSON array of what happened on one
 * shard. Events stand in it byte for byte as Discord sent them; nothing is parsed on the way.
 *
 * @module
 */

import { type EventRecord, RECORD } from "../../protocol/event_frame.ts";

/** How each kind of record is called in a batch; all others say nothing to a reader. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [RECORD.DISPATCH, "event"],
  [RECORD.GAP, "gap"],
  [RECORD.MOVED, "moved"],
]);

const encoder = new TextEncoder();
const OPEN = encoder.encode("[");
const COMMA = encoder.encode(",\n");
const END = encoder.encode("}");
const CLOSE = encoder.encode("]");

/**
 * The batch of these records, in their order; `null` where they say nothing.
 *
 * @example
 * ```ts
 * import { RECORD } from "../../protocol/event_frame.ts";
 * import { encodeStreamBatch } from "./stream_batch.ts";
 * const body = new TextEncoder().encode('{"op":0,"t":"TYPING_START","s":1,"d":{}}');
 * const batch = encodeStreamBatch([{ shardId: 0, kind: RECORD.DISPATCH, cursor: 7, body }]);
 * console.assert(JSON.parse(new TextDecoder().decode(batch!))[0].event.t === "TYPING_START");
 * ```
 */
export function encodeStreamBatch(records: readonly EventRecord[]): Uint8Array<ArrayBuffer> | null {
  const parts: Uint8Array[] = [];
  for (const { kind, cursor, body } of records) {
    const name = NAMES.get(kind);
    if (name === undefined) continue;
    parts.push(parts.length === 0 ? OPEN : COMMA);
    parts.push(encoder.encode(`{"cursor":${cursor},"${name}":`), body, END);
  }
  if (parts.length === 0) return null;
  parts.push(CLOSE);
  return joined(parts);
}

/** Stands for an event that is larger than what NATS carries, even when it is compressed. */
export function encodeTooLarge({ cursor, body }: EventRecord): Uint8Array<ArrayBuffer> {
  return encoder.encode(`[{"cursor":${cursor},"tooLarge":{"bytes":${body.length}}}]`);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
