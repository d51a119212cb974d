/**
 * Lines of `.env` that are meant to set something, and do not.
 *
 * @module
 */

import { parseEnv } from "node:util";
import { type Problem, SETTING_NAMES } from "./config.ts";

/**
 * What is wrong with the lines of `text` that begin with the name of a setting and set none, as `NAME: value`, and with
 * values whose quote is never closed. `parseEnv` passes over the first and keeps the quote of the second. What stands
 * in them is not told: it may be a secret.
 *
 * @example
 * ```ts
 * import { unreadLines } from "./env_lines.ts";
 * console.assert(unreadLines("DISCORD_TOKEN: a.b.c")[0]?.received === "line 1, which has no =");
 * ```
 */
export function unreadLines(text: string): Problem[] {
  const set = parseEnv(text.replace(/^\uFEFF/, ""));
  return text.split("\n").flatMap((line, at) => {
    const name = /^\W*(?:(?:export|set|setenv)\s+)?(\w+)/.exec(line)?.[1] ?? "";
    if (line.trimStart().startsWith("#") || !SETTING_NAMES.includes(name)) return [];
    const why = set[name] === undefined
      ? line.includes("=") ? "which has something before the name" : "which has no ="
      : /^["'`]/.test(set[name]) && "whose quote is not closed";
    const expected = `a line of .env as ${name}=value`;
    return why ? [{ setting: name, expected, received: `line ${at + 1}, ${why}` }] : [];
  });
}
