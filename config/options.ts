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
    const problem = problemOf(nameOf(field), value, read);
    if (problem === null) values[field] = value;
    else wrong.set(field, problem);
  }
  return { values: values as Partial<Config>, wrong };
}

/** What is wrong with the value of an option; `null`: nothing. */
export function problemOf(name: string, value: unknown, read: Reader<unknown>): Problem | null {
  if (read.accepts(value)) return null;
  const expected = read.expectedValue ?? read.expected;
  const isNothing = value === undefined || value === "";
  return { setting: name, expected, received: isNothing ? "nothing" : received(value, read) };
}

function tidied(value: unknown, { tidy }: Reader<unknown>): unknown {
  return tidy && typeof value === "string" ? tidy(value) : value;
}

/** A value that was refused, as it may be shown: of a secret only its shape. */
function received(value: unknown, { secret, hint }: Reader<unknown>): string {
  if (secret) return typeof value === "string" ? shapeOf(value) : "something that is no text";
  const names = Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
  // An address may hold a password.
  const text = shown(value).replace(/^of type /, "something of type ")
    .replace(/\/\/[^/@\s]*@/g, "//[redacted]@");
  return text + (hint?.(names.join(",")) ?? "");
}
