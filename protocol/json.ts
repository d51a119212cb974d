/**
 * JSON from outside, whose depth is not believed unseen: to parse a megabyte of `[` takes thirty, and
 * whoever walks what came out of it walks off the stack.
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
