/**
 * Errors on their way inside JSON texts: what was thrown in one process is thrown again in another.
 *
 * @module
 */

import { GatehouseError } from "./errors.ts";
import { decodeValue, encodeValue, type WireValue } from "./value.ts";

/** An error on the wire. Whoever only takes JSON can do with `name` and `message`. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: WireValue;
  /** Its own enumerable properties, such as `code`, as far as they can be sent. */
  readonly properties?: Readonly<Record<string, WireValue>>;
}

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
 * The wire's form of anything that was thrown; never throws itself. What is not an error becomes one
 * that has it as its cause. Of a cause that cannot be sent name, message and stack remain, or its text.
 *
 * @example
 * ```ts
 * import { decodeError, encodeError } from "./wire_error.ts";
 * const wire = encodeError(Object.assign(new RangeError("too far"), { code: 7 }));
 * const error = decodeError(JSON.parse(JSON.stringify(wire)));
 * console.assert(error instanceof RangeError && "code" in error && error.code === 7);
 * ```
 */
export function encodeError(thrown: unknown): WireError {
  if (!isError(thrown)) {
    return { name: "Error", message: textOf(thrown), cause: encodeCause(thrown) };
  }
  const { name, message, stack, properties } = readError(thrown);
  const cause = properties.find(([key]) => key === "cause");
  const others = properties.flatMap(([key, value]) => {
    const wire = key === "cause" ? null : encodeIfPossible(value);
    return wire === null ? [] : [[key, wire] as const];
  });
  return {
    name,
    message,
    ...stack !== undefined && { stack },
    ...cause !== undefined && { cause: encodeCause(cause[1]) },
    ...others.length > 0 && { properties: Object.fromEntries(others) },
  };
}

/**
 * The error again: of the built-in class of its name, else an `Error` with that name.
 *
 * @throws {GatehouseError} `bad_message` when nobody can have encoded this.
 *
 * @example
 * ```ts
 * import { decodeError } from "./wire_error.ts";
 * const error = decodeError({ name: "HttpError", message: "404", cause: { json: "no such user" } });
 * console.assert(String(error) === "HttpError: 404" && error.cause === "no such user");
 * ```
 */
export function decodeError(wire: WireError): Error {
  const { name, message, stack, cause, properties = {} } = wire ?? {};
  for (const [field, came] of Object.entries({ name, message, stack: stack ?? "" })) {
    if (typeof came !== "string") throw bad(`its ${field} is no text`);
  }
  if (typeof properties !== "object" || properties === null) throw bad("it has no properties");
  const error = newError(name, message, stack);
  if (cause !== undefined) setOnError(error, "cause", decodeValue(cause));
  for (const [key, value] of Object.entries(properties)) {
    setOnError(error, key, decodeValue(value));
  }
  return error;
}

/**
 * Takes an error apart; what a getter refuses is left out.
 *
 * @example
 * ```ts
 * import { readError } from "./wire_error.ts";
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
 * import { newError } from "./wire_error.ts";
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
 * import { setOnError } from "./wire_error.ts";
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

/**
 * Gives an object a property of its own, whatever the key: `__proto__` is one like any other.
 *
 * @example
 * ```ts
 * import { define } from "./wire_error.ts";
 * const object = {};
 * define(object, "__proto__", 1, true);
 * console.assert(Object.keys(object)[0] === "__proto__" && object instanceof Object);
 * ```
 */
export function define(object: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true });
}

/**
 * The kind of an object as its class has it.
 *
 * @example
 * ```ts
 * import { tagOf } from "./wire_error.ts";
 * console.assert(tagOf(new Map()) === "Map" && tagOf(new DataView(new ArrayBuffer(1))) === "DataView");
 * ```
 */
export function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/**
 * What a value is, for messages.
 *
 * @example
 * ```ts
 * import { nameOf } from "./wire_error.ts";
 * console.assert(nameOf(new Map()) === "a Map" && nameOf(NaN) === "NaN");
 * ```
 */
export function nameOf(value: unknown): string {
  if (value === undefined || value === null || typeof value === "number") {
    return Object.is(value, -0) ? "-0" : `${value}`;
  }
  const tag = typeof value === "object" ? tagOf(value) : typeof value;
  const name = tag === "Object" ? value.constructor?.name || tag : tag;
  if (value instanceof ArrayBuffer && value.detached) return "a detached ArrayBuffer";
  return `${/^[AEIOaeio]/.test(name) ? "an" : "a"} ${name}`;
}

function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error;
  } catch {
    return false; // A proxy that is revoked.
  }
}

function encodeCause(cause: unknown): WireValue {
  const wire = encodeIfPossible(cause);
  if (wire !== null) return wire;
  if (!isError(cause)) return { json: textOf(cause) };
  const { name, message, stack } = readError(cause);
  return encodeValue(newError(name, message, stack));
}

function encodeIfPossible(value: unknown): WireValue | null {
  try {
    return encodeValue(value);
  } catch {
    return null;
  }
}

/** A text for anything: that of a primitive, the message of what has one, else what it is. */
function textOf(thrown: unknown): string {
  if (typeof thrown !== "object" && typeof thrown !== "function" || thrown === null) {
    return String(thrown);
  }
  try {
    const message = Reflect.get(thrown, "message");
    return typeof message === "string" ? message : nameOf(thrown);
  } catch {
    return "an object";
  }
}

function bad(what: string): GatehouseError {
  return new GatehouseError("bad_message", "peer", `Cannot read error: ${what}`);
}
