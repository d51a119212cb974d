/**
 * The first few bytes of a gateway payload, read without parsing the rest: `t`, `s` and `op`.
 *
 * Discord writes `{"t":…,"s":…,"op":…,"d":…}` but does not promise the order. A payload that
 * begins in any other way is parsed in full, so that the order is a matter of speed only.
 *
 * @module
 */

import { parseJson } from "../json.ts";

/** What is read of a payload before it is forwarded. */
export interface Envelope {
  /** Opcode. */
  readonly op: number;
  /** Sequence number of a dispatch, else `null`. */
  readonly s: number | null;
  /** Name of a dispatch, else `null`. */
  readonly t: string | null;
  /** Where the value of `d` begins; -1 when the payload had to be parsed in full. */
  readonly bodyAt: number;
}

const QUOTE = 0x22;
const ZERO = 0x30;
const CLOSE = 0x7d;
const NULL_T = bytesOf('{"t":null,"s":');
const HEAD_T = bytesOf('{"t":"');
const HEAD_S = bytesOf(',"s":');
const HEAD_OP = bytesOf(',"op":');
const HEAD_D = bytesOf(',"d":');
const NULL = bytesOf("null");
const LONGEST_NAME = 64;
const MOST_NAMES = 1024;

const names = new Map<number, { bytes: Uint8Array; name: string }>();

/**
 * Reads the envelope of a payload.
 *
 * @param payload UTF-8 JSON, whole.
 * @throws {SyntaxError} When the payload is not a JSON object with a numeric `op`.
 *
 * @example
 * ```ts
 * import { readEnvelope } from "./envelope.ts";
 * const payload = new TextEncoder().encode('{"t":"READY","s":1,"op":0,"d":{}}');
 * const { op, s, t } = readEnvelope(payload);
 * console.assert(op === 0 && s === 1 && t === "READY");
 * ```
 */
export function readEnvelope(payload: Uint8Array): Envelope {
  return scan(payload) ?? parse(payload);
}

function scan(bytes: Uint8Array): Envelope | undefined {
  // What was cut short is no event: handed on, nobody could read it, and Discord would not be asked again.
  if (bytes[bytes.length - 1] !== CLOSE) return undefined;
  let at: number;
  let t: string | null = null;
  if (startsWith(bytes, HEAD_T, 0)) {
    const end = nameEnd(bytes, HEAD_T.length);
    if (end < 0 || !startsWith(bytes, HEAD_S, end + 1)) return undefined;
    t = nameAt(bytes, HEAD_T.length, end);
    at = end + 1 + HEAD_S.length;
  } else if (startsWith(bytes, NULL_T, 0)) {
    at = NULL_T.length;
  } else return undefined;

  let s: number | null = null;
  if (startsWith(bytes, NULL, at)) {
    at += NULL.length;
  } else {
    const end = digitsEnd(bytes, at);
    if (end === at) return undefined;
    s = numberAt(bytes, at, end);
    at = end;
  }
  if (!startsWith(bytes, HEAD_OP, at)) return undefined;
  at += HEAD_OP.length;
  const end = digitsEnd(bytes, at);
  if (end === at || !startsWith(bytes, HEAD_D, end)) return undefined;
  return { op: numberAt(bytes, at, end), s, t, bodyAt: end + HEAD_D.length };
}

function parse(bytes: Uint8Array): Envelope {
  const value: unknown = parseJson(textOf(bytes));
  if (typeof value !== "object" || value === null || !("op" in value)) {
    throw new SyntaxError("Cannot read payload: it has no op");
  }
  const { op, s, t } = value as { op: unknown; s?: unknown; t?: unknown };
  if (typeof op !== "number") throw new SyntaxError("Cannot read payload: op is not a number");
  return {
    op,
    s: typeof s === "number" ? s : null,
    t: typeof t === "string" ? t : null,
    bodyAt: -1,
  };
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SyntaxError("Cannot read payload: it is not UTF-8", { cause });
  }
}

function startsWith(bytes: Uint8Array, head: Uint8Array, at: number): boolean {
  for (let i = 0; i < head.length; i++) if (bytes[at + i] !== head[i]) return false;
  return true;
}

/** Index of the closing quote; -1 where the name is too long or holds anything but A-Z, 0-9, `_`. */
function nameEnd(bytes: Uint8Array, start: number): number {
  for (let i = start; i < start + LONGEST_NAME; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) return i;
    if (byte === undefined || byte < ZERO || byte > 0x7a || byte === 0x5c) return -1;
  }
  return -1;
}

function digitsEnd(bytes: Uint8Array, start: number): number {
  let i = start;
  // 15 digits stay below 2^53.
  while (i < start + 15 && bytes[i]! >= ZERO && bytes[i]! <= 0x39) i++;
  return i;
}

function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 10 + bytes[i]! - ZERO;
  return value;
}

/** The name as a string, made once per event type: a string per event would be garbage. */
function nameAt(bytes: Uint8Array, start: number, end: number): string {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  const known = names.get(hash);
  if (known && known.bytes.length === end - start && startsWith(bytes, known.bytes, start)) {
    return known.name;
  }
  const name = new TextDecoder().decode(bytes.subarray(start, end));
  if (names.size < MOST_NAMES) names.set(hash, { bytes: bytes.slice(start, end), name });
  return name;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
