/**
 * The event link's frames: binary batches of events one way, short JSON texts for everything else.
 * `docs/protocols.md` specifies it for a stranger; this file is what we run.
 *
 * A batch is the total of its shards, 4 bytes, and records one after another, each a header of 16
 * bytes and a body. Numbers are big-endian. A record:
 *
 * ```
 * 0        4         8      10            16
 * │ shard  │ length  │ kind │ cursor (48) │ body: `length` bytes
 * ```
 *
 * @module
 */

import { cannot, GatehouseError, messageOf } from "./errors.ts";
import { type parseExact, parseJson, writeExact } from "./json.ts";
import type { ShardKey } from "./ids.ts";
import type { ClusterKey, ServiceKey } from "./peer.ts";
import { isCount, parseRecord } from "./record.ts";
import { type LinkCall, type LinkReply, problemOfCall, problemOfReply } from "./link_call.ts";

const bad = cannot("read message", "bad_message", "peer");

/** Version of the event link; a peer that speaks another is refused in its HELLO. */
export const EVENT_LINK_VERSION = 3;

/** Bytes before the first record of a batch. */
export const BATCH_HEADER_BYTES = 4;
/** Bytes before each record's body. */
export const RECORD_HEADER_BYTES = 16;

/** Kinds of record. An unknown kind is skipped and acknowledged. */
export const RECORD = {
  /** The body is a dispatch, byte for byte as Discord sent it. */
  DISPATCH: 0,
  /** The body is JSON `{from, to, reason}`: these cursors will never come. The cursor is `to`. */
  GAP: 1,
  /**
   * The body is JSON `{guildId, from, mayRepeat}`: a guild's events come by this shard from here on, and not by
   * those of another total any more.
   */
  MOVED: 2,
  /** No body: an event that a shard of another total has brought. */
  SERVED: 3,
} as const;

/**
 * The total of shards that are none of Discord's: by them comes what Discord has POSTed. Their ids say nothing; the
 * shard of an event is in its note.
 */
export const DOOR_TOTAL = 0;

/** One event of one shard. */
export interface EventRecord {
  readonly shardId: number;
  readonly kind: number;
  /** Grows with each event of a shard; the same event has the same cursor after any restart. */
  readonly cursor: number;
  readonly body: Uint8Array;
}

/** Body of a {@linkcode RECORD.GAP}. */
export interface Gap {
  /** First cursor that is missing, or `null` where nobody knows how many there were. */
  readonly from: number | null;
  readonly to: number;
  /** How many events are missing, or `null` where nobody knows. Others may lie between. */
  readonly count: number | null;
  readonly reason: string;
}

/** Body of a {@linkcode RECORD.MOVED}. */
export interface Moved {
  readonly guildId: string;
  /** The shard that had it, where it was known: of another total. */
  readonly from: ShardKey;
  /** Whether events of it may have come before: no event was found that both sessions saw. */
  readonly mayRepeat: boolean;
}

/** Name of the event that says that others are missing; its `d` is a `Gap`. */
export const GAP_EVENT = "GATEHOUSE_GAP";
/** Name of the event that says that a guild comes by another shard now; its `d` is a `Moved`. */
export const GUILD_MOVED_EVENT = "GATEHOUSE_GUILD_MOVED";

/** Consumer → unit: the first message on a link, whoever dialled. */
export interface LinkHello {
  readonly op: "hello";
  readonly v: number;
  /** Which cluster this is, or… */
  readonly clusterId?: number;
  /** …which service. */
  readonly service?: string;
  /** Credit: the unit keeps at most this many unacknowledged bytes under way. */
  readonly windowBytes: number;
  /**
   * Which values this consumer takes in calls: `json`; `clone` is for our own. Without it there are
   * none.
   */
  readonly values?: "json" | "clone";
  /** Takes `late` calls; a consumer of an earlier day knows no such verb. */
  readonly late?: boolean;
  /**
   * Of a built-in cluster: the port of this machine at which it listens for the unit's workers. They
   * bring it its events there, and this link is left for calls.
   */
  readonly port?: number;
}

/** Up to where a consumer has dealt with everything, in shards of one total. */
export interface Acknowledged {
  readonly totalShards: number;
  /** Shard id → last cursor done. */
  readonly cursors: Readonly<Record<string, number>>;
}

/** Consumer → unit: this is dealt with. */
export interface LinkAck extends Acknowledged {
  readonly op: "ack";
}

/** Unit → consumer: the answer to HELLO; events follow. */
export interface LinkWelcome {
  readonly op: "welcome";
  readonly v: number;
  /** Number of this link; a later link of the same cluster has a higher one and ends this one. */
  readonly link: number;
  /**
   * How many shards the bot has; on a link with a worker, of how many those of that worker are. It is said again
   * on a link that is up when it has changed.
   */
  readonly totalShards: number;
  /** Name of the numbering that cursors belong to. When it changes, cursors begin anew. */
  readonly stream: string;
}

