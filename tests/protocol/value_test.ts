import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { GatehouseError } from "../../protocol/errors.ts";
import { parseExact, writeExact } from "../../protocol/json.ts";
import { decodeValue, encodeValue, notJson, type WireValue } from "../../protocol/value.ts";

function overTheWire<T>(value: T): T {
  return decodeValue(JSON.parse(JSON.stringify(encodeValue(value)))) as T;
}

function isBadMessage(blame: "caller" | "peer"): (error: unknown) => boolean {
  return (error) =>
    error instanceof GatehouseError && error.code === "bad_message" && error.blame === blame;
}

function nested(levels: number, leaf: unknown): unknown {
  let value = leaf;
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { value };
  return value;
}

class Point {
  constructor(readonly x: number, readonly made: unknown) {}
  toJSON(): string {
    return `point ${this.x}`;
  }
}

class List extends Array {
  toJSON(): string {
    return "list";
  }
}

const bytes = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
// deno-fmt-ignore
const VIEWS = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array,
  Uint32Array, BigInt64Array, BigUint64Array, Float16Array, Float32Array, Float64Array];

// deno-fmt-ignore
const PLAIN: readonly unknown[] = [
  null, true, 0, -1.5, 1e300, "", "text", "\ud800 alone", [], {}, [1, [2, { three: [null] }]],
  { a: { b: { c: "d" } }, "": 1, "with space": 2 },
  JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toString":2}'),
  Object.assign(Object.create(null), { a: 1 }), { json: 1, clone: [[1], ["Map", []]] },
  ["Map", [], 1, 2], new Point(1, [new (class Empty {})()]),
  List.of(1, 2),
];

// deno-fmt-ignore
const ODD: readonly unknown[] = [
  undefined, NaN, Infinity, -Infinity, -0, 12n, [-(2n ** 200n), -0], [undefined, NaN, -0],
  { a: undefined }, [1, , 3], [, ,], Array(5), Array(4_294_967_295),
  Object.assign([1, 2], { name: "x" }), Object.assign([1, , 3], { "-1": "x" }),
  "abc".match(/b/), new Date(0), new Date(NaN), /a\/[b]/giu, new RegExp(""), new Map(),
  new Map<unknown, unknown>([[1, "a"], [{ key: 1 }, new Map([["x", undefined]])], [NaN, -0]]),
  new Set(), new Set<unknown>([1, "1", { a: new Set([null]) }, undefined]), bytes.buffer,
  new ArrayBuffer(0), ...VIEWS.map((View) => new View(bytes.buffer.slice(0), 8, 2)),
  new DataView(bytes.buffer, 3, 4), Object(true), Object(-0), Object("boxed"), Object(7n),
  new Error("plain"),
  new TypeError("with cause", { cause: new RangeError("inner", { cause: { deep: [undefined] } }) }),
  new Error("no cause", { cause: undefined }),
  { at: JSON.parse('{"__proto__":{"polluted":true}}'), date: new Date(1) },
  { "undefined": ["undefined"], "1": [1], date: new Date(1), map: ["Map", [], 1, 2] },
  new Point(1, new Date(2)), Object.assign(Object.create(null), { a: new Date(3) }),
];

Deno.test("encodeValue() leaves plain JSON as it is", () => {
  for (const value of PLAIN) {
    const wire = encodeValue(value);
    assert.ok("json" in wire, Deno.inspect(value));
    assert.deepEqual(overTheWire(value), structuredClone(value));
    assert.equal(notJson(wire), null);
  }
  const value = { a: [1, { b: "c" }] };
  assert.equal((encodeValue(value) as { json: unknown }).json, value);
});

Deno.test("encodeValue() and decodeValue() carry what structured clone carries", () => {
  for (const value of ODD) {
    const wire = encodeValue(value);
    assert.ok("clone" in wire, Deno.inspect(value));
    assert.deepEqual(overTheWire(value), structuredClone(value));
    assert.notEqual(notJson(wire), null);
    assert.deepEqual(overTheWire([{ value }]), structuredClone([{ value }]));
  }
});

