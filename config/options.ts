/**
 * Settings as the values that a program gives: checked like those of the environment, because not every
 * program has types.
 *
 * @module
 */

import { shown } from "../protocol/record.ts";
import { type Config, type Field, FIELDS, type Problem, type Setting, SETTINGS } from "./config.ts";
import { type Reader, shapeOf } from "./readers.ts";

/** What came of reading them. */
export interface GivenOptions {
  /** Those that are set, and right. */
  readonly values: Partial<Config>;
  /** Those that are wrong by themselves. */
  readonly wrong: ReadonlyMap<Field, Problem>;
}

/**
 * Reads values by their property of {@linkcode Config}; what is `undefined` or empty, or `null` where that
 * means nothing, is not set.
 *
 * @param nameOf How an option is called.
 */
export function readOptions(
  given: Readonly<Partial<Record<Field, unknown>>>,
  nameOf: (field: Field) => string,
): GivenOptions {
  const settings: Readonly<Record<Field, Setting<unknown>>> = SETTINGS;
  const values: Partial<Record<Field, unknown>> = {};
  const wrong = new Map<Field, Problem>();
  for (const field of FIELDS) {
    const { read, default: byDefault } = settings[field];
    const value = tidied(given[field], read);
    if (value === undefined || value === "" || value === null && byDefault === null) continue;
    if (read.accepts(value)) values[field] = value;
    else {
      const expected = read.expectedValue ?? read.expected;
      wrong.set(field, { setting: nameOf(field), expected, received: received(value, read) });
    }
  }
  return { values: values as Partial<Config>, wrong };
}

function tidied(value: unknown, { tidy }: Reader<unknown>): unknown {
  return tidy && typeof value === "string" ? tidy(value) : value;
}

/** A value that was refused, as it may be shown: of a secret only its shape. */
function received(value: unknown, { secret, hint }: Reader<unknown>): string {
  if (secret) return typeof value === "string" ? shapeOf(value) : "something that is no text";
  const names = Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
  // An address may hold a password.
  const text = shown(value).replace(/\/\/[^/@\s]*@/g, "//[redacted]@");
  return text + (hint?.(names.join(",")) ?? "");
}
