import assert from "node:assert/strict";
import { define, isRecord, nameOf, parseRecord, shown, tagOf } from "../../protocol/record.ts";

Deno.test("isRecord() takes objects with fields, and neither null nor lists", () => {
  assert.equal(isRecord({}), true);
  for (const other of [null, [], "{}", 1, undefined]) assert.equal(isRecord(other), false);
});

Deno.test("define() gives a property of its own, and changes no prototype", () => {
  const object = {};
  define(object, "__proto__", { polluted: true }, true);
  define(object, "hidden", 1, false);
  assert.deepEqual([Object.keys(object), Object.getPrototypeOf(object)], [
    ["__proto__"],
    Object.prototype,
  ]);
  assert.deepEqual([Reflect.get(object, "hidden"), Reflect.get({}, "polluted")], [1, undefined]);
});

Deno.test("shown() tells any value in few words, and never throws", () => {
  const values = ["a", 1, NaN, true, null, undefined, 5n, [1], { a: 1 }, Symbol(), () => 1];
  assert.deepEqual(values.map(shown), [
    '"a"',
    "1",
    "NaN",
    "true",
    "null",
    "undefined",
    "5n",
    "a list",
    "of type object",
    "of type symbol",
    "of type function",
  ]);
});

Deno.test("tagOf() is not taken in by a constructor of its own", () => {
  assert.equal(tagOf(new Map()), "Map");
  assert.equal(tagOf({ constructor: Map }), "Object");
});

Deno.test("nameOf() says what a value is", () => {
  const cases: [unknown, string][] = [
    [-0, "-0"],
    [undefined, "undefined"],
    [1n, "a bigint"],
    [new Int8Array(), "an Int8Array"],
    [new URIError(), "an Error"],
    [new (class Foo {})(), "a Foo"],
  ];
  for (const [value, name] of cases) assert.equal(nameOf(value), name);
});

Deno.test("parseRecord() gives the fields of an object, and none of anything else", () => {
  assert.deepEqual(parseRecord('{"a":[1]}'), { a: [1] });
  for (const text of [undefined, "", "{", "[1]", "null", '"a"', "7"]) {
    assert.deepEqual(parseRecord(text), {}, String(text));
  }
});
