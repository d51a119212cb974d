/**
 * What a value is, in words.
 *
 * @module
 */

/**
 * The kind of an object as its class has it.
 *
 * @example
 * ```ts
 * import { tagOf } from "./name_of.ts";
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
 * import { nameOf } from "./name_of.ts";
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
