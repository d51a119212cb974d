/**
 * Whether two records say the same.
 *
 * @module
 */

/** Whether two records have the same names, and under each the same. */
export function isSameRecord<Value>(
  one: Readonly<Record<string, Value>>,
  other: Readonly<Record<string, Value>>,
  isSame: (one: Value, other: Value) => boolean,
): boolean {
  const names = Object.keys(one);
  return names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name]!, other[name]!));
}
