/**
 * Errors taken apart and made again, whatever was thrown.
 *
 * @module
 */

import { define, nameOf } from "./record.ts";

/** What there is to an error: what every error has, and its other properties. */
export interface ErrorParts {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** `cause` and `errors` too. */
  readonly properties: readonly (readonly [key: string, value: unknown])[];
}

const BUILT_IN: ReadonlyMap<string, new (message: string) => Error> = new Map(
  [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]
    .map((Class) => [Class.name, Class]),
);
const ALWAYS_THERE: ReadonlySet<string> = new Set(["name", "message", "stack"]);
/** Properties that are not enumerable, as the built-in classes have them. */
const HIDDEN: ReadonlySet<string> = new Set(["cause", "errors"]);

/**
 * Takes an error apart; what a getter refuses is left out.
 *
 * @example
 * ```ts
 * import { readError } from "./error_parts.ts";
 * const { name, properties } = readError(new TypeError("no", { cause: 1 }));
 * console.assert(name === "TypeError" && properties[0]![0] === "cause");
 * ```
 */
export function readError(error: Error): ErrorParts {
  const read = (key: string): unknown => {
    try {
      return Reflect.get(error, key);
    } catch {
      return undefined;
    }
  };
  const { stack, message } = { stack: read("stack"), message: read("message") };
  const keys = new Set(Object.keys(error)).union(HIDDEN).difference(ALWAYS_THERE);
  return {
    name: textOf(read("name") || "Error"),
    message: message === undefined ? "" : textOf(message),
    ...typeof stack === "string" && { stack },
    properties: [...keys].filter((key) => Object.hasOwn(error, key))
      .map((key) => [key, read(key)] as const),
  };
}

/**
 * An error of the built-in class of its name, else an `Error` with that name. Without a stack of its
 * own it has only a first line: the stack of whoever decodes it would mislead.
 *
 * @example
 * ```ts
 * import { newError } from "./error_parts.ts";
 * console.assert(newError("TypeError", "no", null) instanceof TypeError);
 * ```
 */
export function newError(name: string, message: string, stack: unknown, isDom?: unknown): Error {
  const Class = BUILT_IN.get(name) ?? Error;
  const error = isDom === true
    ? new DOMException(message, name)
    : name === "AggregateError"
    ? new AggregateError([], message)
    : new Class(message);
  if (error.name !== name) define(error, "name", name, false);
  define(error, "stack", typeof stack === "string" ? stack : `${name}: ${message}`, false);
  return error;
}

/**
 * Gives an error one of the properties of its {@linkcode ErrorParts}.
 *
 * @example
 * ```ts
 * import { setOnError } from "./error_parts.ts";
 * const error = new Error("no");
 * setOnError(error, "cause", 1);
 * console.assert(error.cause === 1 && Object.keys(error).length === 0);
 * ```
 */
export function setOnError(error: Error, key: string, value: unknown): void {
  if (ALWAYS_THERE.has(key)) return;
  const isHidden = key === "cause" || key === "errors" && error instanceof AggregateError;
  define(error, key, value, !isHidden);
}

/** Whether something that was thrown is an error; a proxy that is revoked is none. */
export function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    return false;
  }
}

/** A text for anything: that of a primitive, the message of what has one, else what it is. */
export function textOf(thrown: unknown): string {
  if (Object(thrown) !== thrown) return String(thrown);
  try {
    const message = Reflect.get(thrown as object, "message");
    return typeof message === "string" ? message : nameOf(thrown);
  } catch {
    return "an object";
  }
}
