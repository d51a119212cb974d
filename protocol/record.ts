/**
 * Values that came from outside, where neither they nor their keys are believed unseen: what they are,
 * and what they are in words.
 *
 * @module
 */

import { parseJson } from "./json.ts";

/** Whether a value is an object with fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields of a JSON text; none where it is something else. */
export function parseRecord(text: string | undefined): Record<string, unknown> {
  try {
    const value = parseJson(text ?? "null");
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** Whether a value is a number to count with: whole, and not below 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
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

/**
 * The kind of an object as its class has it.
 *
 * @example
 * ```ts
 * import { tagOf } from "./record.ts";
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
 * import { nameOf } from "./record.ts";
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
