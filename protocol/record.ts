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

/** A value from outside as an error tells it: a simple one in full, of others what they are. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return "a list";
  const isSimple = value === null || ["number", "boolean", "undefined"].includes(typeof value);
  return isSimple ? String(value) : `of type ${typeof value}`;
}
