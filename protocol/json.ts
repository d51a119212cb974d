/**
 * JSON from outside, whose depth is not believed unseen: to parse a megabyte of `[` takes thirty, and
 * whoever walks what came out of it walks off the stack. And JSON that is passed on, whose whole
 * numbers stay what they are: Python's libraries write ids as numbers, which are too large for ours.
 *
 * @module
 */

/** Levels that JSON from outside may have. Discord's has a dozen. */
export const MOST_LEVELS = 1_024;

/**
 * The value of a JSON text.
 *
 * @throws {SyntaxError} When it is not JSON, or has more than {@linkcode MOST_LEVELS} levels.
 *
 * @example
 * ```ts
 * import { parseJson } from "./json.ts";
 * console.assert((parseJson('{"a":[1]}') as { a: number[] }).a[0] === 1);
 * ```
 */
export function parseJson(text: string): unknown {
  // A short text cannot be deep.
  if (text.length > MOST_LEVELS && isTooDeep(text)) {
    throw new SyntaxError(`more than ${MOST_LEVELS} levels of objects and lists`);
  }
  return JSON.parse(text);
}

/** A number of so many digits may be more than a `number` holds. Inside a text it costs time only. */
const MAYBE_LARGE = /(?:^|[:[,])\s*-?\d{16}/;
const WHOLE = /^-?\d+$/;

/**
 * The value of a JSON text that is read and passed on: a whole number that no `number` holds exactly is
 * a `bigint`, which `postMessage` and {@linkcode writeExact} carry.
 *
 * @throws {SyntaxError} As {@linkcode parseJson}.
 *
 * @example
 * ```ts
 * import { parseExact, writeExact } from "./json.ts";
 * const value = parseExact('{"guild_id":1575987154213928974,"limit":0}');
 * console.assert((value as { guild_id: unknown }).guild_id === 1575987154213928974n);
 * console.assert(writeExact(value) === '{"guild_id":1575987154213928974,"limit":0}');
 * ```
 */
export function parseExact(text: string): unknown {
  const value = parseJson(text);
  return MAYBE_LARGE.test(text) ? JSON.parse(text, exact as Reviver) : value;
}

/**
 * The JSON text of a value in which a `bigint` is a whole number. One without costs what `JSON.stringify`
 * costs.
 *
 * @throws {TypeError} Where `JSON.stringify` throws it for another reason.
 */
export function writeExact(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    const digits = (_: string, part: unknown) =>
      typeof part === "bigint" ? rawJSON(String(part)) : part;
    return JSON.stringify(value, digits);
  }
}

type Reviver = (key: string, value: unknown) => unknown;

/** The third argument is there, whatever the types say. */
function exact(_: string, value: unknown, { source }: { readonly source: string }): unknown {
  const isLost = typeof value === "number" && !Number.isSafeInteger(value) && WHOLE.test(source);
  return isLost ? BigInt(source) : value;
}

const { rawJSON } = JSON as typeof JSON & { rawJSON(text: string): unknown };

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];

function isTooDeep(text: string): boolean {
  let levels = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = closingQuote(text, at);
        if (at < 0) return false;
        break;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++levels > MOST_LEVELS) return true;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        levels--;
    }
  }
  return false;
}

/** Where the text ends that begins at `at`; -1 where it does not. */
function closingQuote(text: string, at: number): number {
  for (;;) {
    const end = text.indexOf('"', at + 1);
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (end < 0 || backslashes % 2 === 0) return end;
    at = end;
  }
}
