/**
 * What a built-in cluster says of itself to the unit that started it: a thread by messages, a process by
 * lines of its output, among those of its log.
 *
 * @module
 */

import { encodeLogLine, type LogLine, parseLogLine } from "./log.ts";

/** A word. */
export type ClusterWord =
  | { readonly type: "LOG"; readonly line: LogLine }
  /** Its module has been loaded and exports a bot. */
  | { readonly type: "LOADED" }
  /** The last one: why it ends. */
  | LastWord;

/** Why a cluster ends. */
export interface LastWord {
  readonly type: "EXITED";
  readonly code: number;
  readonly reason: string;
  /** Of the error, where it was one. */
  readonly stack?: string;
}

/** A word as a line, without its end. */
export function encodeWord(word: ClusterWord): string {
  return word.type === "LOG" ? encodeLogLine(word.line) : JSON.stringify(word);
}

/** A word as {@linkcode encodeWord} wrote it; `undefined` for anything else that was printed. */
export function parseWord(text: string): ClusterWord | undefined {
  if (text === LOADED) return { type: "LOADED" };
  if (text.startsWith(EXITED)) return parseLastWord(text);
  const line = parseLogLine(text);
  return line && { type: "LOG", line };
}

const LOADED = encodeWord({ type: "LOADED" });
const EXITED = '{"type":"EXITED"';

function parseLastWord(text: string): LastWord | undefined {
  try {
    const { code, reason, stack } = JSON.parse(text);
    if (typeof code !== "number" || typeof reason !== "string") return undefined;
    return { type: "EXITED", code, reason, ...(typeof stack === "string" && { stack }) };
  } catch {
    return undefined;
  }
}
