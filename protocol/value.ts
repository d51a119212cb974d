/**
 * Values of commands on their way inside JSON texts. What is plain JSON goes as it is. Everything else
 * that structured clone carries goes, between processes of ours only, as a `clone`: a list without
 * nesting, so that cycles and shared references are nothing special and no key looks like a tag.
 *
 * ```
 * clone = [slot of the value, node 1, node 2, …]
 * slot  = null, true, 1, "text" │ [number of a node] │ ["undefined"], ["-0"], ["bigint", "12"] …
 * node  = [kind, facts, …], as in ["Date", [0]] or ["Object", [], key, slot, …]: see `nodeOf`
 * ```
 *
 * @module
 */

import { newError, readError, setOnError } from "./error_parts.ts";
import { cannot, GatehouseError, messageOf } from "./errors.ts";
import { define, nameOf, tagOf } from "./record.ts";

const unsendable = cannot("send value", "bad_message", "caller");
const unreadable = cannot("read value", "bad_message", "peer");

/** A value on the wire: `json` is the value itself, `clone` our own form, for our own clusters only. */
export type WireValue = { readonly json: unknown } | { readonly clone: unknown };

/** Levels that a value may have: to walk it, and to read or write its JSON, is recursive. */
const MAX_DEPTH = 1_000;

type Slots = readonly unknown[];
type Node = readonly [kind: string, facts: Slots, ...parts: Slots];
/** A property, an item, or the nth key or value of a Map or Set. */
type Step = string | number | readonly [of: "keys" | "values", index: number];
/** Gives a part of the value its slot. */
type Put = (part: unknown, step: Step) => unknown;
/** The value of a slot; an object may still be empty, as `Make` makes it. */
type Get = (slot: unknown) => unknown;
type Make = (facts: Slots, get: Get) => unknown;

/** Values that are neither JSON nor objects, by the names that stand in their slots. */
const LEAVES: ReadonlyMap<unknown, unknown> = new Map(
  [undefined, NaN, Infinity, -Infinity, -0].map((value) => [nameOf(value), value]),
);
/** A client may run where there are none, such as Node 22. */
const HALF = typeof Float16Array === "undefined" ? [] : [Float16Array];
const VIEWS: ReadonlyMap<unknown, new (of: ArrayBuffer, at: number, length: number) => object> =
  // deno-fmt-ignore
  new Map([Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
    BigInt64Array, BigUint64Array, ...HALF, Float32Array, Float64Array, DataView]
    .map((View) => [View.name, View]));
const MAKERS: ReadonlyMap<unknown, Make> = new Map(Object.entries<Make>({
  Array: () => [],
  Sparse: ([length]) => {
    // Its end comes first: the length alone would take the memory of all items.
    const array = Object.assign([], { [Number(length) - 1]: null, length });
    return Reflect.deleteProperty(array, Number(length) - 1) && array;
  },
  Object: () => ({}),
  Map: () => new Map(),
  Set: () => new Set(),
  Error: ([name, message, stack, isDom]) => newError(text(name), text(message), stack, isDom),
  Date: ([ms]) => new Date(typeof ms === "number" ? ms : NaN),
  RegExp: ([source, flags]) => new RegExp(text(source), text(flags)),
  ArrayBuffer: ([base64]) => Uint8Array.fromBase64(text(base64)).buffer,
  View: ([name, slot, at, length], get) => {
    const buffer = get(slot);
    if (!(buffer instanceof ArrayBuffer)) throw new Error("a view has no buffer");
    return new (find(VIEWS, name))(buffer, at as number, length as number);
  },
  Boxed: ([slot], get) => Object(get(slot)),
}));

/**
 * Puts any value that structured clone carries into a form for `JSON.stringify`. That has to come before
 * the value changes: plain JSON is not copied. As with structured clone, instances of classes arrive
 * as plain objects and a view brings its whole buffer. Of errors more survives: their names, and their
 * own properties that are plain JSON. A buffer that can be resized arrives as one that cannot.
 *
 * @throws {GatehouseError} `bad_message` that names what cannot be sent and where it is.
 *
 * @example
 * ```ts
 * import { decodeValue, encodeValue } from "./value.ts";
 * const text = JSON.stringify(encodeValue(new Map([[1n, new Date(0)]])));
 * const map = decodeValue(JSON.parse(text)) as Map<bigint, Date>;
 * console.assert(map.get(1n)?.getTime() === 0);
 * ```
 */
export function encodeValue(value: unknown): WireValue {
  try {
    if (isJson(value)) return { json: value };
    const { clone, odd, isLarge } = toClone(value);
    // An instance of a class, say, is plain JSON once it is copied.
    return odd === null && !isLarge ? { json: fromClone(clone) } : { clone };
  } catch (cause) {
    throw cause instanceof GatehouseError ? cause : unsendable(messageOf(cause), { cause });
  }
}

