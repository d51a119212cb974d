/**
 * How the lines of a cluster reach the unit's log: as JSON, one per line of its output. What a bot
 * prints itself comes along as plain text.
 *
 * @module
 */

import type { LogFields, LogLevel } from "../ports/log.ts";
import { messageOf } from "../protocol/errors.ts";
import { isRecord } from "../protocol/record.ts";

/** A line of a log. */
export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: LogFields;
}

const LEVELS: readonly string[] = ["debug", "info", "warn", "error"] satisfies LogLevel[];

/** A line as JSON. Errors keep their message, with its causes, and stack, numbers that JSON has no form for their digits. */
export function encodeLogLine(line: LogLine): string {
  return JSON.stringify(line, (_key, value) => {
    if (typeof value === "bigint") return String(value);
    if (value instanceof Error) return { message: messageOf(value), stack: value.stack };
    return value;
  });
}

/** A line as {@linkcode encodeLogLine} wrote it; `undefined` for anything else that was printed. */
export function parseLogLine(text: string): LogLine | undefined {
  if (!text.startsWith('{"level":')) return undefined;
  try {
    return readLogLine(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** A value that is a line; `undefined` for any other. */
export function readLogLine(value: unknown): LogLine | undefined {
  const { level, event, fields } = Object(value) as Record<string, unknown>;
  const isLine = LEVELS.includes(level as string) && typeof event === "string" && isRecord(fields);
  return isLine ? { level: level as LogLevel, event, fields } : undefined;
}

/** Where printed text goes in. */
export interface LineSplitter {
  /** Some text, wherever its lines end. */
  take(text: string): void;
  /** There is no more. */
  end(): void;
}

/**
 * Calls `onLine` for each line of a text that comes in pieces, without its end. A line longer than 64 KiB
 * comes in pieces, so that output without line ends does not grow our memory.
 */
export function lineSplitter(onLine: (line: string) => void): LineSplitter {
  let rest = "";
  return {
    take(text) {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop()!;
      lines.forEach(onLine);
      if (rest.length > 65_536) {
        onLine(rest);
        rest = "";
      }
    },
    end() {
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}

/** Calls `onLine` for each line of a stream, as {@linkcode lineSplitter} does. */
export async function eachLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLine: (line: string) => void,
): Promise<void> {
  const lines = lineSplitter(onLine);
  for await (const text of stream.pipeThrough(new TextDecoderStream())) lines.take(text);
  lines.end();
}
