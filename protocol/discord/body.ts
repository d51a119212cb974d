/**
 * The body `d` of a payload, without a parse: reading one field of it, and the only changes that
 * are ever made to what Discord sent: a note put into the body, another name or number for the event,
 * content that a client has no intent for taken out. A payload that is not written as Discord writes it is parsed: the order is a matter of speed only.
 *
 * @module
 */

import { parseExact, parseJson, writeExact } from "../json.ts";
import { type Envelope, readEnvelope } from "./envelope.ts";

/** The field of `d` that is ours. What stands in it is said where a note is made. */
export const NOTE_FIELD = "gatehouse";

const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const NAME_AT = '{"t":"'.length;
const HEAD_S = '","s":';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The text of a field that stands directly in `d`; `undefined` where there is none or it is not a
 * text. Reads as far as it must: a guild of 500 KB is walked, not built.
 *
 * @param name Name of the field, ASCII.
 * @throws {SyntaxError} When the payload is not written as usual and is not JSON either.
 *
 * @example
 * ```ts
 * import { textField } from "./body.ts";
 * const payload = new TextEncoder().encode('{"t":"X","s":1,"op":0,"d":{"a":{"id":"2"},"id":"1"}}');
 * console.assert(textField(payload, "id") === "1");
 * ```
 */
export function textField(payload: Uint8Array, name: string): string | undefined {
  const value = fieldsOf(payload, [name], 1)[name];
  return typeof value === "string" ? value : undefined;
}

/**
 * The values of some fields that stand directly in `d`; one that is not there is missing. What stands
 * in the other fields is walked, not built.
 *
 * @param names Names of the fields, ASCII.
 * @param most Looks no further once it has found so many.
 * @throws {SyntaxError} When the payload is not written as usual and is not JSON either.
 *
 * @example
 * ```ts
 * import { fieldsOf } from "./body.ts";
 * const payload = new TextEncoder().encode('{"t":"X","s":1,"op":0,"d":{"a":[{"n":2}],"n":1}}');
 * console.assert(fieldsOf(payload, ["n", "m"]).n === 1);
 * ```
 */
export function fieldsOf(
  payload: Uint8Array,
  names: readonly string[],
  most = Infinity,
): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  const isRead = scan(payload, (keyAt, keyEnd, valueAt, end) => {
    const name = names.find((name) => holds(payload, keyAt, keyEnd, name));
    if (name === undefined) return false;
    found[name] = parseJson(decoder.decode(payload.subarray(valueAt, end)));
    return --most === 0;
  });
  if (isRead) return found;
  const { d } = parseJson(decoder.decode(payload)) as { d?: Record<string, unknown> | null };
  return Object.fromEntries(
    names.flatMap((name) => d && Object.hasOwn(d, name) ? [[name, d[name]]] : []),
  );
}

/**
 * A copy of the payload with `"gatehouse": note` in `d`, which must be an object. It becomes the first
 * field, because the beginning of `d` is certain where its end would have to be searched for.
 *
 * @param note Texts in ASCII.
 * @throws {SyntaxError} When the payload is not written as usual and is not JSON either.
 */
export function annotate(
  payload: Uint8Array,
  note: Readonly<Record<string, string | readonly string[]>>,
): Uint8Array<ArrayBuffer> {
  const at = readEnvelope(payload).bodyAt;
  const after = payload[at + 1];
  if (payload[at] === OPEN_BRACE && (after === QUOTE || after === CLOSE_BRACE)) {
    const field = `"${NOTE_FIELD}":${JSON.stringify(note)}`;
    return splice(payload, at + 1, at + 1, after === QUOTE ? `${field},` : field);
  }
  const value = parse(payload);
  return encoder.encode(
    writeExact({ ...value, d: { [NOTE_FIELD]: note, ...value.d as object } }),
  );
}

/**
 * A copy of the payload with another event name.
 *
 * @throws {SyntaxError} When the payload is not written as usual and is not JSON either.
 */
export function rename(payload: Uint8Array, name: string): Uint8Array<ArrayBuffer> {
  const { bodyAt, t } = readEnvelope(payload);
  if (bodyAt >= 0 && t !== null) return splice(payload, NAME_AT, NAME_AT + t.length, name);
  return encoder.encode(writeExact({ ...parse(payload), t: name }));
}

/**
 * A copy of a dispatch with another number.
 *
 * @throws {SyntaxError} When it is not a JSON object with a numeric `op`.
 *
 * @example
 * ```ts
 * import { renumber } from "./body.ts";
 * const payload = new TextEncoder().encode('{"t":"X","s":7,"op":0,"d":null}');
 * const text = new TextDecoder().decode(renumber(payload, 12));
 * console.assert(text === '{"t":"X","s":12,"op":0,"d":null}');
 * ```
 */