/** Unit → consumer: why the link is about to be closed. */
export interface LinkBye {
  readonly op: "bye";
  readonly reason: string;
}

/** Every text message of the event link. */
export type LinkMessage = LinkHello | LinkAck | LinkWelcome | LinkBye | LinkCall | LinkReply;

/**
 * HTTP header in which a worker that dials a consumer says its id. A consumer has one link with each, beside
 * the one with the unit's main thread, which does not say it.
 */
export const WORKER_HEADER = "gatehouse-worker";
/**
 * HTTP header in which a unit of a fleet, and its workers, say the unit's name: workers of two units may have one
 * id. A unit by itself does not say it.
 */
export const UNIT_HEADER = "gatehouse-unit";

/** Whose hello it is. */
export function greeter({ clusterId, service }: LinkHello): ClusterKey | ServiceKey {
  return service === undefined
    ? { kind: "cluster", id: clusterId! }
    : { kind: "service", name: service };
}

/** Close codes of the event link, in the range that RFC 6455 leaves to applications. */
export const LINK_CLOSE = {
  /** A message could not be understood. */
  BAD_MESSAGE: 4400,
  /** The peer speaks another version. */
  VERSION: 4406,
  /** A newer link of the same cluster took over. */
  TAKEN_OVER: 4409,
  /** The unit does not run this cluster. */
  UNKNOWN_CLUSTER: 4404,
  /** The unit or the consumer is going away; dial again. */
  GOING_AWAY: 4503,
} as const;

/** What a batch holds. */
export interface EventBatch {
  /** How many shards there are where these are from: an id alone does not name a shard. */
  readonly totalShards: number;
  readonly records: readonly EventRecord[];
}

/**
 * One batch of the records given, in their order.
 *
 * @example
 * ```ts
 * import { encodeBatch, readBatch, RECORD } from "./event_frame.ts";
 * const body = new TextEncoder().encode('{"t":"X","s":1,"op":0,"d":null}');
 * const batch = encodeBatch(16, [{ shardId: 3, kind: RECORD.DISPATCH, cursor: 7, body }]);
 * const { totalShards, records: [record] } = readBatch(batch);
 * console.assert(totalShards === 16 && record!.shardId === 3 && record!.cursor === 7);
 * ```
 */
export function encodeBatch(
  totalShards: number,
  records: readonly EventRecord[],
): Uint8Array<ArrayBuffer> {
  const batch = encodeRecords(records, BATCH_HEADER_BYTES);
  new DataView(batch.buffer).setUint32(0, totalShards);
  return batch;
}

/**
 * Reads a batch. Bodies are views into it, not copies.
 *
 * @throws {GatehouseError} `bad_frame` when it, or a record, is cut short.
 */
export function readBatch(batch: Uint8Array): EventBatch {
  if (batch.length < BATCH_HEADER_BYTES) throw cutShort("its head", 0, batch);
  const totalShards = new DataView(batch.buffer, batch.byteOffset).getUint32(0);
  return { totalShards, records: readRecords(batch, BATCH_HEADER_BYTES) };
}

/** Records one after another, behind so many bytes of zero. Files of queues hold nothing else. */
export function encodeRecords(
  records: readonly EventRecord[],
  headBytes = 0,
): Uint8Array<ArrayBuffer> {
  let size = headBytes;
  for (const record of records) size += RECORD_HEADER_BYTES + record.body.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = headBytes;
  for (const { shardId, kind, cursor, body } of records) {
    view.setUint32(at, shardId);
    view.setUint32(at + 4, body.length);
    view.setUint16(at + 8, kind);
    view.setUint16(at + 10, Math.floor(cursor / 0x1_0000_0000));
    view.setUint32(at + 12, cursor >>> 0);
    bytes.set(body, at + RECORD_HEADER_BYTES);
    at += RECORD_HEADER_BYTES + body.length;
  }
  return bytes;
}

/**
 * Reads records from this place to the end. Bodies are views, not copies.
 *
 * @throws {GatehouseError} `bad_frame` when a record is cut short.
 */
export function readRecords(bytes: Uint8Array, from = 0): EventRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: EventRecord[] = [];
  let at = from;
  while (at < bytes.length) {
    const start = at + RECORD_HEADER_BYTES;
    const end = start <= bytes.length ? start + view.getUint32(at + 4) : Infinity;
    if (end > bytes.length) throw cutShort("the record", at, bytes);
    records.push({
      shardId: view.getUint32(at),
      kind: view.getUint16(at + 8),
      cursor: view.getUint16(at + 10) * 0x1_0000_0000 + view.getUint32(at + 12),
      body: bytes.subarray(start, end),
    });
    at = end;
  }
  return records;
}

