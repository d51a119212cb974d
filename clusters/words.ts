/**
 * What a built-in cluster says of itself to the unit that started it: a thread by messages, a process by
 * lines of its output, among those of its log.
 *
 * @module
 */

import { encodeLogLine, type LogLine, parseLogLine, readLogLine } from "./log.ts";
import { withOurAdvice } from "./permissions.ts";

/** A word. */
export type ClusterWord =
  | { readonly type: "LOG"; readonly line: LogLine }
  /** Its module has been loaded and exports a bot. */
  | { readonly type: "LOADED" }
  /** The last one: why it ends. */
  | LastWord;

/** What a thread says; a process prints as it likes. */
export type ThreadWord =
  | ClusterWord
  /** The bot has printed something; `warn`: as an error. */
  | { readonly type: "PRINTED"; readonly level: "info" | "warn"; readonly text: string };

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

/** A word that a thread has sent, advised; `undefined` for anything else that came from there. */
export function readWord(value: unknown): ThreadWord | undefined {
  const { type, line, level, text } = Object(value) as Record<string, unknown>;
  if (type === "LOADED") return { type };
  if (type === "EXITED") return readLastWord(value);
  if (type === "PRINTED" && (level === "info" || level === "warn") && typeof text === "string") {
    return { type, level, text };
  }
  const read = type === "LOG" ? readLogLine(line) : undefined;
  return read && advised({ type: "LOG", line: read });
}

/** A word whose texts advise to what an operator can do. */
function advised<Word extends Exclude<ClusterWord, { type: "LOADED" }>>(word: Word): Word {
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
    return readLastWord(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function readLastWord(value: unknown): LastWord | undefined {
  const { code, reason, stack } = Object(value) as Record<string, unknown>;
  if (typeof code !== "number" || typeof reason !== "string") return undefined;
  return advised({ type: "EXITED", code, reason, ...(typeof stack === "string" && { stack }) });
}
