/**
 * JSON texts taken apart into the raw texts of their fields and elements, without being parsed: what is
 * not touched stays byte for byte as Discord wrote it, whatever stands in it. The texts are bytes of
 * UTF-8 with one character for each (latin1), so that positions are those of the bytes.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { parseJson } from "../protocol/json.ts";

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

/** Bytes as a text of one character for each. */
export function textOfBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** The bytes of such a text. */
export function bytesOfText(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  // What is ASCII throughout is the same in UTF-8, and that is written a hundred times as fast.
  if (encoder.encodeInto(text, bytes).read === text.length) return bytes;
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

const encoder = new TextEncoder();

/** A text of its own: a part of a long one keeps all of it in memory. */
export function ownText(part: string): string {
  return textOfBytes(bytesOfText(part));
}

/**
 * A raw value that is JSON to its depth, which nothing else here looks at: what is kept is given to libraries
 * that parse it.
 *
 * @throws {SyntaxError} When it is not.
 */
export function checked(raw: string): string {
  parseJson(raw);
  return raw;
}

/** Reads an object field by field: its name, then its value, as a whole or as a list. */
export class ObjectReader {
  readonly #text: string;
  #isFirst = true;
  /** Where the name of the field stands that was read last. */
  keyAt = 0;
  /** Where the reader is: at a value when its name was read, behind it when it was. */
  at: number;

  /** @throws {SyntaxError} When there is no object. */
  constructor(text: string, start = 0) {
    this.#text = text;
    this.at = skipSpace(text, start);
    if (text.charCodeAt(this.at) !== OPEN_BRACE) throw unlike(text, this.at, "an object");
    this.at++;
  }

  /**
   * The name of the next field; `undefined` where there is none left. Then its value is to be read.
   *
   * @throws {SyntaxError} When the object does not end.
   */
  next(): string | undefined {
    const text = this.#text;
    let at = skipSpace(text, this.at);
    const code = text.charCodeAt(at);
    if (code === CLOSE_BRACE) {
      this.at = at + 1;
      return undefined;
    }
    if (!this.#isFirst) {
      if (code !== COMMA) throw unlike(text, at, "a comma");
      at = skipSpace(text, at + 1);
    }
    this.#isFirst = false;
    this.keyAt = at;
    const keyEnd = textEnd(text, at);
    at = skipSpace(text, keyEnd);
    if (text.charCodeAt(at) !== COLON) throw unlike(text, at, "a colon");
    this.at = skipSpace(text, at + 1);
    return nameIn(text, this.keyAt, keyEnd);
  }

  /** Whether the value is a list. */
  get isList(): boolean {
    return this.#text.charCodeAt(this.at) === OPEN_BRACKET;
  }

  /** The raw value. */
  value(): string {
    const from = this.at;
    return this.#text.slice(from, this.skip());
  }

  /** Goes behind the value, and gives where that is. */
  skip(): number {
    return this.at = valueEnd(this.#text, this.at);
  }

  /** The raw elements of a value that is a list. They are all to be read before the next field. */
  *elements(): Generator<string, void> {
    const list = readList(this.#text, this.at);
    for (let next = list.next(); next !== undefined; next = list.next()) {
      this.at = list.at;
      yield next;
    }
    this.at = list.at;
  }
}

/** Sees a field: its name, and where its value begins and ends; `true`: no more of them. */
type SeeField = (name: string, from: number, to: number, keyAt: number) => boolean | void;

/**
 * Sees every field of an object. What follows it in `text` is not looked at.
 *
 * @throws {SyntaxError} When there is no object, or it does not end.
 */
export function eachField(text: string, see: SeeField): void {
  const reader = new ObjectReader(text);
  for (let name = reader.next(); name !== undefined; name = reader.next()) {
    const from = reader.at;
    if (see(name, from, reader.skip(), reader.keyAt) === true) return;
  }
}

/**
 * The raw value of a field; `undefined` where there is none.
 *
 * @throws {SyntaxError} When there is no object.
 *
 * @example
 * ```ts
 * import { fieldOf } from "./fragments.ts";
 * console.assert(fieldOf('{"a":[1, 2],"b":"\\ud800"}', "b") === '"\\ud800"');
 * ```
 */
export function fieldOf(text: string, name: string): string | undefined {
  let found: string | undefined;
  eachField(text, (each, from, to) => {
    if (each !== name) return false;
    found = text.slice(from, to);
    return true;
  });
  return found;
}

/** The text of a field, for one that is an id or a word; `undefined` where it is anything else. */
export function wordOf(text: string, name: string): string | undefined {
  return wordIn(fieldOf(text, name));
}

/** What a raw value says, where it is a text; `undefined` where it is anything else. */
export function wordIn(raw: string | undefined): string | undefined {
  if (raw?.charCodeAt(0) !== QUOTE) return undefined;
  return raw.includes("\\") ? JSON.parse(raw) as string : raw.slice(1, -1);
}

/**
 * The raw value that begins at `at`.
 *
 * @throws {SyntaxError} When there is none, or it does not end.
 */
export function valueAt(text: string, at: number): string {
  return text.slice(at, valueEnd(text, at));
}

/** The raw fields of an object, by name. */
export function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  eachField(text, (name, from, to) => void fields.set(name, text.slice(from, to)));
  return fields;
}

/** An object of raw fields. */
export function objectOf(fields: Iterable<readonly [name: string, value: string]>): string {
  return `{${Array.from(fields, ([name, value]) => `"${name}":${value}`).join(",")}}`;
}

/**
 * An object with some fields changed where they stand, added at its end, or removed (`null`); the others
 * as they were.
 */
export function edited(text: string, changes: ReadonlyMap<string, string | null>): string {
  const left = new Map(changes);
  const kept: string[] = [];
  let isChanged = false;
  eachField(text, (name, _from, to, keyAt) => {
    const change = left.get(name);
    left.delete(name);
    if (change === undefined) return void kept.push(text.slice(keyAt, to));
    isChanged = true;
    if (change !== null) kept.push(`"${name}":${change}`);
  });
  for (const [name, value] of left) if (value !== null) kept.push(`"${name}":${value}`);
  const isAdded = [...left.values()].some((value) => value !== null);
  return isChanged || isAdded ? `{${kept.join(",")}}` : text;
}

/** An object without some of its fields. */
export function without(text: string, ...names: string[]): string {
  return edited(text, new Map(names.map((name) => [name, null])));
}

/** Where a list stands in a text; `at` goes on as it is read. */
export interface ListReader {
  /** The next raw element; `undefined` where there is none left. */
  next(): string | undefined;
  /** Where the reader is; after the last element, behind the list. */
  readonly at: number;
}

/**
 * Reads a list element by element.
 *
 * @throws {SyntaxError} Here or in `next`, when there is no list, or it does not end.
 */
export function readList(text: string, start = 0): ListReader {
  let at = skipSpace(text, start);
  if (text.charCodeAt(at) !== OPEN_BRACKET) throw unlike(text, at, "a list");
  let isFirst = true;
  return {
    get at() {
      return at;
    },
    next() {
      const next = skipSpace(text, isFirst ? at + 1 : at);
      const code = text.charCodeAt(next);
      if (code === CLOSE_BRACKET) {
        at = next + 1;
        return undefined;
      }
      if (!isFirst && code !== COMMA) throw unlike(text, next, "a comma");
      const from = isFirst ? next : skipSpace(text, next + 1);
      isFirst = false;
      at = valueEnd(text, from);
      return text.slice(from, at);
    },
  };
}

/** The raw elements of a list; none where the value is none. */
export function elementsOf(raw: string | undefined): string[] {
  if (raw?.charCodeAt(0) !== OPEN_BRACKET) return [];
  const list = readList(raw);
  const elements: string[] = [];
  for (let next = list.next(); next !== undefined; next = list.next()) elements.push(next);
  return elements;
}

/** Whether a raw value is an object. */
export function isObject(raw: string | undefined): raw is string {
  return raw?.charCodeAt(0) === OPEN_BRACE;
}

/** Index behind the value that begins at `at`. */
function valueEnd(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === QUOTE) return textEnd(text, at);
  if (code === OPEN_BRACE || code === OPEN_BRACKET) return nestedEnd(text, at);
  let end = at;
  while (isOfWord(text.charCodeAt(end))) end++;
  if (end === at) throw unlike(text, at, "a value");
  return end;
}

/** Index behind the object or list that begins at `at`. */
function nestedEnd(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case QUOTE:
        i = textEnd(text, i) - 1;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        depth++;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (--depth === 0) return i + 1;
    }
  }
  throw unlike(text, text.length, "an end");
}

/** Index behind the text whose opening quote stands at `at`. */
function textEnd(text: string, at: number): number {
  if (text.charCodeAt(at) !== QUOTE) throw unlike(text, at, "a text");
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
  throw unlike(text, text.length, "a closing quote");
}

/** The name between two quotes. One that is written with escapes is read where it is a plain word. */
function nameIn(text: string, keyAt: number, keyEnd: number): string {
  const name = text.slice(keyAt + 1, keyEnd - 1);
  if (!name.includes("\\")) return name;
  const read = JSON.parse(`"${name}"`) as string;
  return /^\w+$/.test(read) ? read : name;
}

/** Letters, digits, sign and point of a number or of `null`, `true` and `false`. */
function isOfWord(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a) || code === 0x2d ||
    code === 0x2b || code === 0x2e || code === 0x45;
}

function skipSpace(text: string, at: number): number {
  let code = text.charCodeAt(at);
  while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
    code = text.charCodeAt(++at);
  }
  return at;
}

function unlike(text: string, at: number, wanted: string): SyntaxError {
  const found = at < text.length ? JSON.stringify(text[at]) : "the end";
  return new SyntaxError(`Cannot take JSON apart: ${found} at ${at}, expected ${wanted}`);
}