Deno.test("decodeValue() gives back what structured clone would, whatever the value", () => {
  // deno-fmt-ignore
  const anything = fc.anything({ maxDepth: 4, withBigInt: true, withBoxedValues: true,
    withDate: true, withMap: true, withSet: true, withNullPrototype: true, withObjectString: true,
    withSparseArray: true, withTypedArray: true, withUnicodeString: true });
  fc.assert(
    fc.property(anything, (value) => {
      assert.deepEqual(overTheWire(value), structuredClone(value));
      const wire = encodeValue(value);
      if ("json" in wire) assert.equal(notJson(wire), null);
      // What is no plain JSON and yet can go as JSON has large whole numbers, which it keeps.
      else if (notJson(wire) === null) {
        assert.deepEqual(parseExact(writeExact(value)), structuredClone(value));
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("encodeValue() tells JSON from the rest by what JSON would lose", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const isKept = isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
    assert.equal("json" in encodeValue(value), isKept);
  }));
});

Deno.test("decodeValue() keeps the identity of shared references", () => {
  const shared = { a: 1 };
  const buffer = new ArrayBuffer(16);
  const value = {
    list: [shared, shared],
    map: new Map<unknown, unknown>([[shared, new Set([shared])]]),
    views: [new Uint8Array(buffer, 2, 4), new Uint16Array(buffer, 2, 2), buffer] as const,
    error: new Error("x", { cause: shared }),
  };
  const { list, map, views, error } = overTheWire(value);
  assert.equal(list[0], list[1]);
  assert.equal([...map.keys()][0], list[0]);
  assert.equal([...(map.get(list[0]) as Set<unknown>)][0], list[0]);
  assert.equal(error.cause, list[0]);
  views[0][0] = 7;
  assert.deepEqual([views[1][0], views[0].buffer], [7, views[2]]);
  assert.deepEqual([views[1].byteOffset, views[1].length], [2, 2]);
});

Deno.test("decodeValue() keeps cycles", () => {
  const object: Record<string, unknown> = {};
  const map = new Map<unknown, unknown>();
  const set = new Set<unknown>();
  const list: unknown[] = [object, map, set];
  const error = new Error("x", { cause: list });
  Object.assign(object, { object, list, error });
  map.set(map, map);
  set.add(set);
  const copy = overTheWire(list) as [typeof object, typeof map, typeof set];
  assert.equal(copy[0].object, copy[0]);
  assert.equal(copy[0].list, copy);
  assert.equal((copy[0].error as Error).cause, copy);
  assert.equal(copy[1].get(copy[1]), copy[1]);
  assert.ok(copy[2].has(copy[2]) && copy[2] !== set);
});

Deno.test("encodeValue() refuses what structured clone refuses, and names the place", () => {
  const detached = new ArrayBuffer(4);
  structuredClone(detached, { transfer: [detached] });
  const cases: [unknown, string][] = [
    [() => {}, "a function at data"],
    [{ fn() {} }, "a function at data.fn"],
    [{ a: [1, { "b c": Symbol("s") }] }, 'a symbol at data.a[1]["b c"]'],
    [[new WeakMap()], "a WeakMap at data[0]"],
    [Object.assign(new WeakSet(), { a: 1 }), "a WeakSet at data"],
    [{ ref: new WeakRef({}) }, "a WeakRef at data.ref"],
    [{ later: Promise.resolve() }, "a Promise at data.later"],
    [{ a: Object(Symbol("s")) }, "a Symbol at data.a"],
    [new Map<string, unknown>([["a", 1], ["b", () => {}]]), "a function at data.values()[1]"],
    [new Map([[() => {}, 1]]), "a function at data.keys()[0]"],
    [new Set([1, () => {}]), "a function at data.values()[1]"],
    [new Error("x", { cause: { fn() {} } }), "a function at data.cause.fn"],
    [new AggregateError([() => {}]), "a function at data.errors[0]"],
    [[1, , { fn() {} }], 'a function at data["2"].fn'],
    [{ toJSON: () => 1 }, "a function at data.toJSON"],
    [{ headers: new Headers() }, "a Headers at data.headers"],
    [new URL("http://127.0.0.1"), "a URL at data"],
    [(function* () {})(), "a Generator at data"],
    [new SharedArrayBuffer(1), "a SharedArrayBuffer at data"],
    [{ v: new Uint8Array(new SharedArrayBuffer(1)) }, "a SharedArrayBuffer at data.v.buffer"],
    [[detached], "a detached ArrayBuffer at data[0]"],
  ];
  for (const [value, what] of cases) {
    assert.throws(() => encodeValue(value), { message: `Cannot send value: ${what}` });
    assert.throws(() => encodeValue(value), isBadMessage("caller"));
  }
});

Deno.test("encodeValue() refuses getters and proxies that throw", () => {
  const getter = {
    get a() {
      throw new Error("nobody may");
    },
  };
  assert.throws(() => encodeValue(getter), { message: "Cannot send value: nobody may" });
  for (const value of [getter, { map: new Proxy(new Map(), {}) }, Object.create(Map.prototype)]) {
    assert.throws(() => encodeValue(value), isBadMessage("caller"));
  }
});

Deno.test("encodeValue() carries a thousand levels and refuses ten thousand", () => {
  for (const leaf of [1, new Date(0)]) {
    const deep = nested(999, leaf);
    assert.equal(JSON.stringify(overTheWire(deep)), JSON.stringify(deep));
    for (const levels of [1_002, 10_000, 100_000]) {
      assert.throws(() => encodeValue(nested(levels, leaf)), (error) => {
        const { message } = error as Error;
        return isBadMessage("caller")(error) && message.length < 300 &&
          /^Cannot send value: more than 1000 levels at data.*….*$/.test(message);
      });
    }
  }
  const endless = (): object => ({
    get next() {
      return endless();
    },
  });
  assert.throws(() => encodeValue(endless()), isBadMessage("caller"));
});

Deno.test("notJson() names the first thing that is not JSON", () => {
  const shared = {};
  const cyclic: Record<string, unknown> = {};
  cyclic.self = { cyclic };
  const cases: [unknown, string][] = [
    [undefined, "undefined at data"],
    [{ users: [1, 2, 3, new Map([[1, new Date(0)]])] }, "a Map at data.users[3]"],
    [{ a: 1, b: undefined }, "undefined at data.b"],
    [[0, -0], "-0 at data[1]"],
    [{ a: { nan: NaN }, b: 1n }, "NaN at data.a.nan"],
    [[{ id: 1n }], "a bigint at data[0].id"],
    [new Uint8Array(2), "a Uint8Array at data"],
    [new Int8Array(2), "an Int8Array at data"],
    [{ e: new TypeError("x", { cause: 1n }) }, "an Error at data.e"],
    [{ list: [1, , 3] }, "an array with holes or keys at data.list"],
    [{ a: shared, b: [shared] }, "another reference to the same object at data.b[0]"],
    [cyclic, "another reference to the same object at data.self.cyclic"],
  ];
  for (const [value, what] of cases) {
    assert.equal(notJson(JSON.parse(JSON.stringify(encodeValue(value)))), what);
  }
  assert.equal(notJson({ json: { a: 1 } }), null);
  assert.equal(notJson(encodeValue({ id: 1575987154213928974n })), null);
  const odd = [1575987154213928974n, undefined];
  assert.equal(notJson(encodeValue(odd)), "undefined at data[1]");
  assert.equal(notJson({ clone: [1] }), "a clone at data");
});

// deno-fmt-ignore
const MALFORMED: readonly unknown[] = [
  null, undefined, 1, "text", [], {}, { clone: null }, { clone: {} }, { clone: [] },
  { clone: [[0]] }, { clone: [[1]] }, { clone: [[-1], ["Object", []]] },
  { clone: [[0.5], ["Object", []]] }, { clone: [{ a: 1 }] }, { clone: [["length"]] },
  { clone: [["__proto__"]] }, { clone: [["bigint", "0x10"]] }, { clone: [["bigint", 5]] },
  { clone: [[1], null] }, { clone: [[1], "Object"] }, { clone: [[1], ["Object", [], "key"]] },
  { clone: [[1], ["Object", [], 5, 6]] }, { clone: [[1], ["Object", [], ["bigint", "1"], 6]] },
  { clone: [[1], ["Array", [], [9]]] }, { clone: [[1], ["Map", [], 1]] },
  { clone: [[1], ["constructor", []]] }, { clone: [[1], ["__proto__", []]] },
  { clone: [[1], ["Function", ["return 1"]]] }, { clone: [[1], ["Sparse", [-1]]] },
  { clone: [[1], ["Sparse", [2 ** 32]]] }, { clone: [[1], ["Sparse", [2], "length", "x"]] },
  { clone: [[1], ["RegExp", ["(", ""]]] }, { clone: [[1], ["RegExp", ["a", "zz"]]] },
  { clone: [[1], ["ArrayBuffer", ["%"]]] }, { clone: [[1], ["ArrayBuffer", [5]]] },
  { clone: [[1], ["View", ["Uint8Array", 1e12, 0, 1]]] },
  { clone: [[1], ["View", ["Uint8Array", [1], 0, 1]]] },
  { clone: [[1], ["View", ["Uint8Array", [2], 0, 1]], ["ArrayBuffer", [""]]] },
  { clone: [[2], ["ArrayBuffer", [""]], ["View", ["Uint8Array", [1], 0, 1]]] },
  { clone: [[2], ["ArrayBuffer", [""]], ["View", ["Function", [1], 0, 0]]] },
  { clone: [[2], ["Array", [], 1], ["View", ["Uint8Array", [1], 0, 1]]] },
  { clone: [[1], ["Error", [1, 2]]] }, { clone: [[1], ["Error", ["Error", "x", null], 1, 2]] },
];

Deno.test("decodeValue() and notJson() refuse what nobody can have encoded", () => {
  for (const wire of MALFORMED) {
    const what = JSON.stringify(wire);
    assert.throws(() => decodeValue(wire as WireValue), isBadMessage("peer"), what);
    assert.throws(() => notJson(wire as WireValue), isBadMessage("peer"), what);
  }
});

Deno.test("decodeValue() takes no memory for the length of an array without items", () => {
  const before = Deno.memoryUsage().heapUsed;
  const array = decodeValue({ clone: [[1], ["Sparse", [30_000_000], "5", 1]] }) as unknown[];
  assert.deepEqual([array.length, Object.keys(array)], [30_000_000, ["5"]]);
  assert.ok(Deno.memoryUsage().heapUsed - before < 30_000_000);
});

Deno.test("decodeValue() of random clones gives a value or bad_message, and pollutes nothing", () => {
  // deno-fmt-ignore
  const kind = fc.constantFrom("Array", "Sparse", "Object", "Map", "Set", "Error", "Date", "RegExp",
    "ArrayBuffer", "View", "Boxed");
  const key = fc.constantFrom("__proto__", "constructor", "prototype", "length", "message", "a");
  const slot = fc.oneof(
    fc.nat(20).map((number) => [number]),
    fc.constantFrom(["undefined"], ["bigint", "1"], ["bigint"], ["__proto__"], {}, 1, "Uint8Array"),
    key,
  );
  const facts = fc.oneof(fc.constant(null), fc.array(slot, { maxLength: 4 }));
  const node = fc.tuple(kind, facts, fc.array(slot))
    .map(([kind, facts, parts]) => [kind, facts, ...parts]);
  const before = Reflect.ownKeys(Object.prototype).concat(Reflect.ownKeys(Array.prototype));
  fc.assert(
    fc.property(fc.array(node, { maxLength: 5 }), (nodes) => {
      try {
        decodeValue(JSON.parse(JSON.stringify({ clone: [[1], ...nodes] })));
      } catch (error) {
        assert.ok(isBadMessage("peer")(error), String(error));
      }
    }),
    { numRuns: 3000 },
  );
  const after = Reflect.ownKeys(Object.prototype).concat(Reflect.ownKeys(Array.prototype));
  assert.deepEqual(after, before);
});
