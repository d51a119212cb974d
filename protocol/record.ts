/**
 * Objects with fields that came from outside: neither they nor their keys are believed unseen.
 *
 * @module
 */

/** Whether a value is an object with fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Gives an object a property of its own, whatever the key: `__proto__` is one like any other.
 *
 * @example
 * ```ts
 * import { define } from "./record.ts";
 * const object = {};
 * define(object, "__proto__", 1, true);
 * console.assert(Object.keys(object)[0] === "__proto__" && object instanceof Object);
 * ```
 */
export function define(object: object, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(object, key, { value, enumerable, writable: true, configurable: true });
}
