/**
 * Errors on their way inside JSON texts: what was thrown in one process is thrown again in another.
 *
 * @module
 */

import { isError, newError, readError, setOnError, textOf } from "./error_parts.ts";
import { cannot } from "./errors.ts";
import { decodeValue, encodeValue, type WireValue } from "./value.ts";

const bad = cannot("read error", "bad_message", "peer");

/** An error on the wire. Whoever only takes JSON can do with `name` and `message`. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: WireValue;
  /** Its own enumerable properties, such as `code`, as far as they can be sent. */
  readonly properties?: Readonly<Record<string, WireValue>>;
}

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
  const { properties, ...parts } = readError(thrown);
  const cause = properties.find(([key]) => key === "cause");
  const others = properties.flatMap(([key, value]) => {
    const wire = key === "cause" ? null : encodeIfPossible(value);
    return wire === null ? [] : [[key, wire] as const];
  });
  return {
    ...parts,
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