function cutShort(what: string, at: number, { length }: Uint8Array): GatehouseError {
  const text =
    `Cannot read batch: ${what} at byte ${at} is cut short, the batch has ${length} bytes`;
  return new GatehouseError("bad_frame", "peer", text);
}

/** The record of a {@linkcode Gap}. */
export function gapRecord(shardId: number, gap: Gap): EventRecord {
  const body = new TextEncoder().encode(JSON.stringify(gap));
  return { shardId, kind: RECORD.GAP, cursor: gap.to, body };
}

/** What a GAP says. Of one that cannot be read no more is known than its cursor. */
export function readGap({ cursor, body }: EventRecord): Gap {
  const { from, count, reason } = parseRecord(new TextDecoder().decode(body));
  return {
    from: isCount(from) && from <= cursor ? from : null,
    to: cursor,
    count: isCount(count) ? count : null,
    reason: typeof reason === "string" ? reason : "the record that says why cannot be read",
  };
}

/** The record of a {@linkcode Moved}, in the place of the guild's GUILD_CREATE. */
export function movedRecord(shardId: number, cursor: number, moved: Moved): EventRecord {
  const body = new TextEncoder().encode(JSON.stringify(moved));
  return { shardId, kind: RECORD.MOVED, cursor, body };
}

/**
 * What a MOVED says.
 *
 * @throws {SyntaxError} When its body is not JSON.
 */
export function readMoved({ body }: EventRecord): Moved {
  return JSON.parse(new TextDecoder().decode(body)) as Moved;
}

/** A text message of the event link, as the peer writes it; a `bigint` in it is a whole number. */
export function encodeLinkMessage(message: LinkMessage): string {
  return writeExact(message);
}

/**
 * Reads a text message of the event link.
 *
 * @param parse {@linkcode parseExact} for a peer that takes JSON only: ids may be numbers in its values.
 * Our own clusters say what is a `bigint`.
 *
 * @throws {GatehouseError} `bad_message` that names the field, what was expected and what came.
 */
export function parseLinkMessage(text: string, parse: typeof parseExact = parseJson): LinkMessage {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw bad(`it is not JSON: ${messageOf(cause)}`, { cause });
  }
  if (typeof value !== "object" || value === null) {
    throw bad(`it is not an object but ${typeof value}`);
  }
  const message = value as Fields;
  const check = CHECKS.get(message.op);
  const problem = check
    ? check(message)
    : `has op ${JSON.stringify(message.op)}, expected hello, ack, welcome, bye, call or reply`;
  if (problem !== null) throw bad(`it ${problem}`);
  return message as unknown as LinkMessage;
}

type Fields = Record<string, unknown>;

/** What is wrong with a message of each op, in words that follow "it"; `null` where nothing is. */
const CHECKS: ReadonlyMap<unknown, (message: Fields) => string | null> = new Map([
  ["hello", problemOfHello],
  ["ack", problemOfAck],
  ["welcome", wantsTypes({ v: "number", link: "number", totalShards: "number", stream: "string" })],
  ["bye", wantsTypes({ reason: "string" })],
  ["call", problemOfCall],
  ["reply", problemOfReply],
]);

function problemOfHello(message: Fields): string | null {
  const { service, values, port } = message;
  const who: Readonly<Record<string, string>> = service === undefined
    ? { clusterId: "number" }
    : { service: "string" };
  const problem = wantsTypes({ v: "number", windowBytes: "number", ...who })(message);
  if (problem !== null) return problem;
  if (![undefined, "json", "clone"].includes(values as undefined)) {
    return `has values ${JSON.stringify(values)}, expected json, clone or none`;
  }
  const isPort = Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536;
  if (port === undefined || isPort) return null;
  return `has port ${JSON.stringify(port)}, expected 1 to 65535 or none`;
}

function problemOfAck(message: Fields): string | null {
  const problem = wantsTypes({ totalShards: "number", cursors: "object" })(message);
  if (problem !== null) return problem;
  const wrong = Object.entries(message.cursors as object).find(([shardId, cursor]) =>
    !/^\d+$/.test(shardId) || !Number.isSafeInteger(cursor)
  );
  return wrong ? `has cursors[${JSON.stringify(wrong[0])}] that is not a shard's cursor` : null;
}

function wantsTypes(types: Record<string, string>): (message: Fields) => string | null {
  return (message) => {
    for (const [field, type] of Object.entries(types)) {
      const came = message[field] === null ? "null" : typeof message[field];
      if (came !== type) return `has ${field} of type ${came}, expected ${type}`;
    }
    return null;
  };
}
