/**
 * What a built-in cluster says of itself to the unit that started it: a thread by messages, a process by
 * lines of its output, among those of its log.
 *
 * @module
 */

import { encodeLogLine, type LogLine, parseLogLine } from "./log.ts";
import { withOurAdvice } from "./permissions.ts";

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

/**
 * A word as {@linkcode encodeWord} wrote it, {@linkcode advised}; `undefined` for anything else that was
 * printed.
 */
export function parseWord(text: string): ClusterWord | undefined {
  if (text === LOADED) return { type: "LOADED" };
  if (text.startsWith(EXITED)) return parseLastWord(text);
  const line = parseLogLine(text);
  return line && advised({ type: "LOG", line });
}

/** A word whose texts advise to what an operator can do. */
export function advised<Word extends ClusterWord>(word: Word): Word {
  if (word.type === "LOADED") return word;
  if (word.type === "EXITED") return withAdvice(word);
  return { ...word, line: { ...word.line, fields: withAdvice(word.line.fields) } };
}

function withAdvice<Fields extends object>(fields: Fields): Fields {
  const pairs = Object.entries(fields).map(([name, value]) =>
    [name, typeof value === "string" ? withOurAdvice(value) : value] as const
  );
  return Object.fromEntries(pairs) as Fields;
}

const LOADED = encodeWord({ type: "LOADED" });
const EXITED = '{"type":"EXITED"';

function parseLastWord(text: string): LastWord | undefined {
  try {
    const { code, reason, stack } = JSON.parse(text);
    if (typeof code !== "number" || typeof reason !== "string") return undefined;
    const word = {
      type: "EXITED",
      code,
      reason,
      ...(typeof stack === "string" && { stack }),
    } as const;
    return advised(word);
  } catch {
    return undefined;
  }
}
