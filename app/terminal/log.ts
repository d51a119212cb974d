/**
 * The {@linkcode Log} of a unit: lines on standard output, through LogTape's formatters. It keeps no
 * global state, so that a program with several units has several logs.
 *
 * @module
 */

import { loadLogtape, type LogRecord } from "../../deps.ts";
import { type Config, secretsOf } from "../../config/config.ts";
import { type Clock, systemClock } from "../../ports/clock.ts";
import { type Log, type LogFields, type LogLevel, logTo } from "../../ports/log.ts";
import { printable } from "../../ports/printable.ts";
import { redactor } from "../../ports/redact.ts";
import { hasColor } from "../cli/output.ts";

/** How a log is written. */
export interface LogOptions {
  /** Lines below it are not written. */
  readonly level: LogLevel;
  /** `json`: one object per line; `pretty`: for a person. */
  readonly format: "json" | "pretty";
  /** Whether `pretty` may use colours. */
  readonly color: boolean;
  /** Texts that must never be written, such as the token. */
  readonly secrets: Iterable<string>;
  readonly clock: Pick<Clock, "wallMs">;
  /** Takes one line with its line break. */
  write(line: string): void;
}

/** A log that learns of secrets as they are made. */
export interface UnitLog extends Log {
  /** From now on `secret` is replaced wherever it turns up. */
  keepSecret(secret: string): void;
  /** A line as it is written, whatever its level: without secrets. */
  asWritten(event: string, fields: LogFields): readonly [event: string, fields: LogFields];
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/**
 * A log that redacts secrets by the name of a field and by their text.
 * See {@linkcode redactor} for what is replaced.
 */
export async function createLog(options: LogOptions): Promise<UnitLog> {
  const format = await formatter(options.format, options.color);
  const secrets = new Set(options.secrets);
  let redact = redactor(secrets);
  const log = logTo((level, event, fields) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(options.level)) return;
    const record = {
      category: ["gatehouse"],
      level: level === "warn" ? "warning" as const : level,
      message: [printable(String(redact(event)))],
      rawMessage: event,
      timestamp: options.clock.wallMs(),
      properties: redact(fields) as Record<string, unknown>,
    };
    options.write(format(record));
  });
  return Object.assign(log, {
    keepSecret(secret: string) {
      secrets.add(secret);
      redact = redactor(secrets);
    },
    asWritten: (event: string, fields: LogFields) =>
      [String(redact(event)), redact(fields) as LogFields] as const,
  });
}

/** The log that the settings want. `NO_COLOR` is honoured on a terminal. */
export function unitLog(
  config: Config,
  isTerminal: boolean,
  write: (line: string) => void,
): Promise<UnitLog> {
  return createLog({
    level: config.logLevel,
    format: config.logFormat ?? (isTerminal ? "pretty" : "json"),
    color: hasColor({ env: (name) => Deno.env.get(name) }, { isTerminal }),
    secrets: secretsOf(config),
    clock: systemClock,
    write,
  });
}

type Format = (record: LogRecord) => string;

async function formatter(format: "json" | "pretty", color: boolean): Promise<Format> {
  const { getAnsiColorFormatter, getJsonLinesFormatter, getTextFormatter } = await loadLogtape();
  if (format === "json") return getJsonLinesFormatter({ properties: "nest:fields" });
  const options = {
    timestamp: "time",
    timeZone: null,
    level: (level: string) => level === "warning" ? "WARN" : level.toUpperCase(),
    value: "bare",
  } as const;
  const pretty = ({ timestamp, level, message, record }: {
    timestamp: string | null;
    level: string;
    message: string;
    record: LogRecord;
  }) => `${timestamp} ${level} ${message}${facts(record.properties)}`;
  return color
    ? getAnsiColorFormatter({ ...options, format: pretty })
    : getTextFormatter({ ...options, format: pretty });
}

/** Fields after the event: `  shard=3 reason="closed by Discord"`. */
function facts(fields: LogFields): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => printable(`${key}=${JSON.stringify(value)}`));
  return pairs.length === 0 ? "" : `  ${pairs.join(" ")}`;
}
