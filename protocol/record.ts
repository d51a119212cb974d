/**
 * Values that came from outside, looked at before they are believed.
 *
 * @module
 */

/** Whether a value is an object with fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