export function renumber(
  payload: Uint8Array,
  s: number,
  { bodyAt, t, s: old }: Envelope = readEnvelope(payload),
): Uint8Array {
  if (bodyAt < 0 || t === null || old === null) {
    return encoder.encode(writeExact({ ...parse(payload), s }));
  }
  // A name that was not parsed is ASCII, so that its length is its bytes.
  const start = NAME_AT + t.length + HEAD_S.length;
  let end = start;
  while (payload[end] !== COMMA) end++;
  return splice(payload, start, end, String(s));
}

/** Where a field of an object stands in the bytes. */
export interface FieldRange {
  /** The quote before its name. */
  readonly keyAt: number;
  readonly valueAt: number;
  /** Behind its value. */
  readonly end: number;
}

/**
 * Where the fields of the object stand that begins at `start`; `null` where it is not written as usual.
 *
 * @example
 * ```ts
 * import { fieldRanges } from "./body.ts";
 * const bytes = new TextEncoder().encode('{"a":{"b":1},"c":2}');
 * console.assert(fieldRanges(bytes, 0)?.get("c")?.valueAt === 17);
 * console.assert(fieldRanges(bytes, 5)?.get("b")?.end === 11);
 * ```
 */
export function fieldRanges(
  bytes: Uint8Array,
  start: number,
): ReadonlyMap<string, FieldRange> | null {
  const ranges = new Map<string, FieldRange>();
  const isRead = scan(bytes, (keyAt, keyEnd, valueAt, end) => {
    ranges.set(decoder.decode(bytes.subarray(keyAt, keyEnd)), { keyAt: keyAt - 1, valueAt, end });
    return false;
  }, start);
  return isRead ? ranges : null;
}

/** A text of ours, in ASCII, in place of the bytes from `from` to before `to`. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** A copy of the bytes with some of them replaced, in order; the others are as they were. */
export function edited(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array<ArrayBuffer> {
  const grown = edits.reduce((sum, { from, to, text }) => sum + text.length - (to - from), 0);
  const copy = new Uint8Array(bytes.length + grown);
  let [at, read] = [0, 0];
  for (const { from, to, text } of edits) {
    copy.set(bytes.subarray(read, from), at);
    at += from - read;
    encoder.encodeInto(text, copy.subarray(at));
    at += text.length;
    read = to;
  }
  copy.set(bytes.subarray(read), at);
  return copy;
}

function parse(payload: Uint8Array): Record<string, unknown> {
  return parseExact(decoder.decode(payload)) as Record<string, unknown>;
}

function splice(bytes: Uint8Array, from: number, to: number, text: string) {
  return edited(bytes, [{ from, to, text }]);
}

/**
 * Walks the fields of an object, by default the body, until one is `found` or none is left.
 *
 * @returns False where the bytes are not written as usual and must be parsed.
 */
function scan(
  bytes: Uint8Array,
  found: (keyAt: number, keyEnd: number, valueAt: number, end: number) => boolean,
  start = readEnvelope(bytes).bodyAt,
): boolean {
  if (bytes[start] !== OPEN_BRACE) return false;
  if (bytes[start + 1] === CLOSE_BRACE) return true;
  // On the brace or the comma before a field.
  let at = start;
  while (at === start || bytes[at] === COMMA) {
    const keyAt = at + 2;
    const keyEnd = bytes[at + 1] === QUOTE ? textEnd(bytes, at + 1) : -1;
    if (keyEnd < 0 || bytes[keyEnd + 1] !== COLON) return false;
    const valueAt = keyEnd + 2;
    at = valueEnd(bytes, valueAt);
    if (at >= bytes.length) return false;
    if (found(keyAt, keyEnd, valueAt, at)) return true;
  }
  return true;
}

/** Index of the quote that closes the text opened at `at`; -1 where there is none. */
function textEnd(bytes: Uint8Array, at: number): number {
  for (let i = at + 1; i < bytes.length; i++) {
    if (bytes[i] === BACKSLASH) i++;
    else if (bytes[i] === QUOTE) return i;
  }
  return -1;
}

/** Index of the comma or the brace after the value that begins at `at`; the length where none comes. */
function valueEnd(bytes: Uint8Array, at: number): number {
  let depth = 0;
  for (let i = at; i < bytes.length; i++) {
    switch (bytes[i]) {
      case QUOTE:
        i = textEnd(bytes, i);
        if (i < 0) return bytes.length;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth-- === 0) return i;
        break;
      case COMMA:
        if (depth === 0) return i;
    }
  }
  return bytes.length;
}

function holds(bytes: Uint8Array, from: number, to: number, name: string): boolean {
  if (to - from !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name.charCodeAt(i)) return false;
  return true;
}
