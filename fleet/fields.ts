/**
 * What another unit has written, read field by field: it may be of an older or a newer version, and anybody who
 * may write to the fleet's keys can write anything.
 *
 * @module
 */

import type { Json } from "../ports/fleet/bus.ts";
import { GatehouseError } from "../protocol/errors.ts";
import { UNIT_NAME } from "../protocol/fleet.ts";
import { isCount, isRecord, shown } from "../protocol/record.ts";

/** One value, under a key, and where inside it one is. */
export interface Fields {
  /** Names of its own fields. */
  readonly names: readonly string[];
  has(name: string): boolean;
  text(name: string): string;
  /** A name that a unit may have. */
  unit(name: string): string;
  /** A whole number, at least `least`. */
  count(name: string, least?: number): number;
  flag(name: string): boolean;
  texts(name: string): string[];
  /** A list whose items are objects. */
  list(name: string): Fields[];
  object(name: string): Fields;
  /** What it throws whose field cannot be read: it says what was wanted there. */
  wrong(name: string, wanted: string): GatehouseError;
}

/**
 * Reads the value of a key. Fields that nobody asks for are no matter.
 *
 * @throws {GatehouseError} `bad_message`, here and from each verb of what is given: names key and field, what was
 * found and what was wanted.
 */
export function fieldsOf(key: string, value: Json, path = ""): Fields {
  if (!isRecord(value)) throw bad(key, path.slice(0, -1) || "it", value, "an object");
  const read = <Value>(
    name: string,
    wanted: string,
    is: (found: unknown) => found is Value,
  ): Value => {
    const found = value[name];
    if (Object.hasOwn(value, name) && is(found)) return found;
    throw bad(key, path + name, Object.hasOwn(value, name) ? found : undefined, wanted);
  };
  const inside = (name: string, found: unknown) => fieldsOf(key, found as Json, `${path}${name}.`);
  return {
    names: Object.keys(value),
    has: (name) => Object.hasOwn(value, name) && value[name] !== undefined,
    text: (name) => read(name, "a text", isText),
    unit: (name) => read(name, "a unit's name", isUnit),
    count: (name, least = 0) =>
      read(
        name,
        `a whole number, at least ${least}`,
        (found): found is number => isCount(found) && found >= least,
      ),
    flag: (name) => read(name, "true or false", (found) => typeof found === "boolean"),
    texts: (name) => [...read(name, "a list of texts", isTexts)],
    list: (name) => read(name, "a list", isList).map((each, at) => inside(`${name}[${at}]`, each)),
    object: (name) => inside(name, read(name, "an object", isRecord)),
    wrong: (name, wanted) => bad(key, path + name, value[name], wanted),
  };
}

function bad(key: string, field: string, found: unknown, wanted: string): GatehouseError {
  return new GatehouseError(
    "bad_message",
    "peer",
    `Cannot read key ${key}: ${field} is ${shown(found)}, ${wanted} was wanted`,
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isUnit(value: unknown): value is string {
  return isText(value) && UNIT_NAME.test(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return isList(value) && value.every(isText);
}
