/**
 * Texts of others on a terminal of ours.
 *
 * @module
 */

/** What a terminal does not show but obeys: control characters, and those that turn the direction of a line. */
// deno-lint-ignore no-control-regex
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * A text that only shows itself, on one line: what would be obeyed is written as an escape. A bot, a consumer or
 * Discord may have had a say in it.
 *
 * @example
 * ```ts
 * import { printable } from "./printable.ts";
 * console.assert(printable("gone\x1b[2J") === String.raw`gone\u001b[2J`);
 * ```
 */
export function printable(text: string): string {
  return text.replace(
    OBEYED,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
