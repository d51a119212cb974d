/**
 * The words of the event link, for who writes a consumer of their own: frames of events, cursors, messages,
 * calls and values, as [docs/protocols.md](docs/protocols.md) has them. Pure functions and types; nothing
 * is imported from elsewhere, and nothing connects.
 *
 * @example What came, and what to acknowledge
 * ```ts
 * import { encodeBatch, encodeLinkMessage, readBatch, RECORD } from "./protocol.ts";
 *
 * const body = new TextEncoder().encode('{"t":"TYPING_START","s":7,"op":0,"d":{}}');
 * const frame = encodeBatch(1, [{ shardId: 0, kind: RECORD.DISPATCH, cursor: 41, body }]);
 *
 * const cursors: Record<string, number> = {};
 * const { totalShards, records } = readBatch(frame);
 * for (const { shardId, kind, cursor, body } of records) {
 *   if (cursor <= (cursors[shardId] ?? 0)) continue; // it has come before, over a link that was lost
 *   if (kind === RECORD.DISPATCH) JSON.parse(new TextDecoder().decode(body)); // for your handlers
 *   cursors[shardId] = cursor;
 * }
 * const answer = encodeLinkMessage({ op: "ack", totalShards, cursors });
 * console.assert(answer === '{"op":"ack","totalShards":1,"cursors":{"0":41}}');
 * ```
 *
 * @module
 */

export * from "./protocol/event_frame.ts";
export { type CommandOptions, type CommandResults } from "./protocol/command.ts";
export { type Blame, type ErrorCode, GatehouseError } from "./protocol/errors.ts";
export { parseExact } from "./protocol/json.ts";
export { calculateShardId, MOST_SHARDS, type ShardKey } from "./protocol/ids.ts";
export {
  type CommandTarget,
  type LateValue,
  type LinkCall,
  type LinkReply,
  type Verb,
  VERBS,
  type Wanted,
} from "./protocol/link_call.ts";
export type * from "./protocol/status.ts";
export type { ClusterKey, ServiceKey } from "./protocol/peer.ts";
export { decodeValue, encodeValue, type WireValue } from "./protocol/value.ts";
export { decodeError, encodeError, type WireError } from "./protocol/wire_error.ts";