/**
 * The value that {@linkcode encodeValue} was given.
 *
 * @throws {GatehouseError} `bad_message` when nobody can have encoded this.
 *
 * @example
 * ```ts
 * import { decodeValue } from "./value.ts";
 * console.assert(decodeValue({ json: "text" }) === "text");
 * console.assert(decodeValue({ clone: [["bigint", "12"]] }) === 12n);
 * ```
 */
export function decodeValue(wire: WireValue): unknown {
  try {
    return "json" in wire ? wire.json : fromClone(wire.clone);
  } catch (cause) {
    throw unreadable(messageOf(cause), { cause });
  }
}

/**
 * Why a value cannot go to those who only take JSON: what is where; `null` when it can, by
 * `writeExact`: a `bigint` that is too large for a number is a whole number there.
 *
 * @throws {GatehouseError} `bad_message` when nobody can have encoded this.
 *
 * @example
 * ```ts
 * import { encodeValue, notJson } from "./value.ts";
 * console.assert(notJson(encodeValue({ users: [1, new Map()] })) === "a Map at data.users[1]");
 * console.assert(notJson(encodeValue({ users: [1, 2] })) === null);
 * ```
 */
export function notJson(wire: WireValue): string | null {
  const value = decodeValue(wire);
  if ("json" in wire) return null;
  const { odd, isLarge } = toClone(value);
  return isLarge ? odd : odd ?? "a clone at data";
}

/** Whether `JSON.stringify` loses nothing of a value. Getters are trusted to repeat themselves. */
function isJson(value: unknown, seen: Set<object> = new Set(), depth = 0): boolean {
  if (typeof value !== "object" || value === null) return isJsonLeaf(value);
  const before = seen.size;
  if (depth > MAX_DEPTH || seen.add(value).size === before) return false;
  const proto = Object.getPrototypeOf(value);
  if (Array.isArray(value)) {
    return proto === Array.prototype && isDense(value) &&
      value.every((item) => isJson(item, seen, depth + 1));
  }
  return (proto === Object.prototype || proto === null) &&
    Object.keys(value).every((key) => isJson(Reflect.get(value, key), seen, depth + 1));
}

function isJsonLeaf(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === "string" || typeof value === "boolean" || value === null;
}

/** Whether an array has neither holes nor properties that are no items; keys begin with the items. */
function isDense(array: readonly unknown[]): boolean {
  const keys = Object.keys(array);
  return keys.length === array.length && (keys.at(-1) ?? "-1") === String(array.length - 1);
}

/** The clone of a value, the first thing in it that is not JSON, and whether a number needs care there. */
function toClone(value: unknown): { clone: Slots; odd: string | null; isLarge: boolean } {
  const clone: unknown[] = [null];
  const numbers = new Map<unknown, number>();
  const path: Step[] = [];
  let odd: string | null = null;
  let isLarge = false;
  const here = (what: string) => `${what} at ${pathOf(path)}`;
  const refused = (what: string) => unsendable(here(what));
  const put: Put = (part, step) => {
    path.push(step);
    const slot = slotOf(part);
    path.pop();
    return slot;
  };
  const slotOf = (value: unknown): unknown => {
    if (isJsonLeaf(value)) return value;
    const before = odd;
    const known = numbers.get(value);
    if (known !== undefined) {
      odd ??= here("another reference to the same object");
      return [known];
    }
    if (typeof value === "bigint" && !Number.isSafeInteger(Number(value))) {
      isLarge = true;
      return ["bigint", String(value)];
    }
    if (typeof value === "bigint" || value === undefined || typeof value === "number") {
      odd ??= here(nameOf(value));
      return typeof value === "bigint" ? ["bigint", String(value)] : [nameOf(value)];
    }
    if (typeof value !== "object" || value === null) throw refused(nameOf(value));
    if (path.length > MAX_DEPTH) throw refused(`more than ${MAX_DEPTH} levels`);
    // A view is made after its buffer.
    if (ArrayBuffer.isView(value)) put(value.buffer, "buffer");
    const number = clone.push(null) - 1;
    numbers.set(value, number);
    const node = nodeOf(value, put);
    if (node === null) throw refused(nameOf(value));
    clone[number] = node;
    if (node[0] !== "Array" && node[0] !== "Object") {
      odd = before ?? here(node[0] === "Sparse" ? "an array with holes or keys" : nameOf(value));
    }
    return [number];
  };
  clone[0] = slotOf(value);
  return { clone, odd, isLarge };
}

