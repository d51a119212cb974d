import assert from "node:assert/strict";
import { nameOf, tagOf } from "../../protocol/name_of.ts";

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
