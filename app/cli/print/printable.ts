/**
 * Texts of others on a terminal of ours.
 *
 * @module
 */

/** What a terminal does not show but obeys: control characters, and those that turn the direction of a line. */
// deno-lint-ignore no-control-regex
const OBEYED = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A text that only shows itself: a bot, a consumer or Discord may have had a say in it.
 *
 * @example
 * ```ts
 * import { printable } from "./printable.ts";
 * console.assert(printable("gone\x1b[2J") === "gone�[2J");
 * ```
 */
export function printable(text: string): string {
  return text.replace(OBEYED, "�");
}