/** The node of an object, or `null` when structured clone does not carry it. */
function nodeOf(value: object, put: Put): Node | null {
  const properties = () =>
    Object.keys(value).flatMap((key) => [key, put(Reflect.get(value, key), key)]);
  if (Array.isArray(value)) {
    if (isDense(value)) return ["Array", [], ...Array.from(value, put)];
    return ["Sparse", [value.length], ...properties()];
  }
  if (value instanceof Error) {
    const { name, message, stack = null, properties } = readError(value);
    // Properties that somebody added can be anything, such as a socket, and are not worth a refusal.
    const isAdded = (key: string) => key !== "cause" && Object.keys(value).includes(key);
    const kept = properties.filter(([key, part]) => !isAdded(key) || isJson(part));
    const facts = [name, message, stack, value instanceof DOMException];
    return ["Error", facts, ...kept.flatMap(([key, part]) => [key, put(part, key)])];
  }
  if (ArrayBuffer.isView(value)) {
    const length = Reflect.get(value, "length") ?? value.byteLength;
    return ["View", [tagOf(value), put(value.buffer, "buffer"), value.byteOffset, length]];
  }
  if (value instanceof Date) return ["Date", [value.getTime()]];
  if (value instanceof RegExp) return ["RegExp", [value.source, value.flags]];
  if (value instanceof Map) {
    const stepTo = (at: number): Step => [at % 2 ? "values" : "keys", at >> 1];
    return ["Map", [], ...[...value].flat().map((part, at) => put(part, stepTo(at)))];
  }
  if (value instanceof Set) {
    return ["Set", [], ...Array.from(value, (item, index) => put(item, ["values", index]))];
  }
  if (value instanceof ArrayBuffer) {
    return value.detached ? null : ["ArrayBuffer", [new Uint8Array(value).toBase64()]];
  }
  if ([Boolean, Number, String, BigInt].some((Boxed) => value instanceof Boxed)) {
    return ["Boxed", [put(value.valueOf(), "valueOf")]];
  }
  return isPlain(value) ? ["Object", [], ...properties()] : null;
}

/** Whether structured clone makes a plain object of something unknown, such as an instance of a class. */
function isPlain(value: object): boolean {
  if ([Promise, WeakMap, WeakSet, WeakRef].some((Class) => value instanceof Class)) return false;
  // What the platform refuses has no properties of its own; what has some may be expensive to try.
  if (Object.keys(value).length > 0) return true;
  try {
    return Object.getPrototypeOf(structuredClone(value)) === Object.prototype;
  } catch {
    return false;
  }
}

function pathOf(steps: readonly Step[]): string {
  const path = steps.reduce<string>((path, step) => {
    if (typeof step === "object") return `${path}.${step[0]}()[${step[1]}]`;
    const isName = typeof step === "string" && /^[\p{L}$_][\p{L}\p{N}$_]*$/u.test(step);
    return isName ? `${path}.${step}` : `${path}[${JSON.stringify(step)}]`;
  }, "data");
  return path.replace(/^(.{90}).{20,}(.{90})$/s, "$1…$2");
}

/** Throws any error when nobody can have made this clone. */
function fromClone(clone: unknown): unknown {
  if (!Array.isArray(clone)) throw new Error("there is neither json nor a clone");
  const made = new Map(LEAVES);
  const get: Get = (slot) => {
    if (isJsonLeaf(slot)) return slot;
    const [of, digits] = slot as Slots;
    if (of === "bigint" && /^-?\d+$/.test(text(digits))) return BigInt(text(digits));
    return find(made, of);
  };
  const nodes: [number, Node][] = clone.slice(1).map((node, index) => [index + 1, node]);
  for (const [number, [kind, facts]] of nodes) made.set(number, find(MAKERS, kind)(facts, get));
  for (const [number, [kind, , ...parts]] of nodes) fill(made.get(number), kind, parts, get);
  return get(clone[0]);
}

function fill(made: unknown, kind: unknown, parts: Slots, get: Get): void {
  if (kind === "Array") return parts.forEach((slot) => (made as unknown[]).push(get(slot)));
  if (kind === "Set") return parts.forEach((slot) => (made as Set<unknown>).add(get(slot)));
  for (let at = 0; at < parts.length; at += 2) {
    const key = parts[at], value = get(parts[at + 1]);
    if (made instanceof Map) made.set(get(key), value);
    else if (made instanceof Error) setOnError(made, text(key), value);
    else define(made as object, text(key), value, true);
  }
}

function find<T>(map: ReadonlyMap<unknown, T>, key: unknown): T {
  if (!map.has(key)) throw new Error(`there is no ${String(key).slice(0, 50)}`);
  return map.get(key)!;
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Error(`${nameOf(value)} is no text`);
}
